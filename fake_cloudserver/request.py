"""What a request is, once, for every room: parsed from WSGI, no Flask needed to read it."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Iterable
from typing import IO, Any

from fake_cloudserver.errors import S3Error

#: Canonical ID of the anonymous requester (Arsenal lib/constants.ts, publicId).
ANONYMOUS_ID = "http://acs.amazonaws.com/groups/global/AllUsers"


@dataclasses.dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: an account of the accounts file, or nobody."""

    canonical_id: str = ANONYMOUS_ID
    name: str = ""
    email: str = ""
    arn: str = ""
    short_id: str = ""

    @property
    def is_anonymous(self) -> bool:
        return self.canonical_id == ANONYMOUS_ID


@dataclasses.dataclass(slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: upper case, as sent.
        raw_path: path as sent, percent sequences and all, without query.
        raw_query: query as sent, without the question mark.
        query: decoded parameters; a repeated one keeps its first value and is named in ``repeated``.
        headers: lower-case names; repeats joined with ``, `` as Node does.
        header_list: name and value as received, in order.
        stream: the body, already freed of transfer coding; read it once.
        request_id: 20 hexadecimal characters, the value of ``x-amz-request-id``.
        bucket, key: set by the router; None where the path has none.
        action: CloudServer's name of what the request turned out to be; empty until that is known.
        virtual_bucket: the bucket when it was named by the Host header, else None.
        bucket_info: metadata of the bucket once an operation has loaded it: CORS headers depend on it.
        requester: set by authentication; the anonymous one until then.
        content_md5: the MD5 the client announced for an object, in hexadecimal; None where it announced none.
        auth: what authentication leaves for the streaming body (seed signature and key), else None.
    """

    method: str
    raw_path: str
    raw_query: str
    query: dict[str, str]
    repeated: frozenset[str]
    headers: dict[str, str]
    header_list: list[tuple[str, str]]
    stream: IO[bytes]
    request_id: str
    bucket: str | None = None
    key: str | None = None
    action: str = ""
    virtual_bucket: str | None = None
    bucket_info: Any = None
    content_md5: str | None = None
    requester: Requester = dataclasses.field(default_factory=Requester)
    auth: Any = None
    remote_address: str = "127.0.0.1"
    _body: bytes | None = None

    @property
    def host(self) -> str:
        """The host that was asked, port included; ``x-target-host`` goes before ``Host``; empty without either."""
        return self.headers.get("x-target-host") or self.headers.get("host", "")

    @property
    def content_length(self) -> int | None:
        """The ``Content-Length`` header as a number; None when absent or not a number."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() else None

    def read_body(self, limit: int) -> bytes:
        """The whole body, kept for the next caller.

        Raises:
            S3Error: InvalidRequest when it is longer than ``limit`` bytes (Arsenal lib/s3routes/routesUtils.ts,
                cloudserver lib/api/api.js: the default text of that code speaks of SOAP).
        """
        if self._body is None:
            body = self.stream.read(limit + 1)
            if len(body) > limit:
                raise S3Error("InvalidRequest")
            self._body = body
        return self._body


@dataclasses.dataclass(slots=True)
class Answer:
    """One HTTP response; ``relayed`` marks another server's, which goes out without any header of ours."""

    status: int = 200
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    body: bytes | Iterable[bytes] | None = None
    relayed: bool = False


def from_environ(environ: dict[str, Any], new_id: str) -> Request:
    """A request as WSGI hands it over.

    Uses what a server may add to plain WSGI and falls back where it does not: ``REQUEST_URI`` or ``RAW_URI`` (the
    target as sent) and ``cloudserver.headers`` (names and values as received).
    """
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or _target_from_path(environ)
    raw_path, _, raw_query = _origin_form(target).partition("?")
    header_list = environ.get("cloudserver.headers") or _headers_from_environ(environ)
    headers: dict[str, str] = {}
    for name, value in header_list:
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    query, repeated = parse_query(raw_query)
    uids = headers.get("x-scal-request-uids", "")
    return Request(
        method=environ["REQUEST_METHOD"],
        raw_path=raw_path,
        raw_query=raw_query,
        query=query,
        repeated=repeated,
        headers=headers,
        header_list=header_list,
        stream=environ["wsgi.input"],
        # werelogs: a caller's request ids are continued, unless they are implausibly long
        request_id=f"{uids}:{new_id}" if 0 < len(uids) < 128 else new_id,
        remote_address=environ.get("REMOTE_ADDR", "127.0.0.1"),
    )


def _origin_form(target: str) -> str:
    """``/path?query`` of a request target, which may be absolute."""
    if target.startswith("/"):
        return target
    parts = urllib.parse.urlsplit(target)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _target_from_path(environ: dict[str, Any]) -> str:
    path = urllib.parse.quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/-_.~!$&'()*+,;=:@")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _headers_from_environ(environ: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [
        (name[5:].replace("_", "-").lower(), value) for name, value in environ.items() if name.startswith("HTTP_")
    ]
    headers += [
        (name.replace("_", "-").lower(), environ[name])
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name, "") != ""
    ]
    return headers


def parse_query(raw_query: str) -> tuple[dict[str, str], frozenset[str]]:
    """Decoded parameters and the names that occur more than once (Node ``url.parse(..., true)``: ``+`` is a space)."""
    values: dict[str, str] = {}
    repeated: set[str] = set()
    for item in raw_query.split("&"):
        if not item:
            continue
        name, _, value = item.partition("=")
        name = urllib.parse.unquote_plus(name)
        if name in values:
            repeated.add(name)
        else:
            values[name] = urllib.parse.unquote_plus(value)
    return values, frozenset(repeated)
