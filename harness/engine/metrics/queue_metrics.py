"""What Backbeat counts of every producer and consumer.

Source: Backbeat lib/KafkaBacklogMetrics.js, lib/BackbeatProducer.js, lib/BackbeatConsumer.js.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.engine.metrics.registry import MetricsRegistry
from harness.queue.base import Message, Rebalance, TopicPartition


class QueueMetrics:
    """An observer of the queue (see :class:`harness.queue.base.QueueObserver`)."""

    def __init__(self, registry: MetricsRegistry) -> None:
        self._registry = registry

    def delivered(self, partition: TopicPartition, published: float) -> None:
        self._registry.count("s3_backbeat_queue_delivery_reports_total", status="success")
        labels = {"topic": partition.topic, "partition": str(partition.partition)}
        self._registry.set("s3_backbeat_queue_latest_published_message_timestamp", published, **labels)

    def refused(self, topic: str) -> None:
        del topic
        self._registry.count("s3_backbeat_queue_delivery_reports_total", status="error")

    def consumed(self, group: str, messages: Sequence[Message], now: float) -> None:
        latest = {message.topic_partition: message for message in messages}
        for partition, message in latest.items():
            labels = _labels(group, partition)
            published = message.timestamp / 1000
            self._registry.set("s3_backbeat_queue_latest_consumed_message_timestamp", published, **labels)
            self._registry.set("s3_backbeat_queue_latest_consume_event_timestamp", now, **labels)

    def processed(self, group: str, partition: TopicPartition, seconds: float, *, failed: bool) -> None:
        labels = _labels(group, partition) | {"error": str(failed).lower()}
        self._registry.observe("s3_backbeat_queue_task_processing_time_seconds", seconds, **labels)

    def slow(self, group: str, partitions: Iterable[TopicPartition], running: Sequence[TopicPartition]) -> None:
        slow = Counter(running)
        for partition in partitions:
            self._registry.set("s3_backbeat_queue_slowTasks_count", slow[partition], **_labels(group, partition))

    def rebalanced(self, group: str, topic: str, how: Rebalance) -> None:
        self._registry.count("s3_backbeat_queue_rebalance_total", topic=topic, group=group, status=how)


def _labels(group: str, partition: TopicPartition) -> dict[str, str]:
    return {"topic": partition.topic, "partition": str(partition.partition), "group": group}
