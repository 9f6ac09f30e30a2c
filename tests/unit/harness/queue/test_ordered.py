from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import SeededRandomness, SystemClock, VirtualClock
from harness.queue.base import Message, Outgoing, TopicPartition, TopicSpecification
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.memory import MemoryQueue
from harness.queue.ordered import OrderedConsumption

TOPIC, GROUP = "topic", "group"


class Handled:
    def __init__(self) -> None:
        self.values: list[str] = []

    def __call__(self, message: Message, interruption: Interruption) -> None:
        self.values.append(message.value.decode())


def new_queue(partitions: int = 1) -> tuple[MemoryQueue, VirtualClock]:
    clock = VirtualClock()
    queue = MemoryQueue(clock, SeededRandomness(1))
    queue.ensure_topics([TopicSpecification(TOPIC, partitions)])
    return queue, clock


def send(queue: MemoryQueue, *values: str) -> None:
    queue.producer().send_all([Outgoing(TOPIC, value[0].encode(), value.encode()) for value in values])


def test_one_step_takes_handles_and_commits() -> None:
    queue, clock = new_queue()
    send(queue, "a1", "b1", "a2")
    handled = Handled()
    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handled, clock=clock, threaded=False)
    assert consumption.step() == 3
    assert sorted(handled.values) == ["a1", "a2", "b1"]
    assert queue.backlog(GROUP, [TOPIC]) == 0
    assert consumption.step() == 0
    assert consumption.assignment == {TopicPartition(TOPIC, 0)}
    assert clock.monotonic() == 0.0


@given(st.lists(st.sampled_from("abc"), max_size=40), st.integers(min_value=1, max_value=7))
def test_whatever_the_limit_every_key_is_in_order(keys: list[str], limit: int) -> None:
    queue, clock = new_queue(partitions=2)
    values = [f"{key}{number:02}" for number, key in enumerate(keys)]
    send(queue, *values)
    handled = Handled()
    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handled, clock=clock, threaded=False, max_messages=limit)
    while consumption.step():
        pass
    for key in "abc":
        assert [v for v in handled.values if v[0] == key] == [v for v in values if v[0] == key]
    assert queue.backlog(GROUP, [TOPIC]) == 0


def test_a_large_message_stops_the_taking_until_it_is_done() -> None:
    queue, _ = new_queue()
    send(queue, "a" * 1000, "b1")
    limits: list[int] = []
    release = threading.Event()
    consumption = OrderedConsumption(
        queue,
        GROUP,
        [TOPIC],
        lambda message, interruption: release.wait(10) and None,
        clock=SystemClock(),
        concurrency=1,
        max_messages=7,
        max_bytes=500,
    )
    polled = consumption._consumer.poll

    def poll(limit: int, timeout: float) -> list[Message]:
        limits.append(limit)
        return polled(limit, 0.0)

    consumption._consumer.poll = poll  # type: ignore[method-assign]
    consumption.step()
    consumption.step()
    release.set()
    assert limits == [7, 0]
    consumption.stop()


def test_a_failing_handler_stops_everything_and_its_message_is_not_committed() -> None:
    queue, clock = new_queue()
    send(queue, "a1", "b1", "c1")

    def handle(message: Message, interruption: Interruption) -> None:
        if message.key == b"b":
            raise ValueError("a defect")

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, threaded=False)
    with pytest.raises(ValueError, match="a defect"):
        consumption.step()
    with pytest.raises(ValueError, match="a defect"):
        consumption.step()
    consumption.stop()
    assert queue.backlog(GROUP, [TOPIC]) == 2


def test_a_message_that_was_let_go_is_not_committed_and_holds_back_what_follows() -> None:
    queue, clock = new_queue()
    send(queue, "a1", "b1", "c1")

    def handle(message: Message, interruption: Interruption) -> None:
        if message.key == b"b":
            raise Interrupted

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, threaded=False)
    assert consumption.step() == 3
    consumption.stop()
    assert queue.backlog(GROUP, [TOPIC]) == 2


