"""Runs the scenarios against deliberate defects, and says which of them were noticed.

    python tests/mutations/mutants.py                # all of the table
    python tests/mutations/mutants.py tags "delete marker"     # those whose names hold one of these
    python tests/mutations/mutants.py --jobs 4 --markdown table.md

A defect is put into a copy of the packages, never into the working tree. It is caught when a scenario fails; a stack
that does not start, or scenarios that cannot be run, catch nothing.
"""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
from mutation_table import MUTATIONS, Mutation

PROJECT = Path(__file__).parents[2]
_PACKAGES = ("fake_cloudserver", "harness")
_SOME_FAILED = 1


class Verdict(NamedTuple):
    """What came of one mutation; ``by`` names the first run that noticed it."""

    mutation: Mutation
    caught: bool
    by: str
    seconds: float
    told: str


def mutated(text: str, mutation: Mutation) -> str:
    """The source with the defect in it; ValueError unless its place is there exactly once."""
    count = text.count(mutation.old)
    if count != 1:
        raise ValueError(f"{mutation.name}: its place is there {count} times in {mutation.file}")
    return text.replace(mutation.old, mutation.new)


def copy_project(folder: Path, mutation: Mutation | None = None) -> None:
    """The packages and the scenarios, with the defect."""
    for package in _PACKAGES:
        # with times and compiled modules, which stay valid but for the one that is changed
        shutil.copytree(PROJECT / package, folder / package)
    (folder / "scenarios").symlink_to(PROJECT / "scenarios")
    if mutation is not None:
        file = folder / mutation.file
        file.write_text(mutated(file.read_text(encoding="utf-8"), mutation), encoding="utf-8")


def run(mutation: Mutation, timeout: float) -> Verdict:
    """The scenarios of a mutation, on a copy with the defect."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        copy_project(folder, mutation)
        return _verdict(mutation, folder, timeout)


def _verdict(mutation: Mutation, folder: Path, timeout: float) -> Verdict:
    files = [f"scenarios/{one}" for one in mutation.scenarios]
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "run", "--jobs", "1", "--fail-fast", *files],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        told, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.terminate()
        told = process.communicate()[0] + f"\nnot over after {timeout:g} s"
    seconds = time.monotonic() - begun
    noticed = next((line for line in told.splitlines() if line.startswith("✗")), "")
    title = noticed.removeprefix("✗ ").rpartition("  ")[0]
    return Verdict(mutation, process.returncode == _SOME_FAILED and bool(noticed), title, seconds, told)


def run_all(mutations: Sequence[Mutation], jobs: int, timeout: float) -> Iterator[Verdict]:
    """All of them, ``jobs`` at a time, in the order of the table."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda mutation: run(mutation, timeout), mutations)


def markdown(verdicts: Sequence[Verdict]) -> str:
    """The table for people."""
    rows = [(one.mutation.name, one.mutation.file, one.by if one.caught else "**nobody**") for one in verdicts]
    lines = ["| Defect | Where | Noticed by |", "|---|---|---|"]
    lines += [f"| {name} | `{file}` | {by} |" for name, file, by in rows]
    caught = sum(one.caught for one in verdicts)
    return "\n".join([*lines, "", f"{caught} of {len(verdicts)} noticed.", ""])


@click.command()
@click.argument("words", nargs=-1)
@click.option("--jobs", "-j", default=2, show_default=True, help="Mutations at a time.")
@click.option("--timeout", default=180.0, show_default=True, help="Seconds for one mutation.")
@click.option("--markdown", "table", type=click.Path(dir_okay=False, path_type=Path), help="Write the table here.")
@click.option("--verbose", "-v", is_flag=True, help="What the scenarios of an unnoticed defect said.")
def main(words: tuple[str, ...], jobs: int, timeout: float, table: Path | None, *, verbose: bool) -> None:
    """Run the scenarios against deliberate defects: all, or those whose names hold one of WORDS."""
    chosen = [one for one in MUTATIONS if not words or any(word in one.name for word in words)]
    verdicts = []
    for verdict in run_all(chosen, jobs, timeout):
        verdicts.append(verdict)
        mark = "✓" if verdict.caught else "✗"
        by = verdict.by or "nobody"
        click.echo(f"{mark} {verdict.mutation.name}  ({verdict.seconds:.0f}s)  noticed by: {by}")
        if verbose and not verdict.caught:
            click.echo(verdict.told)
    if table is not None:
        table.write_text(markdown(verdicts), encoding="utf-8")
    missed = sum(not one.caught for one in verdicts)
    click.echo(f"{len(verdicts) - missed} of {len(verdicts)} noticed")
    sys.exit(1 if missed or not verdicts else 0)


if __name__ == "__main__":
    main()
