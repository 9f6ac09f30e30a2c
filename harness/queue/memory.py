"""The in-memory twin of the queue: for single-threaded, repeatable runs, and for tests; it works with threads too."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fake_cloudserver import Clock, Randomness
from harness.queue.base import (
    Message,
    MessageTooLarge,
    Outgoing,
    PartitionDescription,
    Progress,
    QueueClosed,
    QueueError,
    QueueObserver,
    RebalanceListener,
    TopicPartition,
    TopicSpecification,
)
from harness.queue.interruption import Interruption
from harness.queue.observing import NoObserver
from harness.queue.partitioner import partition_for


class MemoryQueue:
    """Topics as lists, groups with offsets and rebalances, all inside one process.

    :meth:`outage` makes it behave as a broker that is gone. Unlike Kafka it never expels a member that stopped
    polling: a consumer that is not closed keeps its partitions, and holds up every rebalance.
    """

    def __init__(self, clock: Clock, randomness: Randomness, *, max_message_bytes: int = 5_000_020) -> None:
        self._broker = _Broker(clock, randomness, max_message_bytes)

    @property
    def observer(self) -> QueueObserver:
        return self._broker.observer

    @observer.setter
    def observer(self, observer: QueueObserver) -> None:
        self._broker.observer = observer

    def ensure_topics(self, topics: Iterable[TopicSpecification]) -> None:
        with self._broker.changed:
            for topic in topics:
                self._broker.topics.setdefault(topic.name, [[] for _ in range(topic.partitions)])

    def producer(self) -> MemoryProducer:
        return MemoryProducer(self._broker)

    def consumer(
        self,
        group: str,
        topics: Sequence[str],
        listener: RebalanceListener,
        beside: Sequence[str] = (),  # noqa: ARG002  (the seam's shape)
    ) -> MemoryConsumer:
        with self._broker.changed:
            members = self._broker.groups.setdefault(group, _Group())
            consumer = MemoryConsumer(self._broker, members, topics, listener)
            members.members.append(consumer)
            members.rebalance()
            return consumer

    def read(self, topic: str, tail: int | None = None) -> list[Message]:
        with self._broker.changed:
            logs = self._broker.topics.get(topic, [])
            return [message for log in logs for message in (log if tail is None else log[-tail:])]

    def follower(self, topic: str, start: Mapping[int, int] | None = None) -> MemoryFollower:
        return MemoryFollower(self._broker, topic, start or {})

    def progress(self, group: str, topics: Sequence[str]) -> dict[TopicPartition, Progress]:
        broker = self._broker
        with broker.changed:
            offsets = broker.groups[group].offsets if group in broker.groups else {}
            return {one: Progress(offsets.get(one, 0), len(broker.log(one))) for one in broker.partitions(topics)}

    def describe(self, topic: str, timeout: float) -> list[PartitionDescription]:
        broker = self._broker
        deadline = broker.clock.monotonic() + timeout
        with broker.changed:
            while broker.gone and not broker.closed:
                left = deadline - broker.clock.monotonic()
                if left <= 0 or not broker.clock.wait(broker.changed, left):
                    raise QueueError("the broker is gone")
            return [PartitionDescription(one.partition, 0, (0,), (0,)) for one in broker.partitions([topic])]

    def backlog(self, group: str, topics: Sequence[str]) -> int:
        return sum(one.end - one.committed for one in self.progress(group, topics).values())

    def close(self) -> None:
        with self._broker.changed:
            self._broker.closed = True
            self._broker.changed.notify_all()

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """Inside, the broker is gone: sending waits, nothing is received or committed."""
        self.begin_outage()
        try:
            yield
        finally:
            self.end_outage()

    def begin_outage(self) -> None:
        with self._broker.changed:
            self._broker.gone = True

    def end_outage(self) -> None:
        with self._broker.changed:
            self._broker.gone = False
            self._broker.changed.notify_all()


@dataclasses.dataclass(slots=True)
class _Group:
    """Members in the order in which they joined; a rebalance ends when all of them gave up what they had."""

    generation: int = 0
    members: list[MemoryConsumer] = dataclasses.field(default_factory=list)
    ready: set[int] = dataclasses.field(default_factory=set)
    offsets: dict[TopicPartition, int] = dataclasses.field(default_factory=dict)

    def rebalance(self) -> None:
        self.generation += 1
        self.ready.clear()


class _Broker:
    """What queue, producers and consumers share; ``changed`` guards all of it."""

    def __init__(self, clock: Clock, randomness: Randomness, max_message_bytes: int) -> None:
        self.clock = clock
        self.randomness = randomness
        self.max_message_bytes = max_message_bytes
        self.changed = threading.Condition()
        self.topics: dict[str, list[list[Message]]] = {}
        self.groups: dict[str, _Group] = {}
        self.observer: QueueObserver = NoObserver()
        self.gone = False
        self.closed = False

    def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        return [
            TopicPartition(topic, number)
            for topic in sorted(topics)
            for number in range(len(self.topics.get(topic, ())))
        ]

    def log(self, partition: TopicPartition) -> list[Message]:
        return self.topics[partition.topic][partition.partition]

    def take(self, positions: dict[TopicPartition, int], limit: int) -> list[Message]:
        """At most ``limit`` messages from ``positions`` on, which move with them."""
        taken: list[Message] = []
        for partition, position in list(positions.items()):
            batch = self.log(partition)[position : position + limit - len(taken)]
            positions[partition] = position + len(batch)
            taken += batch
            if len(taken) >= limit:
                break
        return taken

    def append(self, message: Outgoing) -> None:
        if message.size > self.max_message_bytes:
            self.observer.refused(message.topic)
            raise MessageTooLarge(message.topic, message.key, message.size)
        if message.topic not in self.topics:
            raise QueueError(f"there is no topic {message.topic}")
        logs = self.topics[message.topic]
        number = message.partition
        if number is None:
            number = partition_for(message.key, len(logs), self.randomness)
        timestamp = int(self.clock.now() * 1000)
        value = message.value or b""
        self.observer.delivered(TopicPartition(message.topic, number), timestamp / 1000)
        logs[number].append(Message(message.topic, number, len(logs[number]), message.key, value, timestamp))


class MemoryProducer:
    """See :class:`harness.queue.base.Producer`."""

    def __init__(self, broker: _Broker) -> None:
        self._broker = broker

    def send_all(self, messages: Sequence[Outgoing], interruption: Interruption | None = None) -> None:
        broker = self._broker
        with broker.changed:
            while broker.gone and not broker.closed:
                if interruption is not None:
                    interruption.check()
                broker.clock.wait(broker.changed, 0.1)
            if broker.closed:
                raise QueueClosed("the queue is closed")
            for message in messages:
                broker.append(message)
            broker.changed.notify_all()


class MemoryFollower:
    """See :class:`harness.queue.base.Follower`."""

    def __init__(self, broker: _Broker, topic: str, start: Mapping[int, int]) -> None:
        self._broker = broker
        with broker.changed:
            if topic not in broker.topics:
                raise QueueError(f"there is no topic {topic}")
            ends = {one: len(broker.log(one)) for one in broker.partitions([topic])}
        wanted = {one: start.get(one.partition, 0) for one in ends}
        self._positions = {one: offset if offset <= ends[one] else 0 for one, offset in wanted.items()}

    @property
    def caught_up(self) -> bool:
        with self._broker.changed:
            return all(at >= len(self._broker.log(one)) for one, at in self._positions.items())

    def poll(self, limit: int, timeout: float) -> list[Message]:
        broker = self._broker
        deadline = broker.clock.monotonic() + timeout
        with broker.changed:
            while True:
                if broker.closed:
                    raise QueueClosed("the queue is closed")
                messages = [] if broker.gone else broker.take(self._positions, limit)
                left = deadline - broker.clock.monotonic()
                if messages or left <= 0 or not broker.clock.wait(broker.changed, left):
                    return messages

    def close(self) -> None:
        self._positions = {}


class MemoryConsumer:
    """See :class:`harness.queue.base.Consumer`. Partitions are shared out by range, as Kafka's default does."""

    def __init__(self, broker: _Broker, group: _Group, topics: Sequence[str], listener: RebalanceListener) -> None:
        self.topics = tuple(sorted(topics))
        self._broker = broker
        self._group = group
        self._listener = listener
        self._positions: dict[TopicPartition, int] = {}
        self._resume: dict[TopicPartition, int] = {}
        self._generation = -1
        self._closed = False

    def poll(self, limit: int, timeout: float) -> list[Message]:
        broker = self._broker
        deadline = broker.clock.monotonic() + timeout
        over = False
        while True:
            self._follow_rebalance()
            with broker.changed:
                if broker.closed or self._closed:
                    raise QueueClosed("the queue is closed")
                messages = [] if broker.gone else broker.take(self._positions, limit)
                left = 0.0 if over else deadline - broker.clock.monotonic()
                if messages or left <= 0:
                    return messages
                over = not broker.clock.wait(broker.changed, left)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        with self._broker.changed:
            if self._broker.gone or not all(one in self._positions for one in offsets):
                return False
            self._group.offsets.update(offsets)
            self._broker.changed.notify_all()
            return True

    def close(self) -> None:
        with self._broker.changed:
            if self._closed:
                return
            self._closed = True
            self._group.members.remove(self)
            self._group.rebalance()
            self._broker.changed.notify_all()

    def _follow_rebalance(self) -> None:
        """Give up what we have when a rebalance began; take what is ours when every member did so."""
        group, changed = self._group, self._broker.changed
        with changed:
            begun = self._generation != group.generation and id(self) not in group.ready
            held = list(self._positions)
            generation = group.generation
        if begun:
            resume = dict(self._listener.revoked(held)) if held else {}
            with changed:
                self._resume.update(resume)
                self._positions.clear()
                if generation == group.generation:
                    group.ready.add(id(self))
                changed.notify_all()
        with changed:
            if self._generation == group.generation or len(group.ready) < len(group.members):
                return
            self._generation = group.generation
            mine = self._share()
            self._positions = {one: max(self._resume.get(one, 0), group.offsets.get(one, 0)) for one in mine}
            self._resume.clear()
        self._listener.assigned(mine)

    def _share(self) -> list[TopicPartition]:
        share: list[TopicPartition] = []
        for topic in self.topics:
            interested = [member for member in self._group.members if topic in member.topics]
            partitions = self._broker.partitions([topic])
            each, more = divmod(len(partitions), len(interested))
            place = interested.index(self)
            start = place * each + min(place, more)
            share += partitions[start : start + each + (1 if place < more else 0)]
        return share
