from __future__ import annotations

import pytest

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.queue.base import Outgoing, QueueError, TopicPartition, TopicSpecification
from harness.queue.memory import MemoryQueue


class Nobody:
    def assigned(self, partitions: object) -> None: ...

    def revoked(self, partitions: object) -> dict[TopicPartition, int]:
        return {}

    def lost(self, partitions: object) -> None: ...


class Resuming(Nobody):
    def __init__(self, offset: int) -> None:
        self.offset = offset

    def revoked(self, partitions: object) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.offset)  # type: ignore[call-overload,no-any-return]


def new_queue(partitions: int) -> tuple[MemoryQueue, VirtualClock]:
    clock = VirtualClock()
    queue = MemoryQueue(clock, SeededRandomness(7))
    queue.ensure_topics([TopicSpecification("t", partitions)])
    return queue, clock


def test_polling_an_empty_topic_passes_the_time() -> None:
    queue, clock = new_queue(1)
    consumer = queue.consumer("g", ["t"], Nobody())
    assert consumer.poll(10, 1.5) == []
    assert clock.monotonic() == 1.5


def test_messages_carry_the_time_of_sending() -> None:
    queue, clock = new_queue(1)
    clock.advance(1.25)
    queue.producer().send_all([Outgoing("t", b"k", b"v")])
    assert [message.timestamp for message in queue.read("t")] == [int(clock.now() * 1000)]


def test_a_topic_that_does_not_exist_is_refused() -> None:
    queue, _ = new_queue(1)
    with pytest.raises(QueueError, match="there is no topic nowhere"):
        queue.producer().send_all([Outgoing("nowhere", b"k", b"v")])


def test_partitions_are_shared_out_by_range() -> None:
    queue, _ = new_queue(5)
    queue.producer().send_all([Outgoing("t", b"k", b"%d" % number, number) for number in range(5)])
    consumers = [queue.consumer("g", ["t"], Nobody()) for _ in range(2)]
    for consumer in consumers:
        consumer.poll(0, 0.0)
    shares = [sorted(m.partition for m in consumer.poll(10, 0.0)) for consumer in consumers]
    assert shares == [[0, 1, 2], [3, 4]]


def test_a_member_goes_on_where_its_listener_says() -> None:
    queue, _ = new_queue(1)
    queue.producer().send_all([Outgoing("t", b"k", b"%d" % number) for number in range(5)])
    consumer = queue.consumer("g", ["t"], Resuming(2))
    assert len(consumer.poll(10, 0.0)) == 5
    other = queue.consumer("g", ["t"], Nobody())  # joins, and leaves before it gets anything
    other.close()
    other.close()
    assert [m.value for m in consumer.poll(10, 0.0)] == [b"2", b"3", b"4"]


def test_a_commit_for_somebody_elses_partition_is_refused() -> None:
    queue, _ = new_queue(1)
    consumer = queue.consumer("g", ["t"], Nobody())
    assert not consumer.commit({TopicPartition("t", 0): 1})
    consumer.poll(1, 0.0)
    assert consumer.commit({TopicPartition("t", 0): 0})


def test_members_of_different_topics_share_a_group() -> None:
    queue, _ = new_queue(1)
    queue.ensure_topics([TopicSpecification("u", 1)])
    queue.producer().send_all([Outgoing("t", b"k", b"t"), Outgoing("u", b"k", b"u")])
    mine, both = queue.consumer("g", ["t"], Nobody()), queue.consumer("g", ["t", "u"], Nobody())
    mine.poll(0, 0.0)
    assert [m.value for m in both.poll(5, 0.0)] == [b"u"]
    assert [m.value for m in mine.poll(5, 0.0)] == [b"t"]


def test_describing_gives_up_when_the_broker_is_gone() -> None:
    queue, clock = new_queue(2)
    assert [one.in_sync for one in queue.describe("t", 1.0)] == [(0,), (0,)]
    with queue.outage(), pytest.raises(QueueError, match="gone"):
        queue.describe("t", 1.5)
    assert clock.monotonic() == 1.5
