"""HTTP/1.1 for the engine: pooled connections kept alive, bodies streamed both ways, nothing decoded.

A general client library spends more time on one small request than the server that answers it: it merges sessions,
proxies, cookies and redirects that do not occur here. ``tests/bench/transports.py`` has the figures.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping

from harness.transport import CHUNK, Body, Headers, Response, TransportError

_LARGEST_HEAD = 256 * 1024
_BODILESS = frozenset({204, 304})
_PIECE = 64 * 1024

#: scheme, host and port
Origin = tuple[str, str, int]


class HttpTransport:
    """See :class:`harness.transport.Transport`.

    Args:
        connect_timeout, idle_timeout: seconds. Backbeat's are 120 each (Backbeat lib/clients/utils.js).
        pool: connections kept to each host.
        verify: of ``https``: True asks the system's authorities, a path names a file of them, False trusts anybody.
    """

    def __init__(
        self, *, connect_timeout: float = 120.0, idle_timeout: float = 120.0, pool: int = 50, verify: bool | str = True
    ) -> None:
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._pool = pool
        self._verify = verify
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[Origin, deque[_Connection]] = defaultdict(deque)
        self._origins: dict[str, tuple[Origin, str]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Response:
        scheme, _, rest = url.partition("://")
        netloc, slash, target = rest.partition("/")
        origin, host = self._origin(f"{scheme}://{netloc}")
        head = _head(method, slash + target or "/", host, headers, len(body))
        try:
            return self._exchange(self._take(origin) or self._connect(origin), origin, method, head, body)
        except TransportError as error:
            # an idle connection may be closed by the server just when it is used again
            if error.code != "ECONNRESET" or method not in {"GET", "HEAD"}:
                raise
        return self._exchange(self._connect(origin), origin, method, head, body)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            connections = [one for idle in self._idle.values() for one in idle]
            self._idle.clear()
        for connection in connections:
            connection.close()

    def give_back(self, connection: _Connection, origin: Origin) -> None:
        """Its answer was read to the end: the next request may have it."""
        with self._lock:
            idle = self._idle[origin]
            if not self._closed and len(idle) < self._pool:
                idle.append(connection)
                return
        connection.close()

    def _exchange(
        self, connection: _Connection, origin: Origin, method: str, head: bytes, body: bytes | Body
    ) -> Response:
        try:
            connection.send(head, body)
            return _Answer(self, connection, origin, method)
        except (OSError, ValueError) as error:
            connection.close()
            raise _broken(error) from error
        except BaseException:  # of the body while it was read
            connection.close()
            raise

    def _origin(self, base: str) -> tuple[Origin, str]:
        """Where to connect to, and the Host header."""
        known = self._origins.get(base)
        if known is None:
            import urllib.parse

            try:
                parts = urllib.parse.urlsplit(base)
                port = parts.port or (443 if parts.scheme == "https" else 80)
            except ValueError as error:
                raise TransportError("NetworkingError", str(error)) from error
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise TransportError("NetworkingError", f"{base} is no address of a server")
            known = self._origins[base] = ((parts.scheme, parts.hostname, port), parts.netloc.rpartition("@")[2])
        return known

    def _take(self, origin: Origin) -> _Connection | None:
        """An idle connection that the server has not closed."""
        while True:
            with self._lock:
                idle = self._idle[origin]
                if not idle:
                    return None
                connection = idle.pop()
            if connection.is_quiet:
                return connection
            connection.close()

    def _connect(self, origin: Origin) -> _Connection:
        scheme, host, port = origin
        try:
            connected = socket.create_connection((host, port), self._connect_timeout)
        except TimeoutError as error:
            raise TransportError("TimeoutError", f"no connection to {host}:{port}: {error}") from error
        except OSError as error:
            raise TransportError("NetworkingError", f"no connection to {host}:{port}: {error}") from error
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if scheme == "https":
            try:
                connected = self._context().wrap_socket(connected, server_hostname=host)
            except OSError as error:
                connected.close()
                raise TransportError("NetworkingError", f"{host}:{port}: {error}") from error
        return _Connection(connected, self._idle_timeout)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._verify if isinstance(self._verify, str) else None)
            if self._verify is False:
                self._tls.check_hostname = False
                self._tls.verify_mode = ssl.CERT_NONE
        return self._tls


class _Connection:
    """One connection; a request at a time."""

    def __init__(self, connected: socket.socket, idle_timeout: float) -> None:
        self._socket = connected
        self._buffer = b""
        if isinstance(connected, ssl.SSLSocket):
            connected.settimeout(idle_timeout)
        else:
            # the kernel's own time-outs: Python's would ask before every call whether it may go ahead
            connected.settimeout(None)
            seconds, rest = divmod(idle_timeout, 1)
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                connected.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", int(seconds), int(rest * 1_000_000)))

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer; the end of the connection would have."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not self._buffer and not poll.poll(0)

    def send(self, head: bytes, body: bytes | Body) -> None:
        """All of it; less when the server stops listening, which then may have answered."""
        try:
            if isinstance(body, bytes):
                self._socket.sendall(head + body if len(body) < _PIECE else head)
                if len(body) >= _PIECE:
                    self._socket.sendall(body)
                return
            self._socket.sendall(head)
        except (BrokenPipeError, ConnectionResetError):
            return
        left = len(body)
        for chunk in body:
            left -= len(chunk)
            if left < 0:
                break
            try:
                self._socket.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                return
        if left:
            raise ValueError(f"the body is {abs(left)} bytes too {'short' if left > 0 else 'long'}")

    def head(self) -> str:
        """The head of an answer, without the empty line. ConnectionResetError when there is none."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _LARGEST_HEAD:
                raise ValueError("the head of the answer does not end")
            self._buffer += self._receive(_PIECE)
        text, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        return text.decode("latin-1")

    def line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LARGEST_HEAD:
                raise ValueError("a line of the answer does not end")
            self._buffer += self._receive(_PIECE)
        text, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return text.rstrip(b"\r")

    def some(self, most: int) -> bytes:
        """At least one byte, at most so many. ConnectionResetError when none comes."""
        if not self._buffer:
            return self._receive(most)
        piece, self._buffer = self._buffer[:most], self._buffer[most:]
        return piece

    def rest(self) -> Iterator[bytes]:
        """Until the connection ends."""
        with contextlib.suppress(_Ended):
            while True:
                yield self.some(CHUNK)

    def close(self) -> None:
        self._socket.close()

    def _receive(self, most: int) -> bytes:
        piece = self._socket.recv(most)
        if not piece:
            raise _Ended("the connection ended")
        return piece


