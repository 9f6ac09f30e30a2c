"""Chaos: clients work while the engine's processes are killed, Kafka stands still and AWS misbehaves; at the end
everything is there, once, and in order.

``HARNESS_CHAOS_SEEDS`` (``10``, or ``3-7``), ``HARNESS_CHAOS_OBJECTS`` and ``HARNESS_CHAOS_DIALECTS`` choose; with
``HARNESS_CHAOS_DIALECTS=alternating`` each seed runs in one dialect, in turn.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaos.experiment import Experiment, Result
from chaos.seeds import seeds

SEEDS = seeds(os.environ.get("HARNESS_CHAOS_SEEDS", "10"))
OBJECTS = int(os.environ.get("HARNESS_CHAOS_OBJECTS", "2000"))
DIALECTS = os.environ.get("HARNESS_CHAOS_DIALECTS", "design,release").split(",")
CASES = (
    [(seed, ("design", "release")[seed % 2]) for seed in SEEDS]
    if DIALECTS == ["alternating"]
    else [(seed, dialect) for seed in SEEDS for dialect in DIALECTS]
)


def check(result: Result) -> None:
    """What must be true after any chaos."""
    print(result)  # noqa: T201  (figures for whoever asks for them with -s)
    assert result.left == "", f"{result.left}\n{result}"
    assert not result.report.wrong, "\n".join([str(result), *result.report.wrong[:30]])
    assert result.report.duplicates <= result.most_duplicates, "\n".join([str(result), *result.report.repeated])


@pytest.mark.chaos
@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("seed", "dialect"), CASES)
def test_nothing_is_lost_and_nothing_is_there_twice(seed: int, dialect: str, tmp_path: Path) -> None:
    check(Experiment(seed, dialect, OBJECTS, tmp_path).run())


@pytest.mark.kafka
@pytest.mark.timeout(120)
@pytest.mark.parametrize("dialect", ["design", "release"])
def test_a_little_chaos(dialect: str, tmp_path: Path) -> None:
    check(Experiment(1, dialect, 60, tmp_path, big=False, pace=0.2).run())
