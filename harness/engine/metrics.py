"""What the engine counts, under Backbeat's names, in a registry of its own.

Source: Backbeat extensions/replication/*/metrics, lib/util/metrics.js.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_ORIGIN = "replication"
_RPO_SECONDS = (1, 10, 30, 60, 120, 300, 600)
_STAGE_MS = (10, 100, 1e3, 1e4, 3e4, 6e4, 12e4, 3e5)


class EngineMetrics:
    """All metrics of one engine; a second engine in the same process has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        log = ["origin", "logName", "logId"]
        self._read_offset = self._gauge("s3_replication_read_offset", "Position in the journal", log)
        self._log_size = self._gauge("s3_replication_log_size", "Last position of the journal", log)
        self._populated = self._counter("s3_replication_populator_objects", "Objects published", log)
        self._populated_bytes = self._counter("s3_replication_populator_bytes", "Bytes of objects published", log)
        self._messages = self._counter(
            "s3_replication_populator_messages", "Messages published", [*log, "publishStatus"]
        )
        location = ["origin", "location", "replicationStatus"]
        self._data_status = self._counter("s3_replication_data_status_changed", "Results of copies", location)
        self._metadata_status = self._counter("s3_replication_metadata_status_changed", "Results", location)
        service = ["origin", "serviceName", "location"]
        self._data_bytes = self._counter("s3_replication_data_bytes", "Bytes written", service)
        self._source_bytes = self._counter("s3_replication_source_data_bytes", "Bytes read", service)
        self._reads = self._counter("s3_replication_data_read", "Reads of data", service)
        self._writes = self._counter("s3_replication_data_write", "Writes of data", [*service, "replicationContent"])
        self._stage = self._histogram(
            "s3_replication_stage_time_elapsed", "Milliseconds", [*service, "replicationStage"], _STAGE_MS
        )
        self._rpo = self._histogram("s3_replication_rpo_seconds", "Age of an object at pick-up", service, _RPO_SECONDS)
        self._status = self._counter(
            "s3_replication_status_changed", "Global status after a write", ["origin", "replicationStatus"]
        )
        self._latency = self._histogram(
            "s3_replication_latency_seconds",
            "Age of an object at its final result",
            ["origin", "location", "replayCount", "replicationStatus"],
            _RPO_SECONDS,
        )

    def render(self) -> bytes:
        """Prometheus's text form."""
        return generate_latest(self.registry)

    def populated(self, log_name: str, log_id: str, sizes: Iterable[int]) -> None:
        """Objects of these sizes were published, and Kafka has acknowledged them."""
        count = 0
        for size in sizes:
            count += 1
            self._populated_bytes.labels(_ORIGIN, log_name, log_id).inc(size)
        self._populated.labels(_ORIGIN, log_name, log_id).inc(count)
        self._messages.labels(_ORIGIN, log_name, log_id, "SUCCESS").inc(count)

    def not_published(self, log_name: str, log_id: str) -> None:
        """One message was refused for good."""
        self._messages.labels(_ORIGIN, log_name, log_id, "FAILURE").inc()

    def journal_position(self, log_name: str, log_id: str, position: int, end: int | None = None) -> None:
        self._read_offset.labels(_ORIGIN, log_name, log_id).set(position)
        if end is not None:
            self._log_size.labels(_ORIGIN, log_name, log_id).set(end)

    def picked_up(self, service: str, site: str, age_seconds: float) -> None:
        self._rpo.labels(_ORIGIN, service, site).observe(age_seconds)

    def source_read(self, service: str, site: str, size: int) -> None:
        self._reads.labels(_ORIGIN, service, site).inc()
        self._source_bytes.labels(_ORIGIN, service, site).inc(size)

    def written(self, service: str, site: str, size: int, elapsed_seconds: float) -> None:
        """Data of ``size`` bytes reached the destination."""
        self._writes.labels(_ORIGIN, service, site, "data").inc()
        self._data_bytes.labels(_ORIGIN, service, site).inc(size)
        stage = self._stage.labels(_ORIGIN, service, site, "ReplicationDestinationDataWrite")
        stage.observe(elapsed_seconds * 1000)

    def result(self, site: str, status: str, *, with_data: bool) -> None:
        """A result was published."""
        self._metadata_status.labels(_ORIGIN, site, status).inc()
        if with_data:
            self._data_status.labels(_ORIGIN, site, status).inc()

    def status_written(self, site: str, site_status: str, global_status: str, replays: int, age: float) -> None:
        """The source's metadata have the result."""
        self._status.labels(_ORIGIN, global_status).inc()
        self._latency.labels(_ORIGIN, site, str(replays), site_status).observe(age)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: list[str]) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: list[str], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)
