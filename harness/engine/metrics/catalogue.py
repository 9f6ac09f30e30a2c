"""Every metric that an engine offers to Prometheus: name, type, labels, buckets.

Source: Backbeat lib/util/metrics.js, lib/KafkaBacklogMetrics.js, lib/models/ReplicationMetrics, extensions/replication
and their metrics; breakbeat. Not here: what librdkafka and Node.js say of themselves.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

#: Value of the label ``origin``.
ORIGIN = "replication"

#: ``objectSizeMetrics`` as Backbeat ships it, in bytes.
OBJECT_SIZES = (66_560, 8_388_608, 68_157_440)

_STAGE_MS = (10, 100, 1e3, 1e4, 3e4, 6e4, 12e4, 3e5)
_AGE_S = (1, 10, 30, 60, 120, 300, 600)
_STATUS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1)
_TASK_S = (0.01, 0.1, 1, 10, 50, 100, 200, 300)
_MOVE_S = (0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)


@dataclasses.dataclass(frozen=True, slots=True)
class Definition:
    """One metric.

    Attributes:
        buckets: upper bounds of a histogram, without the infinite one.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    text: str
    buckets: tuple[float, ...] = ()


def catalogue(object_sizes: tuple[float, ...] = OBJECT_SIZES, replays: int = 0) -> tuple[Definition, ...]:
    """All metrics. ``object_sizes``: bounds in bytes; ``replays``: how often an object is replayed at most."""
    return (
        *_POPULATOR,
        *_PROCESSOR,
        *_STATUS,
        *_replay(object_sizes, replays),
        *_DATA_MOVER,
        *_QUEUE,
        *_BREAKER,
        *_OURS,
    )


def _counter(name: str, labels: str, text: str) -> Definition:
    return Definition(name, "counter", tuple(labels.split()), text)


def _gauge(name: str, labels: str, text: str) -> Definition:
    return Definition(name, "gauge", tuple(labels.split()), text)


def _histogram(name: str, labels: str, text: str, buckets: tuple[float, ...]) -> Definition:
    return Definition(name, "histogram", tuple(labels.split()), text, buckets)


_LOG = "origin logName logId"
_SERVICE = "origin serviceName location"
_REPLAY = "origin location replayCount"
_RESULT = "origin location replayCount replicationStatus"
_MOVE = "origin fromLocation fromLocationType toLocation toLocationType"
_GROUP = "topic partition group"

_POPULATOR = (
    _gauge("s3_replication_read_offset", _LOG, "Next record of the journal to read"),
    _gauge("s3_replication_log_size", _LOG, "Number of the journal's last record"),
    _gauge("s3_replication_log_timestamp", _LOG, "When the last record read was written, in seconds since the epoch"),
    _counter("s3_replication_populator_objects_total", _LOG, "Objects queued for replication, one for each site"),
    _counter("s3_replication_populator_bytes_total", _LOG, "Bytes queued for replication, over all sites"),
    _counter("s3_replication_populator_messages_total", f"{_LOG} publishStatus", "Messages sent to Kafka"),
)

_PROCESSOR = (
    _counter("s3_replication_data_status_changed_total", "origin location replicationStatus", "Results with data"),
    _counter("s3_replication_metadata_status_changed_total", "origin location replicationStatus", "Results"),
    _counter("s3_replication_data_bytes_total", _SERVICE, "Bytes of data written to the destination"),
    _counter("s3_replication_metadata_bytes_total", _SERVICE, "Bytes of metadata written to the destination"),
    _counter("s3_replication_source_data_bytes_total", _SERVICE, "Bytes of data read from the source"),
    _counter("s3_replication_data_read_total", _SERVICE, "Reads of data from the source"),
    _counter("s3_replication_data_write_total", f"{_SERVICE} replicationContent", "Writes to the destination"),
    _histogram(
        "s3_replication_stage_time_elapsed",
        f"{_SERVICE} replicationStage",
        "Milliseconds that a stage of a copy took",
        _STAGE_MS,
    ),
    _histogram("s3_replication_rpo_seconds", _SERVICE, "Age of an object when its replication begins", _AGE_S),
)

#: Not Backbeat's: it does not say when it leaves an object as it is.
_OURS = (_counter("s3_replication_left_pending_objects_total", "origin location cause", "Objects left as they are"),)

_STATUS = (
    _counter("s3_replication_status_changed_total", "origin replicationStatus", "Objects by status after a write"),
    _histogram(
        "s3_replication_status_process_duration_seconds",
        "origin result replicationStatus",
        "Time that it took to handle a result",
        _STATUS_S,
    ),
    _histogram("s3_replication_latency_seconds", _RESULT, "Age of an object at its final result", _AGE_S),
)


def _replay(sizes: tuple[float, ...], replays: int) -> tuple[Definition, ...]:
    counts = tuple(float(number) for number in range(max(1, replays)))
    return (
        _counter("s3_replication_replay_attempts_total", _REPLAY, "Replays that have a result"),
        _counter("s3_replication_replay_success_total", _REPLAY, "Replays that replicated their object"),
        _counter("s3_replication_replay_objects_queued_total", _REPLAY, "Objects sent to a replay topic"),
        _counter("s3_replication_replay_bytes_queued_total", _REPLAY, "Bytes of objects sent to a replay topic"),
        _histogram("s3_replication_replay_file_sizes_queued", _REPLAY, "Their sizes in bytes", sizes),
        _counter("s3_replication_replay_objects_completed_total", _RESULT, "Objects with a final result"),
        _counter("s3_replication_replay_bytes_completed_total", _RESULT, "Bytes of objects with a final result"),
        _histogram("s3_replication_replay_file_sizes_completed", _RESULT, "Their sizes in bytes", sizes),
        _histogram("s3_replication_replay_count", "origin location", "Replays before the final result", counts),
    )


_DATA_MOVER = (
    _counter("s3_replication_queued_objects_total", f"{_MOVE} partition", "Objects queued to be moved"),
    _counter("s3_replication_queued_bytes_total", f"{_MOVE} partition", "Bytes queued to be moved"),
    _counter("s3_replication_processed_bytes_total", f"{_MOVE} status", "Bytes moved, or not moved"),
    _histogram(
        "s3_replication_elapsed_seconds",
        f"{_MOVE} status contentLengthRange",
        "Time that it took to move an object",
        _MOVE_S,
    ),
)

_QUEUE = (
    _gauge(
        "s3_backbeat_queue_latest_published_message_timestamp",
        "topic partition",
        "When the latest message was published, in seconds since the epoch",
    ),
    _counter("s3_backbeat_queue_delivery_reports_total", "status", "Messages that Kafka acknowledged, or refused"),
    _gauge(
        "s3_backbeat_queue_latest_consumed_message_timestamp",
        _GROUP,
        "When the latest message that was consumed had been published, in seconds since the epoch",
    ),
    _gauge(
        "s3_backbeat_queue_latest_consume_event_timestamp",
        _GROUP,
        "When a message was consumed last, in seconds since the epoch",
    ),
    _counter("s3_backbeat_queue_rebalance_total", "topic group status", "Partitions given up in a rebalance"),
    _gauge("s3_backbeat_queue_slowTasks_count", _GROUP, "Tasks that run longer than max.poll.interval.ms"),
    _histogram(
        "s3_backbeat_queue_task_processing_time_seconds", f"{_GROUP} error", "Time that a message took", _TASK_S
    ),
)

_BREAKER = (
    _gauge("s3_circuit_breaker", "type", "0: nominal, 1: stabilizing, 2: tripped"),
    _counter("s3_circuit_breaker_errors_count", "type", "Probes that could not be evaluated"),
)
