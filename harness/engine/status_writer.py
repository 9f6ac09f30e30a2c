"""Writing one site's result into the source's metadata.

Source: Backbeat extensions/replication/tasks/UpdateReplicationStatus.js, lib/BackbeatMetadataProxy.js.
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine import object_metadata, status
from harness.engine.backbeat_client import BackbeatClient
from harness.engine.checkpoints import STATUS_WRITTEN, Checkpoints
from harness.engine.errors import ReplicationError
from harness.engine.failed_topic import FailedTopic
from harness.engine.metrics import EngineMetrics
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.retry import Retry
from harness.engine.settings import DEFAULT_RETRY
from harness.engine.status import SiteResult
from harness.engine.times import age_of
from harness.queue.interruption import Interruption

log = get_logger(__name__)


class StatusWriter:
    """Reads the metadata again, merges one site's result, writes them back, and tells of failures.

    As long as the source cannot be reached this waits, and goes on. Backbeat gives up after five minutes and loses
    the result.

    Args:
        failed_topic: None keeps failures to the metadata.
    """

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        metrics: EngineMetrics,
        checkpoints: Checkpoints,
        failed_topic: FailedTopic | None = None,
    ) -> None:
        self._failed_topic = failed_topic
        self._clock = clock
        self._randomness = randomness
        self._metrics = metrics
        self._checkpoints = checkpoints

    def write(
        self, client: BackbeatClient, entry: ObjectQueueEntry, result: SiteResult, interruption: Interruption
    ) -> str | None:
        """The site's status as written; None when there was nothing to write, or nothing to write to.

        Raises Interrupted while it waits for the source.
        """
        bound = log.bind(bucket=entry.bucket, key=entry.object_key, version=entry.version_or_null, site=result.site)
        try:
            written = Retry(self._clock, self._randomness, interruption).until_it_works(
                lambda: self._write_once(client, entry, result),
                DEFAULT_RETRY,
                on_retry=lambda error: bound.warning("status not written yet, trying on", reason=str(error)),
            )
        except ReplicationError as error:
            # the object or its bucket is gone, or is not ours any more: there is nobody to tell
            bound.warning("status not written", status=result.status, reason=str(error))
            self._not_written(entry, result)
            return None
        if written is None:
            bound.info("status unchanged", status=result.status)
            return None
        self._checkpoints.reach(STATUS_WRITTEN)
        info = written["replicationInfo"]
        now = status.site_status(written, result.site) or result.status
        self._metrics.status_written(entry, result.site, now, info["status"], age_of(written, self._clock))
        if now == status.PENDING:
            self._not_written(entry, result)
        if now == status.FAILED and self._failed_topic is not None:
            self._failed_topic.announce(entry, result.site, interruption)
        bound.info("status written", status=now, object_status=info["status"], version_id=result.version_id)
        return now

    def _write_once(self, client: BackbeatClient, entry: ObjectQueueEntry, result: SiteResult) -> dict[str, Any] | None:
        version = entry.version_or_null
        current = object_metadata.normalised(client.get_metadata(entry.bucket, entry.object_key, version))
        changed = status.merged(current, result)
        if changed is None and status.site_status(current, result.site) != status.COMPLETED:
            self._not_written(entry, result)
        if changed is not None:
            client.put_metadata(entry.bucket, entry.object_key, version, changed)
        return changed

    def _not_written(self, entry: ObjectQueueEntry, result: SiteResult) -> None:
        """The entry ends without a result of its own; a site that is COMPLETED already was counted when it was."""
        if result.status != status.PENDING:
            self._metrics.superseded(entry, result.site)
