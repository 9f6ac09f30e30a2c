"""Faults of the queue and of the engine's checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.checkpoints import Checkpoints
from harness.errors import UsageError
from harness.faults.control import FaultControl, LocalBoard, RemoteBoard, obey
from harness.faults.description import to_rule
from harness.faults.rules import FaultBoard
from harness.faults.seams import FaultyCheckpoints, FaultyQueue
from harness.queue.base import Message, Outgoing, TopicPartition, TopicSpecification
from harness.queue.memory import MemoryQueue
from harness.queue.ordered import OrderedConsumption


class World:
    """A queue with faults in memory."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.board = FaultBoard(SeededRandomness(1))
        self.inner = MemoryQueue(self.clock, SeededRandomness(2))
        self.queue = FaultyQueue(self.inner, self.board, self.clock)
        self.queue.ensure_topics([TopicSpecification("topic", 2)])
        self.handled: list[bytes] = []

    def fault(self, **rule: Any) -> None:
        self.board.add("fault-1", to_rule({"site": "kafka", **rule}))

    def send(self, *values: bytes, partition: int = 0) -> None:
        self.queue.producer().send_all([Outgoing("topic", b"key", value, partition) for value in values])

    def consumption(self) -> OrderedConsumption:
        return OrderedConsumption(
            self.queue,
            "group",
            ["topic"],
            lambda message, _: self.handled.append(message.value),
            clock=self.clock,
            threaded=False,
        )


def test_a_message_is_there_twice() -> None:
    world = World()
    world.fault(operation="Produce", duplicate=1, times=1)
    world.send(b"one", b"two")
    assert [message.value for message in world.inner.read("topic")] == [b"one", b"two", b"one"]


def test_rules_choose_messages_by_topic_and_key() -> None:
    world = World()
    world.fault(operation="Produce", bucket="other", duplicate=1)
    world.send(b"one")
    world.fault(operation="Produce", bucket="topic", key="k?y", duplicate=1)
    world.send(b"two")
    assert [message.value for message in world.inner.read("topic")] == [b"one", b"two", b"two"]


def test_a_late_message_holds_up_those_behind_it_and_no_other_partition() -> None:
    world = World()
    consumption = world.consumption()
    world.fault(operation="Consume", delay="5s", times=1)
    world.send(b"one", b"two")
    world.send(b"three", partition=1)
    consumption.step()
    assert world.handled == [b"three"]
    assert world.queue.backlog("group", ["topic"]) == 2
    world.clock.advance(4.9)
    consumption.step()
    assert world.handled == [b"three"]
    world.clock.advance(0.1)
    consumption.step()
    assert world.handled == [b"three", b"one", b"two"]
    assert world.queue.backlog("group", ["topic"]) == 0


def test_a_late_message_is_not_lost_when_its_partition_goes_to_somebody_else() -> None:
    world = World()
    first = world.consumption()
    world.send(b"before")
    first.step()
    world.fault(operation="Consume", delay="1h", times=1)
    world.send(b"late")
    first.step()
    second = world.consumption()
    for _ in range(3):
        first.step()
        second.step()
    assert sorted(world.handled) == [b"before", b"late"]
    assert world.queue.backlog("group", ["topic"]) == 0


def test_a_late_message_is_not_lost_when_its_partition_comes_straight_back() -> None:
    world = World()

    class Listener:
        """Remembers nothing of its own."""

        def assigned(self, partitions: Iterable[TopicPartition]) -> None: ...

        def revoked(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
            return dict.fromkeys(partitions, 1)

        def lost(self, partitions: Iterable[TopicPartition]) -> None: ...

    consumer = world.queue.consumer("group", ["topic"], Listener())
    world.fault(operation="Consume", delay="1h", times=1)
    world.send(b"late")
    assert consumer.poll(10, 0.0) == []
    other = world.queue.consumer("group", ["topic"], Listener())
    other.close()
    seen: list[Message] = []
    for _ in range(3):
        seen += consumer.poll(10, 0.0)
    assert [message.value for message in seen] == [b"late"]


def test_a_late_message_that_is_due_while_its_partition_goes_is_left_to_whoever_gets_it() -> None:
    world = World()
    first = world.consumption()
    first.step()
    world.fault(operation="Consume", delay="1h", times=1)
    world.send(b"late", partition=1)
    first.step()
    second = world.consumption()
    world.board.clear()
    for _ in range(4):
        first.step()
        second.step()
    assert world.handled == [b"late"]
    world.send(b"more")
    first.step()
    assert world.queue.backlog("group", ["topic"]) == 0


def test_a_checkpoint_ends_the_process_where_a_rule_says_so() -> None:
    board, ended, passed = FaultBoard(SeededRandomness(1)), [], []

    class Noted(Checkpoints):
        def reach(self, name: str) -> None:
            passed.append(name)

    checkpoints = FaultyCheckpoints(board, VirtualClock(), Noted(), end=lambda: ended.append(len(passed)))
    board.add("fault-1", to_rule({"site": "engine", "operation": "processor.copied", "kill": True, "after": 1}))
    for name in ("processor.consumed", "processor.copied", "processor.consumed", "processor.copied"):
        checkpoints.reach(name)
    assert passed == ["processor.consumed", "processor.copied"] * 2
    assert ended == [4]


def test_a_control_sends_rules_where_they_belong_and_gathers_what_fired() -> None:
    here, there = FaultBoard(SeededRandomness(1)), FaultBoard(SeededRandomness(2))
    local = LocalBoard(here)
    remote = RemoteBoard(lambda line: obey(there, line.removeprefix("fault")))
    control = FaultControl({"aws": lambda: [remote], "cloudserver": lambda: [local]})
    first = control.set({"site": "aws", "error": "SlowDown"})
    second = control.set({"site": "cloudserver", "error": 502})
    assert here.concerns("cloudserver")
    assert not here.concerns("aws")
    assert there.concerns("aws")
    from harness.faults.rules import Occasion

    here.decide(Occasion("cloudserver", "GetObject"), 2.0)
    there.decide(Occasion("aws", "PutObject"), 1.0)
    assert [one.rule for one in control.fired()] == [first, second]
    assert control.rules()[first] == {"site": "aws", "error": "SlowDown", "fired": 1}
    control.clear([first])
    assert not there.concerns("aws")
    assert list(control.rules()) == [second]
    control.clear()
    assert not here.concerns("cloudserver")


def test_a_control_refuses_what_it_does_not_know() -> None:
    control = FaultControl({"aws": list})
    with pytest.raises(UsageError, match="unknown site 'azure'"):
        control.set({"site": "azure", "error": "SlowDown"})
    with pytest.raises(UsageError, match="unknown fault 'fault-9'"):
        control.clear(["fault-9"])
    assert control.rules() == {}


def test_a_board_that_comes_later_gets_what_is_in_force_but_no_kill_twice() -> None:
    boards: list[FaultBoard] = []
    control = FaultControl({"engine": lambda: [LocalBoard(board) for board in boards]})
    control.set({"site": "engine", "operation": "status.written", "kill": True})
    for wanted in (True, False):
        board = FaultBoard(SeededRandomness(1))
        control.install("engine", LocalBoard(board))
        assert board.concerns("engine") is wanted
