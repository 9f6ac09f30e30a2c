"""The transport seam: HTTP exchanges over pooled connections (``http_transport.py``), or straight into a WSGI app."""

from __future__ import annotations

import dataclasses
import io
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any, Protocol

#: Bytes moved at a time.
CHUNK = 256 * 1024


class TransportError(Exception):
    """The exchange did not happen, or broke off: no answer, or an incomplete one.

    Attributes:
        code: ``NetworkingError`` (no connection), ``TimeoutError``, or ``ECONNRESET`` (cut in the middle).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Body(Protocol):
    """A request's body whose length is known before it is sent."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


class StreamedBody:
    """``length`` bytes that come from elsewhere while they are sent; it can be read once."""

    def __init__(self, chunks: Iterable[bytes], length: int) -> None:
        self._chunks = chunks
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


class Response(Protocol):
    """An answer whose body has not been read yet. Read it all, or close it."""

    status: int
    reason: str
    headers: Mapping[str, str]

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives, as it was sent (no content coding undone). Raises TransportError when it breaks."""

    def read(self) -> bytes:
        """The whole body."""

    def close(self) -> None:
        """Give up the rest. A connection in the middle of a body is not used again."""


class Transport(Protocol):
    """Sends requests; safe to use from several threads."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Response:
        """One exchange, to the end of the answer's head.

        ``url`` is used as it stands, dot segments and percent sequences included. Header values are sent as
        Latin-1; ``Content-Length`` is added. An exception that ``body`` raises while it is read passes through.
        Raises TransportError.
        """

    def close(self) -> None:
        """Drop idle connections."""


class Headers(Mapping[str, str]):
    """Headers of an answer, by name in any case; of a repeated one the first."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in items:
            self._values.setdefault(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class WsgiTransport:
    """Straight into a WSGI application, in the caller's thread: no socket, and repeatable.

    Args:
        apps: the applications by ``host:port`` of the URL; one application for every host.
    """

    def __init__(self, apps: Callable[..., Any] | Mapping[str, Callable[..., Any]]) -> None:
        self._apps = apps

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Response:
        parts = urllib.parse.urlsplit(url)
        app = self._apps.get(parts.netloc) if isinstance(self._apps, Mapping) else self._apps
        if app is None:
            raise TransportError("NetworkingError", f"nothing listens on {parts.netloc}")
        source = None if isinstance(body, bytes) else _IteratorReader(body)
        stream: IO[bytes] = io.BytesIO(body if isinstance(body, bytes) else b"")
        if source is not None:
            stream = io.BufferedReader(source, CHUNK)
        try:
            environ = _environ(method, parts, headers, stream, len(body))
        except UnicodeEncodeError as error:
            raise TransportError("NetworkingError", f"invalid character in header content: {error}") from error
        try:
            return _WsgiResponse(app, environ)
        except ConnectionError as error:  # what stands for the network in front of the application ended it
            raise TransportError("ECONNRESET", "the connection was reset") from error
        finally:
            if source is not None and source.failure is not None:
                raise source.failure  # whatever the application made of it

    def close(self) -> None:
        """Nothing is kept."""


def _environ(
    method: str, parts: urllib.parse.SplitResult, headers: Mapping[str, str], stream: IO[bytes], length: int
) -> dict[str, Any]:
    raw = parts.path or "/"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(raw).decode("latin-1"),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": raw + (f"?{parts.query}" if parts.query else ""),
        "RAW_URI": raw + (f"?{parts.query}" if parts.query else ""),
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    received = [("Host", parts.netloc)]
    for name, value in headers.items():
        variable = name.upper().replace("-", "_")
        value.encode("latin-1")  # a server would never see anything else
        received.append((name, value))
        if variable not in {"CONTENT_LENGTH", "HOST"}:
            environ[variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"] = value
    received = [item for item in received if item[0].lower() != "content-length"]
    environ["cloudserver.headers"] = [*received, ("Content-Length", str(length))]
    return environ


class _IteratorReader(io.RawIOBase):
    """A body as a file. When the body fails, the reader sees what a server sees of it: a connection that breaks."""

    def __init__(self, body: Body) -> None:
        self._chunks = iter(body)
        self._rest = b""
        self.failure: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                chunk = next(self._chunks, None)
            except BaseException as error:
                self.failure = error
                raise ConnectionResetError("the client went away") from error
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


@dataclasses.dataclass(slots=True)
class _Started:
    status: str = "500 Application Did Not Start"
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)


class _WsgiResponse:
    def __init__(self, app: Callable[..., Any], environ: dict[str, Any]) -> None:
        started = _Started()
        early: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], object]:
            started.status, started.headers = status, headers
            return early.append

        self._body = app(environ, start_response)
        iterator = iter(self._body)
        first = next(iterator, b"")  # an application may start its answer as late as here
        code, _, self.reason = started.status.partition(" ")
        self.status = int(code)
        self.headers: Mapping[str, str] = Headers(started.headers)
        self._chunks = _chain(early, first, iterator)

    def chunks(self) -> Iterator[bytes]:
        length = self.headers.get("content-length")
        got = 0
        try:
            for chunk in self._chunks:
                got += len(chunk)
                yield chunk
        except ConnectionError as error:
            raise TransportError("ECONNRESET", f"the answer broke off after {got} bytes") from error
        finally:
            self.close()
        if length is not None and got < int(length):
            raise TransportError("ECONNRESET", f"the answer broke off: {got} of {length} bytes")

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _chain(early: list[bytes], first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from early
    yield first
    yield from rest
