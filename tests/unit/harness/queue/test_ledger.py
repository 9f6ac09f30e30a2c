from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.queue.base import TopicPartition
from harness.queue.ledger import OffsetLedger

HERE = TopicPartition("topic", 1)
THERE = TopicPartition("topic", 2)


def test_nothing_is_committable_at_first() -> None:
    ledger = OffsetLedger()
    assert ledger.committable(HERE) is None
    assert ledger.all_committable() == {}


def test_one_message() -> None:
    ledger = OffsetLedger()
    token = ledger.consumed(HERE, 1)
    assert ledger.committable(HERE) == 1
    ledger.processed(HERE, 1, token)
    assert ledger.committable(HERE) == 2


def test_out_of_order_completion_advances_over_contiguous_offsets_only() -> None:
    ledger = OffsetLedger()
    tokens = {offset: ledger.consumed(HERE, offset) for offset in (1, 2, 3, 4)}
    ledger.processed(HERE, 2, tokens[2])
    ledger.processed(HERE, 3, tokens[3])
    assert ledger.committable(HERE) == 1
    ledger.processed(HERE, 1, tokens[1])
    assert ledger.committable(HERE) == 4
    tokens[5] = ledger.consumed(HERE, 5)
    assert ledger.committable(HERE) == 4
    ledger.processed(HERE, 4, tokens[4])
    ledger.processed(HERE, 5, tokens[5])
    assert ledger.committable(HERE) == 6


def test_gaps_in_the_offsets_do_not_matter() -> None:
    ledger = OffsetLedger()
    first, second = ledger.consumed(HERE, 1), ledger.consumed(HERE, 7)
    ledger.processed(HERE, 1, first)
    assert ledger.committable(HERE) == 7
    ledger.processed(HERE, 7, second)
    assert ledger.committable(HERE) == 8


def test_an_offset_consumed_again_pulls_the_committable_offset_back() -> None:
    ledger = OffsetLedger()
    old = {offset: ledger.consumed(HERE, offset) for offset in (1, 2, 3)}
    ledger.processed(HERE, 1, old[1])
    ledger.processed(HERE, 2, old[2])
    again = ledger.consumed(HERE, 2)
    assert ledger.committable(HERE) == 2
    ledger.processed(HERE, 3, old[3])  # of before: void
    ledger.processed(HERE, 2, old[2])
    assert ledger.committable(HERE) == 2
    ledger.processed(HERE, 2, again)
    assert ledger.committable(HERE) == 3


def test_partitions_are_independent_and_can_be_forgotten() -> None:
    ledger = OffsetLedger()
    here, there = ledger.consumed(HERE, 1), ledger.consumed(THERE, 5)
    ledger.processed(THERE, 5, there)
    assert ledger.all_committable() == {HERE: 1, THERE: 6}
    assert ledger.all_committable([THERE, TopicPartition("other", 0)]) == {THERE: 6}
    assert ledger.in_progress() == 1
    ledger.forget([HERE])
    ledger.processed(HERE, 1, here)
    assert ledger.all_committable() == {THERE: 6}
    ledger.consumed(HERE, 1)
    ledger.processed(HERE, 1, here)  # the token of before the partition went away
    assert ledger.committable(HERE) == 1


@given(st.permutations(range(12)), st.integers(min_value=0, max_value=12))
def test_nothing_unfinished_is_ever_committable(order: list[int], finished: int) -> None:
    ledger = OffsetLedger()
    tokens = [ledger.consumed(HERE, offset) for offset in range(12)]
    done = set(order[:finished])
    for offset in order[:finished]:
        ledger.processed(HERE, offset, tokens[offset])
    committable = ledger.committable(HERE)
    assert committable is not None
    assert all(offset in done for offset in range(committable))
    assert committable == 12 or committable not in done
