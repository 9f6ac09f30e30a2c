"""Whether a role is alive, as an orchestrator asks for it."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import pytest
from engine_helpers import SITE, settings
from engine_world import World

from fake_cloudserver import SystemClock
from harness.engine.health import Condition, Problem, populator_problems, processor_problems, status_problems
from harness.engine.probe_server import LIVE, READINESS, READY, ProbeApp
from harness.errors import UsageError
from harness.transport import WsgiTransport

REPLAYS = [{"topicName": "replay", "retries": 2}]


def ask(app: ProbeApp, path: str, method: str = "GET") -> tuple[int, str, bytes]:
    response = WsgiTransport(app).send(method, f"http://probe{path}", {})
    return response.status, response.headers["content-type"], response.read()


def app(problems: Sequence[Problem] = (), **options: Any) -> ProbeApp:
    return ProbeApp(lambda: problems, lambda: b"# HELP x\n", **options)


@pytest.mark.parametrize("path", [LIVE, READY])
def test_all_is_well(path: str) -> None:
    assert ask(app(), path)[::2] == (200, b"OK")


def test_problems_are_told_as_a_list() -> None:
    problems = [{"component": "Consumer", "status": "NOT_READY", "site": "a"}]
    status, kind, body = ask(app(problems), LIVE)
    assert (status, kind) == (500, "application/json")
    assert body == b'[{"component":"Consumer","status":"NOT_READY","site":"a"}]'


def test_metrics_in_prometheus_form() -> None:
    assert ask(app(), "/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8", b"# HELP x\n")


@pytest.mark.parametrize(
    ("path", "method", "status", "error"),
    [
        (LIVE, "POST", 405, "MethodNotAllowed"),
        ("/metrics", "DELETE", 405, "MethodNotAllowed"),
        ("/nothing", "GET", 400, "InvalidURI"),
        (READINESS, "GET", 400, "InvalidURI"),
    ],
)
def test_anything_else_is_refused(path: str, method: str, status: int, error: str) -> None:
    answer = ask(app(), path, method)
    assert (answer[0], json.loads(answer[2])["errorType"]) == (status, error)


def test_the_queue_processor_has_one_path_more() -> None:
    assert ask(app(health_paths=(LIVE, READY, READINESS)), READINESS)[::2] == (200, b"OK")


class All:
    """Every part is in this condition."""

    def __init__(self, condition: Condition, **others: Condition) -> None:
        self._condition = condition
        self._others = {name.replace("_", "-"): condition for name, condition in others.items()}

    def condition(self, part_name: str) -> Condition:
        return self._others.get(part_name, self._condition)


def test_a_queue_processor_with_everything_ready_has_no_problem() -> None:
    assert processor_problems(["a", "b"], ["replay"], All("READY")) == []


@pytest.mark.parametrize("condition", ["UNDEFINED", "NOT_READY"])
def test_a_queue_processor_names_producer_and_consumer_of_each_site(condition: Condition) -> None:
    assert processor_problems(["a", "b"], [], All(condition)) == [
        {"component": "Replication Status Producer", "status": condition, "site": "a"},
        {"component": "Consumer", "status": condition, "site": "a"},
        {"component": "Replication Status Producer", "status": condition, "site": "b"},
        {"component": "Consumer", "status": condition, "site": "b"},
    ]


def test_a_replay_processor_that_is_stuck_is_a_problem_of_its_site() -> None:
    problems = processor_problems(["a", "b"], ["replay"], All("READY", processor_b_replay="NOT_READY"))
    assert {(one["site"], one["status"]) for one in problems} == {("b", "NOT_READY")}


def test_a_status_processor_names_its_producers() -> None:
    with_replay = settings(replayTopics=REPLAYS)
    assert status_problems(with_replay, ["replay"], All("READY")) == []
    assert status_problems(with_replay, ["replay"], All("NOT_READY")) == [
        {"component": "Consumer", "status": "NOT_READY"},
        {"component": "Failed CRR Producer", "status": "NOT_READY"},
        {"component": "Replay CRR Producer to replay", "status": "NOT_READY"},
    ]
    without = settings(monitorReplicationFailures=False)
    assert status_problems(without, [], All("UNDEFINED")) == [{"component": "Consumer", "status": "UNDEFINED"}]


def test_a_populator_names_the_topic() -> None:
    assert populator_problems(settings(), All("READY")) == []
    problem = {"component": "log reader", "status": "NOT_READY", "topic": "backbeat-replication"}
    assert populator_problems(settings(), All("UNDEFINED")) == [problem]


# in an engine


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def probing_world() -> World:
    free = {"probeServer": {"bindAddress": "127.0.0.1", "port": 0}}
    return World(
        SystemClock(),
        threaded=True,
        queueProcessor=free,
        queuePopulator=free,
        replicationStatusProcessor=free,
        replayTopics=REPLAYS,
    )


def test_an_engine_answers_for_each_of_its_roles() -> None:
    world = probing_world()
    engine = world.engine()
    engine.start()
    facts = engine.facts()
    urls = [str(facts[f"{role}_probes"]) for role in ("populator", "processor", "status")]
    try:
        assert len(set(urls)) == 3
        world.server.put()
        assert engine.settle(20)
        assert [fetch(url + LIVE) for url in urls] == [(200, b"OK")] * 3
        assert fetch(urls[1] + READINESS) == (200, b"OK")
        assert b"s3_replication_populator_objects" in fetch(urls[0] + "/metrics")[1]
    finally:
        engine.stop()
    with pytest.raises(urllib.error.URLError):
        fetch(urls[0] + LIVE)


def test_an_engine_that_waits_for_kafka_says_that_its_parts_are_not_there_yet() -> None:
    world = probing_world()
    waiting, release = threading.Event(), threading.Event()
    real = world.queue.ensure_topics

    def waits(topics: Any) -> None:
        waiting.set()
        assert release.wait(20)
        real(topics)

    world.queue.ensure_topics = waits  # type: ignore[method-assign]
    engine = world.engine(roles=["processor"])
    starting = threading.Thread(target=engine.start)
    starting.start()
    assert waiting.wait(10)
    status, body = fetch(str(engine.facts()["processor_probes"]) + LIVE)
    release.set()
    starting.join()
    engine.stop()
    assert status == 500
    assert json.loads(body) == [
        {"component": "Replication Status Producer", "status": "UNDEFINED", "site": SITE},
        {"component": "Consumer", "status": "UNDEFINED", "site": SITE},
    ]


def test_a_part_that_failed_is_not_ready(caplog: pytest.LogCaptureFixture) -> None:
    world = probing_world()

    def broken(start: int, limit: int, end: int | None = None) -> Any:
        raise LookupError("a defect")

    world.server.read = broken  # type: ignore[method-assign]
    engine = world.engine(roles=["populator"])
    engine.start()
    for thread in engine._threads:
        thread.join(10)
    assert fetch(str(engine.facts()["populator_probes"]) + READY)[0] == 500
    with pytest.raises(LookupError):
        engine.stop()
    assert "engine part failed" in caplog.text


def test_a_port_that_is_taken_is_named() -> None:
    first = probing_world().engine(roles=["processor"])
    first.start()
    port = int(str(first.facts()["processor_probes"]).rpartition(":")[2])
    taken = {"probeServer": {"bindAddress": "127.0.0.1", "port": port}}
    second = World(SystemClock(), threaded=True, queueProcessor=taken).engine(roles=["processor"])
    with pytest.raises(UsageError, match=f"probe server of processor: 127.0.0.1:{port}: Address already in use"):
        second.start()
    first.stop()


def test_without_a_port_nothing_listens() -> None:
    engine = World(SystemClock(), threaded=True).engine()
    engine.start()
    assert engine.services == []
    engine.stop()
