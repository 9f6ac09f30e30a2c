"""Answers from a tape, as the server that it was recorded from did."""

from __future__ import annotations

import collections
import difflib
import threading
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from harness.tape import redaction, rewriting, stand_in
from harness.tape.aliases import Bindings
from harness.tape.blobs import Blobs
from harness.tape.model import HttpEvent, Tape

#: Headers that whoever sends the answer sets.
_OF_CONNECTION = frozenset({"connection", "date", "keep-alive", "transfer-encoding", "content-length"})
#: Method, path, sorted query.
_Key = tuple[str, str, str]


class TapeServer:
    """A WSGI application for one site of a tape.

    The same request is answered by its recorded answers in their order, and by none twice. One that was not recorded,
    or once too often, gets 501 and hears of the closest one. Signatures are not looked at.
    """

    def __init__(self, tape: Tape, site: str, blobs: Blobs) -> None:
        self._blobs = blobs
        self._lock = threading.Lock()
        self._made_up = _Names()
        self._waiting: dict[_Key, collections.deque[HttpEvent]] = {}
        self._known: dict[_Key, int] = collections.Counter()
        for event in tape.exchanges:
            if event.at == site:
                key = self._key(event.request.method, event.request.path, self._live_query(event.request.query))
                self._waiting.setdefault(key, collections.deque()).append(event)
                self._known[key] += 1

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path, _, query = str(environ["RAW_URI"]).partition("?")
        key = self._key(environ["REQUEST_METHOD"], path, redaction.query_without_signature(query))
        with self._lock:
            waiting = self._waiting.get(key)
            event = waiting.popleft() if waiting else None
        if event is None:
            return self._refuse(key, start_response)
        while environ["wsgi.input"].read(65536):
            pass
        if event.response is None:
            environ["cloudserver.reset"]()
            raise ConnectionResetError("as it was recorded")
        return self._answer(event, start_response)

    def _answer(self, event: HttpEvent, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = event.response
        assert response is not None
        recorded = {name.lower(): value for name, value in response.headers}
        headers = [
            (name, value)
            for name, value in rewriting.headers(response.headers, self._made_up.value)
            if name.lower() not in _OF_CONNECTION
        ]
        body, _ = stand_in.content(rewriting.body(response.body, self._made_up.value), self._blobs)
        head = event.request.method == "HEAD"
        headers.append(("Content-Length", recorded.get("content-length", "0") if head else str(len(body))))
        start_response(f"{response.status} recorded", headers)
        return [] if head else [body]

    def _refuse(self, key: _Key, start_response: Callable[..., Any]) -> Iterable[bytes]:
        shown = {" ".join(part for part in known if part): known for known in self._known}
        wanted = " ".join(part for part in key if part)
        if key in self._known:
            why = f"{wanted} was recorded {self._known[key]} times, and has been asked for more often"
        else:
            near = difflib.get_close_matches(wanted, shown, 1, 0.0)
            why = f"{wanted} is not on the tape" + (f"; the closest is {near[0]}" if near else "")
        text = f"<Error><Code>NotImplemented</Code><Message>{escape(why)}</Message></Error>".encode()
        start_response("501 Not Implemented", [("Content-Type", "application/xml"), ("Content-Length", str(len(text)))])
        return [text]

    def _live_query(self, query: str) -> str:
        return rewriting.query(query, self._made_up.value)

    @staticmethod
    def _key(method: str, path: str, query: str) -> _Key:
        pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
        return method, urllib.parse.unquote(path, errors="surrogateescape"), urllib.parse.urlencode(pairs)


class _Names:
    """Values for aliases: ids that look like a server's, the same one for the same alias."""

    def __init__(self) -> None:
        self._bindings = Bindings()

    def value(self, _kind: str, value: Any) -> Any:
        return self._bindings.to_send(value)
