"""Names, types, labels and buckets are Backbeat's: its dashboards and alerts go by them."""

from __future__ import annotations

import re

import pytest

from harness.engine.metrics import EngineMetrics
from harness.engine.metrics.catalogue import catalogue

LOG = "origin logName logId"
SERVICE = "origin serviceName location"
REPLAY = "origin location replayCount"
RESULT = "origin location replayCount replicationStatus"
MOVE = "origin fromLocation fromLocationType toLocation toLocationType"
GROUP = "topic partition group"
SIZES = (66560, 8388608, 68157440)
AGES = (1, 10, 30, 60, 120, 300, 600)

# name, type, labels, buckets
EXPECTED: list[tuple[str, str, str, tuple[float, ...]]] = [
    ("s3_replication_read_offset", "gauge", LOG, ()),
    ("s3_replication_log_size", "gauge", LOG, ()),
    ("s3_replication_log_timestamp", "gauge", LOG, ()),
    ("s3_replication_populator_objects_total", "counter", LOG, ()),
    ("s3_replication_populator_bytes_total", "counter", LOG, ()),
    ("s3_replication_populator_messages_total", "counter", f"{LOG} publishStatus", ()),
    ("s3_replication_data_status_changed_total", "counter", "origin location replicationStatus", ()),
    ("s3_replication_metadata_status_changed_total", "counter", "origin location replicationStatus", ()),
    ("s3_replication_data_bytes_total", "counter", SERVICE, ()),
    ("s3_replication_metadata_bytes_total", "counter", SERVICE, ()),
    ("s3_replication_source_data_bytes_total", "counter", SERVICE, ()),
    ("s3_replication_data_read_total", "counter", SERVICE, ()),
    ("s3_replication_data_write_total", "counter", f"{SERVICE} replicationContent", ()),
    (
        "s3_replication_stage_time_elapsed",
        "histogram",
        f"{SERVICE} replicationStage",
        (10, 100, 1000, 10000, 30000, 60000, 120000, 300000),
    ),
    ("s3_replication_rpo_seconds", "histogram", SERVICE, AGES),
    ("s3_replication_status_changed_total", "counter", "origin replicationStatus", ()),
    (
        "s3_replication_status_process_duration_seconds",
        "histogram",
        "origin result replicationStatus",
        (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1),
    ),
    ("s3_replication_latency_seconds", "histogram", RESULT, AGES),
    ("s3_replication_replay_attempts_total", "counter", REPLAY, ()),
    ("s3_replication_replay_success_total", "counter", REPLAY, ()),
    ("s3_replication_replay_objects_queued_total", "counter", REPLAY, ()),
    ("s3_replication_replay_bytes_queued_total", "counter", REPLAY, ()),
    ("s3_replication_replay_file_sizes_queued", "histogram", REPLAY, SIZES),
    ("s3_replication_replay_objects_completed_total", "counter", RESULT, ()),
    ("s3_replication_replay_bytes_completed_total", "counter", RESULT, ()),
    ("s3_replication_replay_file_sizes_completed", "histogram", RESULT, SIZES),
    ("s3_replication_replay_count", "histogram", "origin location", (0, 1, 2, 3, 4)),
    ("s3_replication_queued_objects_total", "counter", f"{MOVE} partition", ()),
    ("s3_replication_queued_bytes_total", "counter", f"{MOVE} partition", ()),
    ("s3_replication_processed_bytes_total", "counter", f"{MOVE} status", ()),
    (
        "s3_replication_elapsed_seconds",
        "histogram",
        f"{MOVE} status contentLengthRange",
        (0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000),
    ),
    ("s3_backbeat_queue_latest_published_message_timestamp", "gauge", "topic partition", ()),
    ("s3_backbeat_queue_delivery_reports_total", "counter", "status", ()),
    ("s3_backbeat_queue_latest_consumed_message_timestamp", "gauge", GROUP, ()),
    ("s3_backbeat_queue_latest_consume_event_timestamp", "gauge", GROUP, ()),
    ("s3_backbeat_queue_rebalance_total", "counter", "topic group status", ()),
    ("s3_backbeat_queue_slowTasks_count", "gauge", GROUP, ()),
    (
        "s3_backbeat_queue_task_processing_time_seconds",
        "histogram",
        f"{GROUP} error",
        (0.01, 0.1, 1, 10, 50, 100, 200, 300),
    ),
    ("s3_circuit_breaker", "gauge", "type", ()),
    ("s3_circuit_breaker_errors_count", "counter", "type", ()),
    ("s3_replication_left_pending_objects_total", "counter", "origin location cause", ()),  # ours
]


def touched() -> str:
    """The text of a registry in which every metric has a value."""
    metrics = EngineMetrics(replays=5)
    for one in metrics.registry.definitions:
        change = {
            "counter": metrics.registry.count,
            "gauge": metrics.registry.set,
            "histogram": metrics.registry.observe,
        }[one.kind]
        change(one.name, 1, **{label: "x" for label in one.labels if label != "origin"})
    return metrics.render().decode()


TEXT = touched()


def test_there_are_no_others() -> None:
    assert [one.name for one in catalogue()] == [name for name, *_ in EXPECTED]


@pytest.mark.parametrize(("name", "kind", "labels", "buckets"), EXPECTED, ids=[name for name, *_ in EXPECTED])
def test_a_metric_is_exposed_as_backbeat_exposes_it(
    name: str, kind: str, labels: str, buckets: tuple[float, ...]
) -> None:
    assert f"# TYPE {name} {kind}\n" in TEXT
    sample = f"{name}_bucket" if kind == "histogram" else name
    lines = re.findall(rf"^{sample}{{(.*)}} \S+$", TEXT, re.MULTILINE)
    assert lines
    found = [dict(re.findall(r'(\w+)="([^"]*)"', line)) for line in lines]
    bounds = [one.pop("le") for one in found if "le" in one]
    assert [float(bound) for bound in bounds] == ([*buckets, float("inf")] if buckets else [])
    expected = dict.fromkeys(labels.split(), "x")
    if "origin" in expected:
        expected["origin"] = "replication"
    assert all(one == expected for one in found)


def test_nothing_is_exposed_that_only_this_library_has() -> None:
    assert "_created" not in TEXT
    assert "process_cpu_seconds_total" in TEXT


def test_another_origin_may_be_given() -> None:
    metrics = EngineMetrics()
    labels = {"fromLocation": "a", "fromLocationType": "b", "toLocation": "c", "toLocationType": "d", "partition": "0"}
    metrics.registry.count("s3_replication_queued_objects_total", origin="lifecycle", **labels)
    assert 's3_replication_queued_objects_total{fromLocation="a",' in metrics.render().decode()
    assert 'origin="lifecycle"' in metrics.render().decode()


def test_size_classes_and_replays_are_configured() -> None:
    definitions = {one.name: one for one in catalogue((10, 20), replays=2)}
    assert definitions["s3_replication_replay_file_sizes_queued"].buckets == (10, 20)
    assert definitions["s3_replication_replay_count"].buckets == (0, 1)


def test_two_engines_in_a_process_do_not_mix() -> None:
    one, other = EngineMetrics(), EngineMetrics()
    one.circuit_breaker("queue_populator", 1)
    assert 's3_circuit_breaker{type="queue_populator"} 1.0' in one.render().decode()
    assert "queue_populator" not in other.render().decode()
