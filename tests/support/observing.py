"""An observer that remembers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.queue.base import Message, Rebalance, TopicPartition


class Remembering:
    """See :class:`harness.queue.base.QueueObserver`."""

    def __init__(self) -> None:
        self.published: list[tuple[TopicPartition, float]] = []
        self.refusals: list[str] = []
        self.received: list[tuple[str, int, float]] = []
        self.handled: list[tuple[str, TopicPartition, float, bool]] = []
        self.slow_ones: list[tuple[str, list[TopicPartition], list[TopicPartition]]] = []
        self.rebalances: list[tuple[str, str, Rebalance]] = []

    def delivered(self, partition: TopicPartition, published: float) -> None:
        self.published.append((partition, published))

    def refused(self, topic: str) -> None:
        self.refusals.append(topic)

    def consumed(self, group: str, messages: Sequence[Message], now: float) -> None:
        self.received.append((group, len(messages), now))

    def processed(self, group: str, partition: TopicPartition, seconds: float, *, failed: bool) -> None:
        self.handled.append((group, partition, seconds, failed))

    def slow(self, group: str, partitions: Iterable[TopicPartition], running: Sequence[TopicPartition]) -> None:
        self.slow_ones.append((group, sorted(partitions), list(running)))

    def rebalanced(self, group: str, topic: str, how: Rebalance) -> None:
        self.rebalances.append((group, topic, how))
