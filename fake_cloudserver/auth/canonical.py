"""The canonical request of signature version 4, as CloudServer rebuilds it from what arrived. IO-free.

Source: Arsenal lib/auth/v4/createCanonicalRequest.ts, awsURIencode.ts.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping

from fake_cloudserver.errors import S3Error

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# JavaScript's \s, for header values that are not ASCII
_BLANKS = re.compile(r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")


def decode_component(text: str) -> str:
    """JavaScript's decodeURIComponent; ValueError for what it refuses."""
    if "%" not in text:
        return text
    if _BAD_PERCENT.search(text):
        raise ValueError(text)
    return urllib.parse.unquote(text, errors="strict")


def decode_path(raw_path: str) -> str:
    """The path that is signed: every ``+`` is a space, then all is percent-decoded.

    Raises:
        S3Error: InvalidURI for a malformed percent sequence; InternalError on internal routes, where the real server
            throws and never answers (Arsenal lib/s3routes/routesUtils.ts, cloudserver lib/routes/routeBackbeat.js).
    """
    try:
        return decode_component(raw_path.replace("+", " "))
    except ValueError:
        raise S3Error("InternalError" if raw_path.startswith("/_/") else "InvalidURI") from None


def binary(text: str) -> bytes:
    """Node's ``binary`` encoding: the low byte of every UTF-16 code unit; header values come out as received."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass")[::2]


def canonical_request(
    method: str,
    path: str,
    query: Mapping[str, str],
    repeated: frozenset[str],
    headers: Mapping[str, str],
    signed_headers: str,
    payload_hash: str,
) -> bytes:
    """The text whose hash is signed.

    Args:
        path: decoded; it is encoded anew, whatever the client's own spelling was.
        query: decoded, without the signature.
        repeated: parameters given more than once: they count as empty.
        headers: lower-case names.
        signed_headers: names as the client lists them, separated by semicolons.
        payload_hash: any text; nobody compares it with the body.
    """
    names = sorted(signed_headers.split(";"))
    lines = [f"{name}:{_header_value(name, query, headers)}\n" for name in names]
    return binary(
        f"{method}\n{_encode(path, '/') or '/'}\n{_canonical_query(query, repeated)}\n"
        f"{''.join(lines)}\n{';'.join(names)}\n{payload_hash}"
    )


def _encode(text: str, safe: str) -> str:
    return urllib.parse.quote(text, safe=safe, errors="surrogatepass")


def _canonical_query(query: Mapping[str, str], repeated: frozenset[str]) -> str:
    if not query:
        return ""
    return "&".join(
        f"{_encode(name, '')}={'' if name in repeated else _encode(query[name], '')}" for name in sorted(query)
    )


def _header_value(name: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    value = headers.get(name)
    if value is None:
        # proxies eat "expect"; any other missing header may be a query parameter of that name
        return "100-continue" if name == "expect" else query.get(name, "undefined")
    if value.isascii():
        return " ".join(value.split())
    return _BLANKS.sub(" ", value).strip(" ")
