from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from harness.errors import UsageError
from harness.scenario.model import ScenarioRun
from harness.scenario.results import Outcome, Result
from harness.scenario.taping import Taping
from harness.scenario.target_names import target_factory


class Place:
    file, line = "a.yaml", 1


class Scenario:
    place = Place()
    title = "it travels, or not"


class Run:
    scenario = Scenario()
    title = "it travels, or not [design]"


RUN = cast(ScenarioRun, Run())


class RecordedTarget:
    name = "recorded"

    @contextlib.contextmanager
    def taped(self, path: Path, about: str, words: tuple[str, ...]) -> Iterator[None]:
        path.write_text(f"{about} {words}", encoding="utf-8")
        yield


def tape_of(taping: Taping, outcome: Outcome) -> tuple[Path, Result]:
    path, recording = taping.begin(cast(Any, RecordedTarget()), RUN, 7, 0)
    with recording:
        result = Result(RUN, outcome, 0.1)
    return path, taping.end(path, result)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.BROKEN])
def test_the_tape_of_a_run_that_does_not_pass_is_kept_and_named(tmp_path: Path, outcome: Outcome) -> None:
    path, result = tape_of(Taping(tmp_path), outcome)

    assert path.name.startswith("it-travels-or-not-design-")
    assert path.suffix == ".tape"
    assert "it travels, or not [design] (seed 7)" in path.read_text(encoding="utf-8")
    assert result.warnings == (f"its tape is {path}",)


@pytest.mark.parametrize("keep_all", [True, False])
def test_the_tape_of_a_run_that_passes_is_kept_when_all_are(tmp_path: Path, keep_all: bool) -> None:
    path, result = tape_of(Taping(tmp_path, keep_all=keep_all), Outcome.PASSED)

    assert path.exists() is keep_all
    assert result.warnings == ()


def test_only_what_can_be_recorded_is(tmp_path: Path) -> None:
    class Elsewhere:
        name = "elsewhere"

    with pytest.raises(UsageError, match="elsewhere cannot be recorded from here"):
        Taping(tmp_path).begin(cast(Any, Elsewhere()), RUN, 7, 0)
    with pytest.raises(UsageError, match=r"http://127\.0\.0\.1:1 cannot be recorded from here"):
        target_factory("http://127.0.0.1:1", record=True)


def test_a_folder_that_cannot_be_had_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(UsageError, match="no folder for tapes"):
        Taping(tmp_path / "file" / "tapes").check()
