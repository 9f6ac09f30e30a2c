"""A queue around another one: everything passes, until a subclass says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.queue.base import (
    Consumer,
    Follower,
    Message,
    PartitionDescription,
    Producer,
    Progress,
    Queue,
    QueueObserver,
    RebalanceListener,
    TopicPartition,
    TopicSpecification,
)


class WrappedQueue:
    """See :class:`harness.queue.base.Queue`."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    @property
    def observer(self) -> QueueObserver:
        return self._queue.observer

    @observer.setter
    def observer(self, observer: QueueObserver) -> None:
        self._queue.observer = observer

    def ensure_topics(self, topics: Iterable[TopicSpecification]) -> None:
        self._queue.ensure_topics(topics)

    def producer(self) -> Producer:
        return self._queue.producer()

    def consumer(
        self, group: str, topics: Sequence[str], listener: RebalanceListener, beside: Sequence[str] = ()
    ) -> Consumer:
        return self._queue.consumer(group, topics, listener, beside)

    def read(self, topic: str, tail: int | None = None) -> list[Message]:
        return self._queue.read(topic, tail)

    def follower(self, topic: str, start: Mapping[int, int] | None = None) -> Follower:
        return self._queue.follower(topic, start)

    def progress(self, group: str, topics: Sequence[str]) -> Mapping[TopicPartition, Progress]:
        return self._queue.progress(group, topics)

    def describe(self, topic: str, timeout: float) -> list[PartitionDescription]:
        return self._queue.describe(topic, timeout)

    def backlog(self, group: str, topics: Sequence[str]) -> int:
        return self._queue.backlog(group, topics)

    def close(self) -> None:
        self._queue.close()
