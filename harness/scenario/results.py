"""What became of a run: plain values, no IO."""

from __future__ import annotations

import dataclasses
import enum

from harness.report.record import Event, RunRecord
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
        events: what happened meanwhile, where somebody wants to know.
        stack_failed: the stack did not start: no fault of the scenario.
    """

    run: ScenarioRun
    outcome: Outcome
    seconds: float
    failure: Failure | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    seed: int = 0
    events: tuple[Event, ...] = ()
    stack_failed: bool = False

    def record(self, again: str) -> RunRecord:
        """The same in plain values; ``again`` is the command that runs it again."""
        scenario, failure = self.run.scenario, self.failure
        return RunRecord(
            title=self.run.title,
            file=scenario.place.file,
            line=scenario.place.line if failure is None else failure.place.line,
            about=scenario.about,
            tags=scenario.tags,
            dialect=self.run.dialect,
            seed=self.seed,
            outcome=self.outcome.value,
            seconds=self.seconds,
            reason=self.reason,
            reasons=() if failure is None else failure.reasons,
            text=() if failure is None else tuple(failure.lines()),
            warnings=self.warnings,
            again=again,
            stack_failed=self.stack_failed,
            events=self.events,
        )
