"""Scenarios collected and run by pytest itself, on a target of dictionaries."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import scenario_target

from harness.scenario import s3_shapes, schedule

pytest_plugins = ["pytester"]

_GOOD = """\
scenario: all is well
tags: [smoke, very-fast]
dialects: [design, release]
buckets: {src: {}}
steps:
  - put_object: {Bucket: src, Key: k}
"""
_BAD = """\
scenario: it is not there
tags: [slow]
buckets: {src: {}}
steps:
  - get_object: {Bucket: src, Key: k}
"""
_OLD = "scenario: not yet\nsince: '9.2'\nsteps: [settle]\n"
_WRONG = "scenario: wrong\nsteps:\n  - put_objet: {}\n"


# Loaded here once: pytester forgets whatever a run inside this process loads.
LOADED = (scenario_target, schedule, s3_shapes.operations())


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    pytester.syspathinsert(Path(__file__).parent)
    scenarios = pytester.mkdir("scenarios")
    for name, text in {"good": _GOOD, "bad": _BAD, "old": _OLD}.items():
        (scenarios / f"{name}.yaml").write_text(text)
    (pytester.path / "other.yaml").write_text("not: a scenario\n")
    return scenarios


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest("--scenario-target", "scenario_target:FakeFactory", *arguments)


def test_every_run_is_an_item(pytester: pytest.Pytester, folder: Path) -> None:
    result = run(pytester, "--scenarios", "--collect-only", "-q", "--strict-markers")
    result.stdout.fnmatch_lines_random(
        [
            "scenarios/good.yaml::all is well [[]design[]]",
            "scenarios/good.yaml::all is well [[]release[]]",
            "scenarios/bad.yaml::it is not there",
            "scenarios/old.yaml::not yet",
        ]
    )


def test_runs_that_can_have_the_same_stack_follow_each_other(pytester: pytest.Pytester, folder: Path) -> None:
    for name, more in {"a": "stack: {concurrency: 2}\n", "b": "", "c": "stack: {concurrency: 2}\n"}.items():
        text = f"scenario: {name}\ndialects: [release, design]\n{more}steps: [settle]\n"
        (folder / f"{name}.yaml").write_text(text)
    (pytester.path / "test_it.py").write_text("def test_it(): pass\n")

    files = ("scenarios/a.yaml", "scenarios/b.yaml", "test_it.py", "scenarios/c.yaml")
    result = run(pytester, "--scenarios", "--collect-only", "-q", *files)
    assert [line for line in result.outlines if "::" in line] == [
        "scenarios/b.yaml::b [design]",
        "scenarios/b.yaml::b [release]",
        "scenarios/a.yaml::a [design]",
        "scenarios/c.yaml::c [design]",
        "test_it.py::test_it",
        "scenarios/a.yaml::a [release]",
        "scenarios/c.yaml::c [release]",
    ]


def test_runs_pass_fail_and_are_skipped(pytester: pytest.Pytester, folder: Path) -> None:
    result = run(pytester, "--scenarios", "--scenario-seed", "5", "-rs")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*it is not there*",
            "scenarios/bad.yaml:5: get_object src-it-is-not-there-*/k",
            "  get_object failed: NoSuchKey: no",
            "  run it again: pytest --scenarios --scenario-seed 5 'scenarios/bad.yaml::it is not there'",
        ]
    )
    result.stdout.fnmatch_lines(["*true since CloudServer 9.2; fake is 8.8*"])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "passed", "failed"),
    [(("-m", "very-fast"), 2, 0), (("-m", "slow"), 0, 1), (("-k", "release"), 1, 0), (("-k", "bad"), 0, 1)],
)
def test_selecting(
    pytester: pytest.Pytester, folder: Path, arguments: tuple[str, str], passed: int, failed: int
) -> None:
    run(pytester, "--scenarios", "--strict-markers", *arguments).assert_outcomes(
        passed=passed, failed=failed, deselected=4 - passed - failed
    )


def test_nothing_is_collected_unless_asked_for(pytester: pytest.Pytester, folder: Path) -> None:
    assert run(pytester, "scenarios").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_setting_asks_for_it(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.makeini("[pytest]\nscenarios = true\nscenario_files = scenarios/good*\n")
    run(pytester).assert_outcomes(passed=2)


def test_a_file_that_is_named_is_taken_wherever_it_is(pytester: pytest.Pytester, folder: Path) -> None:
    (pytester.path / "mine.yaml").write_text(_GOOD)
    run(pytester, "--scenarios", "mine.yaml").assert_outcomes(passed=2)


def test_a_wrong_file_is_an_error_of_collection(pytester: pytest.Pytester, folder: Path) -> None:
    (folder / "wrong.yaml").write_text(_WRONG)
    result = run(pytester, "--scenarios", "scenarios/wrong.yaml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["scenarios/wrong.yaml:3: unknown verb 'put_objet'; did you mean put_object[?]"])


def test_a_report_for_machines(pytester: pytest.Pytester, folder: Path) -> None:
    run(pytester, "--scenarios", "--scenario-seed", "5", "--junitxml=report.xml")
    report = (pytester.path / "report.xml").read_text()
    assert 'name="all is well [design]"' in report
    assert '<property name="seed" value="5"' in report
    assert "scenarios/bad.yaml:5: get_object" in report


def test_a_target_that_is_not_there(pytester: pytest.Pytester, folder: Path) -> None:
    result = pytester.runpytest("--scenarios", "--scenario-target", "no.such:Thing", "-k", "well")
    result.stderr.fnmatch_lines(["*--scenario-target no.such:Thing: No module named 'no'*"])


def test_runs_are_shared_out_among_workers(
    pytester: pytest.Pytester, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(here), str(here.parents[3])]))
    target = ("--scenario-target", "scenario_target:FakeFactory")
    result = pytester.runpytest_subprocess(*target, "--scenarios", "-n", "2")
    result.assert_outcomes(passed=2, failed=1, skipped=1)
