"""Hears what crosses a stack, and tells whoever writes tapes of it.

It is attached where the stack has seams: in front of WSGI applications, around a queue and a clock, to a journal
and to the board of faults. Nothing is replaced. On one thread with a virtual clock a tape repeats byte for byte.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from fake_cloudserver import Clock
from harness.faults.operations import INTERNAL, occasion_of
from harness.faults.rules import FaultBoard, Fired
from harness.request_log import WsgiApp
from harness.tape import redaction
from harness.tape.blobs import Blobs
from harness.tape.captured import Captured, Exchange, answers_with_data, by_name, carries_data
from harness.tape.model import HeaderList
from harness.tape.writer import TapeWriter

#: What CloudServer's own client of AWS says beside the SDK's name (Arsenal LocationConstraintParser.js).
_CLOUDSERVERS_CLIENT = "Scality CloudServer"


class _Record(Protocol):
    """A record of a journal; see :class:`harness.engine.journal.JournalRecord`."""

    db: str
    type: str
    key: str
    value: str | None


class _Journal(Protocol):
    def add_listener(self, listener: Callable[[Any], None]) -> Callable[[], None]: ...


class Recorder:
    """Safe to use from several threads; events come one at a time, in the order in which they were over.

    Args:
        engine_keys: access keys that only the engine signs with.
        blobs: keep the bytes of every body here.
    """

    def __init__(self, clock: Clock, *, engine_keys: Iterable[str] = (), blobs: Blobs | None = None) -> None:
        self._clock = clock
        #: Set them as soon as they are known.
        self.engine_keys = frozenset(engine_keys)
        self._blobs = blobs
        self._lock = threading.RLock()
        self._writers: tuple[tuple[TapeWriter, float], ...] = ()

    @contextlib.contextmanager
    def writing(self, writer: TapeWriter) -> Iterator[None]:
        """Inside, ``writer`` is told of everything; its time begins now."""
        mine = (writer, self._clock.monotonic())
        with self._lock:
            self._writers = (*self._writers, mine)
        try:
            yield
        finally:
            with self._lock:
                self._writers = tuple(one for one in self._writers if one is not mine)

    def fact(self, kind: str, **what: Any) -> None:
        """Something happened; ``what`` as :mod:`harness.tape.facts` has it, bodies as bytes."""
        with self._lock:
            now = self._clock.monotonic()
            for writer, began in self._writers:
                writer.fact(kind, what, now - began)

    def exchange(self, exchange: Exchange) -> None:
        """An exchange is over."""
        with self._lock:
            now = self._clock.monotonic()
            for writer, began in self._writers:
                writer.exchange(exchange, now - began)

    @property
    def is_idle(self) -> bool:
        """Whether nobody writes."""
        return not self._writers

    # where it is attached

    def wrap(self, app: WsgiApp, site: str) -> WsgiApp:
        """The same application, its exchanges recorded as those of ``site``."""
        return _RecordedApp(self, app, site)

    def watch_journal(self, journal: _Journal, site: str) -> Callable[[], None]:
        """Record what is written to a journal, and what that says of replication; gives what ends it."""

        def heard(record: _Record) -> None:
            value = None if record.value is None else record.value.encode("utf-8", "surrogatepass")
            self.fact("journal", at=site, bucket=record.db, key=record.key, do=record.type, value=value)

        return journal.add_listener(heard)

    def watch_board(self, board: FaultBoard) -> None:
        """Record which faults happen."""

        def heard(fired: Fired) -> None:
            occasion = fired.occasion
            about = {"bucket": occasion.bucket, "key": occasion.key}
            told = {name: value for name, value in about.items() if value}
            self.fact("fault", rule=fired.rule, site=occasion.site, operation=occasion.operation, **told)

        board.listener = heard

    def rule(self, do: str, name: str, rule: Mapping[str, Any] | None = None) -> None:
        """A fault's rule was ``set``, or ``clear``ed."""
        self.fact("rule", do=do, name=name, **({} if rule is None else {"rule": dict(rule)}))

    def captured(self, *, is_data: bool, framed: bool = False) -> Captured:
        return Captured(is_data=is_data, framed=framed, blobs=self._blobs)

    def who(self, target: str, headers: Mapping[str, str]) -> str:
        """Who sent a request, as far as it shows: ``client``, ``engine`` or ``cloudserver``."""
        key = redaction.access_key(target, headers.get("authorization", ""))
        if target.startswith(INTERNAL) or key in self.engine_keys:
            return "engine"
        return "cloudserver" if _CLOUDSERVERS_CLIENT in headers.get("user-agent", "") else "client"


