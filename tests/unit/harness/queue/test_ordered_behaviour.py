"""What Backbeat's consumer and task scheduler promise, over a queue in memory.

Source: Backbeat lib/BackbeatConsumer.js, lib/tasks/TaskScheduler.js, lib/OffsetLedger.js.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from fake_cloudserver import SeededRandomness, SystemClock, VirtualClock
from harness.queue.base import Message, Outgoing, TopicPartition, TopicSpecification
from harness.queue.interruption import Interruption
from harness.queue.memory import MemoryQueue
from harness.queue.ordered import OrderedConsumption
from harness.queue.turns import Turns

GROUP, TOPIC, OTHER = "group", "topic", "other"


@pytest.fixture
def queue() -> Iterator[MemoryQueue]:
    made = MemoryQueue(SystemClock(), SeededRandomness(1))
    made.ensure_topics([TopicSpecification(TOPIC, 3), TopicSpecification(OTHER, 3)])
    yield made
    made.close()


def send(queue: MemoryQueue, *values: str, topic: str = TOPIC) -> None:
    """Messages whose key is their first character."""
    queue.producer().send_all([Outgoing(topic, value[0].encode(), value.encode()) for value in values])


class Stage:
    """Runs consumptions until something has happened."""

    def __init__(self, queue: MemoryQueue) -> None:
        self.queue = queue
        self.consumptions: list[OrderedConsumption] = []

    def consume(self, handler: Callable[[Message, Interruption], None], **options: object) -> OrderedConsumption:
        topics = options.pop("topics", [TOPIC])
        made = OrderedConsumption(
            self.queue,
            GROUP,
            topics,  # type: ignore[arg-type]
            handler,
            clock=SystemClock(),
            **options,  # type: ignore[arg-type]
        )
        self.consumptions.append(made)
        return made

    def until(self, condition: Callable[[], bool]) -> None:
        clock = SystemClock()
        deadline = clock.monotonic() + 20
        while not condition():
            assert clock.monotonic() < deadline, "it does not happen"
            for consumption in self.consumptions:
                consumption.step(0.005)

    def done(self) -> bool:
        return not self.queue.backlog(GROUP, [TOPIC, OTHER])

    def stop(self) -> None:
        for consumption in self.consumptions:
            assert consumption.stop(20)


@pytest.fixture
def stage(queue: MemoryQueue) -> Iterator[Stage]:
    made = Stage(queue)
    yield made
    made.stop()


def test_a_thousand_messages_with_ten_threads(queue: MemoryQueue, stage: Stage) -> None:
    handled: list[bytes] = []
    send(queue, *[f"{chr(97 + number % 26)}{number}" for number in range(1000)])
    stage.consume(lambda message, _: handled.append(message.value), concurrency=10)
    stage.until(stage.done)
    assert len(handled) == len(set(handled)) == 1000


def test_one_stuck_task_does_not_hold_up_other_keys(queue: MemoryQueue, stage: Stage) -> None:
    release = threading.Event()
    handled: list[bytes] = []

    def handle(message: Message, interruption: Interruption) -> None:
        if message.value == b"x0":
            release.wait(20)
        handled.append(message.value)

    # many more behind the stuck one than Backbeat has slots
    send(queue, *[f"x{number}" for number in range(40)], *[f"{chr(97 + n % 20)}{n}" for n in range(200)])
    stage.consume(handle, concurrency=2)
    stage.until(lambda: len(handled) == 200)
    assert not any(value.startswith(b"x") for value in handled)
    assert queue.backlog(GROUP, [TOPIC]) >= 40
    release.set()
    stage.until(stage.done)
    assert [value for value in handled if value.startswith(b"x")] == [f"x{n}".encode() for n in range(40)]


def test_a_message_is_committed_only_when_its_result_is_durable(queue: MemoryQueue, stage: Stage) -> None:
    acknowledged = threading.Event()

    def handle(message: Message, interruption: Interruption) -> None:
        if message.value == b"a1":
            acknowledged.wait(20)  # its status message is on the way to Kafka

    send(queue, "a0", "b0", "c0", "a1", "b1", "c1")
    stage.consume(handle, concurrency=4)
    partition = next(iter(m.topic_partition for m in queue.read(TOPIC) if m.value == b"a1"))
    offset = next(m.offset for m in queue.read(TOPIC) if m.value == b"a1")
    stage.until(lambda: sum(one.end - one.committed for one in queue.progress(GROUP, [TOPIC]).values()) <= 3)
    assert queue.progress(GROUP, [TOPIC])[partition].committed <= offset
    acknowledged.set()
    stage.until(stage.done)


def test_a_key_is_handled_once_at_a_time_across_partitions(queue: MemoryQueue, stage: Stage) -> None:
    at_work: list[bytes] = []
    order: list[bytes] = []
    overlaps: list[bytes] = []

    def handle(message: Message, interruption: Interruption) -> None:
        if at_work:
            overlaps.append(message.value)
        at_work.append(message.value)
        SystemClock().sleep(0.001)
        order.append(message.value)
        at_work.remove(message.value)

    messages = [Outgoing(TOPIC, b"k", f"k{n}".encode(), partition=n % 3) for n in range(15)]
    queue.producer().send_all(messages)
    stage.consume(handle, concurrency=4)
    stage.until(stage.done)
    assert overlaps == []
    for partition in range(3):
        own = [value for value in order if int(value[1:]) % 3 == partition]
        assert own == sorted(own, key=lambda value: int(value[1:]))


class TestTurns:
    """Two consumptions of the same objects, reading different topics."""

    def test_a_key_at_work_in_one_waits_in_the_other_and_keeps_no_thread_busy(
        self, queue: MemoryQueue, stage: Stage
    ) -> None:
        release, running = threading.Event(), threading.Event()
        handled: list[bytes] = []

        def main(message: Message, interruption: Interruption) -> None:
            running.set()
            release.wait(20)

        turns = Turns()
        stage.consume(main, concurrency=1, turns=turns)
        stage.consume(lambda m, _: handled.append(m.value), topics=[OTHER], concurrency=1, turns=turns)
        send(queue, "k0")
        stage.until(running.is_set)
        send(queue, "k1", "a1", "b1", topic=OTHER)
        stage.until(lambda: len(handled) == 2)
        assert sorted(handled) == [b"a1", b"b1"]
        release.set()
        stage.until(stage.done)
        assert handled[2:] == [b"k1"]
        assert turns.running == set()

    def test_a_message_that_was_let_go_gives_the_turn_back(self, queue: MemoryQueue, stage: Stage) -> None:
        handled: list[bytes] = []
        turns = Turns()
        first = stage.consume(lambda m, interruption: interruption.sleep(60), concurrency=1, turns=turns)
        send(queue, "k0")
        stage.until(lambda: bool(turns.running))
        assert first.stop(20)
        stage.consumptions.remove(first)
        stage.consume(lambda m, _: handled.append(m.value), topics=[OTHER], concurrency=1, turns=turns)
        send(queue, "k1", topic=OTHER)
        stage.until(lambda: handled == [b"k1"])

    def test_without_sharing_nothing_waits(self, queue: MemoryQueue, stage: Stage) -> None:
        release, running = threading.Event(), threading.Event()
        handled: list[bytes] = []

        def main(message: Message, interruption: Interruption) -> None:
            running.set()
            release.wait(20)

        stage.consume(main, concurrency=1)
        stage.consume(lambda m, _: handled.append(m.value), topics=[OTHER], concurrency=1)
        send(queue, "k0")
        stage.until(running.is_set)
        send(queue, "k1", topic=OTHER)
        stage.until(lambda: handled == [b"k1"])
        release.set()


def test_a_rebalance_with_nothing_running_loses_and_repeats_nothing(queue: MemoryQueue, stage: Stage) -> None:
    handled: list[bytes] = []
    send(queue, "a0", "b0", "c0")
    stage.consume(lambda m, _: handled.append(m.value), concurrency=1)
    stage.until(stage.done)
    stage.consume(lambda m, _: handled.append(m.value), concurrency=1)
    stage.until(lambda: sorted(len(one.assignment) for one in stage.consumptions) == [1, 2])
    send(queue, "a1", "b1", "c1", "d1", "e1", "f1")
    stage.until(stage.done)
    assert sorted(handled) == sorted([b"a0", b"b0", b"c0", b"a1", b"b1", b"c1", b"d1", b"e1", b"f1"])


def test_a_rebalance_waits_for_what_runs_and_commits_it(queue: MemoryQueue, stage: Stage) -> None:
    running, release = threading.Event(), threading.Event()
    handled: list[bytes] = []

    def handle(message: Message, interruption: Interruption) -> None:
        running.set()
        assert release.wait(20)
        handled.append(message.value)

    send(queue, "a0")
    first = stage.consume(handle, concurrency=1)
    stage.until(running.is_set)
    joining = threading.Thread(target=stage.consume, args=(handle,), kwargs={"concurrency": 1})
    joining.start()
    joining.join()
    rebalancing = threading.Thread(target=first.step, args=(0.01,))
    rebalancing.start()
    rebalancing.join(0.02)
    assert rebalancing.is_alive()
    release.set()
    rebalancing.join(20)
    stage.until(stage.done)
    assert handled == [b"a0"]


def test_a_task_stuck_beyond_the_limit_makes_the_member_unhealthy_and_others_take_over(
    queue: MemoryQueue, stage: Stage
) -> None:
    running, release = threading.Event(), threading.Event()
    handled: list[bytes] = []

    def stuck(message: Message, interruption: Interruption) -> None:
        running.set()
        release.wait(20)

    send(queue, "a0")
    first = stage.consume(stuck, concurrency=1, drain_timeout=0.02)
    stage.until(running.is_set)
    assert first.is_healthy
    stage.consume(lambda m, _: handled.append(m.value), concurrency=1)
    partition = queue.read(TOPIC)[0].topic_partition
    stage.until(lambda: not first.is_healthy)
    second = stage.consumptions[1]
    stage.until(lambda: partition in second.assignment or partition in first.assignment)
    release.set()
    stage.until(lambda: first.is_healthy)
    stage.until(stage.done)


def test_closing_is_immediate_when_idle_and_waits_for_what_runs(queue: MemoryQueue) -> None:
    stage = Stage(queue)
    idle = stage.consume(lambda message, _: None, concurrency=2)
    stage.until(lambda: len(idle.assignment) == 3)
    before = SystemClock().monotonic()
    assert idle.stop(20)
    assert SystemClock().monotonic() - before < 5
    stage.consumptions.clear()
    running, finished = threading.Event(), []

    def handle(message: Message, interruption: Interruption) -> None:
        running.set()
        assert interruption.pause(20)  # stopping orders it to let go of what it waits for
        finished.append(message.value)

    send(queue, "a0")
    busy = stage.consume(handle, concurrency=1)
    stage.until(running.is_set)
    assert busy.stop(20)
    assert finished == [b"a0"]
    assert stage.done()


class TestLongBacklog:
    """Whatever waits in Kafka, little of it is held here."""

    COUNT = 10_000
    LIMIT = 1000

    def test_no_more_is_held_than_allowed(self) -> None:
        clock = VirtualClock()
        queue = MemoryQueue(clock, SeededRandomness(1))
        queue.ensure_topics([TopicSpecification(TOPIC, 1)])
        queue._broker.topics[TOPIC][0] = Endless(self.COUNT)  # type: ignore[assignment]
        held: list[int] = []
        sizes: list[int] = []
        handled = 0

        def handle(message: Message, interruption: Interruption) -> None:
            nonlocal handled
            handled += 1
            if handled % 50 == 0:
                held.append(consumption.in_flight)
                sizes.append(_size(consumption))

        consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, threaded=False)
        while consumption.step():
            pass
        assert handled == self.COUNT
        assert max(held) <= self.LIMIT
        assert max(sizes[-20:]) <= max(sizes[:20])
        assert queue.progress(GROUP, [TOPIC])[TopicPartition(TOPIC, 0)].committed == self.COUNT
        assert consumption.in_flight == 0


class Endless:
    """A partition that makes its messages when they are taken."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, wanted: slice) -> list[Message]:
        return [
            Message(TOPIC, 0, offset, b"%d" % (offset % 5000), b"x" * 100)
            for offset in range(*wanted.indices(self._count))
        ]


def _size(consumption: OrderedConsumption) -> int:
    """Bytes of the containers that grow with what is held."""
    lanes, ledger = consumption._lanes, consumption._ledger
    containers: list[object] = [lanes._waiting, lanes._ready, lanes._running, ledger._in_progress, ledger._latest]
    containers += [*lanes._waiting.values(), *ledger._in_progress.values()]
    return sum(sys.getsizeof(one) for one in containers)
