"""Statistics survive their process: nothing is counted twice, nothing is missed."""

from __future__ import annotations

import pytest

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.metrics.consumer import MetricsConsumer
from harness.engine.metrics.message import MetricsMessage, ObjectName
from harness.engine.metrics.statistics import Count, Statistics
from harness.queue.base import Outgoing, TopicSpecification
from harness.queue.interruption import Interruption
from harness.queue.memory import MemoryQueue

NAME = ObjectName("b", "k", "v")


class World:
    def __init__(self, partitions: int = 1) -> None:
        self.clock = VirtualClock(1_767_225_600.0)
        self.restart_kafka(partitions)

    def restart_kafka(self, partitions: int = 1, *, keeping_snapshots: bool = False) -> None:
        """A broker that has lost its memory."""
        snapshots = self.queue.read("snapshots") if keeping_snapshots else []
        self.queue = MemoryQueue(self.clock, SeededRandomness(1))
        self.queue.ensure_topics([TopicSpecification("metrics", partitions), TopicSpecification("snapshots")])
        self.queue.producer().send_all([Outgoing("snapshots", one.key, one.value) for one in snapshots])

    def tell(self, kind: str, ops: int | None = 1, size: int = 10, partition: int = 0) -> None:
        name = NAME if ops is None else None
        one = MetricsMessage(kind, "a", size, int(self.clock.now() * 1000), ops=ops, name=name)
        self.queue.producer().send_all([Outgoing("metrics", None, one.to_json(), partition)])

    def consumer(self) -> MetricsConsumer:
        return MetricsConsumer(
            self.queue, "metrics", "snapshots", clock=self.clock, interruption=Interruption(self.clock)
        )


def read(consumer: MetricsConsumer) -> Statistics:
    while consumer.step() or not consumer.idle():
        pass
    return consumer.statistics


def test_messages_are_counted_and_others_passed_over() -> None:
    world = World()
    world.queue.producer().send_all([Outgoing("metrics", None, b"nonsense")])
    world.tell("queued", 3, 30)
    world.tell("completed")
    assert read(world.consumer()).pending(["a"]) == Count(2, 20)


@pytest.mark.parametrize("orderly", [True, False], ids=["stopped", "killed"])
@pytest.mark.parametrize("partitions", [1, 3])
def test_the_next_one_goes_on_where_the_last_one_was(partitions: int, orderly: bool) -> None:
    world = World(partitions)
    for number in range(6):
        world.tell("queued", 10, 100, number % partitions)
    world.tell("queued", None, 100)
    first = world.consumer()
    read(first)
    world.clock.advance(61)
    first.step()
    assert world.queue.read("snapshots")
    world.tell("completed", 1, 10)
    world.tell("completed", None, 40)
    read(first)
    if orderly:
        first.stop()
    world.tell("completed", 1, 10)
    second = read(world.consumer())
    now = int(world.clock.now() * 1000)
    assert second.pending(["a"]) == Count(58, 580)
    assert second.completions(["a"], now) == Count(2, 20)
    assert second.object_bytes("a", NAME, now) == (100, 40)


def test_stopping_twice_counts_once() -> None:
    world = World()
    world.tell("queued")
    for _ in range(3):
        consumer = world.consumer()
        read(consumer)
        consumer.stop()
    assert read(world.consumer()).pending(["a"]) == Count(1, 10)
    assert len(world.queue.read("snapshots")) == 1


def test_two_that_read_the_same_do_not_disturb_each_other() -> None:
    world = World()
    world.tell("queued")
    slow, fast = world.consumer(), world.consumer()
    read(slow)
    world.tell("queued")
    read(fast)
    fast.stop()
    slow.stop()  # its snapshot is older, and the latest one
    assert read(world.consumer()).pending(["a"]) == Count(2, 20)


def test_a_broker_that_lost_its_memory_is_read_from_the_beginning(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    for _ in range(5):
        world.tell("queued")
    first = world.consumer()
    read(first)
    first.stop()
    world.restart_kafka(keeping_snapshots=True)
    world.tell("completed")
    assert read(world.consumer()).pending(["a"]) == Count(4, 40)
    assert "the metrics topic is younger than its statistics" in caplog.text


@pytest.mark.parametrize("kept", [b"{", b"[]", b"{}", b'{"counted": 1, "objectsFrom": {}, "sites": {}}'])
def test_statistics_that_cannot_be_read_are_counted_anew(kept: bytes) -> None:
    world = World()
    world.tell("queued")
    world.queue.producer().send_all([Outgoing("snapshots", b"statistics", kept), Outgoing("snapshots", b"other", b"")])
    consumer = world.consumer()
    assert not consumer.statistics.is_complete
    assert read(consumer).pending(["a"]) == Count(1, 10)
    assert consumer.statistics.is_complete


def test_statistics_that_kafka_refuses_disturb_nobody(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.tell("queued")
    consumer = world.consumer()
    read(consumer)
    world.queue._broker.max_message_bytes = 10
    assert consumer.stop()
    assert "statistics not saved" in caplog.text


def test_stopping_while_kafka_is_gone_ends_and_loses_nothing() -> None:
    world = World()
    world.tell("queued")
    interruption = Interruption(world.clock)
    consumer = MetricsConsumer(world.queue, "metrics", "snapshots", clock=world.clock, interruption=interruption)
    read(consumer)
    world.queue.begin_outage()
    interruption.order()
    assert consumer.stop()
    world.queue.end_outage()
    assert world.queue.read("snapshots") == []
    assert read(world.consumer()).pending(["a"]) == Count(1, 10)
