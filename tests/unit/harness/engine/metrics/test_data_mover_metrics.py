"""Objects, bytes and times of the data mover, by size class."""

from __future__ import annotations

import pytest

from harness.engine.metrics import EngineMetrics
from harness.engine.metrics.data_mover import Move, content_length_range

MOVE = Move("lifecycle", "us-east-1", "file", "aws", "aws_s3")
LABELS = 'fromLocation="us-east-1",fromLocationType="file",origin="lifecycle"'


@pytest.mark.parametrize(
    ("length", "name"),
    [
        (0, "<10KB"),
        (9_999, "<10KB"),
        (10_000, "10KB..100KB"),
        (999_999, "100KB..1MB"),
        (1_000_000, "1MB..10MB"),
        (50_000_000, "10MB..100MB"),
        (10**9 - 1, "100MB..1GB"),
        (10**9, "1GB..10GB"),
        (10**10, "10GB..100GB"),
        (10**12 - 1, "100GB..1TB"),
        (10**12, ">1TB"),
    ],
)
def test_every_length_has_a_class(length: int, name: str) -> None:
    assert content_length_range(length) == name


@pytest.mark.parametrize("length", [1_234_567, "1234567"], ids=["number", "text"])
def test_objects_bytes_and_times_are_counted(length: int | str) -> None:
    metrics = EngineMetrics()
    metrics.data_mover.queued(MOVE, length, 3)
    metrics.data_mover.processed(MOVE, length, "success", 2.5)
    text = metrics.render().decode()
    to = 'toLocation="aws",toLocationType="aws_s3"'
    queued = f'{LABELS},partition="3",{to}'
    assert f"s3_replication_queued_objects_total{{{queued}}} 1.0" in text
    assert f"s3_replication_queued_bytes_total{{{queued}}} 1.234567e+06" in text
    assert f's3_replication_processed_bytes_total{{{LABELS},status="success",{to}}} 1.234567e+06' in text
    ranged = f'contentLengthRange="1MB..10MB",{LABELS},status="success",{to}'
    assert f"s3_replication_elapsed_seconds_sum{{{ranged}}} 2.5" in text
