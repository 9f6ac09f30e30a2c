"""One run of a scenario on a target: buckets, steps, final steps, and what became of it."""

from __future__ import annotations

import traceback
from typing import Any

from harness.errors import HarnessError
from harness.queue.base import QueueError
from harness.report.record import Event
from harness.scenario.buckets import Buckets, real_names, run_id
from harness.scenario.evidence import collect
from harness.scenario.fault_verbs import FAULT_VERBS
from harness.scenario.model import AWS, ScenarioRun
from harness.scenario.results import Failure, Outcome, Result
from harness.scenario.stepping import StepFailed, Stepper
from harness.scenario.target import Target, Unsupported
from harness.scenario.trace import Subject
from harness.scenario.values import substitute


def run_scenario(
    run: ScenarioRun, target: Target, *, seed: int = 0, repetition: int = 0, events: bool = False
) -> Result:
    """Run it and tell what became of it; nothing is raised but KeyboardInterrupt and the like.

    Args:
        seed: the names of the run's buckets come from it.
        repetition: sets runs apart that are otherwise the same.
        events: gather what happened meanwhile.
    """
    return _Running(run, target, seed, repetition, events=events).result()


def is_older(version: str, since: str) -> bool:
    """Whether a target of ``version`` comes before ``since``."""
    numbers = [[int(part) for part in text.split(".")] for text in (version, since)]
    length = max(map(len, numbers))
    padded = [number + [0] * (length - len(number)) for number in numbers]
    return padded[0] < padded[1]


class _Running:
    def __init__(self, run: ScenarioRun, target: Target, seed: int, repetition: int, *, events: bool) -> None:
        self._run = run
        self._with_events = events
        self._target = target
        self._seed = seed
        identity = run_id(run, seed, repetition)
        self._buckets = real_names(run, target, identity)
        built_in: dict[str, Any] = {
            **self._buckets,
            "dialect": target.dialect,
            "role": target.role,
            "run": identity,
            "site": target.storage_classes[AWS],
        }
        self._names = built_in | substitute(run.row, built_in)
        self._warnings: list[str] = []
        self._stepper = Stepper(target, self._names, self._buckets)

    def result(self) -> Result:
        """Do everything."""
        since = self._run.scenario.since
        if since is not None and is_older(self._target.version, since):
            reason = f"true since CloudServer {since}; {self._target.name} is {self._target.version}"
            return Result(self._run, Outcome.SKIPPED, 0.0, reason=reason, seed=self._seed)
        started, began = self._target.clock.monotonic(), self._target.clock.now()
        buckets = Buckets(self._target, self._buckets)
        events: tuple[Event, ...] = ()
        try:
            outcome, failure, reason = self._guarded(buckets)
            if self._with_events:
                events = self._events(began)
        finally:
            if any(step.verb in FAULT_VERBS for step in self._run.scenario.steps):
                self._forget_faults()
            self._warnings += buckets.remove()
        seconds = self._target.clock.monotonic() - started
        return Result(self._run, outcome, seconds, failure, reason, tuple(self._warnings), self._seed, events)

    def _events(self, began: float) -> tuple[Event, ...]:
        from harness.report.events import gather

        own = [self._buckets[bucket.alias] for bucket in self._run.scenario.buckets]
        return gather(self._target, self._stepper.trace, own, began)

    def _forget_faults(self) -> None:
        """Whoever gets the stack next finds it as it was."""
        try:
            self._target.faults().reset()
        except HarnessError as error:
            self._warnings.append(f"faults: {error}")

    def _guarded(self, buckets: Buckets) -> tuple[Outcome, Failure | None, str]:
        try:
            buckets.create(self._run.scenario.buckets)
            self._steps()
        except StepFailed as failed:
            return Outcome.FAILED, self._failure(failed), ""
        except Unsupported as unsupported:
            return Outcome.SKIPPED, None, str(unsupported)
        except (HarnessError, QueueError) as error:
            return Outcome.BROKEN, self._broken(str(error)), ""
        except Exception as error:  # noqa: BLE001  (a fault of the runner is one run's end, and is shown)
            where = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
            return Outcome.BROKEN, self._broken(told), ""
        return Outcome.PASSED, None, ""

    def _steps(self) -> None:
        try:
            for step in self._run.scenario.steps:
                self._stepper.take(step)
        except BaseException:
            self._final_steps(failing=True)
            raise
        self._final_steps(failing=False)

    def _final_steps(self, *, failing: bool) -> None:
        """All of them, whatever goes wrong; after a failure theirs are only mentioned."""
        first: Exception | None = None
        for step in self._run.scenario.final_steps:
            try:
                self._stepper.take(step)
            except (StepFailed, HarnessError) as error:
                first = first or error
                self._warnings.append(f"finally: {error}")
        if first is not None and not failing:
            raise first

    def _failure(self, failed: StepFailed) -> Failure:
        subject = failed.subject.at_source(self._buckets, self._target.aws_bucket)
        return Failure(
            failed.step.place,
            failed.title,
            failed.reasons,
            failed.timeline,
            failed.waited,
            self._stepper.trace.about(subject),
            collect(self._target, self._subjects(subject)),
        )

    def _subjects(self, subject: Subject) -> list[Subject]:
        """What to look up: the object of the step, or else all of the scenario's buckets on CloudServer."""
        if subject.bucket is not None:
            return [subject]
        return [Subject(self._buckets[bucket.alias]) for bucket in self._run.scenario.buckets if bucket.site != AWS]

    def _broken(self, message: str) -> Failure:
        return Failure(self._run.scenario.place, "could not be run to its end", (message,))
