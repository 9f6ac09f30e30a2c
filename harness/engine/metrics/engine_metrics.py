"""What happens in an engine, told once: to Prometheus, and to the metrics topic.

Source: Backbeat extensions/replication/*/metrics, lib/util/metrics.js, lib/MetricsProducer.js.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

from fake_cloudserver import Clock
from harness.engine import status
from harness.engine.filter import Publication
from harness.engine.metrics import message
from harness.engine.metrics.catalogue import OBJECT_SIZES, catalogue
from harness.engine.metrics.data_mover import DataMoverMetrics
from harness.engine.metrics.message import ObjectName
from harness.engine.metrics.queue_metrics import QueueMetrics
from harness.engine.metrics.registry import MetricsRegistry
from harness.engine.metrics.reports import MetricsReports
from harness.engine.metrics.statistics import Statistics
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.settings import EngineSettings

_RESULTS = {status.COMPLETED: message.COMPLETED, status.FAILED: message.FAILED}


class EngineMetrics:
    """All metrics of one engine; a second engine in the same process has its own.

    Every entry that the populator counted as pending is counted off once: as completed, as failed, or, where there
    is no result (it was skipped, or another entry took its place), by a ``pendingOnly`` message with negative
    numbers. Backbeat never sends that, so that its pending counters only grow; it adds what it receives, and would
    understand.

    Attributes:
        queue: counts what passes through a queue that it observes.
        statistics: what all engines together did; filled only in one that answers questions about it.

    Args:
        reports: for the metrics topic; None for Prometheus only.
        object_sizes: bounds of the size histograms, in bytes.
        replays: how often an object is replayed at most.
    """

    def __init__(
        self,
        reports: MetricsReports | None = None,
        *,
        object_sizes: tuple[float, ...] = OBJECT_SIZES,
        replays: int = 0,
    ) -> None:
        self.registry = MetricsRegistry(catalogue(object_sizes, replays))
        self.reports = reports
        self.statistics = Statistics()
        self.queue = QueueMetrics(self.registry)
        self.data_mover = DataMoverMetrics(self.registry)
        self._replays = replays

    @classmethod
    def of(cls, settings: EngineSettings, clock: Clock) -> EngineMetrics:
        """As the settings say, and with reports."""
        replays = sum(topic.retries for topic in settings.replay_topics)
        return cls(MetricsReports(clock), object_sizes=settings.object_size_metrics, replays=replays)

    def render(self) -> bytes:
        """Prometheus's text form."""
        return self.registry.render()

    # the populator

    def populated(self, log_name: str, log_id: str, publications: Sequence[Publication]) -> None:
        """These were published, and Kafka has acknowledged them."""
        log = {"logName": log_name, "logId": log_id}
        queued: dict[str, tuple[int, int]] = {}
        for one in publications:
            for site in one.pending_sites:
                ops, size = queued.get(site, (0, 0))
                queued[site] = ops + 1, size + one.replicated_bytes
        self.registry.count("s3_replication_populator_objects_total", sum(ops for ops, _ in queued.values()), **log)
        self.registry.count("s3_replication_populator_bytes_total", sum(size for _, size in queued.values()), **log)
        published = {"publishStatus": "SUCCESS"}
        self.registry.count("s3_replication_populator_messages_total", len(publications), **log, **published)
        for site, (ops, size) in queued.items():
            self._report_site(message.QUEUED, site, ops, size)

    def not_published(self, log_name: str, log_id: str) -> None:
        """One message was refused for good."""
        labels = {"logName": log_name, "logId": log_id, "publishStatus": "FAILURE"}
        self.registry.count("s3_replication_populator_messages_total", **labels)

    def journal_read(
        self, log_name: str, log_id: str, position: int, *, end: int | None = None, written: float | None = None
    ) -> None:
        """The journal was read up to ``position``.

        Args:
            end: the journal's last record, where it is known.
            written: when the last record read was written, in seconds since the epoch.
        """
        log = {"logName": log_name, "logId": log_id}
        self.registry.set("s3_replication_read_offset", position, **log)
        if end is not None:
            self.registry.set("s3_replication_log_size", end, **log)
        if written is not None:
            self.registry.set("s3_replication_log_timestamp", written, **log)

    # the queue processor and its tasks

    def picked_up(self, service: str, site: str, age_seconds: float) -> None:
        self.registry.observe("s3_replication_rpo_seconds", age_seconds, serviceName=service, location=site)

    def source_read(self, service: str, site: str, size: int, elapsed_seconds: float) -> None:
        """Data of ``size`` bytes came from the source."""
        self.registry.count("s3_replication_data_read_total", serviceName=service, location=site)
        self.registry.count("s3_replication_source_data_bytes_total", size, serviceName=service, location=site)
        self._stage(service, site, "ReplicationSourceDataRead", elapsed_seconds)

    def written(self, service: str, site: str, size: int, elapsed_seconds: float) -> None:
        """Data of ``size`` bytes reached the destination."""
        labels = {"serviceName": service, "location": site}
        self.registry.count("s3_replication_data_write_total", replicationContent="data", **labels)
        self.registry.count("s3_replication_data_bytes_total", size, **labels)
        self._stage(service, site, "ReplicationDestinationDataWrite", elapsed_seconds)

    def metadata_written(self, service: str, site: str, size: int, elapsed_seconds: float) -> None:
        """Metadata of ``size`` bytes reached the destination."""
        labels = {"serviceName": service, "location": site}
        self.registry.count("s3_replication_data_write_total", replicationContent="metadata", **labels)
        self.registry.count("s3_replication_metadata_bytes_total", size, **labels)
        self._stage(service, site, "ReplicationDestinationMetadataWrite", elapsed_seconds)

    def copy_begins(self, entry: ObjectQueueEntry, site: str) -> None:
        """All of the entry's data is going to be written to ``site``."""
        self._report_object(message.QUEUED, entry, site, entry.content_length)

    def copied(self, entry: ObjectQueueEntry, site: str, size: int) -> None:
        """``size`` bytes of the entry's data were written to ``site``."""
        self._report_object(message.COMPLETED, entry, site, size)

    def result(self, site: str, result: str, *, with_data: bool) -> None:
        """A result was published."""
        labels = {"location": site, "replicationStatus": result}
        self.registry.count("s3_replication_metadata_status_changed_total", **labels)
        if with_data:
            self.registry.count("s3_replication_data_status_changed_total", **labels)

    def skipped(self, entry: ObjectQueueEntry, site: str) -> None:
        """The entry ends without a result; it is no longer pending, if it ever was."""
        try:
            was_pending = status.site_status(entry.metadata, site) == status.PENDING
        except (AttributeError, KeyError, TypeError):
            return  # metadata that no CloudServer writes
        if was_pending:
            self.superseded(entry, site)

    # the status processor

    def status_written(
        self, entry: ObjectQueueEntry, site: str, site_status: str, global_status: str, age_seconds: float
    ) -> None:
        """The source's metadata have the result of ``entry``.

        Args:
            site_status: what ``site`` has now; COMPLETED and FAILED are final.
            age_seconds: since the object was last modified.
        """
        self.registry.count("s3_replication_status_changed_total", replicationStatus=global_status)
        if site_status not in _RESULTS:
            return
        size, replay = _size(entry), self._replay_of(entry)
        final = {"location": site, "replayCount": str(replay), "replicationStatus": site_status}
        self.registry.observe("s3_replication_latency_seconds", age_seconds, **final)
        self.registry.count("s3_replication_replay_objects_completed_total", **final)
        self.registry.count("s3_replication_replay_bytes_completed_total", size, **final)
        self.registry.observe("s3_replication_replay_file_sizes_completed", size, **final)
        self.registry.observe("s3_replication_replay_count", replay, location=site)
        self._replay_ended(entry, site, succeeded=site_status == status.COMPLETED)
        self._report_site(_RESULTS[site_status], site, 1, size)

    def superseded(self, entry: ObjectQueueEntry, site: str) -> None:
        """The result is not written: the object is gone, or another entry took the place of this one."""
        self._report_site(message.PENDING_ONLY, site, -1, -_size(entry))

    def retried(self, entry: ObjectQueueEntry, site: str) -> None:
        """Somebody asked for another try; the entry is pending again. (Backbeat lib/api/BackbeatAPI.js)"""
        self._report_site(message.PENDING_ONLY, site, 1, _size(entry))

    def replayed(self, entry: ObjectQueueEntry, site: str) -> None:
        """``entry``, which failed, was sent to a replay topic; its count is still that of the result."""
        self._replay_ended(entry, site, succeeded=False)
        labels = {"location": site, "replayCount": str(self._replay_of(entry) + 1)}
        self.registry.count("s3_replication_replay_objects_queued_total", **labels)
        self.registry.count("s3_replication_replay_bytes_queued_total", _size(entry), **labels)
        self.registry.observe("s3_replication_replay_file_sizes_queued", _size(entry), **labels)

    def status_processed(self, result: str, replication_status: str, elapsed_seconds: float) -> None:
        """``result``: ``success``, ``error``, or ``nochange`` where there was nothing to write."""
        labels = {"result": result, "replicationStatus": replication_status}
        self.registry.observe("s3_replication_status_process_duration_seconds", elapsed_seconds, **labels)

    def left_pending(self, site: str, cause: str) -> None:
        """An entry ended without a result that could be written: the object stays as it is until somebody acts."""
        self.registry.count("s3_replication_left_pending_objects_total", location=site, cause=cause)

    # the circuit breaker

    def circuit_breaker(self, kind: str, state: int) -> None:
        """``kind``: replication_processor or queue_populator; ``state``: 0 nominal, 1 stabilizing, 2 tripped."""
        self.registry.set("s3_circuit_breaker", state, type=kind)

    def circuit_breaker_error(self, kind: str) -> None:
        """A probe could not be evaluated."""
        self.registry.count("s3_circuit_breaker_errors_count", type=kind)

    def _stage(self, service: str, site: str, stage: str, seconds: float) -> None:
        labels = {"serviceName": service, "location": site, "replicationStage": stage}
        self.registry.observe("s3_replication_stage_time_elapsed", seconds * 1000, **labels)

    def _replay_of(self, entry: ObjectQueueEntry) -> int:
        """Which replay the entry is, 0 for none; entries carry how many are left after them."""
        left = entry.replay_count
        return max(0, self._replays - left) if _is_count(left) else 0

    def _replay_ended(self, entry: ObjectQueueEntry, site: str, *, succeeded: bool) -> None:
        if not _is_count(entry.replay_count):
            return
        labels = {"location": site, "replayCount": str(self._replay_of(entry))}
        self.registry.count("s3_replication_replay_attempts_total", **labels)
        if succeeded:
            self.registry.count("s3_replication_replay_success_total", **labels)

    def _report_site(self, kind: str, site: str, ops: int, size: int) -> None:
        if self.reports is not None:
            self.reports.about_site(kind, site, ops, size)

    def _report_object(self, kind: str, entry: ObjectQueueEntry, site: str, size: int) -> None:
        version_id = entry.encoded_version_id
        if self.reports is not None and version_id:
            self.reports.about_object(kind, site, ObjectName(entry.bucket, entry.object_key, version_id), size)


def _size(entry: ObjectQueueEntry) -> int:
    """Bytes that the entry has to send, as the populator counts them."""
    try:
        return entry.content_length if "DATA" in entry.content else 0
    except (KeyError, TypeError, ValueError):
        return 0  # metadata that no CloudServer writes


def _is_count(left: Any) -> TypeGuard[int]:
    """Messages may say anything; what is no count is no replay."""
    return isinstance(left, int) and not isinstance(left, bool)
