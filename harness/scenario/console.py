"""``harness run`` as people see it: progress, failures one can act on, and an exit status.

It is pytest underneath: the same items, selection, workers and reports as with ``pytest --scenarios``.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fake_cloudserver import SystemClock, SystemRandomness
from harness.errors import HarnessError, UsageError
from harness.report.record import RunRecord
from harness.scenario.loader import load_files
from harness.scenario.model import Scenario
from harness.scenario.pytest_items import record_of
from harness.scenario.results import Outcome
from harness.scenario.runner import is_older
from harness.scenario.schedule import LIMIT
from harness.scenario.taping import Taping
from harness.scenario.target_names import FAKE, target_factory
from harness.scenario.waiting import seconds

ALL_PASSED = 0
SOME_FAILED = 1
NOT_RUN = 2
INTERRUPTED = 130

_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "broken": "[red]![/]", "skipped": "[yellow]-[/]"}
_MOST_SEEDS = 2**32
#: Keys and answers may hold anything; a terminal would obey these.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclasses.dataclass(frozen=True, slots=True)
class RunOptions:
    """What ``harness run`` can be told.

    Attributes:
        jobs: processes that do runs, two at a time each; 1 does one at a time in this process.
        tags: only scenarios with at least one of them; none means all.
        since: only scenarios that are true for this version of CloudServer.
        select: only runs whose names hold this, as ``pytest -k`` has it.
        seed: chosen, and shown, when not given.
        repeat: how often each run is done.
        limit: seconds after which a run is given up.
        verbose: a line for each run that passes, too, where the output is a terminal; elsewhere it is always there.
        target: as :func:`harness.scenario.target_names.target_factory` knows it.
        junit, html: files to write.
        record: where tapes of runs that do not pass go; ``record_all``: those of others too.
        annotations: ``github``, or ``gitlab:FILE``.
    """

    jobs: int = 1
    tags: Sequence[str] = ()
    since: str | None = None
    select: str | None = None
    fail_fast: bool = False
    seed: int | None = None
    repeat: int = 1
    limit: float = LIMIT
    verbose: bool = False
    target: str = FAKE
    config_dir: Path | None = None
    kafka: str | None = None
    junit: Path | None = None
    html: Path | None = None
    annotations: str | None = None
    record: Path | None = None
    record_all: bool = False


def run_paths(paths: Iterable[Path | str], options: RunOptions, *, console: Console | None = None) -> int:
    """Run the scenarios of these files and folders, and show how it goes.

    Returns:
        0 when all passed (skipped ones do not count), 1 when some failed, 2 when they could not be run.
    """
    console = console or Console(highlight=False)
    try:
        target_factory(options.target, options.config_dir, options.kafka, record=options.record is not None)
        if options.record is not None:
            Taping(options.record).check()
        elif options.record_all:
            raise UsageError("--record-all goes with --record DIR")
        for file in (options.junit, options.html):
            _try_to_write(file)
        scenarios = select(load_files(Path(path) for path in paths), tags=options.tags, since=options.since)
    except HarnessError as error:
        console.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        return NOT_RUN
    seed = SystemRandomness().below(_MOST_SEEDS) if options.seed is None else options.seed
    total = options.repeat * sum(len(scenario.runs()) for scenario in scenarios)
    face = Face(console, total, seed, verbose=options.verbose)
    arguments = _arguments(options, seed, [scenario.place.file for scenario in scenarios])
    with face:
        status = pytest.main(arguments, plugins=[face])
    return face.end(status)


def _try_to_write(file: Path | None) -> None:
    """Better now than after everything has run."""
    if file is not None:
        try:
            file.open("a", encoding="utf-8").close()
        except OSError as error:
            raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


def _arguments(options: RunOptions, seed: int, files: list[str]) -> list[str]:
    """pytest's own: nobody's settings, conftest files or plugins change what a scenario does."""
    arguments = [
        "-c",
        os.devnull,
        f"--rootdir={Path.cwd()}",
        "--noconftest",
        "--disable-plugin-autoload",
        "--capture=no",
    ]
    arguments += ["-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:logging", "-p", "harness.pytest_plugin"]
    # they collect garbage many times at the end, which takes seconds
    arguments += ["-p", "no:unraisableexception", "-p", "no:threadexception"]
    arguments += ["--scenarios", "--scenario-quiet", f"--scenario-seed={seed}", f"--scenario-repeat={options.repeat}"]
    arguments += [f"--scenario-target={options.target}", f"--scenario-limit={options.limit:g}"]
    if options.jobs > 1:
        arguments += ["-p", "xdist", "-n", str(options.jobs), "--dist=worksteal"]
    else:
        arguments += ["--scenario-ahead=0"]
    given: dict[str, Any] = {
        "--scenario-config": options.config_dir,
        "--scenario-kafka": options.kafka,
        "--scenario-html": options.html,
        "--scenario-record": options.record,
        "--scenario-annotations": options.annotations,
        "--junitxml": options.junit,
        "-k": options.select,
    }
    arguments += [f"{name}={value}" for name, value in given.items() if value is not None and name != "-k"]
    arguments += ["-k", options.select] if options.select else []
    arguments += ["-m", " or ".join(options.tags)] if options.tags else []
    arguments += ["-x"] if options.fail_fast else []
    arguments += ["--scenario-record-all"] if options.record_all else []
    arguments += ["-o", "junit_family=xunit1", "-o", "junit_suite_name=scenarios"]
    return [*arguments, "--", *files]


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


def select(scenarios: Iterable[Scenario], *, tags: Sequence[str] = (), since: str | None = None) -> list[Scenario]:
    """The scenarios that are asked for; UsageError when there is none."""
    chosen = [
        scenario
        for scenario in scenarios
        if (not tags or set(tags) & set(scenario.tags))
        and (since is None or scenario.since is None or not is_older(since, scenario.since))
    ]
    if not chosen:
        wanted = f" with the tag {' or '.join(tags)}" if tags else ""
        raise UsageError(f"there is no scenario{wanted} to run")
    return chosen


class Face:
    """A plugin of pytest that shows a session as it goes. A context manager."""

    def __init__(self, console: Console, total: int, seed: int, *, verbose: bool) -> None:
        self._console = console
        self._total = total
        self._seed = seed
        self._verbose = verbose or not console.is_terminal
        self._clock = SystemClock()
        self._start = self._clock.monotonic()
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
        self._task = self._progress.add_task("starting", total=total)
        self._running: dict[str, None] = {}
        self._records: list[RunRecord] = []
        self._troubles: dict[str, None] = {}

    def __enter__(self) -> Face:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    # hooks

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """A run begins, here or in a worker."""
        self._running[nodeid] = None
        self._show_running(location[2])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A part of a run is over."""
        record = record_of(report)
        if record is not None:
            self._records.append(record)
            self._running.pop(report.nodeid, None)
            self._progress.advance(self._task)
            self._show(record)
        elif report.failed:
            self._troubles[f"{report.nodeid}: {report.longreprtext}"] = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that changed after it was read, or a worker that cannot read it."""
        if report.failed:
            self._troubles[report.longreprtext] = None

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Fewer runs than were thought (in this process; workers do not tell)."""
        self._total -= len(items)
        self._progress.update(self._task, total=self._total)

    # what is shown

    def _show_running(self, title: str) -> None:
        self._progress.update(self._task, description=escape(title))

    def _show(self, record: RunRecord) -> None:
        if self._verbose or record.outcome != Outcome.PASSED.value:
            reason = f"  [dim]{escape(record.reason)}[/]" if record.reason else ""
            took = f"[dim]{seconds(record.seconds)}[/]"
            self._print(f"{_MARKS[record.outcome]} {escape(record.title)}  {took}{reason}")
        for warning in record.warnings:
            self._print(f"  [yellow]warning:[/] {escape(warning)}")

    def end(self, status: int) -> int:
        """Show failures and the summary; the exit status, given pytest's own."""
        for record in self._records:
            if record.is_bad and not record.stack_failed:
                self._show_failure(record)
        stacks = {"\n".join(record.reasons): None for record in self._records if record.stack_failed}
        for trouble in (*stacks, *self._troubles):
            self._print(f"[red]error:[/] {escape(trouble)}")
        self._show_summary()
        if status == pytest.ExitCode.INTERRUPTED:
            return INTERRUPTED
        if stacks or self._troubles or status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            return NOT_RUN
        return SOME_FAILED if any(record.is_bad for record in self._records) else ALL_PASSED

    def _show_failure(self, record: RunRecord) -> None:
        self._console.rule(f"[red]{escape(record.title)}[/]", align="left", style="red")
        for line in (*record.text, f"  run it again: {record.again}"):
            self._print(escape(line))

    def _show_summary(self) -> None:
        counts = collections.Counter(record.outcome for record in self._records)
        parts = [f"{counts[outcome.value]} {outcome.value}" for outcome in Outcome if counts[outcome.value]]
        left = self._total - len(self._records)
        if left > 0:
            parts.append(f"{left} not run")
        color = "red" if counts["failed"] or counts["broken"] else "green"
        took = seconds(self._clock.monotonic() - self._start)
        self._console.print(f"[{color}]{', '.join(parts) or 'nothing run'}[/] in {took} (seed {self._seed})")

    def _print(self, text: str) -> None:
        self._console.print(_CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", text), soft_wrap=True)
