from __future__ import annotations

from fake_cloudserver import VirtualClock
from harness.queue.base import Message, TopicPartition
from harness.queue.interruption import Interruption
from harness.queue.lanes import Delivery, Lanes

CLOCK = VirtualClock()


def delivery(value: str, partition: int = 0) -> Delivery:
    return Delivery(Message("topic", partition, 0, b"k", value.encode()), 0, Interruption(CLOCK))


def taken(lanes: Lanes) -> str | None:
    one = lanes.take()
    return None if one is None else one[1].message.value.decode()


def test_one_key_is_in_order_and_one_at_a_time_others_run_beside_it() -> None:
    lanes = Lanes()
    for key, value in (("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")):
        lanes.add(key, delivery(value))
    assert [taken(lanes), taken(lanes), taken(lanes)] == ["a1", "b1", None]
    lanes.finish("b")
    assert taken(lanes) is None
    lanes.finish("a")
    assert taken(lanes) == "a2"
    lanes.add("b", delivery("b2"))
    assert taken(lanes) == "b2"
    assert len(lanes) == 3  # a2 and b2 run, a3 waits


def test_without_a_key_nothing_waits_for_anything() -> None:
    lanes = Lanes()
    lanes.add(None, delivery("x"))
    lanes.add(None, delivery("y"))
    assert [taken(lanes), taken(lanes), taken(lanes)] == ["x", "y", None]


def test_sizes_are_counted_until_the_end() -> None:
    lanes = Lanes()
    lanes.add("a", delivery("12345"))
    lanes.add("a", delivery("123"))
    assert (lanes.held_bytes, lanes.waiting_messages) == (8, 2)
    lanes.take()
    assert (lanes.held_bytes, lanes.waiting_messages) == (8, 1)
    lanes.finish("a")
    assert (lanes.held_bytes, lanes.waiting_messages) == (3, 1)
    lanes.drop()
    assert (lanes.held_bytes, lanes.waiting_messages, len(lanes)) == (0, 0, 0)
    assert lanes.take() is None


def test_what_waits_of_a_revoked_partition_is_dropped_and_what_runs_is_told_to_let_go() -> None:
    lanes = Lanes()
    gone, kept = TopicPartition("topic", 1), TopicPartition("topic", 0)
    running_gone, running_kept = delivery("r1", 1), delivery("r0", 0)
    lanes.add("x", running_gone)
    lanes.add("y", running_kept)
    lanes.take()
    lanes.take()
    lanes.add("x", delivery("after", 1))
    lanes.add("z", delivery("other", 1))
    lanes.add("y", delivery("mine", 0))
    lanes.drop({gone})
    assert running_gone.interruption.ordered
    assert not running_kept.interruption.ordered
    assert lanes.running_of({gone})
    lanes.finish("x")
    assert not lanes.running_of({gone})
    assert lanes.running_of({kept})
    assert taken(lanes) is None  # "mine" is behind what runs
    lanes.finish("y")
    assert [taken(lanes), taken(lanes)] == ["mine", None]
    lanes.add("x", delivery("again", 1))
    assert taken(lanes) == "again"
