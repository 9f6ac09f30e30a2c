"""Requests as they go over the wire, and their signatures."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import email.utils
import hashlib
import hmac
import io
import urllib.parse
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.auth import signature_v2
from fake_cloudserver.auth.canonical import canonical_request, decode_path
from fake_cloudserver.auth.signature_v4 import ALGORITHM, signing_key
from fake_cloudserver.auth.streaming import STREAMING_PAYLOAD, StreamingSeed
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request, from_environ

HOST = "localhost:8000"
_REGION = "us-east-1"
_UNSIGNED = "UNSIGNED-PAYLOAD"

#: How a request may be signed; ``none`` is anonymous.
SCHEMES = ("v4", "streaming", "presigned", "v2", "v2-presigned", "none")


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """One request; texts are Latin-1, as Node reads what comes in.

    Attributes:
        target: path and query as they stand in the request line.
        has_length: whether the body's length is announced (else it is chunked).
        md5: how the body's MD5 is announced: ``base64``, ``hex``, or not at all.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    has_length: bool = True
    md5: str = ""

    def with_md5(self) -> Sent:
        """With the header that announces it, unless there is one."""
        if not self.md5 or any(name.lower() == "content-md5" for name, _ in self.headers):
            return self
        digest = hashlib.md5(self.body, usedforsecurity=False).digest()
        text = digest.hex() if self.md5 == "hex" else base64.b64encode(digest).decode()
        return self.plus(("content-md5", text))

    def environ(self) -> dict[str, Any]:
        """What the HTTP server hands to the application (fake_cloudserver/http_connection.py)."""
        headers = list(self.headers)
        names = {name.lower() for name, _ in headers}
        if "host" not in names:
            headers.insert(0, ("Host", HOST))
        if self.has_length and (self.body or self.method in {"PUT", "POST"}) and "content-length" not in names:
            headers.append(("Content-Length", str(len(self.body))))
        path, _, query = self.target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path if path.startswith("/") else "/",
            "QUERY_STRING": query,
            "REQUEST_URI": self.target,
            "RAW_URI": self.target,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "cloudserver.headers": headers,
        }
        for name, value in headers:
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]}, {value}" if key in environ else value
        return environ

    def plus(self, *headers: tuple[str, str]) -> Sent:
        """With these headers instead of others of their names."""
        names = {name.lower() for name, _ in headers}
        kept = [header for header in self.headers if header[0].lower() not in names]
        return dataclasses.replace(self, headers=(*kept, *headers))

    def raw(self) -> bytes:
        """The bytes of the request, framed as announced."""
        environ = self.environ()
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in environ["cloudserver.headers"]]
        if not self.has_length:
            lines.append("Transfer-Encoding: chunked")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        if self.has_length:
            return head + self.body
        return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(self.body), self.body) if self.body else head + b"0\r\n\r\n"


def sign(sent: Sent, scheme: str, pair: tuple[str, str], now: float) -> Sent:
    """Signed with a valid signature, as far as the server can make sense of the request at all.

    Args:
        scheme: one of :data:`SCHEMES`.
        pair: access key and secret key.
        now: seconds since the epoch.
    """
    try:
        match scheme:
            case "v4":
                return _sign_v4(sent, pair, now, _UNSIGNED)
            case "streaming":
                return _sign_streaming(sent, pair, now)
            case "presigned":
                return _presign_v4(sent, pair, now)
            case "v2":
                return _sign_v2(sent, pair, now)
            case "v2-presigned":
                return _presign_v2(sent, pair, now)
    except (S3Error, UnicodeError):  # the server refuses it whoever sends it
        return sent
    return sent


def _request(sent: Sent) -> Request:
    return from_environ(sent.environ(), "")


def _stamp(now: float) -> str:
    return f"{datetime.datetime.fromtimestamp(now, datetime.UTC):%Y%m%dT%H%M%SZ}"


