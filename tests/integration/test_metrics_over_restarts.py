"""Metrics through a broker: told, counted, kept, and counted on by the next process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from fake_cloudserver import SystemClock, SystemRandomness
from harness.engine.metrics.consumer import MetricsConsumer
from harness.engine.metrics.message import ObjectName
from harness.engine.metrics.reports import MetricsProducer, MetricsReports
from harness.engine.metrics.statistics import Count
from harness.queue.base import TopicSpecification
from harness.queue.embedded import EmbeddedBroker
from harness.queue.interruption import Interruption
from harness.queue.kafka import KafkaQueue
from harness.queue.kafka_settings import KafkaSettings

CLOCK = SystemClock()
NAME = ObjectName("b", "k", "v")


class Process:
    """What one process of an engine has to do with metrics."""

    def __init__(self, queue: KafkaQueue) -> None:
        self.reports = MetricsReports(CLOCK)
        interruption = Interruption(CLOCK)
        self.producer = MetricsProducer(self.reports, queue.producer(), "metrics", interruption, CLOCK)
        self.consumer = MetricsConsumer(queue, "metrics", "snapshots", clock=CLOCK, interruption=interruption)

    def count(self, expected: int) -> None:
        """Send what there is, and read until so many messages are counted."""
        while self.producer.step():
            pass
        deadline = CLOCK.monotonic() + 60
        while expected > 0:
            expected -= self.consumer.step(0.2)
            assert CLOCK.monotonic() < deadline


@contextlib.contextmanager
def process(broker: EmbeddedBroker) -> Iterator[Process]:
    queue = KafkaQueue(KafkaSettings.embedded(broker.bootstrap_servers), CLOCK, SystemRandomness())
    try:
        queue.ensure_topics([TopicSpecification("metrics"), TopicSpecification("snapshots", compacted=True)])
        yield Process(queue)
    finally:
        queue.close()


@pytest.mark.kafka
def test_nothing_is_counted_twice_and_nothing_is_missed() -> None:
    with EmbeddedBroker() as broker:
        with process(broker) as first:
            first.reports.about_site("queued", "a", 10, 100)
            first.reports.about_object("queued", "a", NAME, 50)
            first.count(2)
            first.consumer.stop()
        with process(broker) as killed:
            killed.reports.about_site("completed", "a", 1, 10)
            killed.count(2)
        with process(broker) as last:
            last.reports.about_object("completed", "a", NAME, 20)
            last.count(3)
            now = int(CLOCK.now() * 1000)
            assert last.consumer.statistics.pending(["a"]) == Count(9, 90)
            assert last.consumer.statistics.completions(["a"], now) == Count(1, 10)
            assert last.consumer.statistics.object_bytes("a", NAME, now) == (50, 20)
