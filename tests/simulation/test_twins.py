"""Scenarios whose engines take turns do what the script does that they were printed from, to the last request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.scenario.loader import load_text
from harness.scenario.results import Outcome, Result
from harness.scenario.runner import run_scenario
from harness.simulation import twin_target
from harness.simulation.planning import script_of
from harness.simulation.scenario_text import scenario
from harness.simulation.trace import Trace
from harness.simulation.twins import Twins
from harness.simulation.world import simulate
from harness.stack_target import StackFactory

_STACK = "stack: {twins: 1}\nbuckets:\n  src: {versioning: Enabled, replicates_to: aws}\n"


def ran(text: str) -> Result:
    run = load_text(text).runs()[0]
    with StackFactory()(run.dialect, run.scenario.needs) as target:
        return run_scenario(run, target)


def requests(trace: Trace) -> list[dict[str, Any]]:
    """Whom an engine asked for what, when, and what came of it; what its requests carried stands apart."""
    events = [json.loads(line) for line in trace.text().splitlines()]
    kept = ("t", "k", "by", "method", "url", "status", "error", "engine", "operation", "key")
    return [
        {name: event[name] for name in kept if name in event}
        for event in events
        if event["k"] in {"http", "aws", "fault", "held", "killed", "broken"}
    ]


@pytest.mark.parametrize("seed", [2, 9])
def test_a_printed_scenario_is_the_same_run_as_its_script(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Twins] = []

    class Remembered(Twins):
        def close(self) -> None:
            made.append(self)
            super().close()

    script = script_of(seed, objects=6)
    result = simulate(script)
    monkeypatch.setattr(twin_target, "Twins", Remembered)
    assert ran(scenario(script, f"seed {seed}")).outcome is Outcome.PASSED
    expected = requests(result.trace)
    assert expected
    # the scenario reads AWS and removes its bucket at the end
    assert requests(made[0].trace)[: len(expected)] == expected


def test_an_engine_that_is_held_finishes_what_it_was_at_with_its_next_turn() -> None:
    text = f"""scenario: held
{_STACK}steps:
  - put_object: {{Bucket: src, Key: k, Body: hello}}
  - turn: {{requests: 1}}
  - head_object: {{Bucket: src, Key: k}}
    expect: {{ReplicationStatus: PENDING}}
  - put_object_tagging: {{Bucket: src, Key: k, Tagging: {{TagSet: [{{Key: a, Value: b}}]}}}}
  - turn: 0
  - settle
  - get_object_tagging: {{Bucket: aws, Key: $src/k}}
    at: aws
    expect: {{TagSet: [{{Key: a, Value: b}}]}}
  - list_object_versions: {{Bucket: aws, Prefix: $src/}}
    at: aws
    expect: {{"Versions[].Size": [5]}}
  - get_object: {{Bucket: aws, Key: $src/k}}
    at: aws
    expect: {{Body: hello, "Metadata.\\"scal-replication-status\\"": REPLICA}}
  - audit: src
    expect: {{versions: 1, duplicates: 0, wrong: []}}
"""
    result = ran(text)
    assert result.outcome is Outcome.PASSED, result.failure


def test_what_is_on_its_way_still_is_what_an_audit_finds_wrong() -> None:
    text = f"""scenario: early
{_STACK}steps:
  - put_object: {{Bucket: src, Key: k, Body: hello}}
  - audit: src
    expect: {{wrong: []}}
"""
    result = ran(text)
    assert result.outcome is Outcome.FAILED
    assert "PENDING at the end" in str(result.failure)


def test_kafka_comes_back_and_killed_engines_begin_anew() -> None:
    text = f"""scenario: trouble
{_STACK}steps:
  - put_object: {{Bucket: src, Key: k, Body: hello}}
  - turn: {{requests: 2}}
  - kill: engine
  - outage: 30s
  - fault: {{site: engine, operation: request.after, after: 1, times: 1, kill: true}}
  - turn: {{rounds: 3}}
  - fired:
    expect: {{"faults[].operation": [request.after]}}
  - clear_faults:
  - advance: 1m
  - settle
  - audit: src
    expect: {{wrong: []}}
"""
    result = ran(text)
    assert result.outcome is Outcome.PASSED, result.failure


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("stop: aws", "aws cannot be stopped where engines take turns"),
        ("{engine: {do: stop, role: status}}", "engines that take turns have no roles"),
        ("{put_object: {Bucket: aws, Key: k, Body: x}, at: aws}", "can be looked at only; it knows no put_object"),
        ("pause: aws", "cannot be paused where engines take turns"),
    ],
)
def test_what_twins_cannot_do_is_skipped_with_a_reason(step: str, reason: str) -> None:
    result = ran(f"scenario: no\n{_STACK}steps:\n  - {step}\n")
    assert result.outcome is Outcome.SKIPPED
    assert reason in result.reason


def test_a_number_of_engines_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    run = load_text("scenario: none\nstack: {twins: {engines: 0}}\nsteps:\n  - settle\n", str(tmp_path)).runs()[0]
    with pytest.raises(UsageError, match="0 engines; 1 to 9 can take turns"):
        StackFactory()(run.dialect, run.scenario.needs).__enter__()
