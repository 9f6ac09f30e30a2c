"""An observer of a queue for where nobody wants to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.queue.base import Message, Rebalance, TopicPartition


class NoObserver:
    """Nobody is told."""

    def delivered(self, partition: TopicPartition, published: float) -> None: ...

    def refused(self, topic: str) -> None: ...

    def consumed(self, group: str, messages: Sequence[Message], now: float) -> None: ...

    def processed(self, group: str, partition: TopicPartition, seconds: float, *, failed: bool) -> None: ...

    def slow(self, group: str, partitions: Iterable[TopicPartition], running: Sequence[TopicPartition]) -> None: ...

    def rebalanced(self, group: str, topic: str, how: Rebalance) -> None: ...
