from __future__ import annotations

import threading

import pytest
from engine_helpers import settings

from fake_cloudserver import SeededRandomness, SystemClock, VirtualClock
from harness.engine.result_gate import ResultGate
from harness.engine.topics import all_topics
from harness.queue.base import Message, Outgoing
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.memory import MemoryQueue
from harness.queue.ordered import OrderedConsumption

TOPIC, GROUP = "backbeat-replication-status", "backbeat-replication-group"


def handle(message: Message, interruption: Interruption) -> None: ...


def new_queue(clock: VirtualClock | SystemClock) -> MemoryQueue:
    queue = MemoryQueue(clock, SeededRandomness(1))
    queue.ensure_topics(all_topics(settings()))
    return queue


def send(queue: MemoryQueue) -> None:
    queue.producer().send_all([Outgoing(TOPIC, b"k", b"v")])


def test_without_waiting_results_it_is_open() -> None:
    clock = VirtualClock()
    gate = ResultGate(settings(), new_queue(clock), clock)
    gate.pass_through(Interruption(clock))
    gate.pass_through(Interruption(clock))
    assert clock.monotonic() == 0.0


def test_it_opens_when_the_results_that_were_there_are_written() -> None:
    clock = SystemClock()
    queue = new_queue(clock)
    send(queue)
    status = OrderedConsumption(queue, GROUP, [TOPIC], handle, clock=clock, threaded=False)
    gate = ResultGate(settings(), queue, clock)
    through = threading.Event()

    def pass_through() -> None:
        gate.pass_through(Interruption(clock))
        through.set()

    threads = [threading.Thread(target=pass_through) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert not through.wait(0.05)
    status.step()
    for thread in threads:
        thread.join(10)
    assert through.is_set()
    send(queue)  # later results are no reason to wait
    gate.pass_through(Interruption(clock))
    gate.shut()
    letting_go = Interruption(clock)
    letting_go.order()
    with pytest.raises(Interrupted):
        gate.pass_through(letting_go)


def test_its_patience_has_an_end(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    queue = new_queue(clock)
    send(queue)
    ResultGate(settings(), queue, clock).pass_through(Interruption(clock))
    assert clock.monotonic() == pytest.approx(30.0, abs=0.1)
    assert "results are not written yet" in caplog.text
