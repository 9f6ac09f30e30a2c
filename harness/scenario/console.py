"""``harness run`` as people see it: progress, failures one can act on, and an exit status."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fake_cloudserver import SystemClock, SystemRandomness
from harness.errors import HarnessError, UsageError
from harness.scenario.engine_log import LOG
from harness.scenario.junit import to_junit
from harness.scenario.loader import load_files
from harness.scenario.model import Scenario
from harness.scenario.results import Failure, Outcome, Result
from harness.scenario.runner import is_older
from harness.scenario.schedule import Job, run_all
from harness.scenario.target import TargetFactory
from harness.scenario.waiting import seconds

ALL_PASSED = 0
SOME_FAILED = 1
NOT_RUN = 2

_MARKS = {
    Outcome.PASSED: "[green]✓[/]",
    Outcome.FAILED: "[red]✗[/]",
    Outcome.BROKEN: "[red]![/]",
    Outcome.SKIPPED: "[yellow]-[/]",
}
_MOST_SEEDS = 2**32
#: Keys and answers may hold anything; a terminal would obey these.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def run_paths(
    paths: Iterable[Path | str],
    target_factory: TargetFactory,
    *,
    jobs: int = 1,
    tags: Sequence[str] = (),
    since: str | None = None,
    fail_fast: bool = False,
    seed: int | None = None,
    repeat: int = 1,
    verbose: bool = False,
    junit: Path | None = None,
    console: Console | None = None,
) -> int:
    """Run the scenarios of these files and folders, and show how it goes.

    Args:
        jobs: how many runs at a time.
        tags: only scenarios with at least one of them; none means all.
        since: only scenarios that are true for this version of CloudServer.
        seed: chosen, and shown, when not given.
        repeat: how often each run is done.
        verbose: a line for each run that passes, too, where the output is a terminal; elsewhere it is always there.
        junit: where to write the results as JUnit XML.

    Returns:
        0 when all passed (skipped ones do not count), 1 when some failed, 2 when they could not be run.
    """
    console = console or Console(highlight=False)
    seed = SystemRandomness().below(_MOST_SEEDS) if seed is None else seed
    try:
        work = select(load_files(Path(path) for path in paths), tags=tags, since=since, repeat=repeat)
        with LOG.capture(quiet=True):
            session = _Session(console, work, seed, verbose=verbose)
            results = session.run(target_factory, jobs, fail_fast=fail_fast)
        if junit is not None:
            _write(junit, to_junit(results))
        return SOME_FAILED if any(result.failure is not None for result in results) else ALL_PASSED
    except HarnessError as error:
        console.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        return NOT_RUN


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def check_paths(paths: Iterable[Path | str], *, console: Console | None = None) -> int:
    """Read the scenarios only; 0 when all can be run, 2 otherwise, with one line for each thing that is wrong."""
    console = console or Console(highlight=False)
    try:
        scenarios = load_files(Path(path) for path in paths)
    except HarnessError as error:
        console.print(escape(str(error)), soft_wrap=True)
        return NOT_RUN
    runs = sum(len(scenario.runs()) for scenario in scenarios)
    console.print(f"{len(scenarios)} scenarios, {runs} runs: nothing wrong")
    return ALL_PASSED


def select(scenarios: Iterable[Scenario], *, tags: Sequence[str] = (), since: str | None, repeat: int = 1) -> list[Job]:
    """The runs that are asked for; UsageError when there is none."""
    chosen = [
        scenario
        for scenario in scenarios
        if (not tags or set(tags) & set(scenario.tags))
        and (since is None or scenario.since is None or not is_older(since, scenario.since))
    ]
    if not chosen:
        wanted = f" with the tag {' or '.join(tags)}" if tags else ""
        raise UsageError(f"there is no scenario{wanted} to run")
    return [Job(run, repetition) for repetition in range(repeat) for scenario in chosen for run in scenario.runs()]


class _Session:
    """One go through all jobs."""

    def __init__(self, console: Console, work: list[Job], seed: int, *, verbose: bool) -> None:
        self._console = console
        self._work = work
        self._seed = seed
        self._verbose = verbose or not console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=len(work))
        self._running: dict[str, None] = {}

    def run(self, factory: TargetFactory, workers: int, *, fail_fast: bool) -> list[Result]:
        clock = SystemClock()
        start = clock.monotonic()
        with self._progress:
            results = run_all(
                self._work,
                factory,
                workers=workers,
                seed=self._seed,
                fail_fast=fail_fast,
                started=self._started,
                finished=self._finished,
            )
        for result in results:
            if result.failure is not None:
                self._show_failure(result, result.failure)
        self._show_summary(results, clock.monotonic() - start)
        return results

    def _started(self, job: Job) -> None:
        self._running[job.run.title] = None
        self._show_running()

    def _show_running(self) -> None:
        self._progress.update(self._task, description=escape(next(reversed(self._running), "finishing")))

    def _finished(self, result: Result) -> None:
        self._running.pop(result.run.title, None)
        self._progress.advance(self._task)
        self._show_running()
        if self._verbose or result.outcome is not Outcome.PASSED:
            reason = f"  [dim]{escape(result.reason)}[/]" if result.reason else ""
            took = f"[dim]{seconds(result.seconds)}[/]"
            self._print(f"{_MARKS[result.outcome]} {escape(result.run.title)}  {took}{reason}")
        for warning in result.warnings:
            self._print(f"  [yellow]warning:[/] {escape(warning)}")

    def _show_failure(self, result: Result, failure: Failure) -> None:
        self._console.rule(f"[red]{escape(result.run.title)}[/]", align="left", style="red")
        for line in failure.lines():
            self._print(escape(line))
        self._print(f"  run it again: harness run {result.run.scenario.place.file} --seed {result.seed}")

    def _show_summary(self, results: list[Result], took: float) -> None:
        counts = collections.Counter(result.outcome for result in results)
        parts = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
        left = len(self._work) - len(results)
        if left:
            parts.append(f"{left} not run")
        color = "red" if counts[Outcome.FAILED] or counts[Outcome.BROKEN] else "green"
        self._console.print(f"[{color}]{', '.join(parts) or 'nothing run'}[/] in {seconds(took)} (seed {self._seed})")

    def _print(self, text: str) -> None:
        self._console.print(_CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", text), soft_wrap=True)
