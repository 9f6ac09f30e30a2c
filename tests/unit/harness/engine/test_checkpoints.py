from __future__ import annotations

import subprocess
import sys

import pytest

from harness.engine.checkpoints import NAMES, Checkpoints, KillAt, from_environment
from harness.errors import UsageError


def test_without_a_wish_nothing_happens() -> None:
    checkpoints = from_environment({})
    assert type(checkpoints) is Checkpoints
    for name in NAMES:
        checkpoints.reach(name)


@pytest.mark.parametrize(
    ("wish", "message"),
    [("nowhere", "there is no checkpoint 'nowhere'"), ("processor.copied:x", "'x' is no number")],
)
def test_a_wish_that_makes_no_sense(wish: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        from_environment({"HARNESS_ENGINE_KILL_AT": wish})


def test_other_points_are_passed() -> None:
    checkpoints = from_environment({"HARNESS_ENGINE_KILL_AT": "processor.copied:2"})
    assert isinstance(checkpoints, KillAt)
    checkpoints.reach("processor.consumed")
    checkpoints.reach("processor.copied")


def test_the_process_ends_at_the_point() -> None:
    code = (
        "import os; from harness.engine.checkpoints import from_environment\n"
        "points = from_environment(os.environ)\n"
        "for number in range(5): print(number, flush=True); points.reach('processor.copied')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"HARNESS_ENGINE_KILL_AT": "processor.copied:3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -9
    assert ended.stdout == "0\n1\n2\n"
