"""Runs seeds, shrinks those that fail, and leaves behind what is needed to look at them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.engine.settings import Dialect
from harness.errors import UsageError
from harness.simulation import script as scripts
from harness.simulation.planning import script_of
from harness.simulation.scenario_text import scenario
from harness.simulation.script import Script
from harness.simulation.shrinking import Shrinker
from harness.simulation.world import Result, simulate, taped

SCRIPT, WHOLE, TRACE, SCENARIO = "script.jsonl", "whole.jsonl", "trace.jsonl", "scenario.yaml"
TAPE = "small.tape"


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """What scripts are made with; see :func:`harness.simulation.planning.script_of`."""

    dialect: Dialect | None = None
    objects: int = 20
    hours: float = 48.0

    def script(self, seed: int) -> Script:
        return script_of(seed, dialect=self.dialect, objects=self.objects, hours=self.hours)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """One seed.

    Attributes:
        shrunk: the result of the smallest script found; None for one that did not fail, or was not to be shrunk.
        runs: how many runs shrinking took.
        folder: where all of it was left.
    """

    result: Result
    shrunk: Result | None = None
    runs: int = 0
    folder: Path | None = None

    @property
    def seed(self) -> int:
        return self.result.script.seed


def load_script(path: Path) -> Script:
    """Raises UsageError with one line."""
    try:
        return scripts.load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def run_scripts(
    wanted: Iterable[Script], *, shrink: bool = True, keep: Path | None = None, limit: int = 600
) -> Iterator[Outcome]:
    """An outcome for each script, as soon as it is there.

    Args:
        keep: failing seeds leave a folder in this one.
        limit: runs that shrinking one of them may take.
    """
    for one in wanted:
        result = simulate(one)
        if not result.problems:
            yield Outcome(result)
            continue
        outcome = Outcome(result)
        if shrink:
            shrinker = Shrinker(limit=limit)
            smaller = shrinker.shrink(one, result.kind)
            outcome = Outcome(result, simulate(smaller), shrinker.runs)
        yield dataclasses.replace(outcome, folder=None if keep is None else _keep(outcome, keep))


def _keep(outcome: Outcome, folder: Path) -> Path:
    """Leave the scripts, what happened, and the scenario."""
    shown = outcome.shrunk or outcome.result
    here = folder / f"seed-{outcome.seed}-{outcome.result.script.dialect}"
    here.mkdir(parents=True, exist_ok=True)
    title = f"{shown.kind}, seed {outcome.seed}"
    for name, text in (
        (WHOLE, outcome.result.script.dumped()),
        (SCRIPT, shown.script.dumped()),
        (TRACE, shown.trace.text()),
        (SCENARIO, scenario(shown.script, title)),
        (TAPE, taped(shown.script)[1]),
    ):
        (here / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    return here
