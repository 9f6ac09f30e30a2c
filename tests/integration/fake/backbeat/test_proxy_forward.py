"""Requests handed on over real sockets."""

from __future__ import annotations

import contextlib
import http.server
import io
import socket
import threading
from collections.abc import Iterable, Iterator

import pytest

from fake_cloudserver.backbeat.proxy import forward
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        body = self._body()
        lines = [f"{self.command} {self.path}", *(f"{name}: {value}" for name, value in self.headers.items())]
        content = "\n".join(lines).encode() + b"\n\n" + body
        self.send_response(409 if self.path == "/refuse" else 204 if self.path == "/nothing" else 200)
        self.send_header("x-own", "1")
        self.send_header("x-own", "2")
        if self.path != "/nothing":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and self.path != "/nothing":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_one  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") == "chunked":
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content
        return self.rfile.read(int(self.headers.get("content-length", "0")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Nothing is written."""


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def request_of(method: str, body: bytes = b"", **headers: str) -> Request:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, "/", "", {}, frozenset(), sent, list(sent.items()), io.BytesIO(body), "id")


def content_of(answer: Answer) -> bytes:
    assert isinstance(answer.body, Iterable)
    assert not isinstance(answer.body, bytes)
    return b"".join(answer.body)


def test_method_target_headers_and_body_pass(port: int) -> None:
    request = request_of("PUT", b"body", host="cloudserver.test", content_length="4", x_scal_any="thing")
    answer = forward(request, "127.0.0.1", port, "/_//a%20b?c=d")
    head, _, body = content_of(answer).partition(b"\n\n")
    assert body == b"body"
    assert head.decode().splitlines() == [
        "PUT /_//a%20b?c=d",
        "host: cloudserver.test",
        "content-length: 4",
        "x-scal-any: thing",
        "Connection: close",
    ]


def test_a_body_of_unknown_length_passes(port: int) -> None:
    request = request_of("POST", b"a body", host="h", transfer_encoding="chunked", connection="keep-alive")
    content = content_of(forward(request, "127.0.0.1", port, "/"))
    assert content.endswith(b"\n\na body")
    assert b"keep-alive" not in content


def test_the_answer_is_relayed(port: int) -> None:
    answer = forward(request_of("GET", host="h"), "127.0.0.1", port, "/refuse")
    assert answer.status == 409
    assert [value for name, value in answer.headers if name == "x-own"] == ["1", "2"]
    assert content_of(answer).startswith(b"GET /refuse")


@pytest.mark.parametrize(("method", "target"), [("HEAD", "/"), ("GET", "/nothing")])
def test_an_answer_without_a_body(port: int, method: str, target: str) -> None:
    answer = forward(request_of(method, host="h"), "127.0.0.1", port, target)
    assert answer.body is None
    assert ("x-own", "1") in answer.headers


def test_nobody_listens() -> None:
    with contextlib.closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(S3Error) as raised:
            forward(request_of("GET", host="h"), "127.0.0.1", unused.getsockname()[1], "/")
    assert raised.value.code == "ServiceUnavailable"


def test_somebody_listens_who_speaks_no_http() -> None:
    def hang_up(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"220 ready\r\n")
        connection.close()

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=hang_up, args=(listener,))
        thread.start()
        with pytest.raises(S3Error) as raised:
            forward(request_of("GET", host="h"), "127.0.0.1", listener.getsockname()[1], "/")
        thread.join()
    assert raised.value.code == "ServiceUnavailable"


def test_a_target_that_no_client_sends() -> None:
    with pytest.raises(S3Error) as raised:
        forward(request_of("GET", host="h"), "127.0.0.1", 9, "/a b")
    assert raised.value.code == "ServiceUnavailable"