class _RecordedApp:
    def __init__(self, recorder: Recorder, app: WsgiApp, site: str) -> None:
        self._recorder = recorder
        self._app = app
        self._site = site

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self._recorder.is_idle:
            return self._app(environ, start_response)
        return _Passing(self._recorder, self._site, environ).through(self._app, start_response)


class _Passing:
    """One exchange on its way through an application."""

    def __init__(self, recorder: Recorder, site: str, environ: dict[str, Any]) -> None:
        self._recorder = recorder
        self._site = site
        self._environ = environ
        self._method = str(environ["REQUEST_METHOD"])
        self._target = _target(environ)
        self._headers: HeaderList = tuple(environ.get("cloudserver.headers", ()))
        headers = by_name(self._headers)
        self._by = recorder.who(self._target, headers)
        self._occasion = occasion_of(site, self._method, self._target, headers)
        framed = headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
        self._body = recorder.captured(is_data=carries_data(self._occasion), framed=framed)
        self._declared = _declared(headers)
        self._status: int | None = None
        self._answer_headers: HeaderList = ()
        self._answer = recorder.captured(is_data=False)
        self._result: Iterable[bytes] = ()
        self._pieces: Iterator[bytes] = iter(())
        self._is_over = False
        self._announced: int | None = None

    def through(self, app: WsgiApp, start_response: Callable[..., Any]) -> _Passing:
        """The application's answer, as it passes; whoever reads it closes it."""
        inner = self._environ.get("wsgi.input")
        if inner is not None:
            self._environ["wsgi.input"] = _HeardInput(inner, self._body)
        try:
            self._result = app(self._environ, self._starting(start_response))
        except BaseException:
            self._over(None)
            raise
        self._pieces = iter(self._result)
        return self

    def _starting(self, start_response: Callable[..., Any]) -> Callable[..., Any]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
            self._status, self._answer_headers = int(status[:3]), tuple(headers)
            length = by_name(self._answer_headers).get("content-length", "")
            self._announced = int(length) if length.isdigit() and self._method != "HEAD" else None
            self._answer = self._recorder.captured(is_data=answers_with_data(self._occasion, self._status))
            write = start_response(status, headers, *more)

            def heard(piece: bytes) -> object:
                self._answer.feed(piece)
                return write(piece)

            return heard

        return start

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            piece = next(self._pieces)
        except StopIteration:
            self._whole()
            raise
        self._answer.feed(piece)
        if self._announced is not None and self._answer.seen >= self._announced:
            self._whole()
        return piece

    def _whole(self) -> None:
        """Recorded before the client has all of the answer, and with it the chance to ask the next thing."""
        self._answer.is_whole = True
        self._over(self._status)

    def close(self) -> None:
        """The answer is over, whole or not."""
        close = getattr(self._result, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._over(self._status if self._answer.is_whole else None)

    def _over(self, status: int | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._body.is_whole = self._declared is not None and self._body.seen >= self._declared
        if self._declared is None and not self._body.is_whole:
            self._body.is_whole = bool(self._environ.get("wsgi.input") and self._environ["wsgi.input"].at_end)
        if not self._body.is_whole and self._declared is not None:
            self._body.length = self._declared
        self._body.finish()
        self._answer.finish()
        self._recorder.exchange(
            Exchange(
                self._site,
                self._by,
                self._method,
                self._target,
                self._headers,
                self._body,
                status,
                self._answer_headers,
                self._answer,
            )
        )


class _HeardInput:
    """A request's body, heard while the application reads it."""

    def __init__(self, source: Any, body: Captured) -> None:
        self._source = source
        self._body = body
        self.at_end = False

    def read(self, size: int | None = -1) -> bytes:
        data: bytes = self._source.read(-1 if size is None else size)
        self._heard(data, asked=size is None or size != 0)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        data: bytes = self._source.readline(-1 if size is None else size)
        self._heard(data, asked=True)
        return data

    def __iter__(self) -> Iterator[bytes]:
        for data in self._source:
            self._heard(data, asked=True)
            yield data
        self.at_end = True

    def _heard(self, data: bytes, *, asked: bool) -> None:
        self._body.feed(data)
        self.at_end = self.at_end or (asked and not data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def _target(environ: Mapping[str, Any]) -> str:
    for name in ("RAW_URI", "REQUEST_URI"):
        if environ.get(name):
            return str(environ[name])
    query = environ.get("QUERY_STRING")
    return f"{environ.get('PATH_INFO', '/')}{f'?{query}' if query else ''}"


def _declared(headers: Mapping[str, str]) -> int | None:
    """How many bytes a request's body has; None when that shows only at its end."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return None
    length = headers.get("content-length", "")
    return int(length) if length.isdigit() else 0
