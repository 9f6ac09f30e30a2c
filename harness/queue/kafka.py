"""The Kafka twin of the queue, through kafka-python; any broker that speaks Kafka's protocol will do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from fake_cloudserver import Clock, Randomness
from harness.queue.base import (
    Message,
    PartitionDescription,
    Progress,
    QueueClosed,
    QueueError,
    QueueObserver,
    RebalanceListener,
    TopicPartition,
    TopicSpecification,
)
from harness.queue.bell import Bell
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.kafka_consumer import KafkaQueueConsumer, new_consumer
from harness.queue.kafka_fetching import KafkaFetching, to_message
from harness.queue.kafka_follower import KafkaQueueFollower
from harness.queue.kafka_library import KafkaAdminClient, KafkaError
from harness.queue.kafka_library import TopicPartition as KafkaTopicPartition
from harness.queue.kafka_producer import KafkaQueueProducer
from harness.queue.kafka_settings import KafkaSettings
from harness.queue.observing import NoObserver
from harness.queue.socket_selector import SocketSelector

log = logging.getLogger(__name__)

#: Seconds between two tries while the broker is gone.
_PAUSE = 0.2
#: Long enough for the embedded broker, which takes it for the time that it may read for an answer.
_PROBE_WAIT_MS = 10
#: Without records a poll lasts its full time, however early the answer comes.
_PROBE_ROUND_MS = 5

Result = TypeVar("Result")


class KafkaQueue:
    """See :class:`harness.queue.base.Queue`. While the broker is gone everything here waits, until :meth:`close`."""

    def __init__(self, settings: KafkaSettings, clock: Clock, randomness: Randomness) -> None:
        self._settings = settings
        self._closing = Interruption(clock)
        self._bell = Bell(clock)
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.RLock()
        self._admin: Any = None
        self._producer: KafkaQueueProducer | None = None
        self._probes: dict[tuple[str, ...], Any] = {}
        self.observer: QueueObserver = NoObserver()

    def ensure_topics(self, topics: Iterable[TopicSpecification]) -> None:
        wanted = list(topics)
        self._until_it_works("create topics", lambda: self._create(wanted))

    def delete_topics(self, topics: Iterable[str]) -> None:
        """Remove those that exist, with all that is in them; when no broker answers they stay."""
        try:
            self._delete(list(topics))
        except KafkaError as error:
            log.warning("topics are left behind: %s", error)

    def producer(self) -> KafkaQueueProducer:
        with self._lock:
            if self._producer is None:
                self._producer = KafkaQueueProducer(
                    self._settings, self._clock, self._randomness, self._closing, self._bell, lambda: self.observer
                )
            return self._producer

    def consumer(
        self, group: str, topics: Sequence[str], listener: RebalanceListener, beside: Sequence[str] = ()
    ) -> KafkaQueueConsumer:
        return self._until_it_works(
            f"join group {group}",
            lambda: KafkaQueueConsumer(self._settings, group, topics, listener, self._closing, self._fetching, beside),
        )

    def read(self, topic: str, tail: int | None = None) -> list[Message]:
        return self._until_it_works(f"read topic {topic}", lambda: self._read(topic, tail))

    def follower(self, topic: str, start: Mapping[int, int] | None = None) -> KafkaQueueFollower:
        return self._until_it_works(
            f"follow topic {topic}",
            lambda: KafkaQueueFollower(self._settings, topic, start or {}, self._closing, self._fetching),
        )

    def progress(self, group: str, topics: Sequence[str]) -> dict[TopicPartition, Progress]:
        return self._until_it_works(f"ask for the progress of {group}", lambda: self._progress(group, topics))

    def describe(self, topic: str, timeout: float) -> list[PartitionDescription]:
        deadline = self._clock.monotonic() + timeout
        name = self._settings.topic_prefix + topic
        while True:
            self._check_open()
            try:
                with self._lock:
                    described = self._admin_client().describe_topics([name])
                return [_description(one) for found in described for one in found["partitions"]]
            except KafkaError as error:
                if self._clock.monotonic() + _PAUSE > deadline or self._closing.pause(_PAUSE):
                    raise QueueError(f"could not describe topic {topic}: {error}") from error

    def backlog(self, group: str, topics: Sequence[str]) -> int:
        return sum(one.end - one.committed for one in self.progress(group, topics).values())

    def close(self) -> None:
        self._closing.order()
        self._bell.close()
        with self._lock:
            for client in (self._producer, self._admin, *self._probes.values()):
                if client is not None:
                    client.close()
            self._probes.clear()
            self._admin = self._producer = None

    def _fetching(self, client: Any, topics: Collection[str]) -> KafkaFetching:
        return KafkaFetching(client, self._settings, self._clock, self._bell, topics)

    def _until_it_works(self, what: str, action: Callable[[], Result]) -> Result:
        complained = False
        while not self._closing.ordered:
            try:
                return action()
            except KafkaError as error:
                if not complained:
                    log.warning("could not %s, trying on: %s", what, error)
                    complained = True
            try:
                self._closing.sleep(_PAUSE)
            except Interrupted:
                break
        raise QueueClosed("the queue is closed")

    def _create(self, topics: Sequence[TopicSpecification]) -> None:
        """All at once. KafkaError when somebody else is just making one of them: then it is there the next time."""
        with self._lock:
            there = set(self._admin_client().list_topics())
            named = {self._settings.topic_prefix + topic.name: self._specification(topic) for topic in topics}
            missing = {name: specification for name, specification in named.items() if name not in there}
            if missing:
                self._admin_client().create_topics(missing, wait_for_metadata=True)

    def _specification(self, topic: TopicSpecification) -> dict[str, Any]:
        # a broker's own limit is a fifth of what Backbeat may send
        configs = {"max.message.bytes": str(self._settings.max_request_size + 65_536)}
        return {
            "num_partitions": topic.partitions,
            "replication_factor": self._settings.replication_factor,
            "configs": configs | ({"cleanup.policy": "compact"} if topic.compacted else {}),
        }

    def _delete(self, topics: Sequence[str]) -> None:
        with self._lock:
            there = set(self._admin_client().list_topics())
            gone = [name for topic in topics if (name := self._settings.topic_prefix + topic) in there]
            if gone:
                self._admin_client().delete_topics(gone)

    def _admin_client(self) -> Any:
        if self._admin is None:
            self._admin = KafkaAdminClient(
                bootstrap_servers=list(self._settings.bootstrap_servers),
                bootstrap_timeout_ms=self._settings.request_timeout_ms,
                request_timeout_ms=self._settings.request_timeout_ms,
                selector=SocketSelector,
                **self._settings.client_options,
            )
        return self._admin

    def _probe(self, topics: Sequence[str]) -> Any:
        """A client that reads these without being a member of any group.

        One that turns to other topics has to ask for their partitions anew, which takes it a tenth of a second.
        """
        key = tuple(topics)
        if key not in self._probes:
            # it asks where a partition ends, which a broker that has to wait for more would not answer at once
            self._probes[key] = new_consumer(
                self._settings, None, enable_incremental_fetch_sessions=False, fetch_max_wait_ms=_PROBE_WAIT_MS
            )
        return self._probes[key]

    def _read(self, topic: str, tail: int | None) -> list[Message]:
        with self._lock:
            probe = self._probe([topic])
            partitions = self._partitions_of([topic])
            if not partitions:
                return []
            ends, found = self._fetch_ends(probe, dict.fromkeys(partitions, 0))
            starts = {one: 0 if tail is None else max(0, ends[one] - tail) for one in partitions}
            if any(starts.values()):
                ends, found = self._fetch_ends(probe, starts)
            while not all(probe.position(one) >= ends[one] for one in partitions):
                self._check_open()
                for records in probe.poll(timeout_ms=200).values():
                    found += records
            return [to_message(record, self._settings) for record in found]

    def _progress(self, group: str, topics: Sequence[str]) -> dict[TopicPartition, Progress]:
        with self._lock:
            probe = self._probe(topics)
            partitions = self._partitions_of(topics)
            name = self._settings.group_prefix + group
            answer = self._admin_client().list_group_offsets({name: partitions})[name] if partitions else {}
            # -1 says that there is none
            committed = {one: max(0, answer[one].offset) if one in answer else 0 for one in partitions}
            ends, _ = self._fetch_ends(probe, committed)
            prefix = self._settings.topic_prefix
            return {
                TopicPartition(one.topic.removeprefix(prefix), one.partition): Progress(committed[one], ends[one])
                for one in partitions
            }

    def _partitions_of(self, topics: Sequence[str]) -> list[KafkaTopicPartition]:
        """Asked of the broker: what a probe knows of a topic may be gone for a moment when it turns to it again, and a
        group without partitions looks as if it had read everything."""
        names = [self._settings.topic_prefix + topic for topic in topics]
        numbers = {
            found["name"]: sorted(one["partition_index"] for one in found["partitions"])
            for found in self._admin_client().describe_topics(names)
        }
        return [KafkaTopicPartition(name, number) for name in names for number in numbers.get(name, ())]

    def _fetch_ends(self, probe: Any, starts: dict[KafkaTopicPartition, int]) -> tuple[dict[Any, int], list[Any]]:
        """Where each partition ends, as the answer to a fetch says it; and what that fetch brought.

        The embedded broker counts a batch as one record when it is asked for the end offsets. It is asked twice: the
        answer to an older fetch may have come when nobody waited for it any longer, and the client takes it for the
        answer to this one if both start at the same offsets. There is one such answer at most, since the client sends
        a broker no second fetch before the first is answered.
        """
        self._fetched(probe, starts)
        found = self._fetched(probe, starts)
        return {one: probe.highwater(one) for one in starts}, found

    def _fetched(self, probe: Any, starts: dict[KafkaTopicPartition, int]) -> list[Any]:
        probe.unsubscribe()
        probe.assign(list(starts))
        for one, start in starts.items():
            probe.seek(one, start)
        found: list[Any] = []
        while any(probe.highwater(one) is None for one in starts):
            self._check_open()
            for records in probe.poll(timeout_ms=_PROBE_ROUND_MS).values():
                found += records
        return found

    def _check_open(self) -> None:
        if self._closing.ordered:
            raise QueueClosed("the queue is closed")


def _description(described: Any) -> PartitionDescription:
    return PartitionDescription(
        described["partition_index"],
        described["leader_id"],
        tuple(described["replica_nodes"]),
        tuple(described["isr_nodes"]),
    )