def test_while_the_broker_is_gone_commits_wait_for_it() -> None:
    queue, clock = new_queue()
    send(queue, "a1")
    handled = Handled()

    def goes_down(message: Message, interruption: Interruption) -> None:
        handled(message, interruption)
        queue.begin_outage()

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], goes_down, clock=clock, threaded=False)
    consumption.step()
    assert queue.backlog(GROUP, [TOPIC]) == 1
    assert consumption.step() == 0
    queue.end_outage()
    consumption.step()
    assert queue.backlog(GROUP, [TOPIC]) == 0
    assert handled.values == ["a1"]


def test_a_rebalance_moves_partitions_without_loss_or_repetition() -> None:
    queue, clock = new_queue(partitions=4)
    send(queue, *[f"{chr(97 + n % 26)}{n}" for n in range(52)])
    one, two = Handled(), Handled()
    first = OrderedConsumption(queue, GROUP, [TOPIC], one, clock=clock, threaded=False, max_messages=5)
    first.step()
    second = OrderedConsumption(queue, GROUP, [TOPIC], two, clock=clock, threaded=False, max_messages=5)
    while queue.backlog(GROUP, [TOPIC]):
        first.step()
        second.step()
    assert len(first.assignment) == len(second.assignment) == 2
    assert sorted(one.values + two.values) == sorted(f"{chr(97 + n % 26)}{n}" for n in range(52))
    send(queue, "a98", "b98", "c98", "d98")
    second.stop()
    while queue.backlog(GROUP, [TOPIC]):
        first.step()
    assert len(first.assignment) == 4


@pytest.fixture
def threaded() -> Iterator[tuple[MemoryQueue, SystemClock]]:
    clock = SystemClock()
    queue = MemoryQueue(clock, SeededRandomness(1))
    queue.ensure_topics([TopicSpecification(TOPIC, 1)])
    yield queue, clock
    queue.close()


def test_stopping_finishes_what_runs_and_leaves_what_waits(threaded: tuple[MemoryQueue, SystemClock]) -> None:
    queue, clock = threaded
    send(queue, "a1", "a2")
    running, release = threading.Event(), threading.Event()

    def handle(message: Message, interruption: Interruption) -> None:
        running.set()
        release.wait(10)

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, concurrency=2)
    consumption.step(1.0)
    assert running.wait(10)
    assert consumption.in_flight == 2
    stopped: list[bool] = []
    stopping = threading.Thread(target=lambda: stopped.append(consumption.stop()))
    stopping.start()
    release.set()
    stopping.join(10)
    assert stopped == [True]
    assert queue.backlog(GROUP, [TOPIC]) == 1


def test_stopping_wakes_what_waits_for_another_try(threaded: tuple[MemoryQueue, SystemClock]) -> None:
    queue, clock = threaded
    send(queue, "a1")
    waiting = threading.Event()

    def handle(message: Message, interruption: Interruption) -> None:
        waiting.set()
        interruption.sleep(600)

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, concurrency=1)
    consumption.step(1.0)
    assert waiting.wait(10)
    assert consumption.stop(10)
    assert queue.backlog(GROUP, [TOPIC]) == 1


def test_stopping_says_when_something_still_runs(threaded: tuple[MemoryQueue, SystemClock]) -> None:
    queue, clock = threaded
    send(queue, "a1")
    running, release = threading.Event(), threading.Event()

    def handle(message: Message, interruption: Interruption) -> None:
        running.set()
        release.wait(10)

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, concurrency=1)
    consumption.step(1.0)
    assert running.wait(10)
    assert consumption.stop(0.01) is False
    release.set()


