"""The populator: what it publishes, when it saves its position, and what survives which end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_helpers import VERSION, metadata, settings

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.checkpoints import POPULATOR_PRODUCED, POPULATOR_READ, POPULATOR_SAVED, Checkpoints
from harness.engine.errors import ReplicationError
from harness.engine.journal import JournalBatch, JournalEntry
from harness.engine.metrics import EngineMetrics
from harness.engine.populator_position import PopulatorPosition
from harness.engine.queue_populator import QueuePopulator
from harness.engine.settings import EngineSettings
from harness.engine.topics import all_topics
from harness.queue.base import Outgoing
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.memory import MemoryQueue

TOPIC, POSITIONS = "backbeat-replication", "backbeat-queue-populator-positions"


class Crash(BaseException):
    """The process ends here."""


class CrashAt(Checkpoints):
    def __init__(self, name: str) -> None:
        self.name = name
        self.passed: list[str] = []

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if name == self.name:
            raise Crash(name)


class Source:
    """A journal of as many records as were put."""

    log_name = "raft-log"
    log_id = "raft_1"

    def __init__(self, first: int = 1) -> None:
        self.first = first
        self.entries: list[JournalEntry] = []
        self.waits: list[tuple[int, float]] = []
        self.faults: list[ReplicationError] = []

    def put(self, key: str, **overrides: Any) -> None:
        value = json.dumps(metadata(**overrides))
        self.entries.append(JournalEntry("src", "put", f"{key}\0{VERSION}", value, "t"))

    def read(self, start: int, limit: int) -> JournalBatch:
        if self.faults:
            raise self.faults.pop(0)
        start = max(start, self.first)
        found = self.entries[start - self.first : start - self.first + limit]
        return JournalBatch(tuple(found), start + len(found), len(found)) if found else JournalBatch((), start, 0)

    def wait(self, position: int, timeout: float) -> None:
        self.waits.append((position, timeout))

    def bounds(self) -> tuple[int, int]:
        return self.first, self.first + len(self.entries)


class World:
    def __init__(self, **populator: Any) -> None:
        self.clock = VirtualClock()
        self.queue = MemoryQueue(self.clock, SeededRandomness(1))
        self.source = Source()
        self.settings: EngineSettings = settings(queuePopulator=populator)
        self.metrics = EngineMetrics()
        self.interruption = Interruption(self.clock)
        self.queue.ensure_topics(all_topics(self.settings))

    def populator(self, checkpoints: Checkpoints | None = None) -> QueuePopulator:
        return QueuePopulator(
            self.settings,
            self.source,
            self.queue,
            metrics=self.metrics,
            checkpoints=checkpoints or Checkpoints(),
            interruption=self.interruption,
        )

    def published(self) -> list[str]:
        return [message.key.decode() for message in self.queue.read(TOPIC) if message.key]

    def saved(self) -> list[str]:
        return [message.value.decode() for message in self.queue.read(POSITIONS)]


def test_what_is_pending_is_published_and_the_position_saved() -> None:
    world = World()
    world.source.put("a")
    world.source.put("b", replicationInfo={"status": "COMPLETED"})
    checkpoints = CrashAt("")
    populator = world.populator(checkpoints)
    assert populator.position is None
    assert populator.step() == 2
    assert world.published() == ["src%2Fa"]
    assert world.saved() == ["3"]
    assert populator.position == 3
    assert checkpoints.passed == [POPULATOR_READ, POPULATOR_PRODUCED, POPULATOR_SAVED]
    assert [message.key for message in world.queue.read(POSITIONS)] == [b"raft_1/logOffset"]


def test_the_next_one_goes_on_where_this_one_was() -> None:
    world = World()
    world.source.put("a")
    world.populator().step()
    world.source.put("b")
    second = world.populator()
    assert second.step() == 1
    assert second.step() == 0
    assert world.published() == ["src%2Fa", "src%2Fb"]


@pytest.mark.parametrize(("at", "published"), [(POPULATOR_READ, 1), (POPULATOR_PRODUCED, 2), (POPULATOR_SAVED, 1)])
def test_an_end_at_any_point_loses_nothing(at: str, published: int) -> None:
    world = World()
    world.source.put("a")
    with pytest.raises(Crash):
        world.populator(CrashAt(at)).step()
    after = world.populator()
    after.step()
    assert world.published() == ["src%2Fa"] * published
    assert world.saved()[-1] == "2"


def test_a_batch_has_its_limit() -> None:
    world = World(batchMaxRead=2)
    for key in "abcde":
        world.source.put(key)
    populator = world.populator()
    assert [populator.step() for _ in range(4)] == [2, 2, 1, 0]
    assert len(world.published()) == 5


def test_what_nothing_was_published_for_is_saved_when_there_is_nothing_to_read() -> None:
    world = World()
    world.source.put("a", replicationInfo={"status": "COMPLETED"})
    populator = world.populator()
    populator.step()
    assert world.saved() == []
    populator.step(0.25)
    assert world.saved() == ["2"]
    assert world.source.waits == [(2, 0.25)]
    populator.step()
    assert world.saved() == ["2"]


def test_many_records_without_anything_to_publish_are_saved_on_the_way() -> None:
    world = World(batchMaxRead=600)
    for number in range(1200):
        world.source.put(str(number), replicationInfo={"status": ""})
    populator = world.populator()
    populator.step()
    assert world.saved() == []
    populator.step()
    assert world.saved() == ["1201"]


def test_a_journal_that_cannot_be_read_is_asked_again() -> None:
    world = World(pollIntervalS=3.0)
    world.source.put("a")
    world.source.faults = [ReplicationError("NetworkingError", "gone", retryable=True)] * 2
    populator = world.populator()
    assert [populator.step(0.5), populator.step(0.5), populator.step(0.5)] == [0, 0, 1]
    assert world.clock.monotonic() == 6.0
    assert world.published() == ["src%2Fa"]


def test_while_kafka_is_gone_it_waits_and_lets_go_when_told() -> None:
    world = World()
    world.source.put("a")
    populator = world.populator()
    with world.queue.outage():
        world.interruption.order()
        with pytest.raises(Interrupted):
            populator.step()
    assert world.published() == []
    after = World.populator(world)
    after.step()
    assert world.published() == ["src%2Fa"]


def test_a_message_that_is_too_large_is_left_and_the_others_go() -> None:
    world = World()
    world.queue = MemoryQueue(world.clock, SeededRandomness(1), max_message_bytes=5000)
    world.queue.ensure_topics(all_topics(world.settings))
    world.source.put("a")
    world.source.put("big", **{"x-amz-meta-x": "y" * 6000})
    world.source.put("c")
    populator = world.populator()
    assert populator.step() == 3
    assert set(world.published()) == {"src%2Fa", "src%2Fc"}
    assert populator.position == 4
    assert 'publishStatus="FAILURE"} 1.0' in world.metrics.render().decode()


@pytest.mark.parametrize(("start", "published"), [("earliest", 2), ("latest", 0)])
def test_where_to_begin_without_a_saved_position(start: str, published: int) -> None:
    world = World(start=start)
    world.source.first = 10
    world.source.put("a")
    world.source.put("b")
    populator = world.populator()
    populator.step()
    assert len(world.published()) == published
    assert populator.position == 12


def test_a_position_beyond_the_end_is_another_journals() -> None:
    world = World()
    PopulatorPosition(world.queue, POSITIONS, "raft_1").save(500)
    world.source.put("a")
    world.populator().step()
    assert world.published() == ["src%2Fa"]


def test_lost_records_do_not_stop_it(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    PopulatorPosition(world.queue, POSITIONS, "raft_1").save(5)
    world.source.first = 8
    world.source.put("a")
    populator = world.populator()
    assert populator.step() == 1
    assert populator.position == 9
    assert "the journal lost records" in caplog.text


def test_the_position_is_the_last_of_its_own_journal(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    mine, other = (PopulatorPosition(world.queue, POSITIONS, name) for name in ("raft_1", "raft_2"))
    assert mine.load() is None
    mine.save(7)
    for number in range(300):
        other.save(number)
    assert mine.load() == 7
    world.queue.producer().send_all([Outgoing(POSITIONS, b"raft_1/logOffset", b"nonsense")])
    assert mine.load() == 7
    assert "saved position is no number" in caplog.text


def test_publications_are_counted_by_object_and_byte() -> None:
    world = World()
    world.source.put("a")
    world.source.put("b", replicationInfo={"content": ["METADATA"]})
    world.populator().step()
    text = world.metrics.render().decode()
    labels = 'logId="raft_1",logName="raft-log",origin="replication"'
    assert f"s3_replication_populator_objects_total{{{labels}}} 2.0" in text
    assert f"s3_replication_populator_bytes_total{{{labels}}} 11.0" in text
    assert f"s3_replication_read_offset{{{labels}}} 3.0" in text
