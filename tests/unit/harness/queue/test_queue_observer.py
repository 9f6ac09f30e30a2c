"""What an observer of a queue is told, and what becomes of it in Prometheus's terms."""

from __future__ import annotations

import threading

import pytest

from fake_cloudserver import SeededRandomness, SystemClock, VirtualClock
from harness.engine.metrics import EngineMetrics
from harness.queue.base import Message, MessageTooLarge, Outgoing, TopicPartition, TopicSpecification
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.lanes import Delivery
from harness.queue.memory import MemoryQueue
from harness.queue.ordered import OrderedConsumption
from harness.queue.watch import Watch
from support.observing import Remembering

HERE = TopicPartition("t", 0)
THERE = TopicPartition("t", 1)


def new_queue(observer: object, clock: VirtualClock | SystemClock) -> MemoryQueue:
    queue = MemoryQueue(clock, SeededRandomness(1), max_message_bytes=100)
    queue.ensure_topics([TopicSpecification("t", 2)])
    queue.observer = observer  # type: ignore[assignment]
    return queue


def test_every_message_that_is_sent_is_told_of() -> None:
    observer, clock = Remembering(), VirtualClock(5.5)
    producer = new_queue(observer, clock).producer()
    producer.send_all([Outgoing("t", b"k", b"v", 0), Outgoing("t", b"k", b"v", 1)])
    with pytest.raises(MessageTooLarge):
        producer.send_all([Outgoing("t", b"k", b"v" * 100)])
    assert observer.published == [(HERE, 5.5), (THERE, 5.5)]
    assert observer.refusals == ["t"]


def test_every_message_that_is_received_and_handled_is_told_of() -> None:
    observer, clock = Remembering(), VirtualClock(100.0)
    queue = new_queue(observer, clock)
    queue.producer().send_all([Outgoing("t", b"a", b"1", 0), Outgoing("t", b"b", b"2", 1)])

    def handle(message: Message, interruption: Interruption) -> None:
        clock.advance(3)
        if message.value == b"2":
            raise Interrupted

    consumption = OrderedConsumption(queue, "g", ["t"], handle, clock=clock, threaded=False)
    consumption.step()
    assert observer.received == [("g", 2, 100.0)]
    assert observer.handled == [("g", HERE, 3.0, False), ("g", THERE, 3.0, True)]


def test_a_rebalance_with_nothing_running_is_idle() -> None:
    observer, clock = Remembering(), VirtualClock()
    consumption = OrderedConsumption(
        new_queue(observer, clock), "g", ["t"], lambda *_: None, clock=clock, threaded=False
    )
    consumption.step()
    consumption.revoked([HERE, THERE])
    assert observer.rebalances == [("g", "t", "idle")]


@pytest.mark.parametrize(("drain_timeout", "how"), [(20.0, "drained"), (0.0, "timeout")])
def test_a_rebalance_waits_for_what_runs(drain_timeout: float, how: str) -> None:
    observer, clock = Remembering(), SystemClock()
    queue = new_queue(observer, clock)
    queue.producer().send_all([Outgoing("t", b"a", b"1", 0)])
    running, release = threading.Event(), threading.Event()

    def handle(message: Message, interruption: Interruption) -> None:
        running.set()
        release.wait(20)

    consumption = OrderedConsumption(queue, "g", ["t"], handle, clock=clock, drain_timeout=drain_timeout)
    consumption.step(1.0)
    assert running.wait(20)
    if how == "drained":
        threading.Timer(0.01, release.set).start()
    consumption.revoked([HERE])
    release.set()
    assert observer.rebalances == [("g", "t", how)]
    assert consumption.stop(20)


def test_slow_messages_are_told_of_while_they_run(caplog: pytest.LogCaptureFixture) -> None:
    observer, clock = Remembering(), VirtualClock()
    watch = Watch(new_queue(observer, clock), "g", clock, slow_after=300)
    delivery = Delivery(Message("t", 1, 7, b"k", b"v"), 1, Interruption(clock))
    watch.begin(delivery)
    clock.advance(299)
    watch.look([HERE, THERE])
    assert observer.slow_ones == []
    clock.advance(1)
    watch.look([HERE, THERE])
    clock.advance(1)
    watch.look([HERE, THERE])
    assert observer.slow_ones == [("g", [HERE, THERE], [THERE])] * 2
    assert caplog.text.count("slow task") == 1
    watch.end(delivery, failed=False)
    clock.advance(1)
    watch.look([HERE, THERE])
    assert observer.slow_ones[2:] == [("g", [HERE, THERE], [])]
    clock.advance(1)
    watch.look([HERE, THERE])
    assert len(observer.slow_ones) == 3


def test_a_partition_that_is_given_up_has_no_slow_messages() -> None:
    observer, clock = Remembering(), VirtualClock()
    watch = Watch(new_queue(observer, clock), "g", clock, slow_after=1)
    watch.begin(Delivery(Message("t", 1, 7, b"k", b"v"), 1, Interruption(clock)))
    clock.advance(2)
    watch.look([THERE])
    watch.rebalanced([THERE], "timeout")
    assert observer.slow_ones == [("g", [THERE], [THERE]), ("g", [THERE], [])]


def test_prometheus_has_it_under_backbeats_names() -> None:
    metrics = EngineMetrics()
    observer = metrics.queue
    observer.delivered(THERE, 12.5)
    observer.delivered(THERE, 13.5)
    observer.refused("t")
    observer.consumed("g", [Message("t", 0, 1, None, b"", 1_000), Message("t", 0, 2, None, b"", 2_500)], 9.0)
    observer.processed("g", HERE, 5.0, failed=False)
    observer.processed("g", HERE, 7.0, failed=True)
    observer.slow("g", [HERE, THERE], [HERE, HERE])
    observer.rebalanced("g", "t", "drained")
    text = metrics.render().decode()
    here, there = 'group="g",partition="0",topic="t"', 'group="g",partition="1",topic="t"'
    error = 'error="{}",group="g",partition="0",topic="t"'
    for line in (
        's3_backbeat_queue_latest_published_message_timestamp{partition="1",topic="t"} 13.5',
        's3_backbeat_queue_delivery_reports_total{status="success"} 2.0',
        's3_backbeat_queue_delivery_reports_total{status="error"} 1.0',
        f"s3_backbeat_queue_latest_consumed_message_timestamp{{{here}}} 2.5",
        f"s3_backbeat_queue_latest_consume_event_timestamp{{{here}}} 9.0",
        f"s3_backbeat_queue_task_processing_time_seconds_sum{{{error.format('false')}}} 5.0",
        f"s3_backbeat_queue_task_processing_time_seconds_sum{{{error.format('true')}}} 7.0",
        f"s3_backbeat_queue_slowTasks_count{{{here}}} 2.0",
        f"s3_backbeat_queue_slowTasks_count{{{there}}} 0.0",
        's3_backbeat_queue_rebalance_total{group="g",status="drained",topic="t"} 1.0',
    ):
        assert f"{line}\n" in text