class _Ended(ConnectionResetError):  # noqa: N818  (a state, not a fault)
    """In order, as far as the network is concerned."""


class _Answer:
    def __init__(self, transport: HttpTransport, connection: _Connection, origin: Origin, method: str) -> None:
        self._transport = transport
        self._connection: _Connection | None = connection
        self._origin = origin
        while True:
            version, self.status, self.reason, items = _parsed(connection.head())
            if self.status >= 200 or self.status == 101:
                break
        self.headers: Mapping[str, str] = Headers(items)
        wish = self.headers.get("connection", "").lower()
        self._keeps_alive = "close" not in wish and (version != "HTTP/1.0" or "keep-alive" in wish)
        self._chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        length = self.headers.get("content-length")
        self._left = int(length) if length is not None and not self._chunked else None
        if method == "HEAD" or self.status in _BODILESS or self._left == 0:
            self._finish()

    def chunks(self) -> Iterator[bytes]:
        connection = self._connection
        if connection is None:
            return
        try:
            if self._chunked:
                yield from _dechunked(connection)
            elif self._left is None:
                self._keeps_alive = False
                yield from connection.rest()
            else:
                while self._left:
                    piece = connection.some(min(self._left, CHUNK))
                    self._left -= len(piece)
                    yield piece
        except (OSError, ValueError) as error:
            self.close()
            broken = _broken(error)
            raise TransportError(broken.code, f"the answer broke off: {error}") from error
        self._finish()

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def close(self) -> None:
        # an answer that was read to its end has given its connection back already; anything else is dropped
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _finish(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self._keeps_alive:
            self._transport.give_back(connection, self._origin)
        elif connection is not None:
            connection.close()


def _head(method: str, target: str, host: str, headers: Mapping[str, str], length: int) -> bytes:
    """Raises TransportError for what no header can carry."""
    lines = [f"{method} {target} HTTP/1.1"]
    names = {name.lower() for name in headers}
    if "host" not in names:
        lines.append(f"Host: {host}")
    if "accept-encoding" not in names:
        lines.append("Accept-Encoding: identity")
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "content-length"]
    if length or method not in {"GET", "HEAD"}:
        lines.append(f"Content-Length: {length}")
    if any("\r" in line or "\n" in line for line in lines):
        raise TransportError("NetworkingError", "invalid character in header content: a line break")
    try:
        return "\r\n".join([*lines, "", ""]).encode("latin-1")
    except UnicodeEncodeError as error:
        raise TransportError("NetworkingError", f"invalid character in header content: {error}") from error


def _parsed(head: str) -> tuple[str, int, str, list[tuple[str, str]]]:
    """Version, status, reason and headers. Raises ValueError for what is no answer."""
    first, *lines = head.split("\r\n")
    version, _, rest = first.partition(" ")
    code, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/1.") or not code.isdigit():
        raise ValueError(f"no HTTP answer: {first[:80]!r}")
    items = [(name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)]
    return version, int(code), reason, items


def _dechunked(connection: _Connection) -> Iterator[bytes]:
    while size := int(connection.line().partition(b";")[0], 16):
        left = size
        while left:
            piece = connection.some(min(left, CHUNK))
            left -= len(piece)
            yield piece
        connection.line()
    while connection.line():
        pass


def _broken(error: OSError | ValueError) -> TransportError:
    if isinstance(error, TimeoutError | BlockingIOError | ssl.SSLWantReadError):
        return TransportError("TimeoutError", f"nothing came in time: {error}")
    return TransportError("ECONNRESET", str(error))
