"""Writing one site's result into the source's metadata.

Source: Backbeat extensions/replication/tasks/UpdateReplicationStatus.js, lib/BackbeatMetadataProxy.js.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Protocol

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine import object_metadata, status
from harness.engine.backbeat_client import BackbeatClient
from harness.engine.checkpoints import STATUS_REPLAYED, STATUS_WRITTEN, Checkpoints
from harness.engine.errors import Postponed, ReplicationError
from harness.engine.failed_topic import FailedTopic
from harness.engine.gc_topic import GcTopic
from harness.engine.metrics import EngineMetrics
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.replay import Replays
from harness.engine.retry import Retry
from harness.engine.settings import DEFAULT_RETRY
from harness.engine.status import SiteResult
from harness.engine.times import age_of
from harness.queue.interruption import Interruption

log = get_logger(__name__)

#: Nothing is left that could have a status.
_GONE = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion", "ObjNotFound"})
#: These are about the engine itself and not about the object: they end when somebody mends the engine's account.
_ABOUT_US = frozenset({"InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed", "SignatureDoesNotMatch"})
#: How often other people's writes may come between reading and writing before there is a pause.
_CONFLICTS = 5


@dataclasses.dataclass(frozen=True, slots=True)
class _Merged:
    """The metadata as they were read, and as they are to be (None: no change); ``held``: not written so far."""

    current: dict[str, Any]
    changed: dict[str, Any] | None
    held: bool = False


class _Attempt(Protocol):
    """Read, merge and write; with ``hold_failure`` a failure is not written."""

    def __call__(self, *, hold_failure: bool) -> _Merged: ...


class StatusWriter:
    """Reads the metadata again, merges one site's result, writes them back, and tells of failures.

    As long as the source cannot be reached this waits, and goes on. Backbeat gives up after five minutes and loses
    the result. A failure with attempts left writes nothing: the entry goes to a replay topic.

    QUIRK of Backbeat: what somebody else writes between the reading and the writing is overwritten. Here the write
    names the document that was read; a CloudServer that knows this header refuses to replace another one, and the
    result is merged again. The released CloudServer does not know it: there the gap of one request remains.

    Args:
        failed_topic: None keeps failures to the metadata.
        replays: None: the first failure is the last.
        gc_topic: told of what is replicated everywhere and may go from a transient location.
    """

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        metrics: EngineMetrics,
        checkpoints: Checkpoints,
        failed_topic: FailedTopic | None = None,
        replays: Replays | None = None,
        gc_topic: GcTopic | None = None,
    ) -> None:
        self._failed_topic = failed_topic
        self._replays = replays
        self._gc_topic = gc_topic
        self._clock = clock
        self._randomness = randomness
        self._metrics = metrics
        self._checkpoints = checkpoints

    def write(
        self,
        client: BackbeatClient,
        entry: ObjectQueueEntry,
        result: SiteResult,
        interruption: Interruption,
        *,
        may_postpone: bool = False,
    ) -> str | None:
        """The site's status as written; None when there was nothing to write, or nothing to write to.

        Raises Interrupted while it waits for the source or for Kafka; Postponed, where that is allowed, when the
        source is there and breaks at this object for minutes.
        """
        begun = self._clock.monotonic()
        attempt = functools.partial(self._settle, client, entry, result, interruption, may_postpone=may_postpone)
        how, now = self._write(attempt, entry, result, interruption)
        self._metrics.status_processed(how, result.status, self._clock.monotonic() - begun)
        return now

    def _write(
        self, attempt: _Attempt, entry: ObjectQueueEntry, result: SiteResult, interruption: Interruption
    ) -> tuple[str, str | None]:
        """What came of it, in the words of the metrics, and the site's status as written."""
        retry = None
        if result.status == status.FAILED and self._replays is not None:
            retry = self._replays.next_of(entry, result.site)
        try:
            merged = attempt(hold_failure=retry is not None)
            if merged.held and retry is not None and self._replay(entry, retry, result.site, interruption):
                return "nochange", None
            if merged.held:
                merged = attempt(hold_failure=False)
        except ReplicationError as error:
            self._give_up(entry, result, error, interruption)
            return "error", None
        now = self._follow_up(entry, result, merged, interruption)
        return "nochange" if now is None else "success", now

    def _settle(
        self,
        client: BackbeatClient,
        entry: ObjectQueueEntry,
        result: SiteResult,
        interruption: Interruption,
        may_postpone: bool,
        *,
        hold_failure: bool,
    ) -> _Merged:
        bound, begun = _bound(entry, result), self._clock.monotonic()

        def waits(error: ReplicationError) -> None:
            bound.warning("status not written yet, trying on", reason=str(error))
            # an answer of 503, or none, is about the source and not about this object
            if may_postpone and error.http_status == 500 and self._clock.monotonic() - begun >= DEFAULT_RETRY.timeout_s:
                raise Postponed(str(error))

        return Retry(self._clock, self._randomness, interruption).until_it_works(
            lambda: self._write_once(client, entry, result, hold_failure=hold_failure), DEFAULT_RETRY, on_retry=waits
        )

    def _write_once(
        self, client: BackbeatClient, entry: ObjectQueueEntry, result: SiteResult, *, hold_failure: bool
    ) -> _Merged:
        version = entry.version_or_null
        for _ in range(_CONFLICTS):
            try:
                document, fingerprint = client.read_metadata(entry.bucket, entry.object_key, version)
                current = object_metadata.normalised(document)
                changed = status.merged(current, result)
                if changed is None:
                    return _Merged(current, None)
                if hold_failure and _site_status(changed, result) == status.FAILED:
                    return _Merged(current, changed, held=True)
                client.put_metadata(entry.bucket, entry.object_key, version, changed, replacing=fingerprint)
                return _Merged(current, changed)
            except ReplicationError as error:
                error.retryable = error.retryable or error.name in _ABOUT_US
                if error.http_status != 412:
                    raise
                _bound(entry, result).info("the metadata changed meanwhile, merging again", status=result.status)
        raise ReplicationError("PreconditionFailed", "the metadata change all the time", retryable=True)

    # what follows

    def _replay(self, entry: ObjectQueueEntry, retry: ObjectQueueEntry, site: str, interruption: Interruption) -> bool:
        assert self._replays is not None
        if not self._replays.push(retry, interruption):
            return False
        self._checkpoints.reach(STATUS_REPLAYED)
        self._metrics.replayed(entry, site)
        log.info("another attempt", key=retry.canonical_key, site=site, attempts_left=retry.replay_count)
        return True

    def _follow_up(
        self, entry: ObjectQueueEntry, result: SiteResult, merged: _Merged, interruption: Interruption
    ) -> str | None:
        metadata = merged.current if merged.changed is None else merged.changed
        global_status = metadata["replicationInfo"].get("status")
        now = None
        if merged.changed is None:
            _bound(entry, result).info("status unchanged", status=result.status)
            if status.site_status(metadata, result.site) != status.COMPLETED:
                self._not_written(entry, result)
        else:
            self._checkpoints.reach(STATUS_WRITTEN)
            now = _site_status(metadata, result)
            self._metrics.status_written(entry, result.site, now, global_status, age_of(metadata, self._clock))
            if now == status.PENDING:
                self._not_written(entry, result)
            _bound(entry, result).info(
                "status written", status=now, object_status=global_status, version_id=result.version_id
            )
        if now == status.FAILED and self._failed_topic is not None:
            self._failed_topic.announce(entry, result.site, interruption)
        # also when the status was there already: whoever wrote it may have died before telling
        if result.status == global_status == status.COMPLETED and self._gc_topic is not None:
            self._gc_topic.announce(entry, metadata, interruption)
        return now

    def _give_up(
        self, entry: ObjectQueueEntry, result: SiteResult, error: ReplicationError, interruption: Interruption
    ) -> None:
        """The source refuses for good. Backbeat loses the result; here the object is listed among the failed ones."""
        self._not_written(entry, result)
        if error.name in _GONE:
            _bound(entry, result).info("there is no object for the status", status=result.status, reason=str(error))
            return
        _bound(entry, result).error("status not written", status=result.status, reason=str(error))
        self._metrics.left_pending(result.site, error.name)
        if self._failed_topic is not None:
            self._failed_topic.announce(entry, result.site, interruption)

    def _not_written(self, entry: ObjectQueueEntry, result: SiteResult) -> None:
        """The entry ends without a result of its own; a site that is COMPLETED already was counted when it was."""
        if result.status != status.PENDING:
            self._metrics.superseded(entry, result.site)


def _site_status(metadata: dict[str, Any], result: SiteResult) -> str:
    return status.site_status(metadata, result.site) or result.status


def _bound(entry: ObjectQueueEntry, result: SiteResult) -> Any:
    return log.bind(bucket=entry.bucket, key=entry.object_key, version=entry.version_or_null, site=result.site)
