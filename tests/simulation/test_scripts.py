"""Scripts as data: kept, read again, refused with one line, and printed as scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.errors import UsageError
from harness.simulation.clock import SimulationClock, Stuck
from harness.simulation.planning import script_of
from harness.simulation.runner import load_script
from harness.simulation.scenario_text import scenario
from harness.simulation.script import Call, Fault, Script, load


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_script_is_read_as_it_was_written(seed: int) -> None:
    script = script_of(seed)
    assert load(script.dumped()) == script


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[]\n", 1),
        ("{}\n", 1),
        ('{"simulation": 1}\n', 1),
        ('{"simulation": 2, "seed": 1, "dialect": "design"}\n{"do": "fly"}\n', 2),
        ('{"simulation": 2, "seed": 1, "dialect": "design"}\n{"do": "wait", "hours": 1}\n', 2),
        ("[" * 100_000, 1),
    ],
)
def test_what_is_no_script_is_refused_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / "script.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=f"script.jsonl: line {line}: no script of a simulation"):
        load_script(file)


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_script_is_a_scenario_that_can_be_read(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    file.write_text(scenario(script_of(seed), f"found: by seed {seed}"), encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(file)])
    assert result.exit_code == 0, result.output


def test_a_scenario_expects_the_tags_that_were_set_last() -> None:
    fault = Fault({"site": "aws", "operation": "PutObject", "error": "SlowDown", "times": 1})
    calls = (Call("put", "k", 4, 3), fault, Call("tag", "k", 5), Call("tag", "k", 6))
    text = scenario(Script(1, "design", calls), "tags")
    assert '- fault: {"site": "aws", "operation": "PutObject", "error": "SlowDown", "times": 1}' in text
    assert '{"TagSet": [{"Key": "changed", "Value": "6"}]}' in text.splitlines()[-3]
    assert text.splitlines()[-2] == "  - audit: src"


def test_what_is_due_happens_in_its_time_and_what_waits_too_long_is_stuck() -> None:
    clock, seen = SimulationClock(), []
    clock.at(5, lambda: seen.append(clock.monotonic()))
    clock.at(2, lambda: seen.append(clock.monotonic()))
    clock.advance(1)
    assert seen == []
    clock.advance(10)
    assert seen == [2, 5]
    assert clock.monotonic() == 11
    clock.deadline = 12
    with pytest.raises(Stuck):
        clock.sleep(2)


def test_the_command_runs_seeds_and_says_what_they_were() -> None:
    result = CliRunner().invoke(main, ["simulate", "--seeds", "2", "--objects", "4", "--hours", "5"])
    assert result.exit_code == 0, result.output
    assert "2 of 2 runs well" in result.output


def test_the_command_runs_a_script_again(tmp_path: Path) -> None:
    file = tmp_path / "script.jsonl"
    file.write_text(script_of(3, objects=3).dumped(), encoding="utf-8")
    result = CliRunner().invoke(main, ["simulate", "--script", str(file)])
    assert result.exit_code == 0, result.output
    assert "1 of 1 runs well" in result.output
