"""``harness simulate`` for people: progress, what failed and how small it became, figures."""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fake_cloudserver import SystemClock
from harness.simulation.runner import SCENARIO, Outcome, run_scripts
from harness.simulation.scenario_text import scenario
from harness.simulation.script import Script


@dataclasses.dataclass
class Totals:
    """Over all seeds."""

    runs: int = 0
    failed: int = 0
    hours: float = 0.0
    calls: int = 0
    versions: int = 0
    faults: int = 0
    kills: int = 0
    duplicates: int = 0
    kinds: Counter[str] = dataclasses.field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        result = outcome.result
        self.runs += 1
        self.failed += bool(result.problems)
        self.hours += result.hours
        self.calls += len(result.script.calls)
        self.versions += result.report.versions
        self.faults += result.faults
        self.kills += result.kills
        self.duplicates += result.report.duplicates
        self.kinds.update(dict.fromkeys({kind for kind, _ in result.problems}, 1))


def run_simulations(
    scripts: Sequence[Script], *, shrink: bool, keep: Path | None, fail_fast: bool, limit: int = 600
) -> int:
    """Run them all and tell; 0 when all was well, 1 when something failed."""
    logging.getLogger().setLevel(logging.CRITICAL)  # what breaks on purpose is told in the trace
    console = Console(highlight=False, soft_wrap=True)
    totals, clock = Totals(), SystemClock()
    begun = clock.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("simulating", total=len(scripts))
        for outcome in run_scripts(scripts, shrink=shrink, keep=keep, limit=limit):
            totals.add(outcome)
            progress.advance(task)
            if outcome.result.problems:
                _tell(progress.console, outcome)
                if fail_fast:
                    break
    _summary(console, totals, clock.monotonic() - begun)
    return 1 if totals.failed else 0


def _tell(console: Console, outcome: Outcome) -> None:
    result = outcome.result
    console.print(f"[red]✗[/red] seed {outcome.seed}, {result.script.dialect}: {result.kind}")
    _lines(console, (line for _, line in result.problems))
    shrunk = outcome.shrunk
    if shrunk is not None:
        sizes = f"{len(shrunk.script.calls)} calls of {len(result.script.calls)}"
        console.print(
            f"  shrunk to {sizes}, {len(shrunk.script.items)} items of {len(result.script.items)}"
            f" in {outcome.runs} runs:"
        )
        _lines(console, shrunk.script.dumped().splitlines(), most=60)
        _lines(console, (line for _, line in shrunk.problems))
    if outcome.folder is not None:
        console.print(f"  left in {escape(str(outcome.folder))}; as a scenario: {SCENARIO}")
    elif shrunk is not None:
        console.print("  as a scenario:")
        _lines(console, scenario(shrunk.script, f"{shrunk.kind}, seed {outcome.seed}").splitlines(), most=200)


def _lines(console: Console, lines: Iterable[str], most: int = 6) -> None:
    listed = list(lines)
    for line in listed[:most]:
        console.print(f"    {escape(line)}")
    if len(listed) > most:
        console.print(f"    and {len(listed) - most} more")


def _summary(console: Console, totals: Totals, seconds: float) -> None:
    mark = "[red]✗[/red]" if totals.failed else "[green]✓[/green]"
    console.print(
        f"{mark} {totals.runs - totals.failed} of {totals.runs} runs well; {totals.hours:.0f} simulated hours in"
        f" {seconds:.1f} s; {totals.calls} calls, {totals.versions} versions, {totals.faults} faults,"
        f" {totals.kills} kills; {totals.duplicates} copies made again"
    )
    for kind, count in totals.kinds.most_common():
        console.print(f"  {escape(kind)}: {count}")
