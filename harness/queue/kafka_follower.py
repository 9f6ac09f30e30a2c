"""Reading a topic of Kafka from a given place on, outside of any group."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from harness.queue.base import Message, QueueClosed
from harness.queue.interruption import Interruption
from harness.queue.kafka_consumer import new_consumer
from harness.queue.kafka_fetching import Fetching
from harness.queue.kafka_library import KafkaError, TopicPartition, UnknownTopicOrPartitionError
from harness.queue.kafka_settings import KafkaSettings

log = logging.getLogger(__name__)

_PAUSE = 0.2


class KafkaQueueFollower:
    """See :class:`harness.queue.base.Follower`. Raises KafkaError while no broker answers or knows the topic."""

    def __init__(
        self,
        settings: KafkaSettings,
        topic: str,
        start: Mapping[int, int],
        closing: Interruption,
        fetching: Fetching,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._closing = closing
        name = settings.topic_prefix + topic
        self._client: Any = new_consumer(settings, None)
        self._fetching = fetching(self._client, [topic])
        try:
            self._partitions = [
                TopicPartition(name, one) for one in sorted(self._client.partitions_for_topic(name) or ())
            ]
            if not self._partitions:
                raise UnknownTopicOrPartitionError(name)
            self._client.assign(self._partitions)
            for one in self._partitions:
                self._client.seek(one, start.get(one.partition, 0))
        except KafkaError:
            self._client.close()
            raise

    @property
    def caught_up(self) -> bool:
        # the end as the answer to a fetch says it: the embedded broker counts a batch as one record otherwise
        ends = {one: self._client.highwater(one) for one in self._partitions}
        return self._fetching.has_heard_all and all(
            end is not None and self._client.position(one) >= end for one, end in ends.items()
        )

    def poll(self, limit: int, timeout: float) -> list[Message]:
        if self._closing.ordered:
            raise QueueClosed("the queue is closed")
        try:
            messages = self._fetching.poll(limit, timeout)
            self._return_from_beyond_the_end()
        except KafkaError as error:
            log.info("topic %s: nothing received: %s", self._topic, error)
            self._closing.pause(_PAUSE)
            return []
        return messages

    def _return_from_beyond_the_end(self) -> None:
        """The embedded broker, unlike Kafka, does not say that it has not got that far."""
        for one in self._partitions:
            end = self._client.highwater(one)
            if end is not None and self._client.position(one) > end:
                log.warning("topic %s: partition %d ends at %d already, read anew", self._topic, one.partition, end)
                self._client.seek(one, 0)

    def close(self) -> None:
        with contextlib.suppress(KafkaError):
            self._client.close(autocommit=False, timeout_ms=1000)
