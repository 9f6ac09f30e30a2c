"""Failures for GitHub and GitLab."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.report.annotations import code_quality, workflow_commands
from harness.report.collector import Collector
from harness.report.record import RunRecord
from support.report_records import failure, record


def test_github_reads_one_line_for_each_failure() -> None:
    [line] = workflow_commands([record(), failure(title="a, b: 100%"), record(outcome="skipped")])
    head, _, told = line.partition("::error ")[2].partition("::")
    assert head == "file=scenarios/aws/tags.yaml,line=12,title=a%2C b%3A 100%25"
    assert told.startswith("scenarios/aws/tags.yaml:12: head_object src-1/k%0A  seen in")
    assert told.endswith("%0Arun it again: harness run scenarios/aws/hello.yaml --seed 5")


def test_gitlab_reads_a_code_quality_report() -> None:
    [one, other] = json.loads(code_quality([record(), failure(), failure(title="b", outcome="broken")]))
    assert one["location"] == {"path": "scenarios/aws/tags.yaml", "lines": {"begin": 12}}
    assert one["severity"] == "critical"
    assert other["severity"] == "blocker"
    assert one["description"].startswith("a tag <b>travels</b>: ReplicationStatus: expected")
    assert one["fingerprint"] != other["fingerprint"]


def test_a_fingerprint_does_not_change_from_run_to_run() -> None:
    first, second = (json.loads(code_quality([failure(seed=seed, seconds=seed)])) for seed in (1, 2))
    assert first == second


def test_records_travel_between_processes() -> None:
    for one in (record(), failure(warnings=("w",), stack_failed=True)):
        assert RunRecord.from_plain(json.loads(json.dumps(one.to_plain()))) == one


@pytest.mark.parametrize("wanted", ["gitlab", "gitlab:", "jenkins", "github:x"])
def test_other_annotations_are_refused(wanted: str) -> None:
    with pytest.raises(pytest.UsageError, match="annotations are github or gitlab:FILE"):
        Collector(None, wanted)


def test_a_collector_writes_what_is_asked_for(tmp_path: Path) -> None:
    told: list[str] = []
    for wanted in ("github", f"gitlab:{tmp_path / 'q.json'}"):
        collector = Collector(str(tmp_path / "page.html"), wanted, told.append)
        collector.records.append(failure())
        collector.pytest_sessionfinish()
    assert "".join(told).count("::error ") == 1
    assert json.loads((tmp_path / "q.json").read_text())[0]["check_name"] == "scenario"
    assert "1 of 1 runs failed" in (tmp_path / "page.html").read_text()
