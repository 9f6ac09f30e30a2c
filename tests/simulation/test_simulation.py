"""Random work and random trouble on the twins: all is well in the end, and a seed repeats its run byte for byte.

``HARNESS_SIMULATION_SEEDS`` (``200``, or ``17-17``) asks for more of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.seeds import seeds
from harness.simulation.planning import script_of
from harness.simulation.script import Call, Script, Wait
from harness.simulation.world import simulate

SEEDS = seeds(os.environ.get("HARNESS_SIMULATION_SEEDS", "10"))
_DIGEST = (
    "from harness.simulation.planning import script_of\n"
    "from harness.simulation.world import simulate\n"
    "print(simulate(script_of(4, objects=8)).trace.digest())\n"
)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_is_well_in_the_end_and_a_seed_repeats_its_run(seed: int) -> None:
    first, second = (simulate(script_of(seed, objects=12)) for _ in range(2))
    assert first.problems == ()
    assert first.report.versions == 12
    assert first.trace.text() == second.trace.text()


def test_seeds_differ() -> None:
    traces = {simulate(script_of(seed, objects=2, faults=0)).trace.digest() for seed in (1, 3, 5)}
    assert len(traces) == 3


def test_another_process_runs_the_same() -> None:
    here = simulate(script_of(4, objects=8)).trace.digest()
    environ = {**os.environ, "PYTHONHASHSEED": "77"}
    there = subprocess.run([sys.executable, "-c", _DIGEST], env=environ, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_time_jumps() -> None:
    calls = (Call("put", "k", 1, 10), Wait(3600 * 24 * 365), Call("put", "k", 2, 10))
    result = simulate(Script(1, "design", calls))
    assert result.problems == ()
    assert result.hours > 24 * 365


def test_a_run_that_ends_before_its_engines_were_there_is_finished_all_the_same(tmp_path: Path) -> None:
    result = simulate(Script(1, "release", (Call("put", "k", 1, 10), Call("tag", "k", 2), Call("delete", "k", 3))))
    assert result.problems == ()
    assert (result.report.versions, result.report.markers, result.report.duplicates) == (2, 1, 0)
