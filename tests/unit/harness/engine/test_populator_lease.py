"""Several populators, one journal: one publishes, the others stand by."""

from __future__ import annotations

import pytest
from engine_helpers import settings
from test_queue_populator import POSITIONS, TOPIC, Source

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.checkpoints import Checkpoints
from harness.engine.metrics import EngineMetrics
from harness.engine.populator_lease import PopulatorLease
from harness.engine.queue_populator import QueuePopulator
from harness.engine.topics import all_topics
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.memory import MemoryQueue


class Journal:
    """One journal, one Kafka, and populators that come and go."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.queue = MemoryQueue(self.clock, SeededRandomness(1))
        self.settings = settings()
        self.queue.ensure_topics(all_topics(self.settings))
        self.source = Source()

    def populator(self, name: str, interruption: Interruption | None = None) -> QueuePopulator:
        return QueuePopulator(
            self.settings,
            self.source,
            self.queue,
            metrics=EngineMetrics(),
            checkpoints=Checkpoints(),
            interruption=interruption or Interruption(self.clock),
            lease=PopulatorLease(self.queue, POSITIONS, self.source.log_id, name, self.clock, takeover=10),
        )

    def rounds(self, *populators: QueuePopulator, seconds: float = 0.0) -> None:
        for populator in populators:
            populator.step()
        for _ in range(int(seconds)):
            self.clock.advance(1)
            for populator in populators:
                populator.step()

    @property
    def published(self) -> list[str]:
        return [str((message.key or b"").decode()) for message in self.queue.read(TOPIC)]


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_one_alone_publishes_at_once(journal: Journal) -> None:
    journal.source.put("a")
    populator = journal.populator("one")
    journal.rounds(populator)
    assert len(journal.published) == 1
    journal.rounds(populator)
    assert populator.idle()


def test_the_one_that_started_last_publishes_and_the_other_stands_by(journal: Journal) -> None:
    first, second = journal.populator("first"), journal.populator("second")
    journal.source.put("a")
    journal.rounds(first, seconds=1)
    journal.rounds(second)
    journal.rounds(first, second, seconds=1)
    assert first.position is None
    for number in range(30):
        journal.source.put(f"k{number}")
        journal.rounds(first, second, seconds=1)
    assert len(journal.published) == 31
    assert len(set(journal.published)) == 31
    assert first.idle()
    assert second.idle()


def test_what_both_publish_before_the_new_name_is_seen_is_published_twice_and_not_lost(journal: Journal) -> None:
    first, second = journal.populator("first"), journal.populator("second")
    journal.rounds(first)
    journal.rounds(second)
    journal.source.put("a")
    journal.rounds(first, second)  # the first has not looked yet
    assert len(journal.published) == 2
    journal.rounds(first, second, seconds=1)
    journal.source.put("b")
    journal.rounds(first, second, seconds=1)
    assert len(journal.published) == 3


def test_one_that_is_killed_is_replaced_by_the_one_that_stands_by(journal: Journal) -> None:
    first, second = journal.populator("first"), journal.populator("second")
    journal.rounds(first)
    journal.rounds(second)
    journal.rounds(first, second, seconds=60)  # nothing to do: nobody takes over
    assert first.position is None
    journal.source.put("a")  # and the second one is dead
    journal.rounds(first, seconds=9)
    assert journal.published == []
    assert not first.idle()
    journal.rounds(first, seconds=3)
    assert len(journal.published) == 1
    journal.source.put("b")
    journal.rounds(first)
    assert len(journal.published) == 2


def test_a_slow_one_is_not_replaced_while_its_position_moves(journal: Journal) -> None:
    journal.settings = settings(queuePopulator={"batchMaxRead": 1})
    first, second = journal.populator("first"), journal.populator("second")
    journal.rounds(first)
    journal.rounds(second)
    journal.rounds(first, second, seconds=1)
    for number in range(5):
        journal.source.put(f"k{number}")
    for _ in range(4):
        journal.rounds(second)
        journal.rounds(first, seconds=8)
        assert first.position is None
    assert len(journal.published) == 4


def test_one_that_comes_back_leads_at_once(journal: Journal) -> None:
    first, second = journal.populator("first"), journal.populator("second")
    journal.rounds(first)
    journal.rounds(second)
    journal.rounds(first, second, seconds=1)
    third = journal.populator("third")
    journal.source.put("a")
    journal.rounds(third)
    assert len(journal.published) == 1


def test_the_next_one_goes_on_where_the_last_one_was(journal: Journal) -> None:
    for number in range(3):
        journal.source.put(f"k{number}")
    first = journal.populator("first")
    journal.rounds(first)
    first.stop()
    second = journal.populator("second")
    journal.rounds(second)
    assert second.position == 4
    assert len(journal.published) == 3


def test_it_lets_go_while_kafka_is_gone(journal: Journal) -> None:
    interruption = Interruption(journal.clock)
    populator = journal.populator("one", interruption)
    journal.queue.begin_outage()
    interruption.order()
    with pytest.raises(Interrupted):
        populator.step()


def test_positions_and_names_of_other_journals_are_none_of_its_business(journal: Journal) -> None:
    other = PopulatorLease(journal.queue, POSITIONS, "raft_2", "other", journal.clock)
    populator = journal.populator("one")
    journal.rounds(populator)
    assert other.holds(Interruption(journal.clock))
    journal.source.put("a")
    journal.rounds(populator, seconds=1)
    assert len(journal.published) == 1
    assert other.position is None
