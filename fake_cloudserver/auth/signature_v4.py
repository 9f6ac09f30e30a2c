"""Signature version 4: what a request claims, and every check that needs no secret. IO-free.

Source: Arsenal lib/auth/v4/headerAuthCheck.ts, queryAuthCheck.ts, validateInputs.ts, timeUtils.ts,
lib/auth/in_memory/vaultUtilities.ts (calculateSigningKey).
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import hmac
import re
from collections.abc import Mapping

from fake_cloudserver.auth.canonical import canonical_request, decode_component, decode_path
from fake_cloudserver.auth.streaming import STREAMING_PAYLOAD, StreamingSeed
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request
from fake_cloudserver.s3.javascript import parse_date, parse_int

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_QUARTER_HOUR = 15 * 60
_SEVEN_DAYS = 604800
_SERVICES = frozenset({"s3", "iam", "ring", "sts"})
_TOKEN = re.compile(r"[A-Za-z0-9/+=]+")
_TIMESTAMP = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """Who a request says it comes from, and what proves it.

    Attributes:
        timestamp: ``20260101T000000Z``.
        scope: ``<day>/<region>/<service>/aws4_request``, as the client wrote it.
        signature: the client's, in hexadecimal.
    """

    access_key: str
    timestamp: str
    scope: str
    string_to_sign: str
    signature: str
    is_streaming: bool = False

    def expected(self, secret: str) -> str:
        """The signature that the secret key gives."""
        return hmac.digest(self._key(secret), self.string_to_sign.encode("latin-1", "replace"), "sha256").hex()

    def seed(self, secret: str) -> StreamingSeed | None:
        """What the chunks of a signed body are verified with; None for any other body."""
        if not self.is_streaming:
            return None
        return StreamingSeed(self._key(secret), self.timestamp, self.scope, self.signature)

    def _key(self, secret: str) -> bytes:
        day, region, _ = self.scope.split("/", 2)
        return signing_key(secret, day, region)


@functools.lru_cache(maxsize=256)
def signing_key(secret: str, day: str, region: str) -> bytes:
    """The derived key of a day and region; the service in it is ``s3``, even if the credential names another."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def check_token(token: str | None) -> None:
    """Accounts have no sessions: of a security token only the spelling is looked at; raises InvalidToken."""
    if token and _TOKEN.fullmatch(token) is None:
        raise S3Error("InvalidToken")


def claim_of_header(request: Request, now: float) -> Claim:
    """The claim of an ``Authorization: AWS4…`` header.

    Args:
        now: seconds since the epoch.

    Raises:
        S3Error: InvalidToken, InvalidArgument, MissingSecurityHeader, AccessDenied, RequestTimeTooSkewed; the checks
            stand in the real server's order.
    """
    headers = request.headers
    check_token(headers.get("x-amz-security-token"))
    credential_text, signed_headers, signature = _items(headers["authorization"])
    payload_hash = headers.get("x-amz-content-sha256")
    if not payload_hash:
        raise S3Error("MissingSecurityHeader")
    is_streaming = payload_hash == STREAMING_PAYLOAD
    if is_streaming and request.method != "PUT":
        raise S3Error("InvalidArgument")
    if is_streaming and not headers.get("x-amz-decoded-content-length"):
        raise S3Error("MissingSecurityHeader")
    _check_signed_headers(signed_headers, headers)
    timestamp = _timestamp_of_headers(headers)
    access_key, scope = _check_credential(credential_text, timestamp)
    _check_skew(timestamp, _QUARTER_HOUR, now)
    string_to_sign = _string_to_sign(request, request.query, signed_headers, payload_hash, timestamp, scope)
    return Claim(access_key, timestamp, scope, string_to_sign, signature, is_streaming)


