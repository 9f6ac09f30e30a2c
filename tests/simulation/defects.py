"""Puts each deliberate defect into a copy of the packages, and lets simulations look for it.

    python tests/simulation/defects.py                     # all of the table
    python tests/simulation/defects.py marker tags         # those whose names hold one of these
    python tests/simulation/defects.py --table docs/simulation.md

A defect is proven when a simulation fails, what it was shrunk to has few client calls and passes without the defect,
and the printed scenario fails with the defect and passes without it.
"""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click
from defect_table import DEFECTS, Defect

PROJECT = Path(__file__).parents[2]
MOST_CALLS = 10
#: Where a page has its table.
BEGIN, END = "<!-- defects -->", "<!-- end of defects -->"
HEAD = "| Defect | Where | Seed | Shows as | Calls | Scenario with it | Without it |"


class Verdict(NamedTuple):
    """What came of one defect.

    Attributes:
        kind: how the simulation failed; "" for a defect that was not found.
        calls: client calls of the shrunk script.
        passes_without: whether that script passes on the packages as they are.
        scenario_fails, scenario_passes: with the defect; without it.
        told: what the commands said.
        scenario: the text that was left.
    """

    defect: Defect
    seed: int
    kind: str
    calls: int
    items: int
    passes_without: bool
    seconds: float
    told: str
    scenario: str = ""
    scenario_fails: bool = False
    scenario_passes: bool = False

    @property
    def proven(self) -> bool:
        small = bool(self.kind) and self.calls <= MOST_CALLS
        return small and self.passes_without and self.scenario_fails and self.scenario_passes


def with_defect(text: str, defect: Defect) -> str:
    """The source with the defect in it; ValueError unless its place is there exactly once."""
    if text.count(defect.old) != 1:
        raise ValueError(f"{defect.name}: its place is there {text.count(defect.old)} times in {defect.file}")
    return text.replace(defect.old, defect.new)


def look_for(defect: Defect, seeds: int = 150, shrink_runs: int = 400) -> Verdict:
    """Simulate on a copy with the defect, until it fails; then run the shrunk script without the defect."""
    timeout = 600 + 4 * seeds
    with tempfile.TemporaryDirectory(prefix="defect-") as name:
        folder = Path(name)
        for package in ("fake_cloudserver", "harness"):
            # with times and compiled modules, which stay valid but for the one that is changed
            shutil.copytree(PROJECT / package, folder / package)
        file = folder / defect.file
        file.write_text(with_defect(file.read_text(encoding="utf-8"), defect), encoding="utf-8")
        begun = time.monotonic()
        arguments = ["simulate", "--seeds", str(seeds), "--objects", "10", "--fail-fast", "--keep", "found"]
        arguments += ["--shrink-runs", str(shrink_runs), *(["--dialect", defect.dialect] if defect.dialect else [])]
        told = _harness(folder, folder, arguments, timeout)
        seconds = time.monotonic() - begun
        left = next(iter((folder / "found").glob("seed-*")), None)
        if left is None:
            return Verdict(defect, 0, "", 0, 0, False, seconds, told.stdout)
        return _proven(defect, folder, left, told.stdout, seconds)


def _proven(defect: Defect, folder: Path, left: Path, told: str, seconds: float) -> Verdict:
    """The script without the defect; the scenario with it and without it."""
    script, scenario = left / "script.jsonl", left / "scenario.yaml"
    lines = script.read_text(encoding="utf-8").splitlines()[1:]
    text = scenario.read_text(encoding="utf-8")
    # each in a folder where its packages are those that Python finds first
    without = _harness(PROJECT, left, ["simulate", "--script", str(script)])
    failing = _harness(folder, folder, ["run", str(scenario)])
    passing = _harness(PROJECT, left, ["run", str(scenario)])
    return Verdict(
        defect,
        int(left.name.split("-")[1]),
        text.partition('"')[2].partition(",")[0],
        sum('"do": "call"' in line for line in lines),
        len(lines),
        without.returncode == 0,
        seconds,
        told + without.stdout + failing.stdout + passing.stdout,
        text,
        failing.returncode == 1 and "1 failed" in failing.stdout,
        passing.returncode == 0 and "1 passed" in passing.stdout,
    )


def _harness(
    packages: Path, folder: Path, arguments: Sequence[str], timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(packages)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


def row(verdict: Verdict) -> str:
    """Of the table for people."""
    cells = (verdict.defect.name, f"`{verdict.defect.file}`")
    if verdict.kind:
        with_it = "fails" if verdict.scenario_fails else "**passes**"
        without = "passes" if verdict.scenario_passes else "**fails**"
        cells += (str(verdict.seed), verdict.kind, str(verdict.calls), with_it, without)
    else:
        cells += ("not found", "", "", "", "")
    return f"| {' | '.join(cells)} |"


def rows(text: str) -> dict[str, str]:
    """The rows of a page's table, by the names of their defects."""
    table = text.partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return {line.split("|")[1].strip(): line for line in lines}


def with_row(text: str, verdict: Verdict) -> str:
    """The page with this row in its table; those of other defects stay, in the order of DEFECTS."""
    before, _, rest = text.partition(BEGIN)
    known = rows(text) | {verdict.defect.name: row(verdict)}
    unknown = "| {0.name} | `{0.file}` | not run | | | | |"
    lines = [known.get(one.name, unknown.format(one)) for one in DEFECTS]
    table = "\n".join((BEGIN, HEAD, "|---|---|---|---|---|---|---|", *lines, ""))
    return f"{before}{table}{END}{rest.partition(END)[2]}"


@click.command()
@click.argument("words", nargs=-1)
@click.option("--jobs", "-j", default=2, show_default=True, help="Defects at a time.")
@click.option("--seeds", default=150, show_default=True, help="Seeds for each.")
@click.option("--shrink-runs", default=400, show_default=True, help="Runs for making what was found smaller.")
@click.option(
    "--table",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A page whose table gets a new row for each of them.",
)
@click.option("--verbose", "-v", is_flag=True, help="What the simulations said.")
def main(words: tuple[str, ...], jobs: int, seeds: int, shrink_runs: int, table: Path | None, *, verbose: bool) -> None:
    """Look for deliberate defects: all, or those whose names hold one of WORDS."""
    chosen = [one for one in DEFECTS if not words or any(word in one.name for word in words)]
    verdicts = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(look_for, defect, seeds, shrink_runs) for defect in chosen]
        for future in concurrent.futures.as_completed(futures):
            verdict = future.result()
            verdicts.append(verdict)
            if table is not None:
                table.write_text(with_row(table.read_text(encoding="utf-8"), verdict), encoding="utf-8")
            mark = "✓" if verdict.proven else "✗"
            click.echo(
                f"{mark} {verdict.defect.name}: {verdict.kind or 'not found'}, seed {verdict.seed},"
                f" {verdict.calls} calls, {verdict.items} items, {verdict.seconds:.0f} s;"
                f" without it {'passes' if verdict.passes_without else 'FAILS'}; scenario with it"
                f" {'fails' if verdict.scenario_fails else 'PASSES'}, without it"
                f" {'passes' if verdict.scenario_passes else 'FAILS'}"
            )
            if verbose:
                click.echo(verdict.told)
    sys.exit(0 if verdicts and all(one.proven for one in verdicts) else 1)


if __name__ == "__main__":
    main()
