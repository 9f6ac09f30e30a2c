"""Failures where people review code: workflow commands for GitHub, a code quality report for GitLab; no IO."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from harness.report.record import RunRecord


def workflow_commands(records: Iterable[RunRecord]) -> list[str]:
    """A line for each run that should have passed, as GitHub's runner reads it from standard output."""
    return [
        f"::error file={_property(record.file)},line={record.line},title={_property(record.title)}::"
        + _data("\n".join([*record.text, f"run it again: {record.again}"]))
        for record in records
        if record.is_bad
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def code_quality(records: Iterable[RunRecord]) -> str:
    """GitLab's code quality report: the same failure of the same run has the same fingerprint in every pipeline."""
    issues = [
        {
            "description": f"{record.title}: {'; '.join(record.reasons)}",
            "check_name": "scenario",
            "fingerprint": hashlib.sha256(f"{record.file}:{record.title}".encode()).hexdigest(),
            "severity": "critical" if record.outcome == "failed" else "blocker",
            "location": {"path": record.file, "lines": {"begin": record.line}},
        }
        for record in records
        if record.is_bad
    ]
    return json.dumps(issues, indent=1, ensure_ascii=False) + "\n"
