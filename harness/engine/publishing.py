"""What becomes of a task's outcome: the two dialects' ways to make it durable."""

from __future__ import annotations

from typing import Protocol

from fake_cloudserver import get_logger
from harness.engine.backbeat_client import BackbeatClient
from harness.engine.errors import Postponed
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.status import SiteResult
from harness.engine.status_writer import StatusWriter
from harness.engine.tasks.context import Outcome
from harness.queue.base import MessageTooLarge, Outgoing, Producer
from harness.queue.interruption import Interruption

log = get_logger(__name__)


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
    committed. Backbeat means to do so, commits earlier, and drops a status that Kafka refuses. What Kafka refuses for
    its size (a status is a little larger than the entry was) is written at once.
    """

    def __init__(self, producer: Producer, topic: str, writer: StatusWriter) -> None:
        self._producer = producer
        self._topic = topic
        self._directly = MetadataPublisher(writer)

    def publish(
        self,
        client: BackbeatClient,
        entry: ObjectQueueEntry,
        site: str,
        outcome: Outcome,
        interruption: Interruption,
    ) -> None:
        if outcome.status is None:
            return
        key, value = entry.with_status(site, outcome.status, outcome.version_id).to_kafka(site)
        try:
            self._producer.send_all([Outgoing(self._topic, key, value)], interruption)
        except MessageTooLarge as error:
            log.warning("status goes another way", key=entry.canonical_key, site=site, reason=str(error))
            self._directly.publish(client, entry, site, outcome, interruption)


class MetadataPublisher:
    """``design``: straight into the source's metadata, or, as long as there are attempts left, to a replay topic.

    The designed workflow knows no replays. Its failures take them all the same way as the released ones: the writer
    that the task shares with the status processor decides, so that a failure is written only when it is final.

    Args:
        later: takes results that the source breaks at for minutes; without it they are waited for.
    """

    def __init__(self, writer: StatusWriter, later: StatusTopicPublisher | None = None) -> None:
        self._writer = writer
        self._later = later

    def publish(
        self,
        client: BackbeatClient,
        entry: ObjectQueueEntry,
        site: str,
        outcome: Outcome,
        interruption: Interruption,
    ) -> None:
        if outcome.status is None:
            return
        result = SiteResult(site, outcome.status, outcome.version_id, entry.metadata)
        try:
            self._writer.write(client, entry, result, interruption, may_postpone=self._later is not None)
        except Postponed as postponed:
            assert self._later is not None
            log.warning("result postponed", key=entry.canonical_key, site=site, reason=str(postponed))
            self._later.publish(client, entry, site, outcome, interruption)
