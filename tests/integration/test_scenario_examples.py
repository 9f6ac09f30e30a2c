"""The examples of the page about scenarios pass on the embedded stack."""

from __future__ import annotations

import re
from pathlib import Path

from harness.scenario.loader import load_text
from harness.scenario.results import Outcome
from harness.scenario.schedule import Job, Runs
from harness.stack_target import StackFactory

PAGE = Path(__file__).parents[2] / "docs/scenarios.md"


def test_every_example_passes() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    jobs = [Job(run) for example in examples for run in load_text(example, str(PAGE)).runs()]
    with Runs(StackFactory(), 1) as session:
        results = [session.result(str(number), job) for number, job in enumerate(jobs)]
    told = [line for result in results if result.failure for line in (result.run.title, *result.failure.lines())]
    assert told == []
    assert [result.outcome for result in results] == [Outcome.PASSED] * len(jobs)
