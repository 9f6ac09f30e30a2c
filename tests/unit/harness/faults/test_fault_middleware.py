"""Faults of HTTP over a real connection: what the client sees, and what the application did."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fake_cloudserver import HttpServer, SeededRandomness, VirtualClock
from harness.faults.description import to_rule
from harness.faults.middleware import Faults
from harness.faults.rules import FaultBoard

BODY = bytes(range(256)) * 400  # 100 KiB: more than one packet


class Application:
    """Keeps what it was sent whole, and answers BODY."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.received.append(environ["wsgi.input"].read(length) if length else b"")
        start_response("200 OK", [("Content-Length", str(len(BODY)))])
        return [BODY[:50_000], BODY[50_000:]]


class Site:
    """One server with faults, and a client of it."""

    def __init__(self) -> None:
        self.app = Application()
        self.board = FaultBoard(SeededRandomness(1))
        self.clock = VirtualClock()
        self.server = HttpServer(Faults(self.app, self.board, "aws", self.clock)).start()

    def fault(self, **rule: Any) -> None:
        self.board.add("fault-1", to_rule({"site": "aws", "times": 1, **rule}))

    def ask(self, method: str = "GET", path: str = "/b/k", body: bytes | None = None) -> tuple[int, bytes]:
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            client.request(method, path, body)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.stop()


GONE = (ConnectionError, http.client.BadStatusLine, http.client.IncompleteRead)


def test_without_a_rule_nothing_changes(site: Site) -> None:
    assert site.ask("PUT", body=b"hello") == (200, BODY)
    assert site.app.received == [b"hello"]


def test_an_error_is_answered_and_nothing_is_done(site: Site) -> None:
    site.fault(operation="PutObject", error="SlowDown")
    status, answer = site.ask("PUT", body=BODY)
    assert status == 503
    assert b"<Code>SlowDown</Code>" in answer
    assert b"<Resource>/b/k</Resource>" in answer
    assert site.app.received == []
    assert site.ask("PUT", body=BODY) == (200, BODY)


def test_an_error_of_an_internal_route_is_json(site: Site) -> None:
    site.fault(operation="metadata:put", error={"Code": "ServiceUnavailable", "Message": "later"})
    status, answer = site.ask("PUT", "/_/backbeat/metadata/b/k", b"{}")
    assert (status, json.loads(answer)) == (503, {"code": "ServiceUnavailable", "message": "later"})


def test_a_bare_status_has_no_document(site: Site) -> None:
    site.fault(error=502)
    assert site.ask() == (502, b"Bad Gateway")


def test_an_error_of_head_has_no_body(site: Site) -> None:
    site.fault(error="NoSuchKey")
    assert site.ask("HEAD") == (404, b"")


def test_a_delay_passes_and_all_is_well(site: Site) -> None:
    site.fault(delay="3s")
    assert site.ask() == (200, BODY)
    assert site.clock.monotonic() == 3.0


@pytest.mark.parametrize(
    ("rule", "done"),
    [({"reset": "before"}, False), ({"reset": "during"}, False), ({"reset": "after"}, True), ({"stall": "2s"}, False)],
    ids=str,
)
def test_a_broken_put(site: Site, rule: dict[str, Any], done: bool) -> None:
    site.fault(**rule)
    with pytest.raises(GONE):
        site.ask("PUT", body=BODY)
    assert site.app.received == ([BODY] if done else [])
    assert site.clock.monotonic() == (2.0 if "stall" in rule else 0.0)
    assert site.ask("PUT", body=BODY) == (200, BODY)


@pytest.mark.parametrize("rule", [{"reset": "during"}, {"stall": "2s"}, {"truncate": "1KiB"}, {"truncate": 0}], ids=str)
def test_a_broken_answer(site: Site, rule: dict[str, Any]) -> None:
    site.fault(**rule)
    with pytest.raises(GONE) as caught:
        site.ask()
    if isinstance(caught.value, http.client.IncompleteRead) and "truncate" in rule:
        assert caught.value.partial == BODY[:1024]
    assert site.app.received == [b""]


def test_one_byte_of_the_request_is_another(site: Site) -> None:
    site.fault(corrupt=True)
    assert site.ask("PUT", body=BODY) == (200, BODY)
    (received,) = site.app.received
    assert [index for index in range(len(BODY)) if received[index] != BODY[index]] == [len(BODY) // 2]


def test_one_byte_of_the_answer_is_another(site: Site) -> None:
    site.fault(corrupt=True)
    _, answer = site.ask()
    assert len(answer) == len(BODY)
    assert [index for index in range(len(BODY)) if answer[index] != BODY[index]] == [len(BODY) // 2]


def test_clearing_lets_go_of_what_is_held_up() -> None:
    from fake_cloudserver import SystemClock

    app, board = Application(), FaultBoard(SeededRandomness(1))
    board.add("fault-1", to_rule({"site": "aws", "delay": "1h"}))
    with_faults = HttpServer(Faults(app, board, "aws", SystemClock())).start()
    client = http.client.HTTPConnection("127.0.0.1", with_faults.port, timeout=30)
    try:
        client.request("GET", "/b/k")
        while not board.fired():
            pass
        board.clear()
        assert client.getresponse().status == 200
    finally:
        client.close()
        with_faults.stop()
