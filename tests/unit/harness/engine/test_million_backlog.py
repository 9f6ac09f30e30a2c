"""A backlog of a million entries: what is held of it at any moment stays small, for the populator and for consumers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from engine_helpers import VERSION, metadata, settings

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.checkpoints import Checkpoints
from harness.engine.journal import JournalBatch, JournalEntry
from harness.engine.metrics import EngineMetrics
from harness.engine.queue_populator import QueuePopulator
from harness.queue.base import Message, Outgoing, Producer, TopicPartition
from harness.queue.interruption import Interruption
from harness.queue.memory import MemoryQueue
from harness.queue.ordered import OrderedConsumption

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MILLION = 1_000_000
#: Of the journal's records the one in so many that is of interest.
PENDING_EVERY = 20
PARTITION = TopicPartition("backbeat-replication", 0)


class Living:
    """How many of the things that were made are still there, and how many there were at the most."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    def born(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)


LIVING = Living()


@pytest.fixture(autouse=True)
def living() -> Living:
    LIVING.now = LIVING.most = 0
    return LIVING


class CountedMessage(Message):
    """A message that tells when nobody holds it any more."""

    __slots__ = ()

    def __init__(self, offset: int) -> None:
        super().__init__(*PARTITION, offset, b"key-%d" % (offset % 5000), b"value")
        LIVING.born()

    def __del__(self) -> None:
        LIVING.now -= 1


class CountedEntry(JournalEntry):
    """A journal entry that does."""

    __slots__ = ()

    def __init__(self, number: int, value: str) -> None:
        kind = "del" if number % PENDING_EVERY else "put"
        super().__init__("src", kind, f"key-{number}\0{VERSION}", value, "t")
        LIVING.born()

    def __del__(self) -> None:
        LIVING.now -= 1


class EndlessQueue(MemoryQueue):
    """A topic of a million messages that nobody has to store."""

    def consumer(self, group: str, topics: Sequence[str], listener: Any, beside: Sequence[str] = ()) -> Any:
        listener.assigned([PARTITION])
        self.committed = 0
        self.next = 0
        return self

    def poll(self, limit: int, timeout: float) -> list[Message]:
        first, self.next = self.next, min(self.next + limit, MILLION)
        return [CountedMessage(offset) for offset in range(first, self.next)]

    def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        self.committed = offsets[PARTITION]
        return True


def test_a_consumer_holds_no_more_than_it_may_and_works_off_everything(living: Living) -> None:
    clock = VirtualClock()
    queue = EndlessQueue(clock, SeededRandomness(1))
    handled = [0]

    def handle(message: Message, interruption: Interruption) -> None:
        handled[0] += 1

    consumption = OrderedConsumption(queue, "group", ["backbeat-replication"], handle, clock=clock, threaded=False)
    while consumption.step():
        pass
    consumption.stop()
    assert handled == [MILLION]
    assert queue.committed == MILLION
    assert living.most <= 2 * 1000  # what it may hold, and the batch that just arrives
    assert living.now == 0


class EndlessJournal:
    """A journal of a million records, some of them objects with PENDING."""

    log_name = "raft-log"
    log_id = "raft_1"

    def __init__(self) -> None:
        self._value = json.dumps(metadata())

    def read(self, start: int, limit: int) -> JournalBatch:
        end = min(start + limit, MILLION)
        entries = tuple(CountedEntry(number, self._value) for number in range(start, end))
        return JournalBatch(entries, end, len(entries))

    def wait(self, position: int, timeout: float) -> None:
        """There is nothing to wait for."""

    def bounds(self) -> tuple[int, int]:
        return 0, MILLION


class Sink(Producer):
    """Acknowledges everything and keeps nothing."""

    def __init__(self) -> None:
        self.sent = 0
        self.largest = 0

    def send_all(self, messages: Sequence[Outgoing], interruption: Interruption | None = None) -> None:
        self.sent += len(messages)
        self.largest = max(self.largest, len(messages))


class SinkQueue(MemoryQueue):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock, SeededRandomness(1))
        self.sink = Sink()

    def producer(self) -> Any:
        return self.sink


def test_the_populator_holds_no_more_than_a_batch(living: Living) -> None:
    clock = VirtualClock()
    queue = SinkQueue(clock)
    populator = QueuePopulator(
        settings(),
        EndlessJournal(),
        queue,
        metrics=EngineMetrics(),
        checkpoints=Checkpoints(),
        interruption=Interruption(clock),
    )
    batch = settings().queue_populator.batch_max_read
    while populator.step():
        pass
    assert populator.position == MILLION
    assert queue.sink.sent >= MILLION // PENDING_EVERY  # and a position for each batch
    assert queue.sink.largest <= batch
    assert living.most <= 2 * batch
    assert living.now == 0
