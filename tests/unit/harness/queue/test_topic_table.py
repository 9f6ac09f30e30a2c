from __future__ import annotations

import pytest

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.queue.base import Outgoing, QueueClosed, QueueError, TopicSpecification
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.memory import MemoryQueue
from harness.queue.table import TopicTable

CLOCK = VirtualClock()


def new_queue() -> MemoryQueue:
    queue = MemoryQueue(CLOCK, SeededRandomness(7))
    queue.ensure_topics([TopicSpecification("t", compacted=True)])
    return queue


def new_table(queue: MemoryQueue, *told: list[tuple[str, bytes | None]]) -> TopicTable:
    table = TopicTable(queue, "t", *[lambda key, value: told[0].append((key, value))] * len(told))
    table.load()
    return table


def test_own_writes_are_seen_before_they_are_read_back() -> None:
    table = new_table(new_queue())
    for value in (b"1", b"2", b"1"):
        table.put("k", value)
        assert table.get("k") == value
    table.follow()
    assert table.items() == {"k": b"1"}
    table.delete("k")
    assert (table.get("k"), table.items()) == (None, {})
    table.follow()
    assert (table.get("k"), table.items()) == (None, {})


def test_a_write_of_somebody_else_that_came_later_wins_when_it_is_read() -> None:
    queue = new_queue()
    table = new_table(queue)
    queue.producer().send_all([Outgoing("t", b"k", b"earlier")])
    table.put("k", b"ours")
    queue.producer().send_all([Outgoing("t", b"k", b"later")])
    assert table.get("k") == b"ours"
    assert table.follow() == 3
    assert table.get("k") == b"later"


def test_the_watcher_is_told_of_every_change() -> None:
    queue, told = new_queue(), list[tuple[str, bytes | None]]()
    queue.producer().send_all([Outgoing("t", b"k", b"1")])
    table = new_table(queue, told)
    table.put("k", b"2")
    table.delete("k")
    assert told == [("k", b"1"), ("k", b"2"), ("k", None)]
    table.follow()
    assert told[3:] == [("k", None), ("k", None)]


def test_a_write_that_was_interrupted_does_not_count() -> None:
    queue = new_queue()
    table = new_table(queue)
    table.put("k", b"before")
    order = Interruption(CLOCK)
    order.order()
    with queue.outage(), pytest.raises(Interrupted):
        table.put("k", b"never", order)
    assert table.get("k") == b"before"
    table.follow()
    assert table.items() == {"k": b"before"}


def test_an_order_to_let_go_ends_loading() -> None:
    queue = new_queue()
    queue.producer().send_all([Outgoing("t", b"k", b"1")])
    order = Interruption(CLOCK)
    order.order()
    with queue.outage(), pytest.raises(Interrupted):
        TopicTable(queue, "t").load(order)


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(ValueError, match="tombstone"):
        new_table(new_queue()).put("k", b"")


def test_a_closed_table_follows_no_more() -> None:
    table = new_table(new_queue())
    table.close()
    table.close()
    with pytest.raises(QueueClosed, match="table of t"):
        table.follow()


def test_following_alone_loads_a_table_in_the_end() -> None:
    queue = new_queue()
    queue.producer().send_all([Outgoing("t", b"%d" % number, b"v") for number in range(1_500)])
    table = TopicTable(queue, "t")
    assert not table.loaded
    assert (table.follow(), table.loaded) == (1_000, False)
    assert (table.follow(), table.loaded) == (500, True)
    assert len(table.items()) == 1_500


def test_a_table_needs_its_topic_and_an_open_queue() -> None:
    queue = new_queue()
    with pytest.raises(QueueError, match="there is no topic nowhere"):
        TopicTable(queue, "nowhere").load()
    table = new_table(queue)
    queue.close()
    with pytest.raises(QueueClosed):
        table.follow()
