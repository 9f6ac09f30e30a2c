"""A cheap S3 client for benchmarks: requests signed and built beforehand, sent over raw keep-alive sockets.

One thread drives all connections, so that a two-core machine measures the server and not its client.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import hmac
import itertools
import selectors
import socket
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence

UNSIGNED = "UNSIGNED-PAYLOAD"
_REGION = "us-east-1"


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A server under test: where it listens, who asks, and its process."""

    name: str
    port: int
    pid: int
    access_key: str = "accessKey1"
    secret_key: str = "verySecretKey1"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


def signed(
    target: Target,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    *,
    body: bytes = b"",
    length: int | None = None,
) -> bytes:
    """A whole request with its signature (version 4); with ``length`` the head alone, for a body that is streamed."""
    moment = f"{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}"
    payload = hashlib.sha256(body).hexdigest() if length is None else UNSIGNED
    canonical_query = "&".join(
        f"{urllib.parse.quote(name, safe='')}={urllib.parse.quote(value, safe='')}"
        for name, value in sorted((query or {}).items())
    )
    scope = f"{moment[:8]}/{_REGION}/s3/aws4_request"
    names = "host;x-amz-content-sha256;x-amz-date"
    canonical = (
        f"{method}\n{path}\n{canonical_query}\nhost:{target.host}\nx-amz-content-sha256:{payload}\n"
        f"x-amz-date:{moment}\n\n{names}\n{payload}"
    )
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{target.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    size = len(body) if length is None else length
    head = (
        f"{method} {path}{'?' if canonical_query else ''}{canonical_query} HTTP/1.1\r\nHost: {target.host}\r\n"
        f"x-amz-content-sha256: {payload}\r\nx-amz-date: {moment}\r\nContent-Length: {size}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={target.access_key}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}\r\n\r\n"
    )
    return head.encode() + body


@dataclasses.dataclass(slots=True)
class Measurement:
    """What one run of requests took; times in seconds."""

    took: float
    latencies: list[float]
    server_cpu: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.took

    @property
    def cpu_milliseconds(self) -> float:
        """The server's processor time for one request."""
        return self.server_cpu / len(self.latencies) * 1000

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000


def drive(target: Target, requests: Sequence[bytes], clients: int, seconds: float | None = None) -> Measurement:
    """Send the requests on ``clients`` connections: each once, or again and again for ``seconds``.

    With ``seconds`` the connections are opened and used once beforehand.

    Raises:
        ConnectionError: an answer is not 200, or none comes.
    """
    with selectors.DefaultSelector() as selector:
        connections = [_Connection(target, selector) for _ in range(clients)]
        if seconds is None:
            return _drive(target, selector, connections, iter(requests))
        for connection in connections:
            connection.exchange(requests[0])
        end = time.perf_counter() + seconds
        supply = itertools.takewhile(lambda _: time.perf_counter() < end, itertools.cycle(requests))
        return _drive(target, selector, connections, supply)


def _drive(
    target: Target, selector: selectors.BaseSelector, connections: list[_Connection], supply: Iterator[bytes]
) -> Measurement:
    cpu, start = cpu_seconds(target.pid), time.perf_counter()
    latencies: list[float] = []
    running = sum(connection.send_next(supply) for connection in connections)
    while running:
        for key, _ in _ready(selector, target):
            connection = key.data
            if connection.receive():
                latencies.append(time.perf_counter() - connection.sent)
                running -= not connection.send_next(supply)
    took = time.perf_counter() - start
    return Measurement(took, latencies, cpu_seconds(target.pid) - cpu)


def once(target: Target, request: bytes) -> bytes:
    """Send one request; the body of its answer."""
    with selectors.DefaultSelector() as selector:
        connection = _Connection(target, selector)
        connection.exchange(request)
        connection.close()
    return connection.answer


def _ready(selector: selectors.BaseSelector, target: Target) -> list[tuple[selectors.SelectorKey, int]]:
    events = selector.select(30)
    if not events:
        raise ConnectionError(f"{target.name} does not answer")
    return events


class _Connection:
    """One client: a request at a time; connects anew where the server has closed."""

    def __init__(self, target: Target, selector: selectors.BaseSelector) -> None:
        self._target = target
        self._selector = selector
        self._data = b""
        self._bodiless = False
        self._socket: socket.socket | None = None
        self.answer = b""
        self.sent = 0.0

    def exchange(self, request: bytes) -> None:
        """Send, and wait for the answer."""
        self.send(request)
        while not self.receive():
            pass

    def send_next(self, supply: Iterator[bytes]) -> bool:
        """Send what comes next; when nothing does, close, and say so by False."""
        request = next(supply, None)
        if request is None:
            self.close()
            return False
        self.send(request)
        return True

    def send(self, request: bytes) -> None:
        self.sent = time.perf_counter()
        self._bodiless = request.startswith(b"HEAD")
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._target.port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self._socket, selectors.EVENT_READ, self)
        self._socket.sendall(request)

    def receive(self) -> bool:
        """Whether the answer is complete."""
        assert self._socket is not None
        piece = self._socket.recv(262144)
        self._data += piece
        head, separator, body = self._data.partition(b"\r\n\r\n")
        if not separator:
            if not piece:
                raise ConnectionError(f"{self._target.name} closed the connection")
            return False
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
            raise ConnectionError(f"{self._target.name}: {self._data[:600]!r}")
        lower = head.lower()
        if not (self._bodiless or not piece or _is_complete(lower, body)):
            return False
        self.answer, self._data = body, b""
        if not piece or b"\nconnection: close" in lower:
            self.close()
        return True

    def close(self) -> None:
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None


def _is_complete(head: bytes, body: bytes) -> bool:
    _, found, length = head.partition(b"\ncontent-length:")
    if found:
        return len(body) >= int(length.partition(b"\r")[0])
    return b"\ntransfer-encoding: chunked" in head and body.endswith(b"0\r\n\r\n")


def _processes(pid: int) -> Iterator[int]:
    """A process and what it has started."""
    yield pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123  (as /proc is read)
        children = file.read().split()
    for child in children:
        yield from _processes(int(child))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process tree; 10 ms is the kernel's grain."""
    ticks = 0
    for process in _processes(pid):
        with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100
