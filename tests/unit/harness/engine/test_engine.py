"""The engine as a whole, without threads on a virtual clock, and with them."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from engine_helpers import SITE, error, settings
from engine_world import Record, World

from fake_cloudserver import SeededRandomness, SystemClock, VirtualClock
from harness.engine.engine import Engine
from harness.engine.journal import InProcessJournal
from harness.engine.settling import is_settled
from harness.errors import StackError, UsageError
from harness.queue.base import Follower


@pytest.mark.parametrize("dialect", ["design", "release"])
def test_one_object_without_threads(dialect: str) -> None:
    world = World(VirtualClock(), threaded=False, dialect=dialect)
    world.server.put()
    engine = world.engine()
    engine.run_until_idle()
    assert world.server.status == "COMPLETED"
    assert world.server.aws == [b"hello world"]
    assert engine.idle()
    assert is_settled(world.settings, world.queue, InProcessJournal(world.server))
    engine.stop()


@pytest.mark.parametrize("dialect", ["design", "release"])
def test_the_same_seed_gives_the_same_requests(dialect: str) -> None:
    def requests() -> list[tuple[str, str, dict[str, str]]]:
        world = World(VirtualClock(), threaded=False, dialect=dialect)
        world.server.faults["putobject"] = world.server.faults["PUT data"] = [error(503, "ServiceUnavailable")]
        world.server.put()
        world.engine().run_until_idle()
        return [(call.method, call.path, call.headers) for call in world.server.calls]

    assert requests() == requests()


@pytest.mark.parametrize("dialect", ["design", "release"])
def test_one_object_with_threads(dialect: str) -> None:
    world = World(SystemClock(), threaded=True, dialect=dialect)
    engine = world.engine()
    engine.start()
    world.server.put()
    assert engine.settle(20)
    assert world.server.status == "COMPLETED"
    engine.stop()
    assert engine.populator is not None
    assert engine.populator.position == world.server.last_sequence + 1


def test_a_request_that_comes_while_an_engine_starts_waits_for_what_the_engine_reads() -> None:
    world = World(SystemClock(), threaded=True, api={"host": "127.0.0.1", "port": 0})
    come = threading.Event()
    real = world.queue.follower

    def late(topic: str, start: Mapping[int, int] | None = None) -> Follower:
        if topic == world.settings.state_topic:
            come.wait(20)
        return real(topic, start)

    world.queue.follower = late  # type: ignore[method-assign]
    engine = world.engine()
    engine.start()
    threading.Timer(0.05, come.set).start()
    pause = urllib.request.Request(f"{engine.facts()['api']}/_/crr/pause/{SITE}", method="POST")
    with urllib.request.urlopen(pause) as answer:
        assert answer.status == 200
    engine.stop()


def test_the_next_engine_does_nothing_again() -> None:
    world = World(VirtualClock(), threaded=False)
    world.server.put()
    first = world.engine()
    first.run_until_idle()
    first.stop()
    before = len(world.server.calls)
    second = world.engine()
    second.run_until_idle()
    assert len(world.server.calls) == before
    assert second.idle()


def test_not_everything_is_handled_while_there_is_something_in_the_journal() -> None:
    world = World(VirtualClock(), threaded=False)
    engine = world.engine()
    engine.run_until_idle()
    source = InProcessJournal(world.server)
    assert engine.settle(0.0)
    world.server.put()
    assert not engine.idle()
    assert not is_settled(world.settings, world.queue, source)
    assert not engine.settle(0.0)
    engine.step()
    assert engine.settle(10.0)
    engine.step()  # nothing to read: the position is saved
    assert is_settled(world.settings, world.queue, source)


def test_something_that_goes_round_and_round_is_noticed() -> None:
    world = World(VirtualClock(), threaded=False)
    engine = world.engine()
    real = world.server.read

    def endless(start: int, limit: int, end: int | None = None) -> list[Record]:
        world.server.put()
        return real(start, limit, end)

    world.server.read = endless  # type: ignore[method-assign]
    with pytest.raises(StackError, match="did not come to rest in 20 rounds"):
        engine.run_until_idle(limit=20)


def test_what_makes_a_part_fail_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    world = World(SystemClock(), threaded=True)
    failed = threading.Event()

    def broken(start: int, limit: int, end: int | None = None) -> list[Record]:
        failed.set()
        raise LookupError("a defect")

    world.server.read = broken  # type: ignore[method-assign]
    engine = world.engine()
    engine.start()
    assert failed.wait(10)
    with pytest.raises(LookupError, match="a defect"):
        engine.stop()
    assert "engine part failed" in caplog.text


def test_stopping_while_kafka_is_gone_ends() -> None:
    world = World(SystemClock(), threaded=True)
    engine = world.engine()
    engine.start()
    world.queue.begin_outage()
    world.server.put()
    assert not engine.settle(0.05)
    engine.stop(10)
    world.queue.end_outage()
    second = world.engine()
    second.start()
    assert second.settle(20)
    second.stop()
    assert world.server.status == "COMPLETED"
    assert len(world.server.aws) == 1


def test_stopping_does_not_wait_for_the_next_try() -> None:
    world = World(SystemClock(), threaded=True)
    world.server.faults["PUT data"] = [error(503, "ServiceUnavailable")]
    retry = {"aws_s3": {"backoff": {"min": 600_000, "max": 600_000, "jitter": 0}}}
    world.settings = settings(queueProcessor={"retry": retry})
    engine = world.engine()
    engine.start()
    world.server.put()
    deadline = world.clock.monotonic() + 10
    while "PUT data" not in world.server.names:
        assert world.clock.monotonic() < deadline
        world.clock.sleep(0.005)
    engine.stop(10)
    assert world.server.status == "PENDING"
    second = world.engine()
    second.start()
    assert second.settle(20)
    second.stop()
    assert world.server.status == "COMPLETED"


def test_something_that_cannot_be_stopped_is_reported() -> None:
    world = World(SystemClock(), threaded=True)
    engine = world.engine()
    engine.start()
    running, release = threading.Event(), threading.Event()
    real = world.server._answer

    def stalls(call: Any) -> Any:
        running.set()
        release.wait(20)
        return real(call)

    world.server._answer = stalls  # type: ignore[method-assign]
    world.server.put()
    assert running.wait(10)
    with pytest.raises(StackError, match=r"still at work 0\.5 s after"):
        engine.stop(0.5)
    release.set()


@pytest.mark.parametrize(
    ("overrides", "options", "message"),
    [
        ({"bootstrapList": [{"site": "ring"}]}, {}, "site ring has neither a type nor servers"),
        ({"bootstrapList": [{"site": "ring", "servers": ["a:80"]}]}, {}, "site ring is a CloudServer, but destination"),
        ({}, {"roles": ["cook"]}, "there is no engine role cook; there are populator, processor, status"),
    ],
)
def test_what_an_engine_cannot_do_is_refused(overrides: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        World(VirtualClock(), threaded=False, **overrides).engine(**options)


def test_an_engine_needs_a_journal_unless_it_does_not_populate() -> None:
    world = World(VirtualClock(), threaded=False)
    with pytest.raises(UsageError, match="there is no journal in this process"):
        Engine(world.settings, world.queue, world.clock, SeededRandomness(1), transport=world.server)
    processor = Engine(
        world.settings,
        world.queue,
        world.clock,
        SeededRandomness(1),
        transport=world.server,
        roles=["processor"],
        threaded=False,
    )
    world.server.put()
    populator = world.engine(roles=["populator"])
    populator.run_until_idle()
    assert world.server.calls == []
    processor.run_until_idle()
    assert world.server.status == "COMPLETED"


def test_steps_are_for_an_engine_without_threads() -> None:
    engine = World(SystemClock(), threaded=True).engine()
    with pytest.raises(UsageError, match="without threads"):
        engine.step()
    engine.stop()


def test_every_site_has_its_own_group() -> None:
    sites = [{"site": SITE, "type": "aws_s3"}, {"site": "other", "type": "gcp"}]
    world = World(VirtualClock(), threaded=False, bootstrapList=sites)
    engine = world.engine()
    engine.step()
    groups = {processor.group for processor in engine.processors}
    assert groups == {f"backbeat-replication-group-{SITE}", "backbeat-replication-group-other"}
