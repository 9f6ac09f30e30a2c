"""Sending to Kafka: every message acknowledged by all in-sync replicas, in order, however long it takes."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from fake_cloudserver import Clock, Randomness
from harness.queue.base import MessageTooLarge, Outgoing, QueueClosed, QueueObserver, TopicPartition
from harness.queue.bell import Bell
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.kafka_library import KafkaError, KafkaProducer, MessageSizeTooLargeError, RecordListTooLargeError
from harness.queue.kafka_settings import KafkaSettings
from harness.queue.observing import NoObserver
from harness.queue.partitioner import partition_for
from harness.queue.socket_selector import SocketSelector

log = logging.getLogger(__name__)

#: A message never expires inside the client: who gives up is the engine, when it stops.
_NEVER_MS = 2**31 - 1
_PAUSE = 0.2
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class KafkaQueueProducer:
    """See :class:`harness.queue.base.Producer`.

    The client's idempotence keeps order and drops what a lost acknowledgement made it send twice. A client that the
    broker no longer accepts (one that lost its memory, for example) is replaced, and what it had not delivered is
    sent again.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        clock: Clock,
        randomness: Randomness,
        closing: Interruption,
        bell: Bell,
        observer: Callable[[], QueueObserver] = NoObserver,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._randomness = randomness
        self._closing = closing
        self._bell = bell
        self._observer = observer
        self._lock = threading.Lock()
        self._client: Any = None

    def send_all(self, messages: Sequence[Outgoing], interruption: Interruption | None = None) -> None:
        pending = list(messages)
        complained = False
        while pending:
            if self._closing.ordered:
                raise QueueClosed("the queue is closed")
            undelivered, error, client = self._try(pending, interruption)
            for topic in {message.topic for message in pending}:
                self._bell.ring(topic)
            if error is None:
                return
            if isinstance(error, _TOO_LARGE):
                refused = undelivered[0]
                raise MessageTooLarge(refused.topic, refused.key, refused.size) from error
            if not complained:
                log.warning("%d messages are not delivered yet, trying on: %s", len(undelivered), error)
                complained = True
            if not getattr(error, "retriable", False):
                self._replace(client)
            pending = undelivered
            if (interruption or self._closing).pause(_PAUSE) and interruption is not None:
                raise Interrupted

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                _close(self._client)
                self._client = None

    def _try(
        self, messages: list[Outgoing], interruption: Interruption | None
    ) -> tuple[list[Outgoing], Exception | None, Any]:
        """Send and wait. What was not delivered, in order, and the first reason for it."""
        client = None
        futures: list[Any] = []
        failure: Exception | None = None
        try:
            client = self._current_client()
            futures.extend(self._send(client, message) for message in messages)
        except KafkaError as error:
            failure = error
            if isinstance(error, _TOO_LARGE):
                self._observer().refused(messages[len(futures)].topic)
        undelivered: list[Outgoing] = []
        for message, future in zip(messages, futures, strict=False):
            outcome = self._outcome(future, interruption)
            self._tell(message, future, outcome)
            if outcome is not None:
                failure = failure if undelivered else outcome
                undelivered.append(message)
        return [*undelivered, *messages[len(futures) :]], failure, client

    def _outcome(self, future: Any, interruption: Interruption | None) -> Exception | None:
        while not future.is_done:
            with contextlib.suppress(KafkaError):
                future.get(timeout=_PAUSE)
            if not future.is_done:
                if self._closing.ordered:
                    raise QueueClosed("the queue is closed")
                if interruption is not None:
                    interruption.check()
        failure: Exception | None = future.exception
        return failure

    def _tell(self, message: Outgoing, future: Any, failure: Exception | None) -> None:
        if failure is not None:
            self._observer().refused(message.topic)
            return
        report = future.value
        self._observer().delivered(TopicPartition(message.topic, report.partition), report.timestamp / 1000)

    def _send(self, client: Any, message: Outgoing) -> Any:
        topic = self._settings.topic_prefix + message.topic
        partition = message.partition
        if partition is None:
            partition = partition_for(message.key, len(client.partitions_for(topic)), self._randomness)
        return client.send(
            topic, message.value, message.key, partition=partition, timestamp_ms=int(self._clock.now() * 1000)
        )

    def _current_client(self) -> Any:
        with self._lock:
            if self._closing.ordered:
                raise QueueClosed("the queue is closed")
            if self._client is None:
                settings = self._settings
                # Backbeat lib/BackbeatProducer.js: acknowledgements of all in-sync replicas
                self._client = KafkaProducer(
                    bootstrap_servers=list(settings.bootstrap_servers),
                    bootstrap_timeout_ms=settings.request_timeout_ms,
                    acks="all",
                    delivery_timeout_ms=_NEVER_MS,
                    request_timeout_ms=settings.request_timeout_ms,
                    max_block_ms=1000,
                    max_request_size=settings.max_request_size,
                    batch_size=256 * 1024,
                    reconnect_backoff_max_ms=500,
                    metrics_enabled=False,
                    selector=SocketSelector,
                    **settings.client_options,
                )
            return self._client

    def _replace(self, client: Any) -> None:
        with self._lock:
            if self._client is client and client is not None:
                self._client = None
                _close(client)


def _close(client: Any) -> None:
    """Close a client at once; what it has not delivered by now is for whoever sent it to send again."""
    try:
        client.close(timeout=0)
    except KafkaError:
        # it gives up closing when something is undelivered, and would leave its thread behind
        client._sender.force_close()  # noqa: SLF001  (the library has no other way)
        with contextlib.suppress(KafkaError):
            client.close(timeout=1)
