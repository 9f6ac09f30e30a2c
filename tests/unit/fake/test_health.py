"""The metrics port: is it alive, is it ready, what has it done."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.health import all_fail
from fake_cloudserver.metrics import ACTION, Metrics, action_of
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.s3.operations import OPERATIONS
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import default_accounts, default_config, default_locations

Sample = tuple[str, tuple[tuple[str, str], ...]]
NOBODY_LISTENS = "127.0.0.1:9"


@pytest.fixture
def fake() -> Iterator[FakeCloudServer]:
    config = {**default_config(), "healthChecks": {"allowFrom": ["10.0.0.0/8"]}}
    locations = default_locations(aws_endpoint=NOBODY_LISTENS)
    locations["cold"] = {"type": "dmf", "objectId": "cold", "isCold": True, "legacyAwsBehavior": False, "details": {}}
    settings = Settings.from_documents(config, locations, default_accounts())
    with FakeCloudServer(settings, clock=VirtualClock(), randomness=SeededRandomness(1)) as fake:
        yield fake


def ask(
    app: Callable[..., Iterable[bytes]],
    target: str,
    method: str = "GET",
    *,
    caller: str = "127.0.0.1",
    body: bytes = b"",
    **more: Any,
) -> tuple[int, dict[str, str], bytes]:
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": caller,
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        **more,
    }
    started: list[tuple[str, list[tuple[str, str]]]] = []
    answer = app(environ, lambda status, headers, _error=None: started.append((status, headers)))
    try:
        content = b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()
    status, headers = started[0]
    return int(status[:3]), dict(headers), content


def samples(fake: FakeCloudServer) -> dict[Sample, float]:
    """The figures of ``/metrics``, buckets of histograms left out."""
    _, _, body = ask(fake.metrics_app, "/metrics")
    return {
        (sample.name.removeprefix("s3_cloudserver_http_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def labels(method: str, action: str, code: str) -> tuple[tuple[str, str], ...]:
    return (("action", action), ("code", code), ("method", method))


# -- /live, /ready -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", ["127.0.0.1", "::1", "10.9.8.7"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_live(fake: FakeCloudServer, method: str, caller: str) -> None:
    status, headers, body = ask(fake.metrics_app, "/live", method, caller=caller)
    assert (status, headers["Content-Type"], body) == (200, "application/json", b"{}")


@pytest.mark.parametrize("target", ["/live", "/ready"])
def test_health_is_nobody_elses_business(fake: FakeCloudServer, target: str) -> None:
    for caller in ("192.168.1.1", "::2", ""):
        status, headers, body = ask(fake.metrics_app, target, caller=caller)
        assert (status, headers["Content-Length"], body) == (403, "2", b"[]")


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("PUT", "/live", 400),
        ("DELETE", "/ready", 400),
        ("HEAD", "/live", 400),
        ("POST", "/metrics", 400),
        ("PUT", "/", 400),
        ("GET", "/", 405),
        ("GET", "/live/", 405),
        ("GET", "/live?deep", 405),
        ("GET", "/bucket/key", 405),
    ],
)
def test_what_is_refused(fake: FakeCloudServer, method: str, target: str, status: int) -> None:
    expected = b"" if method == "HEAD" else b"[]"
    assert ask(fake.metrics_app, target, method, caller="192.168.1.1" if status == 405 else "::1")[::2] == (
        status, expected,
    )  # fmt: skip


def test_plain_wsgi_will_do(fake: FakeCloudServer) -> None:
    assert ask(fake.metrics_app, "/live", REQUEST_URI=None)[0] == 200
    assert ask(fake.metrics_app, "/live?x", REQUEST_URI=None)[0] == 405


def test_ready_reports_each_back_end(fake: FakeCloudServer) -> None:
    status, _, body = ask(fake.metrics_app, "/ready")
    report = json.loads(body)
    assert status == 200
    assert list(report) == ["us-east-1", "aws-us-east-1", "bucketfile", "vaultMem"]
    assert report["us-east-1"] == report["bucketfile"] == {"code": 200, "message": "OK"}
    assert report["aws-us-east-1"]["external"] is True
    assert "9" in report["aws-us-east-1"]["error"]


@pytest.mark.parametrize(
    ("report", "fails"),
    [
        ({"a": {"code": 200}}, False),
        ({"a": {"error": "x"}}, True),
        ({"a": {"error": "x"}, "b": {"error": "y"}}, True),
        ({"a": {"error": "x"}, "b": {"code": 200}}, False),
        ({"a": {"error": "x"}, "b": {"error": "y", "external": True}}, False),
    ],
)
def test_a_server_is_of_no_use_when_all_its_own_back_ends_fail(report: dict[str, Any], *, fails: bool) -> None:
    assert all_fail(report) is fails


# -- /metrics ----------------------------------------------------------------------------------------------------


def test_a_new_server_has_done_nothing(fake: FakeCloudServer) -> None:
    assert samples(fake) == {("active_requests", ()): 0}


def test_anybody_may_read_the_metrics(fake: FakeCloudServer) -> None:
    status, headers, body = ask(fake.metrics_app, "/metrics", caller="192.168.1.1")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    assert int(headers["Content-Length"]) == len(body)
    assert b"# TYPE s3_cloudserver_http_requests_total counter" in body
    assert b"_created" not in body


def test_requests_are_counted(fake: FakeCloudServer) -> None:
    _, _, answer = ask(fake.app, "/bucket/key")
    ask(fake.app, "/bucket/key")
    ask(fake.app, "/bucket", "PUT", body=b"12345")
    found = samples(fake)
    get, put = labels("GET", "objectGet", "404"), labels("PUT", "bucketPut", "403")
    assert found["requests_total", get] == 2
    assert found["requests_total", put] == 1
    assert found["request_duration_seconds_count", get] == 2
    assert found["response_size_bytes_sum", get] == 2 * len(answer)
    assert (found["request_size_bytes_sum", get], found["request_size_bytes_sum", put]) == (0, 5)
    assert found["active_requests", ()] == 0


@pytest.mark.parametrize(
    ("target", "method", "counted"),
    [
        ("/_/backbeat/data/bucket/key", "PUT", labels("PUT", "routeBackbeat", "404")),
        ("/_/metadata/default/attributes/bucket", "GET", labels("GET", "routeMetadata", "503")),
        ("/_/report", "GET", labels("GET", "report", "403")),
        ("/_/unknown", "GET", labels("GET", "", "400")),
        ("/bucket?accelerate", "GET", labels("GET", "bucketGet", "501")),
        ("/", "PUT", labels("PUT", "", "405")),
        ("/bucket", "BREW", labels("OTHER", "", "405")),
    ],
)
def test_what_a_request_counts_as(
    fake: FakeCloudServer, target: str, method: str, counted: tuple[tuple[str, str], ...]
) -> None:
    ask(fake.app, target, method)
    assert samples(fake)["requests_total", counted] == 1


def test_each_fake_counts_for_itself(fake: FakeCloudServer) -> None:
    ask(fake.app, "/bucket/key")
    with FakeCloudServer(fake.settings, clock=VirtualClock()) as other:
        assert samples(other) == {("active_requests", ()): 0}


def test_every_operation_has_an_action() -> None:
    names = {action_of(operation) for operation in OPERATIONS}
    assert len(names) == len(OPERATIONS)
    assert {"serviceGet", "bucketPutACL", "completeMultipartUpload", "multiObjectDelete", "objectPutCopyPart"} <= names


class Answering:
    """An application that takes its time and may fail, now or while its answer goes out."""

    def __init__(self, clock: VirtualClock, *, seconds: float = 0, pieces: int = 1, fails: str = "") -> None:
        self.clock = clock
        self.seconds = seconds
        self.pieces = pieces
        self.fails = fails
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.fails == "now":
            raise RuntimeError("now")
        environ[ACTION] = "objectGet"
        start("200 OK", [])
        return self

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.pieces):
            self.clock.advance(self.seconds)
            yield b"12345"
        if self.fails == "late":
            raise RuntimeError("late")

    def close(self) -> None:
        self.closed += 1


def text_of(metrics: Metrics) -> str:
    return metrics.exposition()[0].decode()


def test_a_request_lasts_until_its_answer_is_out() -> None:
    clock = VirtualClock()
    metrics = Metrics(clock)
    app = Answering(clock, seconds=2, pieces=3)
    assert ask(metrics.counting(app), "/")[2] == b"12345" * 3
    assert 'duration_seconds_sum{action="objectGet",code="200",method="GET"} 6.0' in text_of(metrics)
    assert 'response_size_bytes_sum{action="objectGet",code="200",method="GET"} 15.0' in text_of(metrics)
    assert app.closed == 1


def test_a_running_request_is_active() -> None:
    clock = VirtualClock()
    metrics = Metrics(clock)
    answer = metrics.counting(Answering(clock))({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert "s3_cloudserver_http_active_requests 1.0" in text_of(metrics)
    for _ in range(2):  # a server may close twice: it is counted once
        answer.close()  # type: ignore[attr-defined]
    assert "s3_cloudserver_http_active_requests 0.0" in text_of(metrics)
    assert 'requests_total{action="objectGet",code="200",method="GET"} 1.0' in text_of(metrics)


@pytest.mark.parametrize(("fails", "code"), [("now", ""), ("late", "200")])
def test_failures_are_counted_and_passed_on(fails: str, code: str) -> None:
    clock = VirtualClock()
    metrics = Metrics(clock)
    app = metrics.counting(Answering(clock, fails=fails))
    with pytest.raises(RuntimeError, match=fails):
        ask(app, "/")
    assert f'code="{code}",method="GET"}} 1.0' in text_of(metrics)
    assert "s3_cloudserver_http_active_requests 0.0" in text_of(metrics)


@given(st.text(), st.text())
def test_any_method_and_length_is_counted(method: str, length: str) -> None:
    clock = VirtualClock()
    metrics = Metrics(clock)
    answer = metrics.counting(Answering(clock))({"REQUEST_METHOD": method, "CONTENT_LENGTH": length}, lambda *_: None)
    answer.close()  # type: ignore[attr-defined]
    assert "requests_total{" in text_of(metrics)
