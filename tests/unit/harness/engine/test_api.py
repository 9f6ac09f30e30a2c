"""The HTTP API as a WSGI application, with a whole engine behind it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from api_world import KEY, NOW, OTHER, ApiWorld
from engine_helpers import SITE

from fake_cloudserver import iso
from harness.errors import UsageError

# checks


ALLOWED = ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.2.3")
REFUSED = ("10.2.0.1", "::2", "", "nonsense")


@pytest.mark.parametrize("address", [*ALLOWED, *REFUSED])
def test_who_may_ask(address: str) -> None:
    world = ApiWorld(api={"port": 0, "allowFrom": ["10.1.0.0/16"]})
    status, answer = world.ask("GET", "/_/crr/status", environ_overrides={"REMOTE_ADDR": address})
    assert (status, answer) == ((200, answer) if address in ALLOWED else (403, {"AccessDenied": True}))


def test_who_may_not_ask_is_told_nothing_else() -> None:
    answer = ApiWorld().ask("PUT", "/nowhere", environ_overrides={"REMOTE_ADDR": "8.8.8.8"})
    assert answer == (403, {"AccessDenied": True})


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match=r"api\.allowFrom: 'the office'"):
        ApiWorld(api={"port": 0, "allowFrom": ["the office"]})


@pytest.mark.parametrize(
    ("method", "path", "status", "answer"),
    [
        ("PUT", "/_/healthcheck", 405, {"MethodNotAllowed": True}),
        ("POST", "/_/healthcheck", 405, {"MethodNotAllowed": True}),
        ("GET", "/healthcheck", 404, {"RouteNotFound": True}),
        ("GET", "/_/crr/status/nowhere", 404, {"RouteNotFound": True}),
        ("GET", "/_/crr/nowhere?marker=foo", 404, {"RouteNotFound": True}),
        ("GET", "/_/crr/failed?marker=foo", 400, {"InvalidQueryParameter": True}),
        ("GET", "/_/crr/failed?marker=", 400, {"InvalidQueryParameter": True}),
        ("GET", "/_/crr/failed?sitename=", 400, {"InvalidQueryParameter": True}),
        ("GET", f"/_/crr/failed?sitename={SITE}&marker=12foo", 200, {"IsTruncated": False, "Versions": []}),
    ],
)
def test_checks_in_their_order(method: str, path: str, status: int, answer: Any) -> None:
    assert ApiWorld().ask(method, path) == (status, answer)


def test_before_everything_was_read_there_is_no_answer_but_of_health() -> None:
    world = ApiWorld()
    world.current.stop()
    world.current = world.engine()
    world.current._build()
    client = world._client()
    assert (client.get("/_/crr/status").status_code, client.get("/_/crr/status").data) == (
        500,
        b'{"InternalError":true}',
    )
    assert client.get("/_/healthcheck").status_code == 200
    world.current.run_until_idle()
    assert client.get("/_/crr/status").status_code == 200


def test_bodies_have_no_spaces_and_members_in_their_order() -> None:
    world = ApiWorld()
    assert world.client.get("/_/crr/failed").data == b'{"IsTruncated":false,"Versions":[]}'
    assert world.client.get("/_/crr/status").data == f'{{"{SITE}":"enabled","{OTHER}":"enabled"}}'.encode()
    assert world.client.get("/_/nowhere").data == b'{"RouteNotFound":true}'


def test_an_engine_without_a_port_has_no_api() -> None:
    world = ApiWorld()
    without = world.settings.model_copy(update={"api": world.settings.api.model_copy(update={"port": None})})
    world.current.stop()
    world.settings = without
    assert world.engine().api is None


# healthcheck, metrics, workflows


def test_healthcheck() -> None:
    world = ApiWorld(kafka={"partitions": 2})
    described = [{"id": number, "leader": 0, "replicas": [0], "isrs": [0]} for number in range(2)]
    assert world.get("/_/healthcheck") == {
        "topics": {"backbeat-replication": {"name": "backbeat-replication", "partitions": described}},
        "internalConnections": {
            "isrHealth": "error",
            "zookeeper": {"status": "ok", "details": {"name": "SYNC_CONNECTED", "code": 3}},
            "kafkaProducer": {"status": "ok"},
        },
    }


def test_healthcheck_without_kafka() -> None:
    world = ApiWorld()
    with world.queue.outage():
        answer = world.client.get("/_/healthcheck")
    assert (answer.status_code, answer.data) == (500, b'{"InternalError":true}')


def test_metrics_of_all_sites_and_of_one_object() -> None:
    world = ApiWorld()
    everything = world.get("/_//metrics/crr/all")
    assert list(everything) == ["backlog", "completions", "failures", "throughput", "pending"]
    assert all(set(one["results"]) == {"count", "size"} for one in everything.values())
    assert world.get(f"/_/metrics/crr/{SITE}/failures")["failures"]["results"] == {"count": 0, "size": 0}
    world.fail()
    assert world.get(f"/_/metrics/crr/{SITE}/failures")["failures"]["results"] == {"count": 1, "size": 0}
    assert world.get("/_/metrics/crr/all/failures")["failures"]["results"] == {"count": 1, "size": 0}
    assert world.get(f"/_/metrics/crr/{OTHER}/failures")["failures"]["results"] == {"count": 0, "size": 0}
    progress = world.get(f"/_/metrics/crr/{SITE}/progress/src/{KEY}?versionId=v")
    assert (progress["pending"], progress["completed"], progress["progress"]) == (0, 0, "0%")
    assert world.get(f"/_/metrics/crr/{SITE}/throughput/src/{KEY}?versionId=v")["throughput"] == "0.00"


def test_prometheus() -> None:
    answer = ApiWorld().client.get("/_/monitoring/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    assert b"s3_replication_" in answer.data


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 200), (b'{"version":1}', 200), (b"", 400), (b"{", 400), (b"[]", 400)]
)
def test_workflow_configuration(body: bytes, status: int) -> None:
    answer = ApiWorld().ask("POST", "/_/configuration/workflows", body)
    assert answer == (status, {} if status == 200 else {"MalformedPOSTRequest": True})


# pause and resume


def test_pause_and_resume_of_one_site_and_of_all() -> None:
    world = ApiWorld()
    topic = world.settings.control_topic
    assert world.post(f"/_/crr/pause/{SITE}") == {}
    assert world.get("/_/crr/status") == {SITE: "disabled", OTHER: "enabled"}
    assert world.get(f"/_/crr/status/{SITE}") == {SITE: "disabled"}
    assert world.post("/_/crr/pause") == {}
    assert world.get("/_/crr/status/all") == {SITE: "disabled", OTHER: "disabled"}
    assert world.post("/_/crr/resume") == {}
    assert world.get("/_/crr/status") == {SITE: "enabled", OTHER: "enabled"}
    sent = [(message.key, message.value) for message in world.queue.read(topic)]
    pause, resume = b'{"action":"pauseService"}', b'{"action":"resumeService"}'
    first, second = (f"backbeat-replication-{site}".encode() for site in (SITE, OTHER))
    assert sent == [(first, pause), (first, pause), (second, pause), (first, resume), (second, resume)]


@pytest.mark.parametrize("dialect", ["design", "release"])
def test_what_arrives_while_a_site_is_paused_is_replicated_when_it_goes_on(dialect: str) -> None:
    world = ApiWorld(dialect=dialect)
    world.post(f"/_/crr/pause/{SITE}")
    world.current.run_until_idle()
    world.server.put()
    world.current.run_until_idle()
    world.restart()
    assert (world.server.status, world.server.aws) == ("PENDING", [])
    world.post(f"/_/crr/resume/{SITE}")
    world.current.run_until_idle()
    assert (world.server.status, world.server.aws) == ("COMPLETED", [b"hello world"])


@pytest.mark.parametrize(
    ("body", "hours"),
    [(None, 6), (b"", 6), ({}, 6), ({"hours": 0}, 6), ({"hours": None}, 6), ({"hours": 2}, 2), ({"hours": 0.5}, 0.5)],
)
def test_a_scheduled_resume(body: Any, hours: float) -> None:
    world = ApiWorld()
    world.post(f"/_/crr/pause/{SITE}")
    assert world.post(f"/_/crr/resume/{SITE}/schedule", body) == {}
    date = iso(NOW + hours * 3_600)
    assert world.messages(world.settings.control_topic)[-1] == {"action": "resumeService", "date": date}
    for path in ("/_/crr/resume", "/_/crr/resume/all", "/_/crr/resume/all/schedule"):
        assert world.get(path) == {SITE: date, OTHER: "none"}
    assert world.get(f"/_/crr/resume/{SITE}/schedule") == {SITE: date}
    assert world.get(f"/_/crr/status/{SITE}") == {SITE: "disabled"}
    world.clock.advance(hours * 3_600)  # type: ignore[attr-defined]
    assert world.get(f"/_/crr/status/{SITE}") == {SITE: "enabled"}
    assert world.get("/_/crr/resume") == {SITE: "none", OTHER: "none"}


def test_a_schedule_is_cancelled() -> None:
    world = ApiWorld()
    world.post("/_/crr/pause")
    world.post("/_/crr/resume/all/schedule", {"hours": 1})
    assert "none" not in world.get("/_/crr/resume").values()
    assert world.ask("DELETE", f"/_/crr/resume/{SITE}/schedule") == (200, {})
    assert world.messages(world.settings.control_topic)[-1] == {"action": "deleteScheduledResumeService"}
    assert [date == "none" for date in world.get("/_/crr/resume").values()] == [True, False]
    world.clock.advance(7_200)  # type: ignore[attr-defined]
    assert world.get("/_/crr/status") == {SITE: "disabled", OTHER: "enabled"}


SENSELESS: list[Any] = [b"{", b"[]", b"7", b'{"hours":1e999}', b'{"hours":NaN}']
SENSELESS += [{"hours": hours} for hours in (-1, "soon", True, [1], 1e12)]


@pytest.mark.parametrize("body", SENSELESS)
def test_a_schedule_that_makes_no_sense(body: Any) -> None:
    world = ApiWorld()
    assert world.ask("POST", "/_/crr/resume/all/schedule", body) == (400, {"MalformedPOSTRequest": True})
    assert world.messages(world.settings.control_topic) == []


def test_an_unknown_site_is_told_nothing() -> None:
    world = ApiWorld()
    for path in ("pause/nowhere", "resume/nowhere", "resume/nowhere/schedule"):
        assert world.ask("POST", f"/_/crr/{path}") == (404, {"RouteNotFound": True})
    assert world.messages(world.settings.control_topic) == []


def test_a_site_that_no_processor_worked_for_has_no_state() -> None:
    world = ApiWorld()
    world.current.stop()
    world.settings = world.settings.model_copy(update={"state_topic": "empty"})
    world.current = world.engine(roles=["api"])
    world.current.run_until_idle()
    world.client = world._client()
    assert world.ask("GET", "/_/crr/status") == (500, {"InternalError": True})
    assert world.ask("GET", "/_/crr/resume") == (500, {"InternalError": True})


def test_a_command_that_kafka_does_not_take_in_time_is_an_error() -> None:
    world = ApiWorld()
    with world.queue.outage():
        answer = world.client.post("/_/crr/pause")
    assert (answer.status_code, answer.data) == (500, b'{"InternalError":true}')
    assert datetime.timedelta(seconds=9) < datetime.timedelta(seconds=world.clock.now() - NOW)
