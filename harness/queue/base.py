"""The queue seam: what the engine knows of Kafka. ``kafka.py`` and ``memory.py`` are its twins."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from harness.queue.interruption import Interruption


class QueueError(Exception):
    """The queue refused something for good; trying again would not help."""


class QueueClosed(QueueError):  # noqa: N818  (a state, not a fault)
    """The queue was closed while somebody used it."""


class MessageTooLarge(QueueError):  # noqa: N818  (Kafka's own name for it)
    """The broker or the client's own limit refuses a message of this size; carries the message's key."""

    def __init__(self, topic: str, key: bytes | None, size: int) -> None:
        super().__init__(f"a message of {size} bytes is too large for topic {topic}")
        self.topic = topic
        self.key = key
        self.size = size


class TopicPartition(NamedTuple):
    """One partition of a topic, by the topic's name without any prefix."""

    topic: str
    partition: int


@dataclasses.dataclass(frozen=True, slots=True)
class TopicSpecification:
    """A topic to create. ``compacted`` keeps the last message of every key and lets older ones go."""

    name: str
    partitions: int = 1
    compacted: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. Without ``partition`` the key decides (see ``partitioner.py``).

    ``value`` None is a tombstone: a compacted topic forgets the key.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """A message as it was received; ``timestamp`` in milliseconds since the epoch. A tombstone's value is empty."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    timestamp: int = 0

    @property
    def topic_partition(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """Where a group is in one partition: the offset it has committed, and the one after the last message."""

    committed: int
    end: int


@dataclasses.dataclass(frozen=True, slots=True)
class PartitionDescription:
    """Who holds one partition: ids of brokers; ``leader`` -1 when there is none."""

    partition: int
    leader: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


class RebalanceListener(Protocol):
    """Who is told when partitions come and go. Calls come from inside :meth:`Consumer.poll`, or while it runs."""

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are ours from now on."""

    def revoked(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Finish what runs for these partitions and commit: somebody else may get them.

        Returns where to go on, partition by partition, should they come straight back; a partition of which
        nothing was taken may be left out.
        """

    def lost(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are somebody else's already: committing for them is in vain."""


class Producer(Protocol):
    """Sends messages; safe to use from several threads."""

    def send_all(self, messages: Sequence[Outgoing], interruption: Interruption | None = None) -> None:
        """Send all, in order, and return when every one is acknowledged by all in-sync replicas.

        While the broker is gone this waits; nothing is dropped. Messages may arrive twice when an acknowledgement
        got lost. Raises MessageTooLarge (messages before it may have been sent), QueueClosed, or Interrupted when
        ``interruption`` was ordered while it waited.
        """


class Consumer(Protocol):
    """One member of a consumer group; used by one thread."""

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """At most ``limit`` messages, waiting at most ``timeout`` seconds for the first; [] when none came.

        ``limit`` 0 takes nothing but keeps the membership of the group alive. While the broker is gone this
        returns [].
        """

    def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Store where the group goes on: the offset of the next message to take, for each partition.

        False when it could not be stored now (broker gone, membership lost): then try later, or never.
        """

    def close(self) -> None:
        """Leave the group. Nothing is committed by this."""


class Follower(Protocol):
    """Reads one topic, all of its partitions, outside of any group; used by one thread."""

    @property
    def caught_up(self) -> bool:
        """Whether everything is received that the topic held when the broker was last heard."""

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """At most ``limit`` (1 and more) messages, waiting at most ``timeout`` seconds for the first; [] for none.

        While the broker is gone this returns []. Raises QueueClosed.
        """

    def close(self) -> None:
        """Stop following."""


#: How partitions were given up: nothing ran for them, what ran was finished, or was not finished in time.
Rebalance = Literal["idle", "drained", "timeout"]


class QueueObserver(Protocol):
    """Told from any thread, sometimes under a lock: it neither waits nor raises. Times in seconds since the epoch."""

    def delivered(self, partition: TopicPartition, published: float) -> None:
        """A message was acknowledged."""

    def refused(self, topic: str) -> None:
        """A message was not acknowledged; it may be sent again."""

    def consumed(self, group: str, messages: Sequence[Message], now: float) -> None:
        """A group's member received these."""

    def processed(self, group: str, partition: TopicPartition, seconds: float, *, failed: bool) -> None:
        """A message was handled; ``failed``: it was let go of, or its handler raised."""

    def slow(self, group: str, partitions: Iterable[TopicPartition], running: Sequence[TopicPartition]) -> None:
        """Of ``partitions``, these have a message that runs too long; once for each such message."""

    def rebalanced(self, group: str, topic: str, how: Rebalance) -> None:
        """A group's member gave up its partitions of ``topic``."""


class Queue(Protocol):
    """A Kafka cluster, or what stands for one.

    Attributes:
        observer: told what passes through; one at a time, as a queue belongs to one engine.
    """

    observer: QueueObserver

    def ensure_topics(self, topics: Iterable[TopicSpecification]) -> None:
        """Create those that do not exist; waits while the broker is gone. Existing ones stay as they are."""

    def producer(self) -> Producer:
        """The queue's producer; it is closed with the queue."""

    def consumer(
        self, group: str, topics: Sequence[str], listener: RebalanceListener, beside: Sequence[str] = ()
    ) -> Consumer:
        """A new member of ``group``. A group without a committed offset starts at the oldest message.

        ``beside``: topics that other members of the group read, where not all of them read the same.
        """

    def read(self, topic: str, tail: int | None = None) -> list[Message]:
        """What ``topic`` holds now, partition by partition, or the last ``tail`` messages of each partition."""

    def follower(self, topic: str, start: Mapping[int, int] | None = None) -> Follower:
        """A reader of ``topic``, which exists.

        ``start`` has the offset to begin with, by partition; a partition that it does not name, or has not got that
        far (a broker that lost its memory), is read from its oldest message on. Waits while the broker is gone.
        """

    def progress(self, group: str, topics: Sequence[str]) -> Mapping[TopicPartition, Progress]:
        """Where ``group`` is in every partition of ``topics``."""

    def describe(self, topic: str, timeout: float) -> list[PartitionDescription]:
        """The partitions of ``topic``; [] when there is no such topic.

        Raises QueueError when no broker answered within ``timeout`` seconds.
        """

    def backlog(self, group: str, topics: Sequence[str]) -> int:
        """How many messages of ``topics`` the ``group`` has not committed yet."""

    def close(self) -> None:
        """Close everything that came from here."""
