"""Signature version 4 in headers, over exactly the headers that CloudServer insists on.

botocore's signer adds headers of its own and knows no unsigned ones; a tape says which take part. A path is decoded
before it is encoded, as CloudServer does it (Arsenal lib/auth/v4/createCanonicalRequest.ts).
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import hmac
import urllib.parse

from fake_cloudserver import Clock

_UNRESERVED = "-_.~"
_SIGNED = ("host", "content-md5", "content-type")


@dataclasses.dataclass(frozen=True, slots=True)
class KeyPair:
    access_key: str
    secret_key: str = dataclasses.field(repr=False)


def sign(
    pair: KeyPair, clock: Clock, method: str, target: str, headers: dict[str, str], payload: str
) -> dict[str, str]:
    """The headers that a signature adds.

    Args:
        target: path and raw query.
        headers: lower-case names; Host, Content-MD5, Content-Type, ``x-amz-*`` and ``x-scal-*`` are signed.
        payload: what ``x-amz-content-sha256`` says.
    """
    stamp = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    added = {"x-amz-date": stamp, "x-amz-content-sha256": payload}
    signed = {
        name: " ".join(value.split())
        for name, value in (headers | added).items()
        if name in _SIGNED or name.startswith(("x-amz-", "x-scal-"))
    }
    names = ";".join(sorted(signed))
    path, _, query = target.partition("?")
    lines = [method, urllib.parse.quote(urllib.parse.unquote(path), safe="/-_.~"), _canonical_query(query)]
    lines += [f"{name}:{signed[name]}" for name in sorted(signed)]
    canonical = "\n".join([*lines, "", names, payload])
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_signing_key(pair.secret_key, scope), to_sign.encode(), "sha256").hex()
    credential = f"Credential={pair.access_key}/{scope}"
    added["authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return added


def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _canonical_query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = sorted((_requote(name), _requote(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _requote(text: str) -> str:
    return urllib.parse.quote(urllib.parse.unquote(text), safe=_UNRESERVED)
