"""What becomes of a task's outcome: the two dialects' ways to make it durable."""

from __future__ import annotations

from typing import Protocol

from harness.engine.backbeat_client import BackbeatClient
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.status import SiteResult
from harness.engine.status_writer import StatusWriter
from harness.engine.tasks.context import Outcome
from harness.queue.base import Outgoing, Producer
from harness.queue.interruption import Interruption


class Publisher(Protocol):
    """Makes outcomes durable."""

    def publish(
        self,
        client: BackbeatClient,
        entry: ObjectQueueEntry,
        site: str,
        outcome: Outcome,
        interruption: Interruption,
    ) -> None:
        """Return when the outcome cannot get lost any more. Raises Interrupted while it waits."""


class StatusTopicPublisher:
    """``release``: to the status topic, for the status processor. (Backbeat MultipleBackendTask.js)

    It returns when Kafka has acknowledged, and tries for as long as that takes: only then is the entry's offset
    committed. Backbeat means to do so, commits earlier, and drops a status that Kafka refuses.
    """

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    def publish(
        self,
        client: BackbeatClient,  # noqa: ARG002  (the seam's shape)
        entry: ObjectQueueEntry,
        site: str,
        outcome: Outcome,
        interruption: Interruption,
    ) -> None:
        if outcome.status is None:
            return
        key, value = entry.with_status(site, outcome.status, outcome.version_id).to_kafka(site)
        self._producer.send_all([Outgoing(self._topic, key, value)], interruption)


class MetadataPublisher:
    """``design``: straight into the source's metadata."""

    def __init__(self, writer: StatusWriter) -> None:
        self._writer = writer

    def publish(
        self,
        client: BackbeatClient,
        entry: ObjectQueueEntry,
        site: str,
        outcome: Outcome,
        interruption: Interruption,
    ) -> None:
        if outcome.status is not None:
            result = SiteResult(site, outcome.status, outcome.version_id, entry.metadata)
            self._writer.write(client, entry, result, interruption)
