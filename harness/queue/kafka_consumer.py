"""Receiving from Kafka as a member of a group, with commits and rebalances in our own hands."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from harness.queue.base import Message, QueueClosed, RebalanceListener, TopicPartition
from harness.queue.interruption import Interruption
from harness.queue.kafka_fetching import Fetching
from harness.queue.kafka_library import AsyncConsumerRebalanceListener, KafkaConsumer, KafkaError, OffsetAndMetadata
from harness.queue.kafka_library import TopicPartition as KafkaTopicPartition
from harness.queue.kafka_settings import KafkaSettings
from harness.queue.socket_selector import SocketSelector

log = logging.getLogger(__name__)

_PAUSE = 0.2


def new_consumer(settings: KafkaSettings, group: str | None, **options: Any) -> Any:
    """A Kafka client that commits nothing by itself. Raises KafkaError while no broker answers."""
    defaults: dict[str, Any] = {
        "bootstrap_servers": list(settings.bootstrap_servers),
        "bootstrap_timeout_ms": settings.request_timeout_ms,
        "group_id": None if group is None else settings.group_prefix + group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "session_timeout_ms": settings.session_timeout_ms,
        "heartbeat_interval_ms": settings.heartbeat_interval_ms,
        "max_poll_interval_ms": settings.max_poll_interval_ms,
        "fetch_max_wait_ms": settings.fetch_max_wait_ms,
        "max_partition_fetch_bytes": settings.max_request_size + 65_536,
        "reconnect_backoff_max_ms": 500,
        "metadata_max_age_ms": 5_000,  # as Backbeat lib/BackbeatConsumer.js
        "metrics_enabled": False,
        "selector": SocketSelector,
    }
    return KafkaConsumer(**(defaults | options | dict(settings.client_options)))


class KafkaQueueConsumer:
    """See :class:`harness.queue.base.Consumer`."""

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topics: Sequence[str],
        listener: RebalanceListener,
        closing: Interruption,
        fetching: Fetching,
        beside: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._closing = closing
        self._group = group
        self._client = new_consumer(settings, group)
        self._fetching = fetching(self._client, topics)
        self._listener = _Listener(self._client, listener, settings)
        self._client.subscribe([settings.topic_prefix + topic for topic in topics], listener=self._listener)
        if beside:
            self._follow([settings.topic_prefix + topic for topic in (*topics, *beside)])

    def _follow(self, topics: list[str]) -> None:
        """Know the partitions of all topics of the group, in case this member shares them out.

        Left to itself the client asks for topics that it does not read only after it has shared out what it knew,
        forgets them at every rebalance, and leaves members without partitions. It offers no public way.
        """
        subscription = self._client._subscription  # noqa: SLF001
        subscription.group_subscribe(topics)
        subscription.reset_group_subscription = lambda: None
        self._client._cluster.set_topics(topics)  # noqa: SLF001

    def poll(self, limit: int, timeout: float) -> list[Message]:
        if self._closing.ordered:
            raise QueueClosed("the queue is closed")
        try:
            if limit > 0:
                return self._poll(limit, timeout)
            assigned = self._client.assignment()
            self._client.pause(*assigned)
            try:
                return self._poll(1, timeout)
            finally:
                self._client.resume(*(self._client.assignment() & assigned))
        except KafkaError as error:
            log.info("group %s: nothing received: %s", self._group, error)
            self._closing.pause(_PAUSE)
            return []

    def _poll(self, limit: int, timeout: float) -> list[Message]:
        # joining takes polls that last
        return self._fetching.poll(limit, timeout) if self._listener.is_in else self._fetching.once(limit, timeout)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        wanted = {
            _to_kafka(partition, self._settings): OffsetAndMetadata(offset, "", -1)
            for partition, offset in offsets.items()
        }
        try:
            self._client.commit(wanted, timeout_ms=self._settings.request_timeout_ms)
        except KafkaError as error:
            # a lost membership: what it concerns is taken back by the rebalance that follows
            log.info("group %s: offsets not committed: %s", self._group, error)
            return False
        return True

    def close(self) -> None:
        if not self._settings.leaves_groups:
            # the client offers no public way for members that nobody knows by name
            self._client._coordinator.maybe_leave_group = lambda **_: None  # noqa: SLF001
        try:
            self._client.close(autocommit=False, timeout_ms=2000)
        except KafkaError as error:
            log.info("group %s: closed without the broker's knowledge: %s", self._group, error)


class _Listener(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """Carries rebalances from the client's event loop to ours.

    The client calls it while :meth:`KafkaQueueConsumer.poll` waits. Heartbeats must go on meanwhile, and committing
    from the loop itself is impossible, so that the work is done in a thread of its own.
    """

    def __init__(self, client: Any, listener: RebalanceListener, settings: KafkaSettings) -> None:
        self._client = client
        self._listener = listener
        self._settings = settings
        self._resume: dict[TopicPartition, int] = {}
        self.is_in = False

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:
        self.is_in = False
        if not revoked:
            return
        resume: dict[TopicPartition, int] = {}
        thread = threading.Thread(
            target=lambda: resume.update(self._listener.revoked(self._ours(revoked))), name="rebalance", daemon=True
        )
        thread.start()
        while thread.is_alive():
            await self._client._net.sleep(0.005)  # noqa: SLF001  (the client offers no public sleep on its loop)
        self._resume = resume

    async def on_partitions_lost(self, lost: set[Any]) -> None:
        self.is_in = False
        self._resume.clear()
        self._listener.lost(self._ours(lost))

    async def on_partitions_assigned(self, assigned: list[Any]) -> None:
        self.is_in = True
        # the client keeps its position in a partition that comes straight back, past what was dropped
        for partition in self._ours(assigned):
            if partition in self._resume:
                self._client.seek(_to_kafka(partition, self._settings), self._resume[partition])
        self._resume.clear()
        self._listener.assigned(self._ours(assigned))

    def _ours(self, partitions: Sequence[Any] | set[Any]) -> list[TopicPartition]:
        prefix = self._settings.topic_prefix
        return [TopicPartition(one.topic.removeprefix(prefix), one.partition) for one in partitions]


def _to_kafka(partition: TopicPartition, settings: KafkaSettings) -> Any:
    return KafkaTopicPartition(settings.topic_prefix + partition.topic, partition.partition)