def claim_of_query(request: Request, now: float) -> Claim:
    """The claim of a presigned URL.

    Raises:
        S3Error: InvalidArgument for a parameter that is missing or malformed, InvalidToken, AccessDenied,
            RequestTimeTooSkewed when it expired or is of the future.
    """
    query = request.query
    expiry = parse_int(query.get("X-Amz-Expires", "")) or 0
    signed_headers = query.get("X-Amz-SignedHeaders", "")
    signature = query.get("X-Amz-Signature", "")
    timestamp = query.get("X-Amz-Date", "")
    credential_text = query.get("X-Amz-Credential", "")
    if (
        query["X-Amz-Algorithm"] != ALGORITHM
        or len(signed_headers) <= 3
        or len(signature) != 64
        or len(timestamp) != 16
        or not 0 < expiry <= _SEVEN_DAYS
        or len(credential_text) <= 28
        or "/" not in credential_text
    ):
        raise S3Error("InvalidArgument")
    check_token(query.get("X-Amz-Security-Token"))
    _check_signed_headers(signed_headers, request.headers)
    access_key, scope = _check_credential(credential_text, timestamp)
    _check_skew(timestamp, expiry, now)
    signed_query = {name: value for name, value in query.items() if name != "X-Amz-Signature"}
    string_to_sign = _string_to_sign(request, signed_query, signed_headers, UNSIGNED_PAYLOAD, timestamp, scope)
    return Claim(access_key, timestamp, scope, string_to_sign, signature)


def _items(authorization: str) -> tuple[str, str, str]:
    """Credential, signed headers and signature; the order is fixed, blanks after the commas are not needed."""
    items = authorization.replace(f"{ALGORITHM} ", "", 1).split(",")
    if len(items) < 3:
        raise S3Error("InvalidArgument")
    values = []
    for item, prefix in zip(items, ("Credential=", "SignedHeaders=", "Signature="), strict=False):
        stripped = item.strip()
        if not stripped.startswith(prefix):
            raise S3Error("InvalidArgument")
        values.append(stripped[len(prefix) :])
    credential, signed_headers, signature = values
    return credential, signed_headers, signature


def _check_signed_headers(signed_headers: str, headers: Mapping[str, str]) -> None:
    # Arsenal lib/auth/v4/validateInputs.ts (areSignedHeadersComplete)
    names = signed_headers.split(";")
    if "host" not in names:
        raise S3Error("AccessDenied")
    for name in headers:
        if name.startswith(("x-amz-", "x-scal-")) and name not in names:
            raise S3Error("AccessDenied")


def _timestamp_of_headers(headers: Mapping[str, str]) -> str:
    if amz_date := headers.get("x-amz-date"):
        day, _, time = amz_date.partition("T")
        if len(day) == 8 and len(time) == 7 and "T" not in time and (parse_int(day) or 0) > 19700101:
            return amz_date
    elif (milliseconds := parse_date(headers.get("date", ""))) is not None:
        moment = datetime.datetime.fromtimestamp(milliseconds // 1000, datetime.UTC)
        return f"{moment:%Y%m%dT%H%M%SZ}"
    raise S3Error("AccessDenied", "Authentication requires a valid Date or x-amz-date header")


def _check_credential(credential: str, timestamp: str) -> tuple[str, str]:
    """Access key and scope."""
    # Arsenal lib/auth/v4/validateInputs.ts (validateCredentials)
    parts = credential.split("/")
    if len(parts) != 5 or not parts[0]:
        raise S3Error("InvalidArgument")
    access_key, day, _, service, kind = parts
    if len(day) != 8 or day != timestamp.partition("T")[0]:
        raise S3Error("RequestTimeTooSkewed")
    if service not in _SERVICES or kind != "aws4_request":
        raise S3Error("InvalidArgument")
    return access_key, "/".join(parts[1:])


def _check_skew(timestamp: str, expiry: int, now: float) -> None:
    """Not more than 15 minutes ahead of now, not longer ago than ``expiry`` seconds."""
    signed_at = _seconds(timestamp)
    # a date that JavaScript cannot parse compares as neither too early nor too late
    if signed_at is not None and not now - expiry <= signed_at <= now + _QUARTER_HOUR:
        raise S3Error("RequestTimeTooSkewed")


@functools.lru_cache(maxsize=64)
def _seconds(timestamp: str) -> float | None:
    match = _TIMESTAMP.fullmatch(timestamp)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC).timestamp()
    except ValueError:
        return None


def _string_to_sign(
    request: Request, query: Mapping[str, str], signed_headers: str, payload_hash: str, timestamp: str, scope: str
) -> str:
    canonical = canonical_request(
        request.method,
        _signed_path(request),
        query,
        request.repeated,
        request.headers,
        signed_headers,
        payload_hash,
    )
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashlib.sha256(canonical).hexdigest()}"


def _signed_path(request: Request) -> str:
    proxy_path = request.headers.get("proxy_path")
    if not proxy_path:
        return decode_path(request.raw_path)
    try:
        return decode_component(proxy_path)
    except ValueError:
        raise S3Error("InvalidArgument", "invalid proxy_path header") from None
