"""Where the events of a run come from."""

from __future__ import annotations

from scenario_target import FakeTarget, message, record

from harness.queue.base import QueueError
from harness.report.events import gather
from harness.report.record import Event
from harness.request_log import RequestLog, SeenRequest
from harness.scenario.trace import Subject, Trace


def events(target: FakeTarget, trace: Trace | None = None) -> list[tuple[str, str, str, str]]:
    found = gather(target, trace or Trace(), ["src-1"], target.clock.now() - 1)
    return [(event.lane, event.label, event.about, event.state) for event in found]


def test_requests_are_told_by_who_asks() -> None:
    target = FakeTarget()
    now = target.clock.now()
    target.asked = [
        SeenRequest("cloudserver", now, 0.1, "PUT", "/src-1/a%20b", 200),
        SeenRequest("cloudserver", now + 1, 0.1, "PUT", "/src-1?versioning", 200),
        SeenRequest("cloudserver", now + 2, 0.1, "PUT", "/_/backbeat/data/src-1/a%20b?versionId=x", 503),
        SeenRequest("aws", now + 3, 0.1, "PUT", "/aws-target/src-1/a%20b", 200),
        SeenRequest("cloudserver", now + 4, 0.1, "GET", "/other/k", 200),
    ]
    assert events(target) == [
        ("cloudserver", "PUT", "src-1/a b", ""),
        ("cloudserver", "PUT ?versioning", "", ""),
        ("engine", "PUT data", "src-1/a b", "wrong"),
        ("aws", "PUT", "src-1/a b", ""),
    ]


def test_the_journal_and_kafka_tell_of_states() -> None:
    target = FakeTarget()
    target.records = [record("src-1", "k"), record("src-1", "k\0v1"), record("other", "k")]
    target.topics["backbeat-replication"] = [message("src-1", "k"), message("other", "k")]
    found = gather(target, Trace(), ["src-1"], 0)
    assert [(event.lane, event.state) for event in found] == [("kafka", "PENDING"), ("cloudserver", "PENDING")]


def test_what_the_scenario_did_is_there_and_in_its_place() -> None:
    target = FakeTarget()
    trace = Trace()
    for number in range(3):
        trace.add("cloudserver", "head_object", Subject("src-1", "k"), "PENDING", number, 0.5)
    [event] = gather(target, trace, ["src-1"], target.clock.now())
    assert event == Event("scenario", 0, 2.5, "head object", event.detail, "src-1/k", "PENDING")
    assert "PENDING ×3" in event.detail


def test_what_cannot_be_read_leaves_its_lane_empty() -> None:
    target = FakeTarget()

    def broken(_: str) -> list[object]:
        raise QueueError("gone")

    target.messages = broken  # type: ignore[assignment, method-assign]
    target.records = [record("src-1", "k")]
    assert [event.lane for event in gather(target, Trace(), ["src-1"], 0)] == ["cloudserver"]


def test_a_request_log_keeps_what_was_asked_and_changes_nothing() -> None:
    log = RequestLog("aws", FakeTarget().clock)
    told: list[object] = []

    def app(environ: object, start_response: object) -> list[bytes]:
        start_response("404 Not Found", [("A", "b")])  # type: ignore[operator]
        return [b"x"]

    environ = {"REQUEST_METHOD": "GET", "RAW_URI": "/b/k?x=1"}
    assert log.wrap(app)(environ, lambda *arguments: told.append(arguments)) == [b"x"]
    assert told == [("404 Not Found", [("A", "b")])]
    [seen] = log.about(["/b/"])
    assert (seen.site, str(seen)) == ("aws", "GET /b/k?x=1 → 404")
    assert log.about(["/c/"]) == []
