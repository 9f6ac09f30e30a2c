"""A tape for each run: kept for those that do not pass, or for all."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from pathlib import Path
from typing import Protocol, runtime_checkable

from harness.errors import UsageError
from harness.scenario.buckets import run_id
from harness.scenario.model import ScenarioRun
from harness.scenario.results import Outcome, Result
from harness.scenario.target import Target

_LONGEST_NAME = 80


@runtime_checkable
class Taped(Protocol):
    """A target that can be recorded; the embedded stack can."""

    def taped(self, path: Path, about: str, words: tuple[str, ...]) -> contextlib.AbstractContextManager[None]: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Taping:
    """Where tapes go.

    Attributes:
        folder: made when it is not there.
        keep_all: those of runs that pass, too.
    """

    folder: Path
    keep_all: bool = False

    def check(self) -> None:
        """Raises UsageError when the folder cannot be had."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{self.folder}: no folder for tapes: {error.strerror}") from None

    def begin(
        self, target: Target, run: ScenarioRun, seed: int, repetition: int
    ) -> tuple[Path, contextlib.AbstractContextManager[None]]:
        """The tape's path, and what records to it while it is entered: everything about the run's buckets."""
        if not isinstance(target, Taped):
            raise UsageError(
                f"{target.name} cannot be recorded from here; harness tape record can be put in front of it"
            )
        identity = run_id(run, seed, repetition)
        path = self.folder / f"{_name(run)}-{identity}.tape"
        return path, target.taped(path, f"{run.title} (seed {seed})", (identity,))

    def end(self, path: Path, result: Result) -> Result:
        """Keep the tape or let it go."""
        if result.outcome in {Outcome.FAILED, Outcome.BROKEN}:
            return dataclasses.replace(result, warnings=(*result.warnings, f"its tape is {path}"))
        if not self.keep_all:
            path.unlink(missing_ok=True)
        return result


def _name(run: ScenarioRun) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", run.title).strip("-")[:_LONGEST_NAME].rstrip("-")
