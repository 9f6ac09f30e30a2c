"""Records for the tests of reports."""

from __future__ import annotations

from typing import Any

from harness.report.record import Event, RunRecord

EVENTS = (
    Event("scenario", 0.0, 0.05, "put object", "put_object src-1/k → ok", "src-1/k"),
    Event("cloudserver", 0.01, 0.02, "PUT", "cloudserver: PUT /src-1/k → 200", "src-1/k"),
    Event("cloudserver", 0.03, 0.0, "put PENDING", "metadata 7: put k PENDING", "src-1/k", "PENDING"),
    Event("kafka", 0.06, 0.0, "replication", "backbeat-replication 2@0: k PENDING", "src-1/k", "PENDING"),
    Event("engine", 0.07, 0.03, "PUT data", "cloudserver: PUT /_/backbeat/data/src-1/k → 200", "src-1/k"),
    Event("aws", 0.08, 0.02, "PUT", "aws: PUT /aws-target/src-1/k → 503", "src-1/k", "wrong"),
    Event("scenario", 0.1, 9.0, "head object", "head_object src-1/k → PENDING ×41", "src-1/k", "PENDING"),
    Event("cloudserver", 20.0, 0.0, "put COMPLETED", "metadata 9: put k COMPLETED", "src-1/k", "COMPLETED"),
)


def record(**changes: Any) -> RunRecord:
    values: dict[str, Any] = {
        "title": "an object replicates",
        "file": "scenarios/aws/hello.yaml",
        "line": 1,
        "about": "what it guards",
        "tags": ("smoke", "aws"),
        "dialect": "design",
        "seed": 5,
        "outcome": "passed",
        "seconds": 1.25,
        "again": "harness run scenarios/aws/hello.yaml --seed 5",
        "events": EVENTS,
    }
    return RunRecord(**{**values, **changes})


def failure(**changes: Any) -> RunRecord:
    values: dict[str, Any] = {
        "title": "a tag <b>travels</b>",
        "file": "scenarios/aws/tags.yaml",
        "line": 12,
        "outcome": "failed",
        "reasons": ("ReplicationStatus: expected 'COMPLETED', seen 'PENDING'",),
        "text": ("scenarios/aws/tags.yaml:12: head_object src-1/k", "  seen in 20.0s: PENDING ×31 \x1b[2J"),
    }
    return record(**{**values, **changes})
