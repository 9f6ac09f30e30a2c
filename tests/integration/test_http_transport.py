"""The framing of answers, and what becomes of connections, against servers that say exactly what they are told."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from harness.http_transport import HttpTransport
from harness.transport import StreamedBody, TransportError

Serve = Callable[..., str]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def connections() -> list[list[bytes]]:
    """The requests of each connection."""
    return []


@pytest.fixture
def closed() -> queue.SimpleQueue[None]:
    """One for each connection that the server has closed."""
    return queue.SimpleQueue()


@pytest.fixture
def serve(connections: list[list[bytes]], closed: queue.SimpleQueue[None]) -> Iterator[Serve]:
    """Start a server that gives these answers, one for each request on a connection, and then closes it."""
    listeners: list[socket.socket] = []

    def start(*answers: bytes, at_once: bool = False) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def attend(connection: socket.socket) -> None:
            seen: list[bytes] = []
            connections.append(seen)
            with connection:
                for answer in answers:
                    request = b"" if at_once else connection.recv(65536)
                    if not request and not at_once:
                        return
                    seen.append(request)
                    connection.sendall(answer)
                with contextlib.suppress(ConnectionResetError):  # of a client that leaves the answer unread
                    while at_once and connection.recv(65536):
                        pass
            closed.put(None)

        def accept() -> None:
            try:
                while True:
                    threading.Thread(target=attend, args=(listener.accept()[0],), daemon=True).start()
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    transport = HttpTransport(connect_timeout=5, idle_timeout=5)
    yield transport
    transport.close()


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (CHUNKED + b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n", b"hello!"),
        (CHUNKED + b"0\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200\r\ncontent-length:2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
    ids=["chunks with extension and trailer", "no chunk", "an interim answer", "no reason", "no content"],
)
def test_every_framing_is_read_to_its_end_and_the_connection_used_again(
    transport: HttpTransport, serve: Serve, connections: list[list[bytes]], answer: bytes, body: bytes
) -> None:
    url = serve(answer, answer)
    assert [transport.send("GET", url, {}).read() for _ in range(2)] == [body, body]
    assert len(connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ],
    ids=["said so", "old version", "ends with the body"],
)
def test_a_connection_that_is_not_kept_is_not_used_again(
    transport: HttpTransport, serve: Serve, connections: list[list[bytes]], answer: bytes
) -> None:
    url = serve(answer)
    assert [transport.send("PUT", url, {}, b"x").read() for _ in range(2)] == [b"ok", b"ok"]
    assert len(connections) == 2


def test_the_answer_to_head_has_no_body(transport: HttpTransport, serve: Serve, connections: list[list[bytes]]) -> None:
    url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    head = transport.send("HEAD", url, {})
    assert (head.headers["content-length"], head.read()) == ("1000", b"")
    assert transport.send("GET", url, {}).read() == b"x"
    assert len(connections) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_not_used(
    transport: HttpTransport, serve: Serve, connections: list[list[bytes]], closed: queue.SimpleQueue[None]
) -> None:
    url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    for _ in range(3):
        assert transport.send("PUT", url, {}, b"body").read() == b"ok"
        closed.get(timeout=10)
    assert len(connections) == 3


def test_an_answer_that_was_given_up_takes_its_connection_along(
    transport: HttpTransport, serve: Serve, connections: list[list[bytes]]
) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    url = serve(answer, answer)
    transport.send("GET", url, {}).close()
    assert transport.send("GET", url, {}).read() == b"ok"
    assert len(connections) == 2


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b"])
def test_what_is_no_answer_is_an_error(transport: HttpTransport, serve: Serve, answer: bytes) -> None:
    with pytest.raises(TransportError) as broken:
        transport.send("PUT", serve(answer), {}, b"x")
    assert broken.value.code == "ECONNRESET"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello",
    ],
)
def test_a_body_that_breaks_off_is_an_error(transport: HttpTransport, serve: Serve, answer: bytes) -> None:
    with pytest.raises(TransportError, match="the answer broke off"):
        transport.send("GET", serve(answer), {}).read()


@pytest.mark.parametrize("length", [3, 7])
def test_a_body_that_is_not_as_long_as_was_said_is_an_error(
    transport: HttpTransport, serve: Serve, length: int
) -> None:
    url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", at_once=True)  # and reads on
    with pytest.raises(TransportError, match=r"the body is \d bytes too"):
        transport.send("PUT", url, {}, StreamedBody(iter([b"12", b"345"]), length))


def test_no_header_can_smuggle_another_in(transport: HttpTransport, serve: Serve, connections: list[object]) -> None:
    with pytest.raises(TransportError, match="line break"):
        transport.send("GET", serve(b"HTTP/1.1 200 OK\r\n\r\n"), {"X-One": "1\r\nX-Two: 2"})
    assert connections == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999999/"])
def test_an_address_that_makes_no_sense_is_an_error(transport: HttpTransport, url: str) -> None:
    with pytest.raises(TransportError) as refused:
        transport.send("GET", url, {})
    assert refused.value.code == "NetworkingError"


def test_a_refusal_that_comes_before_the_body_was_sent_is_read(transport: HttpTransport, serve: Serve) -> None:
    url = serve(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", at_once=True)
    answer = transport.send("PUT", url, {}, b"x" * 100)
    assert (answer.status, answer.read()) == (403, b"no")
