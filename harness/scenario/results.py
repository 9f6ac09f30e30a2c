"""What became of a run: plain values, no IO."""

from __future__ import annotations

import dataclasses
import enum

from harness.scenario.model import Place, ScenarioRun


class Outcome(enum.Enum):
    """How a run ended."""

    PASSED = "passed"
    FAILED = "failed"  # an expectation did not hold
    BROKEN = "broken"  # it could not be run to its end: the stack, or a scenario that makes no sense
    SKIPPED = "skipped"


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """Why a run did not pass.

    Attributes:
        place: the step; the scenario itself when it got to none.
        step: the step in short, ``head_object src-…/hello``.
        reasons: what was expected and what was seen, one line each.
        timeline: distinct values seen while waiting; "" when nothing was waited for.
        waited: how long, in words; "" when nothing was waited for.
        requests: what this run had asked of the object before, one line each.
        evidence: what else is known of the object: journal, Kafka, engine, one line each.
    """

    place: Place
    step: str
    reasons: tuple[str, ...]
    timeline: str = ""
    waited: str = ""
    requests: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """All of it as text."""
        lines = [f"{self.place}: {self.step}"]
        lines += [f"  {reason}" for reason in self.reasons]
        if self.timeline:
            lines.append(f"  seen in {self.waited}: {self.timeline}")
        if self.requests:
            lines += ["  what the scenario did to it:", *(f"    {line}" for line in self.requests)]
        if self.evidence:
            lines += ["  what else is known of it:", *(f"    {line}" for line in self.evidence)]
        return lines


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """One run and its end.

    Attributes:
        seconds: how long it took, buckets included.
        failure: for FAILED and BROKEN.
        reason: for SKIPPED: why.
        warnings: what went wrong without making the run fail, such as buckets that could not be removed.
        seed: the seed it ran with.
    """

    run: ScenarioRun
    outcome: Outcome
    seconds: float
    failure: Failure | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    seed: int = 0
