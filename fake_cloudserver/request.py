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
        requester: set by authentication; the anonymous one until then.
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
    requester: Requester = dataclasses.field(default_factory=Requester)
    auth: Any = None
    remote_address: str = "127.0.0.1"
    _body: bytes | None = None

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
    """One HTTP response."""

    status: int = 200
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    body: bytes | Iterable[bytes] | None = None


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
