"""The contract of the transport seam, held against both: real HTTP and straight into the application."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from fake_cloudserver import HttpServer
from harness.http_transport import HttpTransport
from harness.transport import StreamedBody, Transport, TransportError, WsgiTransport

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Echo:
    """Answers what it was asked; notes what it read."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = {name.lower(): value for name, value in environ["cloudserver.headers"]}
        length = int(headers.get("content-length", "0"))
        target = environ["REQUEST_URI"]
        if target == "/broken":
            start_response("200 OK", [("Content-Length", "100")])
            return self._break()
        if target == "/refuse":
            start_response("403 Forbidden", [("Content-Length", "2"), ("X-Twice", "one"), ("X-Twice", "two")])
            return [b"no"]
        body = environ["wsgi.input"].read(length) if length else b""
        self.seen.append((environ["REQUEST_METHOD"], target, headers, body))
        start_response("200 OK", [("Content-Length", str(len(body))), ("Content-Encoding", "gzip"), ("X-Value", "ü")])
        return [body[:5], body[5:]]

    def _break(self) -> Iterator[bytes]:
        yield b"the first ten"
        raise ConnectionResetError("a broken disk")


@pytest.fixture
def app() -> Echo:
    return Echo()


@pytest.fixture(params=["http", "wsgi"])
def sent(request: pytest.FixtureRequest, app: Echo) -> Iterator[tuple[Transport, str]]:
    if request.param == "wsgi":
        yield WsgiTransport({"server:80": app}), "http://server:80"
        return
    server = HttpServer(app).start()
    transport = HttpTransport(connect_timeout=5, idle_timeout=5)
    yield transport, server.url
    transport.close()
    server.stop(grace=0.1)


def test_the_target_arrives_as_it_was_given(sent: tuple[Transport, str], app: Echo) -> None:
    transport, base = sent
    for target in ("/b/a/../k%2Fx%25y", "/b/%21%27%28%29%2A~?v2&versionId=a%20b", "/b//double/./dot", "/b/%C3%A9+"):
        answer = transport.send("GET", base + target, {"Accept-Encoding": "identity"})
        assert (answer.status, answer.reason, answer.read()) == (200, "OK", b"")
        assert app.seen[-1][:2] == ("GET", target)


def test_headers_travel_as_latin1_and_are_found_in_any_case(sent: tuple[Transport, str], app: Echo) -> None:
    transport, base = sent
    sent_headers = {"X-Scal-Thing": "caf\u00e9 \u00ff", "Content-Type": "text/plain"}
    answer = transport.send("PUT", f"{base}/x", sent_headers, b"abc")
    assert answer.headers["CONTENT-length"] == "3"
    assert answer.read() == b"abc"  # whatever the content coding says
    _, _, headers, body = app.seen[-1]
    assert headers["x-scal-thing"] == "caf\u00e9 \u00ff"
    assert headers["content-type"] == "text/plain"
    assert headers["content-length"] == "3"
    assert "transfer-encoding" not in headers
    assert body == b"abc"


def test_a_character_that_no_header_can_carry_is_refused(sent: tuple[Transport, str], app: Echo) -> None:
    transport, base = sent
    with pytest.raises(TransportError) as refused:
        transport.send("PUT", f"{base}/x", {"X-Scal-Thing": "\u0416"}, b"abc")
    assert refused.value.code == "NetworkingError"
    assert app.seen == []


def test_a_streamed_body_is_sent_with_its_length(sent: tuple[Transport, str], app: Echo) -> None:
    transport, base = sent
    body = StreamedBody((b"x" * 70_000 for _ in range(10)), 700_000)
    assert transport.send("PUT", f"{base}/x", {}, body).read() == b"x" * 700_000
    assert app.seen[-1][2]["content-length"] == "700000"


def test_a_body_flows_from_one_answer_into_the_next_request(sent: tuple[Transport, str], app: Echo) -> None:
    transport, base = sent
    source = transport.send("POST", f"{base}/one", {}, b"hello world")
    answer = transport.send("PUT", f"{base}/two", {}, StreamedBody(source.chunks(), 11))
    assert answer.read() == b"hello world"
    assert [seen[:2] for seen in app.seen] == [("POST", "/one"), ("PUT", "/two")]


def test_an_error_status_is_an_answer_and_a_repeated_header_keeps_its_first_value(sent: tuple[Transport, str]) -> None:
    transport, base = sent
    answer = transport.send("GET", f"{base}/refuse", {})
    assert (answer.status, answer.reason, answer.headers["x-twice"]) == (403, "Forbidden", "one")
    answer.close()
    assert transport.send("GET", f"{base}/refuse", {}).read() == b"no"


def test_an_answer_that_breaks_off_is_an_error(sent: tuple[Transport, str]) -> None:
    transport, base = sent
    answer = transport.send("GET", f"{base}/broken", {})
    with pytest.raises((TransportError, ConnectionResetError)):
        answer.read()


def test_an_exception_of_the_body_passes_through(sent: tuple[Transport, str], app: Echo) -> None:
    transport, base = sent

    def chunks() -> Iterator[bytes]:
        yield b"some"
        raise LookupError("the source is gone")

    with pytest.raises(LookupError, match="the source is gone"):
        transport.send("PUT", f"{base}/x", {}, StreamedBody(chunks(), 1000))
    assert app.seen == []
    assert transport.send("PUT", f"{base}/x", {}, b"after").read() == b"after"


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for transport in (HttpTransport(), WsgiTransport({})):
        with pytest.raises(TransportError) as refused:
            transport.send("GET", f"http://127.0.0.1:{port}/", {})
        assert refused.value.code == "NetworkingError"
        transport.close()


def test_a_server_that_says_nothing_is_given_up() -> None:
    transport = HttpTransport(connect_timeout=5, idle_timeout=0.1)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(TransportError) as silent:
        transport.send("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", {})
    assert silent.value.code == "TimeoutError"
    transport.close()


def test_a_connection_that_ends_without_an_answer_is_an_error() -> None:
    transport = HttpTransport(connect_timeout=5, idle_timeout=5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                connection.recv(1000)
                connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(TransportError) as reset:
            transport.send("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", {})  # tried once more by itself
        thread.join()
    assert reset.value.code == "ECONNRESET"
    transport.close()
