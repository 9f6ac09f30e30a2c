from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from harness.errors import UsageError
from harness.tape.compare import LiveResponse
from harness.tape.wire import HttpSender


@contextlib.contextmanager
def answering(answer: bytes, seen: list[bytes]) -> Iterator[str]:
    """A server for one request: remembers what it reads up to ``END``, sends ``answer`` and hangs up."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            received = b""
            while not received.endswith(b"END") and (part := connection.recv(65536)):
                received += part
            seen.append(received)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_request_goes_out_as_it_is_and_an_answer_comes_as_it_was() -> None:
    seen: list[bytes] = []
    answer = b"HTTP/1.1 299 Odd\r\nb: 1\r\nB: 2\r\nContent-type: x\r\nContent-Length: 2\r\n\r\nhi"

    with answering(answer, seen) as url:
        live = HttpSender(url).send(
            "PUT", "/b/../%2e%zz?a=%2F", (("host", "h"), ("x-A", " v"), ("content-length", "3")), b"END", 10
        )

    assert seen == [b"PUT /b/../%2e%zz?a=%2F HTTP/1.1\r\nhost: h\r\nx-A:  v\r\ncontent-length: 3\r\n\r\nEND"]
    assert live == LiveResponse(299, (("b", "1"), ("B", "2"), ("Content-type", "x"), ("Content-Length", "2")), b"hi")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"])
def test_a_broken_answer_is_none(answer: bytes) -> None:
    with answering(answer, []) as url:
        assert HttpSender(url).send("GET", "/", (("host", "h"), ("content-length", "3")), b"END", 10) is None


def test_silence_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        assert HttpSender(url).send("GET", "/", (), b"", 0.05) is None


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://a/path", "a:80", "https://a"])
def test_only_plain_http_to_a_host(url: str) -> None:
    with pytest.raises(UsageError):
        HttpSender(url)
