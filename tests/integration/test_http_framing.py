"""What a client sees of the HTTP server itself: framing, limits, interim answers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from fake_cloudserver.server import HttpServer, serving

Environ = dict[str, Any]
Start = Callable[..., Any]


def echo(environ: Environ, start: Start) -> Iterable[bytes]:
    """Answers with the method, the target and the body; asks for nothing it is not sent."""
    body = environ["wsgi.input"].read()
    start("200 OK", [("x-target", environ["REQUEST_URI"])])
    return [environ["REQUEST_METHOD"].encode() + b" " + body]


def refuse(environ: Environ, start: Start) -> Iterable[bytes]:
    """Answers without a look at the body."""
    start("403 Forbidden", [("Content-Length", "2")])
    return [b"no"]


def break_off(environ: Environ, start: Start) -> Iterator[bytes]:
    start("200 OK", [("Content-Length", "10")])
    yield b"12345"
    raise RuntimeError("the source of the body broke")


@contextlib.contextmanager
def connected(server: HttpServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as stream:
        yield stream


def read_answer(stream: socket.socket) -> tuple[str, dict[str, str], bytes]:
    """One answer by its own framing: status line, headers, body."""
    with stream.makefile("rb") as source:
        line = source.readline().decode().rstrip("\r\n")
        headers: dict[str, str] = {}
        while (header := source.readline().decode().rstrip("\r\n")) != "":
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        if "content-length" in headers:
            return line, headers, source.read(int(headers["content-length"]))
        body = b""
        while headers.get("transfer-encoding") == "chunked" and (size := int(source.readline(), 16)):
            body += source.read(size)
            source.readline()
        return line, headers, body


def exchange(server: HttpServer, request: bytes) -> tuple[str, dict[str, str], bytes]:
    with connected(server) as stream:
        stream.sendall(request)
        return read_answer(stream)


def test_an_answer_without_a_length_is_chunked() -> None:
    with serving(echo) as server:
        line, headers, body = exchange(server, b"PUT /a%2Fb?c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
    assert (line, body) == ("HTTP/1.1 200 OK", b"PUT hello")
    assert headers["transfer-encoding"] == "chunked"
    assert headers["x-target"] == "/a%2Fb?c"
    assert headers["keep-alive"] == "timeout=5"
    assert "server" not in headers


def test_requests_follow_each_other_on_one_connection() -> None:
    with serving(echo) as server, connected(server) as stream:
        for number in (b"1", b"2", b"3"):
            stream.sendall(b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n" + number)
            assert read_answer(stream)[2] == b"PUT " + number


def test_a_chunked_body_is_read_to_its_end() -> None:
    request = (
        b"PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: 1\r\n\r\n"
    )
    with serving(echo) as server:
        assert exchange(server, request)[2] == b"PUT abcde"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nno colon here\r\n\r\n", "400 Bad Request"),
        (b"GET /\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 17000 + b"\r\n\r\n", "431 Request Header Fields Too Large"),
    ],
)
def test_a_head_that_cannot_be_read_is_refused_and_the_connection_ends(request_bytes: bytes, status: str) -> None:
    with serving(echo) as server, connected(server) as stream:
        stream.sendall(request_bytes)
        line, headers, _ = read_answer(stream)
        assert line == f"HTTP/1.1 {status}"
        assert headers["connection"] == "close"


def test_100_continue_waits_until_the_body_is_wanted() -> None:
    head = b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    with serving(echo) as server, connected(server) as stream:
        stream.sendall(head)
        assert stream.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        stream.sendall(b"hello")
        assert read_answer(stream)[2] == b"PUT hello"


def test_a_refused_body_is_never_asked_for() -> None:
    head = b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    with serving(refuse) as server:
        line, headers, _ = exchange(server, head)
    assert line == "HTTP/1.1 403 Forbidden"
    assert headers["connection"] == "close"


def test_an_unread_body_is_drained_before_the_next_request() -> None:
    body = b"x" * 300_000
    with serving(refuse) as server, connected(server) as stream:
        for _ in range(2):
            stream.sendall(b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert read_answer(stream)[0] == "HTTP/1.1 403 Forbidden"


def test_a_body_cut_short_gets_no_answer() -> None:
    with serving(echo) as server, connected(server) as stream:
        stream.sendall(b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel")
        stream.shutdown(socket.SHUT_WR)
        assert stream.recv(100) == b""


def test_an_answer_that_breaks_off_cuts_the_connection() -> None:
    with serving(break_off) as server, connected(server) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        received = b"".join(iter(lambda: stream.recv(65536), b""))
    assert received.endswith(b"12345")


def test_head_has_the_length_and_no_body() -> None:
    with serving(refuse) as server, connected(server) as stream:
        stream.sendall(b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: stream.recv(65536), b""))
    assert b"Content-Length: 2" in received
    assert received.endswith(b"\r\n\r\n")


def test_http_1_0_gets_no_chunks_and_a_closed_connection() -> None:
    with serving(echo) as server, connected(server) as stream:
        stream.sendall(b"GET / HTTP/1.0\r\n\r\n")
        received = b"".join(iter(lambda: stream.recv(65536), b""))
    assert b"Transfer-Encoding" not in received
    assert received.endswith(b"\r\n\r\nGET ")


def test_a_header_cannot_smuggle_another_one() -> None:
    def app(environ: Environ, start: Start) -> Iterable[bytes]:
        start("200 OK", [("x-a", "1\r\nx-evil: 2"), ("Content-Length", "0")])
        return []

    with serving(app) as server:
        assert "x-evil" not in exchange(server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")[1]


@pytest.mark.parametrize(
    ("announced", "body", "received"), [(5, b"123", b"123"), (2, b"123", b"12"), (3, b"123", b"123")]
)
def test_an_answer_keeps_to_its_announced_length(announced: int, body: bytes, received: bytes) -> None:
    def app(environ: Environ, start: Start) -> Iterable[bytes]:
        start("200 OK", [("Content-Length", str(announced))])
        return [body]

    with serving(app) as server, connected(server) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        if announced > len(body):  # the client must not wait for what never comes
            assert b"".join(iter(lambda: stream.recv(4096), b"")).endswith(b"\r\n\r\n" + received)
        else:
            assert read_answer(stream)[2] == received
            stream.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert read_answer(stream)[2] == received


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: h\x00\r\n",
        b"GET / HTTP/1.1\r\nHost: a\rb\r\n",
        b"GET / HTTP/1.1\r\nHo st: h\r\n",
        b"GET / HTTP/1.1\r\nHost\xe9: h\r\n",
        b"GET / HTTP/1.1\r\n: h\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n",
        b"GET /\x7f HTTP/1.1\r\n",
        b"GET  HTTP/1.1\r\n",
        b"GET / a HTTP/1.1\r\n",
        b"GET / HTTP/2\r\n",
    ],
)
def test_a_head_that_is_none(head: bytes) -> None:
    with serving(echo) as server:
        line, headers, _ = exchange(server, head + b"\r\n")
    assert (line, headers["connection"]) == ("HTTP/1.1 400 Bad Request", "close")


def test_names_with_an_underscore_arrive() -> None:
    def app(environ: Environ, start: Start) -> Iterable[bytes]:
        names = [name for name, _ in environ["cloudserver.headers"]]
        start("200 OK", [])
        return [",".join(names).encode()]

    with serving(app) as server:
        assert exchange(server, b"GET / HTTP/1.1\r\nx-amz-meta-my_key: 1\r\n\r\n")[2] == b"x-amz-meta-my_key"


def test_128_keep_alive_clients_are_all_answered() -> None:
    rounds = 5
    answered: list[bytes] = []

    def client(server: HttpServer) -> None:
        with connected(server) as stream:
            for _ in range(rounds):
                stream.sendall(b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
                answered.append(read_answer(stream)[2])

    with serving(echo) as server:
        threads = [threading.Thread(target=client, args=(server,)) for _ in range(128)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answered == [b"PUT x"] * (128 * rounds)


def test_stop_lets_a_running_request_end() -> None:
    entered, leave = threading.Event(), threading.Event()

    def app(environ: Environ, start: Start) -> Iterable[bytes]:
        entered.set()
        assert leave.wait(10)
        start("200 OK", [("Content-Length", "4")])
        return [b"done"]

    server = HttpServer(app).start()
    with connected(server) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert entered.wait(10)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        leave.set()
        assert read_answer(stream)[2] == b"done"
        stopping.join(10)
        assert not stopping.is_alive()