def test_revocation_waits_for_running_work_but_not_for_ever(threaded: tuple[MemoryQueue, SystemClock]) -> None:
    queue, clock = threaded
    send(queue, "a1", "b1")
    running, release = threading.Event(), threading.Event()

    def handle(message: Message, interruption: Interruption) -> None:
        running.set()
        release.wait(10)

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, concurrency=1, drain_timeout=0.01)
    consumption.step(1.0)
    assert running.wait(10)
    partition = TopicPartition(TOPIC, 0)
    assert consumption.revoked([partition]) == {partition: 0}
    assert consumption.assignment == frozenset()
    release.set()
    consumption.stop()
    assert queue.backlog(GROUP, [TOPIC]) == 2


def test_a_lost_partition_is_forgotten_without_a_commit() -> None:
    queue, clock = new_queue()
    send(queue, "a1")
    commits: list[Mapping[TopicPartition, int]] = []
    consumption = OrderedConsumption(queue, GROUP, [TOPIC], Handled(), clock=clock, threaded=False)
    consumption._consumer.commit = lambda offsets: bool(commits.append(offsets))  # type: ignore[method-assign]
    consumption.step()
    partition = TopicPartition(TOPIC, 0)
    assert commits == [{partition: 1}]
    consumption.lost([partition])
    consumption.step()
    assert commits == [{partition: 1}]
    assert consumption.assignment == frozenset()


def test_a_hundred_keys_with_ten_threads(threaded: tuple[MemoryQueue, SystemClock]) -> None:
    queue, clock = threaded
    lock = threading.Lock()
    handled: list[bytes] = []
    at_once: list[int] = [0, 0]
    busy: set[bytes] = set()

    def handle(message: Message, interruption: Interruption) -> None:
        assert message.key is not None
        with lock:
            assert message.key not in busy
            busy.add(message.key)
            at_once[0] += 1
            at_once[1] = max(at_once)
        with lock:
            handled.append(message.value)
            busy.remove(message.key)
            at_once[0] -= 1

    sent: Sequence[Outgoing] = [Outgoing(TOPIC, b"k%d" % (n % 100), b"%d" % n) for n in range(1000)]
    queue.producer().send_all(sent)
    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, concurrency=10)
    while queue.backlog(GROUP, [TOPIC]):
        consumption.step(0.01)
    consumption.stop()
    assert at_once[1] <= 10
    for key in range(100):
        mine = [int(value) for value in handled if int(value) % 100 == key]
        assert mine == list(range(key, 1000, 100))


def test_a_pause_begins_nothing_new_and_a_resume_goes_on() -> None:
    queue, clock = new_queue()
    send(queue, "a1", "b1")
    handled = Handled()
    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handled, clock=clock, threaded=False)
    consumption.pause()
    assert (consumption.step(), consumption.paused) == (0, True)
    assert consumption.assignment == {TopicPartition(TOPIC, 0)}
    assert handled.values == []
    assert queue.backlog(GROUP, [TOPIC]) == 2
    consumption.resume()
    assert (consumption.step(), consumption.paused) == (2, False)
    assert handled.values == ["a1", "b1"]
    assert queue.backlog(GROUP, [TOPIC]) == 0


def test_what_runs_when_a_pause_comes_is_finished_and_committed_and_what_waits_stays() -> None:
    queue, _ = new_queue()
    send(queue, "a1", "a2", "b1")
    clock, begun, release, handled = SystemClock(), threading.Event(), threading.Event(), Handled()

    def handle(message: Message, interruption: Interruption) -> None:
        begun.set()
        assert release.wait(10)
        handled(message, interruption)

    consumption = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, concurrency=1)
    consumption.step()
    assert begun.wait(10)
    consumption.pause()
    release.set()
    while consumption.running or queue.backlog(GROUP, [TOPIC]) == 3:
        consumption.step(0.01)
    assert handled.values == ["a1"]
    assert (queue.backlog(GROUP, [TOPIC]), consumption.in_flight) == (2, 2)
    consumption.resume()
    while consumption.in_flight:
        consumption.step(0.01)
    assert sorted(handled.values) == ["a1", "a2", "b1"]
    assert consumption.stop()