def _scope(stamp: str) -> str:
    return f"{stamp[:8]}/{_REGION}/s3/aws4_request"


def _signature(request: Request, query: Mapping[str, str], names: str, payload: str, secret: str, stamp: str) -> str:
    canonical = canonical_request(
        request.method, decode_path(request.raw_path), query, request.repeated, request.headers, names, payload
    )
    text = f"{ALGORITHM}\n{stamp}\n{_scope(stamp)}\n{hashlib.sha256(canonical).hexdigest()}"
    return hmac.digest(signing_key(secret, stamp[:8], _REGION), text.encode(), "sha256").hex()


def _signed_names(request: Request) -> str:
    names = (name for name in request.headers if name == "host" or name.startswith(("x-amz-", "x-scal-")))
    return ";".join(sorted(names))


def _sign_v4(sent: Sent, pair: tuple[str, str], now: float, payload: str) -> Sent:
    stamp = _stamp(now)
    sent = sent.plus(("x-amz-date", stamp))
    request = _request(sent)
    payload = request.headers.get("x-amz-content-sha256") or payload
    sent = sent.plus(("x-amz-content-sha256", payload))
    request = _request(sent)
    names = _signed_names(request)
    signature = _signature(request, request.query, names, payload, pair[1], stamp)
    credential = f"{pair[0]}/{_scope(stamp)}"
    claim = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return sent.plus(("Authorization", claim))


def _sign_streaming(sent: Sent, pair: tuple[str, str], now: float) -> Sent:
    stamp = _stamp(now)
    length = str(len(sent.body))
    sent = sent.plus(("x-amz-content-sha256", STREAMING_PAYLOAD), ("x-amz-decoded-content-length", length))
    sent = _sign_v4(sent, pair, now, STREAMING_PAYLOAD)
    seed = _request(sent).headers["authorization"].rpartition("=")[2]
    chain = StreamingSeed(signing_key(pair[1], stamp[:8], _REGION), stamp, _scope(stamp), seed)
    body, previous = b"", seed
    for piece in (sent.body[: len(sent.body) // 2], sent.body[len(sent.body) // 2 :], b""):
        if not piece and body.endswith(b"\r\n\r\n"):
            continue
        previous = chain.chunk_signature(previous, hashlib.sha256(piece).hexdigest())
        body += b"%x;chunk-signature=%b\r\n%b\r\n" % (len(piece), previous.encode(), piece)
    return dataclasses.replace(sent, body=body)


def _presign_v4(sent: Sent, pair: tuple[str, str], now: float) -> Sent:
    stamp = _stamp(now)
    names = _signed_names(_request(sent))
    parameters = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{pair[0]}/{_scope(stamp)}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": "600",
        "X-Amz-SignedHeaders": names,
    }
    sent = _with_query(sent, parameters)
    request = _request(sent)
    signature = _signature(request, request.query, names, _UNSIGNED, pair[1], stamp)
    return _with_query(sent, {"X-Amz-Signature": signature})


def _sign_v2(sent: Sent, pair: tuple[str, str], now: float) -> Sent:
    sent = sent.plus(("Date", email.utils.formatdate(now, usegmt=True)))
    return sent.plus(("Authorization", f"AWS {pair[0]}:{_signature_v2(sent, pair[1])}"))


def _presign_v2(sent: Sent, pair: tuple[str, str], now: float) -> Sent:
    sent = _with_query(sent, {"AWSAccessKeyId": pair[0], "Expires": str(int(now) + 600)})
    return _with_query(sent, {"Signature": _signature_v2(sent, pair[1])})


def _signature_v2(sent: Sent, secret: str) -> str:
    text = signature_v2.string_to_sign(_request(sent))
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode()


def _with_query(sent: Sent, parameters: Mapping[str, str]) -> Sent:
    joint = "&" if "?" in sent.target else "?"
    return dataclasses.replace(sent, target=f"{sent.target}{joint}{urllib.parse.urlencode(parameters)}")
