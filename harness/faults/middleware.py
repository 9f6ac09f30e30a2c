"""Faults of HTTP, in front of any application that :class:`fake_cloudserver.HttpServer` serves."""

from __future__ import annotations

import contextlib
import http
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from fake_cloudserver import Clock
from harness.faults.operations import INTERNAL, occasion_of
from harness.faults.rules import Effect, FaultBoard, S3Failure

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_PIECE = 65536


class BrokenOnPurposeError(ConnectionResetError):
    """The connection was ended on purpose; the server has nothing left to say on it."""


class Faults:
    """Applies the rules of a board to one site.

    Where a connection is to end hard it uses ``cloudserver.reset`` of the server's environ.
    """

    def __init__(self, app: WsgiApp, board: FaultBoard, site: str, clock: Clock) -> None:
        self._app = app
        self._board = board
        self._site = site
        self._clock = clock

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not self._board.concerns(self._site):
            return self._app(environ, start_response)
        headers = {name.lower(): value for name, value in environ.get("cloudserver.headers", ())}
        occasion = occasion_of(self._site, environ["REQUEST_METHOD"], environ["RAW_URI"], headers)
        effect = self._board.decide(occasion, self._clock.now())
        if effect is None:
            return self._app(environ, start_response)
        return self._go_wrong(effect, environ, start_response)

    def _go_wrong(self, effect: Effect, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if effect.error is not None:
            return _refuse(effect.error, environ, start_response)
        if effect.delay is not None:
            self._board.hold(self._clock, effect)
            return self._app(environ, start_response)
        if effect.reset == "before":
            raise self._end(environ)
        if effect.reset == "after":
            with contextlib.closing(_Answer(self._app(environ, lambda *_: lambda _: None))) as answer:
                for _ in answer:
                    pass
            raise self._end(environ)
        has_body = environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
        if effect.truncate is None and has_body:
            environ["wsgi.input"] = self._bad_input(effect, environ)
            return self._app(environ, start_response)
        return self._bad_answer(effect, environ, start_response)

    def _bad_input(self, effect: Effect, environ: dict[str, Any]) -> _BadInput:
        length = environ.get("CONTENT_LENGTH", "")
        middle = int(length) // 2 if length.isdigit() else 1
        break_off = None if effect.corrupt else lambda: self._break(effect, environ)
        return _BadInput(environ["wsgi.input"], middle, break_off, is_connected="cloudserver.reset" in environ)

    def _bad_answer(
        self, effect: Effect, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterator[bytes]:
        """The answer up to its middle, or to where it is cut; then what is to happen."""
        length: list[int] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            length.extend(int(value) for name, value in headers if name.lower() == "content-length")
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        with contextlib.closing(_Answer(self._app(environ, start))) as answer:
            pieces = iter(answer)
            first = next(pieces, b"")
            limit = effect.truncate if effect.truncate is not None else (length[0] if length else len(first)) // 2
            yield from self._until(limit, effect, environ, itertools.chain([first], pieces))

    def _until(self, limit: int, effect: Effect, environ: dict[str, Any], pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if len(piece) <= limit or (effect.corrupt and limit < 0):
                limit -= len(piece)
                yield piece
            elif effect.corrupt:
                yield _changed(piece, limit)
                limit = -1
            else:
                yield piece[:limit]
                if effect.truncate is not None:
                    raise BrokenOnPurposeError
                self._break(effect, environ)
                raise BrokenOnPurposeError
        if not effect.corrupt and effect.truncate is None:
            self._break(effect, environ)
            raise BrokenOnPurposeError

    def _break(self, effect: Effect, environ: dict[str, Any]) -> None:
        if effect.stall is not None:
            self._board.hold(self._clock, effect)
        self._end(environ)

    def _end(self, environ: dict[str, Any]) -> BrokenOnPurposeError:
        reset = environ.get("cloudserver.reset")  # in process there is no connection to end
        if reset is not None:
            reset()
        return BrokenOnPurposeError()


class _Answer:
    """What an application returned; closing it does nothing where there is nothing to close."""

    def __init__(self, result: Iterable[bytes]) -> None:
        self._result = result

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._result)

    def close(self) -> None:
        close = getattr(self._result, "close", None)
        if close is not None:
            close()


class _BadInput:
    """A request's body that goes wrong in its middle."""

    def __init__(self, source: Any, middle: int, break_off: Callable[[], None] | None, *, is_connected: bool) -> None:
        self._source = source
        self._left = middle
        self._break_off = break_off
        self._is_connected = is_connected
        self._done = False

    def read(self, size: int | None = -1) -> bytes:
        """As a file has it: up to ``size`` bytes, all without one."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        if self._done:
            return bytes(self._source.read(size))
        if self._break_off is None:
            return self._corrupted(size)
        if size <= self._left:
            taken = bytes(self._source.read(size))
            self._left -= len(taken)
            return taken
        self._source.read(self._left)
        self._done = True
        self._break_off()
        if not self._is_connected:
            raise BrokenOnPurposeError
        return bytes(self._source.read(size))  # the source finds the connection gone, and says so in its own way

    def _corrupted(self, size: int) -> bytes:
        data = bytes(self._source.read(size))
        if len(data) <= self._left:
            self._left -= len(data)
            return data
        self._done = True
        return _changed(data, self._left)

    def readline(self, size: int | None = -1) -> bytes:
        return self.read(size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(_PIECE), b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def _changed(data: bytes, index: int) -> bytes:
    return data[:index] + bytes([data[index] ^ 0xFF]) + data[index + 1 :]


def _refuse(failure: S3Failure, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The answer of a server that fails; whatever the client sends is read away by the server."""
    if not failure.code:
        kind, body = "text/plain", http.HTTPStatus(failure.status).phrase.encode()
    elif str(environ["RAW_URI"]).startswith(INTERNAL):
        kind = "application/json"
        body = json.dumps({"code": failure.code, "message": failure.message}).encode()
    else:
        kind = "application/xml"
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f"<Error><Code>{escape(failure.code)}</Code><Message>{escape(failure.message)}</Message>"
            f"<Resource>{escape(str(environ['RAW_URI']).partition('?')[0])}</Resource></Error>"
        ).encode()
    start_response(f"{failure.status} fault", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
