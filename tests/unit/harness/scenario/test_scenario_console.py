"""What people see of a session, and its exit status."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from rich.console import Console

from harness.errors import UsageError
from harness.scenario.console import RunOptions, check_paths, run_paths, select
from harness.scenario.loader import load_text

_GOOD = (
    "scenario: all is well [here]\ntags: [smoke]\nbuckets: {src: {}}\nsteps: [{put_object: {Bucket: src, Key: k}}]\n"
)
_BAD = "scenario: it is not there\nbuckets: {src: {}}\nsteps:\n  - get_object: {Bucket: src, Key: k}\n"
_OLD = "scenario: not yet\nsince: '9.2'\nsteps: [settle]\n"


def screen(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=100, force_terminal=terminal, color_system=None, highlight=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def session(
    folder: Path, *contents: str, factory: str = "FakeFactory", terminal: bool = False, **options: Any
) -> tuple[int, str]:
    for number, content in enumerate(contents):
        (folder / f"{number}.yaml").write_text(content)
    console = screen(terminal=terminal)
    target = RunOptions(target=f"scenario_target:{factory}", **{"seed": 5, **options})
    return run_paths([folder], target, console=console), text(console)


def test_all_pass(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, _OLD)
    assert status == 0
    assert "✓ all is well [here]" in shown
    assert "- not yet  0ms  true since CloudServer 9.2; fake is 8.8" in shown
    assert "1 passed, 1 skipped in " in shown
    assert shown.rstrip().endswith("(seed 5)")


def test_a_failure_is_shown_with_its_line_and_how_to_run_it_again(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, _BAD)
    assert status == 1
    assert "✗ it is not there" in shown
    assert f"{tmp_path}/1.yaml:4: get_object src-it-is-not-there-" in shown
    assert "  get_object failed: NoSuchKey: no" in shown
    assert f"run it again: harness run {tmp_path}/1.yaml --seed 5" in shown
    assert "1 passed, 1 failed in" in shown


def test_a_run_that_breaks_fails_the_session(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, factory="refusing_buckets")
    assert status == 1
    assert "! all is well [here]" in shown
    assert "1 broken in" in shown


def test_warnings_are_shown(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, factory="keeping_buckets")
    assert status == 0
    assert "warning: the bucket src-all-is-well-here-" in shown


def test_a_terminal_shows_what_passes_only_when_asked(tmp_path: Path) -> None:
    _, quiet = session(tmp_path, _GOOD, terminal=True)
    _, verbose = session(tmp_path, _GOOD, terminal=True, verbose=True)
    assert "✓ all is well" not in quiet
    assert "✓ all is well" in verbose
    assert "1 passed" in quiet


def test_files_that_are_wrong_are_told_and_nothing_runs(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, "scenario: s\nsteps: [{put_objet: {}}]")
    assert status == 2
    assert "1.yaml:2: unknown verb 'put_objet'; did you mean put_object?" in shown
    assert "all is well" not in shown


def test_a_stack_that_does_not_start_is_told_once(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, _GOOD, factory="not_starting")
    assert status == 2
    assert shown.count("error: Kafka did not start\n") == 1


@pytest.mark.parametrize("target", ["nowhere", "no.such:Thing", "/no/such.toml"])
def test_a_target_that_is_not_there_is_one_line(tmp_path: Path, target: str) -> None:
    (tmp_path / "a.yaml").write_text(_GOOD)
    console = screen()
    assert run_paths([tmp_path], RunOptions(target=target), console=console) == 2
    assert text(console).startswith("error: ")
    assert text(console).count("\n") == 1


def test_nothing_to_run_is_an_error(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, tags=["slow", "big"])
    assert status == 2
    assert "there is no scenario with the tag slow or big to run" in shown


def test_fail_fast(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _BAD, _GOOD, fail_fast=True)
    assert status == 1
    assert "1 failed, 1 not run in" in shown


def test_repeating(tmp_path: Path) -> None:
    status, shown = session(tmp_path, _GOOD, repeat=3)
    assert status == 0
    assert "3 passed in" in shown


def test_a_seed_is_chosen_and_shown(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(_GOOD)
    console = screen()
    run_paths([str(tmp_path / "a.yaml")], RunOptions(target="scenario_target:FakeFactory"), console=console)
    assert "(seed " in text(console)


@pytest.mark.parametrize(
    ("tags", "since", "titles"),
    [
        ((), None, ["a", "b", "c"]),
        (("x",), None, ["a", "b"]),
        (("y", "z"), None, ["b"]),
        ((), "8.8", ["a", "b"]),
        ((), "9.2", ["a", "b", "c"]),
        (("x",), "8.8", ["a", "b"]),
    ],
)
def test_selecting(tags: tuple[str, ...], since: str | None, titles: list[str]) -> None:
    scenarios = [
        load_text("scenario: a\ntags: [x]\nsteps: [settle]"),
        load_text("scenario: b\ntags: [x, y]\nsteps: [settle]"),
        load_text("scenario: c\nsince: '9.2'\nsteps: [settle]"),
    ]
    assert [scenario.title for scenario in select(scenarios, tags=tags, since=since)] == titles


def test_selecting_nothing() -> None:
    with pytest.raises(UsageError):
        select([], since=None)


def test_checking(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(_GOOD)
    console = screen()
    assert check_paths([tmp_path], console=console) == 0
    assert text(console) == "1 scenarios, 1 runs: nothing wrong\n"
    (tmp_path / "b.yaml").write_text("scenario: s\nstep: []\n")
    console = screen()
    assert check_paths([tmp_path], console=console) == 2
    assert "b.yaml:2: unknown member of a scenario 'step'; did you mean steps?" in text(console)


def test_a_report_for_machines(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    status, _ = session(tmp_path, _GOOD, _BAD, _OLD, junit=report)
    assert status == 1
    suite = fromstring(report.read_text()).find("testsuite")
    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "0", "1"]
    good, bad, old = suite.findall("testcase")
    assert good.get("name") == "all is well [here]"
    assert list(good.findall("failure")) == []
    assert [one.get("value") for one in bad.findall("properties/property")] == ["design", "5", ""]
    assert (str(bad.get("file")).rpartition("/")[2], bad.get("line")) == ("1.yaml", "0")
    failure = bad.find("failure")
    assert failure is not None
    assert str(failure.get("message")).startswith(f"{tmp_path}/1.yaml:4: get_object src-it-is-not-there-")
    assert "what the scenario did to it:" in str(failure.text)
    skipped = old.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "true since CloudServer 9.2; fake is 8.8"


def test_what_xml_cannot_hold_is_escaped_in_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    text = _BAD.replace("Key: k}", 'Key: "a\\0\\x1b<&\\uFFFF"}')
    session(tmp_path, text, junit=report)
    failure = fromstring(report.read_text()).find("testsuite/testcase/failure")
    assert failure is not None
    assert "a#x00#x1B<&#xFFFF" in str(failure.text)


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    for option in ("junit", "html"):
        status, shown = session(tmp_path, _GOOD, **{option: tmp_path / "no/folder.xml"})
        assert status == 2
        assert "folder.xml: cannot be written: No such file or directory" in shown


def test_a_terminal_is_told_nothing_that_it_would_obey(tmp_path: Path) -> None:
    _, shown = session(tmp_path, _BAD.replace("Key: k}", 'Key: "\\e[2Jk"}'))
    assert "\x1b" not in shown
    assert "\\x1b[2Jk" in shown
