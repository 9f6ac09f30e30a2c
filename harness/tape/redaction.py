"""What of a request's head is left out of a tape: who signed it, when, and how it travelled.

Who signed is told by the account's name, or by ``<key:1>`` for an access key that nobody knows the account of.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping

from harness.tape.aliases import is_alias
from harness.tape.captured import Exchange
from harness.tape.model import HeaderList, Signature

#: Request headers that a tape has not got: of the signature, of the connection, of one attempt.
LEFT_OUT = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "cookie",
        "date",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "user-agent",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-decoded-content-length",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-security-token",
        "x-amz-trailer",
    }
)
_LEFT_OUT_PREFIXES = ("amz-sdk-", "x-amz-checksum-", "proxy-")
#: The same of answers.
LEFT_OUT_OF_ANSWERS = frozenset(
    {"connection", "date", "keep-alive", "set-cookie", "x-amz-id-2", "x-amz-request-id", "x-amz-security-token"}
)
_V4_QUERY = re.compile(
    r"x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)", re.IGNORECASE
)
_V2_QUERY = frozenset({"awsaccesskeyid", "signature", "expires"})
_V4_HEADER = re.compile(r"AWS4-HMAC-SHA256\s+.*?Credential=([^/,\s]+)", re.DOTALL)
_V2_HEADER = re.compile(r"AWS ([^:\s]+):")
_VALUE = re.compile(r"[\t -~\x80-\xff]{0,65536}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,1000}")


class Accounts:
    """Names of those who sign.

    Args:
        names: by access key.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._unknown: dict[str, str] = {}

    def name(self, access_key: str) -> str:
        return self._names.get(access_key) or self._unknown.setdefault(access_key, f"<key:{len(self._unknown) + 1}>")

    def sign(self, exchange: Exchange) -> Signature | None:
        """How the request was signed, as far as it can be told from it and its answer."""
        access_key = access_key_of(exchange)
        if access_key is None:
            return None
        code = _error_code(exchange)
        if code == "InvalidAccessKeyId":
            return Signature("nobody")
        payload: str | None = exchange.header("x-amz-content-sha256")
        if payload == exchange.body.digest or not payload or payload.startswith("STREAMING-"):
            payload = None
        return Signature(self.name(access_key), wrong=code == "SignatureDoesNotMatch", payload=payload)


def access_key_of(exchange: Exchange) -> str | None:
    """The access key that signed; None for an anonymous request."""
    return access_key(exchange.target, exchange.header("authorization"))


def access_key(target: str, authorization: str) -> str | None:
    """The same, from the target of a request and its Authorization header."""
    for pattern in (_V4_HEADER, _V2_HEADER):
        found = pattern.match(authorization)
        if found:
            return found[1]
    query = {
        name.lower(): value for name, value in urllib.parse.parse_qsl(target.partition("?")[2], keep_blank_values=True)
    }
    if "x-amz-credential" in query:
        return query["x-amz-credential"].partition("/")[0]
    return query.get("awsaccesskeyid")


def query_without_signature(query: str) -> str:
    """A raw query without the parameters that sign a URL."""
    parts = [(part, urllib.parse.unquote(part.partition("=")[0])) for part in query.split("&") if part]
    left_out = _V2_QUERY if any(name.lower() == "awsaccesskeyid" for _, name in parts) else frozenset()
    return "&".join(part for part, name in parts if not _V4_QUERY.fullmatch(name) and name.lower() not in left_out)


def request_headers(exchange: Exchange) -> HeaderList:
    """The headers that say something, in their order."""
    kept: list[tuple[str, str]] = []
    for name, value in exchange.headers:
        known = name.lower()
        if known in LEFT_OUT or known.startswith(_LEFT_OUT_PREFIXES) or not _is_header(name, value):
            continue
        if known == "content-length":
            whole = exchange.body.is_whole or value == "0"
            kept.append((name, "<length>" if whole else value))
        elif known == "content-md5":
            kept.append((name, exchange.body.md5_form(value)))
        elif known == "content-encoding":
            rest = ",".join(part for part in value.split(",") if part.strip() != "aws-chunked")
            kept += [(name, rest)] if rest else []
        else:
            kept.append((name, value))
    return tuple(kept)


def answer_headers(exchange: Exchange) -> HeaderList:
    return tuple(
        (name, value)
        for name, value in exchange.answer_headers
        if name.lower() not in LEFT_OUT_OF_ANSWERS and _is_header(name, value)
    )


def _is_header(name: str, value: str) -> bool:
    return _NAME.fullmatch(name) is not None and _VALUE.fullmatch(value) is not None and not is_alias(value)


def _error_code(exchange: Exchange) -> str:
    if exchange.status is None or exchange.status < 400 or exchange.answer.document is None:
        return ""
    found = re.search(rb'<Code>(\w+)</Code>|"code":\s*"(\w+)"', exchange.answer.document)
    return (found[1] or found[2]).decode() if found else ""
