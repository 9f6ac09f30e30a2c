"""How long messages take, told to the queue's observer.

Source: Backbeat lib/BackbeatConsumer.js, lib/KafkaBacklogMetrics.js.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from fake_cloudserver import Clock
from harness.queue.base import Queue, Rebalance, TopicPartition
from harness.queue.lanes import Delivery

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0


class Watch:
    """Watches what one group's member handles. Not thread-safe: whoever uses it holds a lock.

    Args:
        slow_after: seconds from which on a message is slow.
    """

    def __init__(self, queue: Queue, group: str, clock: Clock, slow_after: float) -> None:
        self._queue = queue
        self._group = group
        self._clock = clock
        self._slow_after = slow_after
        self._begun: dict[Delivery, float] = {}
        self._slow: set[Delivery] = set()
        self._looked = clock.monotonic()

    def begin(self, delivery: Delivery) -> None:
        """It is being handled from now on."""
        self._begun[delivery] = self._clock.monotonic()

    def end(self, delivery: Delivery, *, failed: bool) -> None:
        """It is handled, or let go of (``failed``)."""
        elapsed = self._clock.monotonic() - self._begun.pop(delivery)
        partition = delivery.message.topic_partition
        self._queue.observer.processed(self._group, partition, elapsed, failed=failed)

    def look(self, partitions: Collection[TopicPartition]) -> None:
        """Tell of messages that are slow, now and then."""
        now = self._clock.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        slow = {one for one, begun in self._begun.items() if now - begun >= self._slow_after}
        for delivery in slow - self._slow:
            message = delivery.message
            log.warning("%s: slow task: %s, offset %d", self._group, message.topic_partition, message.offset)
        if slow or self._slow:
            self._queue.observer.slow(self._group, partitions, [one.message.topic_partition for one in slow])
        self._slow = slow

    def rebalanced(self, partitions: Iterable[TopicPartition], how: Rebalance) -> None:
        """These were given up."""
        gone = set(partitions)
        for topic in sorted({partition.topic for partition in gone}):
            self._queue.observer.rebalanced(self._group, topic, how)
        if self._slow:
            self._queue.observer.slow(self._group, gone, [])
