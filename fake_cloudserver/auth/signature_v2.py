"""Signature version 2: what a request claims, and every check that needs no secret. IO-free.

Source: Arsenal lib/auth/v2/headerAuthCheck.ts, queryAuthCheck.ts, checkRequestExpiry.ts, algoCheck.ts,
constructStringToSign.ts, getCanonicalizedAmzHeaders.ts, getCanonicalizedResource.ts.
"""

from __future__ import annotations

import base64
import dataclasses
import hmac
from collections.abc import Mapping

from fake_cloudserver.auth.canonical import binary, decode_component
from fake_cloudserver.auth.signature_v4 import check_token
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request
from fake_cloudserver.s3.javascript import parse_date, parse_int

_QUARTER_HOUR = 15 * 60
_SEVEN_DAYS = 604800

# Sub-resources first, overrides after them, each group in its own order: clients that sort them together, and use one
# of "tagging", "uploadId", "versionId", "website" and the like beside an override, do not match.
_SUB_RESOURCES = frozenset(
    {"acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy"}
    | {"requestPayment", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "replication"}
    | {"versions", "website"}
)
_OVERRIDES = (
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
)
# length of the base64 text -> hash
_ALGORITHMS = {28: "sha1", 44: "sha256"}


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """Who a request says it comes from, and what proves it; ``signature`` is the client's, in base64."""

    access_key: str
    algorithm: str
    string_to_sign: bytes
    signature: str

    def expected(self, secret: str) -> str:
        """The signature that the secret key gives."""
        return base64.b64encode(hmac.digest(secret.encode(), self.string_to_sign, self.algorithm)).decode()


def claim_of_header(request: Request, now: float) -> Claim:
    """The claim of an ``Authorization: AWS <key>:<signature>`` header.

    Args:
        now: seconds since the epoch.

    Raises:
        S3Error: InvalidToken, AccessDenied, RequestTimeTooSkewed, InvalidArgument, MissingSecurityHeader; the checks
            stand in the real server's order.
    """
    headers = request.headers
    check_token(headers.get("x-amz-security-token"))
    _check_date(parse_date(headers.get("x-amz-date") or headers.get("date", "")), now)
    authorization = headers["authorization"]
    key_part, colon, signature_part = authorization.partition(":")
    if not colon:
        raise S3Error("InvalidArgument")
    access_key = key_part[len("AWS ") :].strip()
    if not access_key:
        raise S3Error("MissingSecurityHeader")
    return _claim(request, access_key, signature_part.strip())


def claim_of_query(request: Request, now: float) -> Claim:
    """The claim of a presigned URL.

    Raises:
        S3Error: NotImplemented for POST, InvalidToken, MissingSecurityHeader, AccessDenied for more than seven days
            ahead, RequestTimeTooSkewed when it expired, InvalidArgument; InternalError for a signature that is
            percent-encoded twice and wrongly, on which the real one throws.
    """
    query = request.query
    if request.method == "POST":
        raise S3Error("NotImplemented")
    check_token(query.get("SecurityToken"))
    expires = parse_int(query.get("Expires", ""))
    if expires is None:
        raise S3Error("MissingSecurityHeader")
    if expires > now + _SEVEN_DAYS:
        raise S3Error("AccessDenied")
    if expires < now:
        raise S3Error("RequestTimeTooSkewed")
    try:
        signature = decode_component(query["Signature"])
    except ValueError:
        raise S3Error("InternalError") from None
    access_key = query.get("AWSAccessKeyId", "")
    if not access_key or not signature:
        raise S3Error("MissingSecurityHeader")
    return _claim(request, access_key, signature)


def _check_date(milliseconds: int | None, now: float) -> None:
    if not milliseconds:
        raise S3Error("AccessDenied", "Authentication requires a valid Date or x-amz-date header")
    if milliseconds < 0:
        raise S3Error("AccessDenied")
    if abs(now - milliseconds / 1000) > _QUARTER_HOUR:
        raise S3Error("RequestTimeTooSkewed")


def _claim(request: Request, access_key: str, signature: str) -> Claim:
    algorithm = _ALGORITHMS.get(len(signature))
    if algorithm is None:
        raise S3Error("InvalidArgument")
    return Claim(access_key, algorithm, string_to_sign(request), signature)


def string_to_sign(request: Request) -> bytes:
    """Method, three headers, the ``x-amz-`` headers, the resource."""
    headers, query = request.headers, request.query
    lines = [
        request.method,
        headers.get("content-md5") or query.get("Content-MD5", ""),
        headers.get("content-type") or query.get("Content-Type", ""),
        query.get("Expires") or headers.get("date", ""),
        *_canonical_amz_headers({**headers, **query}),
        _canonical_resource(request),
    ]
    return binary("\n".join(lines))


def _canonical_amz_headers(values: Mapping[str, str]) -> list[str]:
    """Names of headers and query parameters alike; ``x-amz-date`` is among them although the date has its own line."""
    return [f"{name}:{values[name].strip()}" for name in sorted(values) if name.startswith("x-amz-")]


def _canonical_resource(request: Request) -> str:
    """The path as sent, the bucket before it when the Host header named it, and the parameters that count."""
    query = request.query
    path = request.raw_path if request.virtual_bucket is None else f"/{request.virtual_bucket}{request.raw_path}"
    items = [f"{name}={query[name]}" if query[name] else name for name in sorted(query) if name in _SUB_RESOURCES]
    items += [f"{name}={query[name]}" for name in _OVERRIDES if query.get(name)]
    return f"{path}?{'&'.join(items)}" if items else path
