"""Engines that die again and again on the twins: a seed that fails once fails always.

``HARNESS_CHAOS_TWINS`` (``200``, or ``17-17``) asks for more of them.
"""

from __future__ import annotations

import os

import pytest

from chaos.seeds import seeds
from chaos.twins import TwinExperiment

SEEDS = seeds(os.environ.get("HARNESS_CHAOS_TWINS", "2"))


@pytest.mark.parametrize("multipart", [False, True], ids=["whole", "in parts"])
@pytest.mark.parametrize("dialect", ["design", "release"])
@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_dies_nothing_is_lost(seed: int, dialect: str, multipart: bool) -> None:
    experiment = TwinExperiment(seed, dialect, objects=25, multipart=multipart)
    report = experiment.run()
    assert report.wrong == []
    # a released copy whose result was lost with its engine, or whose answer was lost, is made again
    lost = experiment.remote.lost + len(experiment.board.fired())
    most = 0 if dialect == "design" else experiment.mortality.deaths + lost
    assert report.duplicates <= most, report.repeated
    assert report.versions == 25
