"""One step of a run: substitute, act, compare, wait."""

from __future__ import annotations

import dataclasses
from typing import Any

from harness.errors import ScenarioError
from harness.scenario import verbs
from harness.scenario.checking import Checker
from harness.scenario.expectations import brief, describe, look, unmet
from harness.scenario.model import Eventually, Holds, Step
from harness.scenario.problems import Problems
from harness.scenario.target import Target
from harness.scenario.trace import Subject, Trace
from harness.scenario.values import duration, substitute
from harness.scenario.verb import Call, Verb, VerbError
from harness.scenario.waiting import Look, Timeline, seconds, wait_until, watch
from harness.scenario.yaml_tree import Node


class StepFailed(Exception):  # noqa: N818  (it is what a failed step is, not a fault of the runner)
    """A step that did not do what was expected of it."""

    def __init__(
        self, step: Step, title: str, subject: Subject, reasons: tuple[str, ...], timeline: str, waited: str
    ) -> None:
        super().__init__(f"{step.place}: {'; '.join(reasons)}")
        self.step = step
        self.title = title
        self.subject = subject
        self.reasons = reasons
        self.timeline = timeline
        self.waited = waited


@dataclasses.dataclass(frozen=True, slots=True)
class _Ready:
    """A step with every ``$name`` replaced."""

    step: Step
    verb: Verb
    call: Call
    subject: Subject


class Stepper:
    """Takes the steps of one run, one after the other.

    Args:
        names: what ``$name`` stands for; ``save`` adds to it.
        buckets: alias -> real name.
    """

    def __init__(self, target: Target, names: dict[str, Any], buckets: dict[str, str]) -> None:
        self.trace = Trace()
        self._target = target
        self._names = names
        self._buckets = buckets
        self._start = target.clock.monotonic()

    def take(self, step: Step) -> None:
        """Do the step.

        Raises:
            StepFailed: what came is not what was expected.
            ScenarioError: the step makes no sense with the values it got.
        """
        timeline = Timeline(self._target.clock)
        try:
            ready = self._ready(step)
            seen = self._look(ready, timeline)
        except ScenarioError as error:
            raise ScenarioError(f"{step.place}: {error}") from None
        if not seen.met:
            waited = seconds(timeline.elapsed) if ready.step.wait is not None else ""
            told = str(timeline) if waited else ""
            raise _failed(ready, seen.reasons, told, waited)
        for name, path in step.save.items():
            self._save(ready, name, path, seen.output)

    def _ready(self, step: Step) -> _Ready:
        verb = verbs.find(step.verb)
        assert verb is not None, "the loader knows every verb"
        arguments = substitute(step.arguments, self._names)
        step = dataclasses.replace(
            step, expect=substitute(step.expect, self._names), error=_error(substitute(step.error, self._names))
        )
        if isinstance(step.wait, Eventually):
            unless = substitute(step.wait.unless, self._names)
            step = dataclasses.replace(step, wait=dataclasses.replace(step.wait, unless=unless))
        problems = Problems()
        checker = Checker(problems, names_allowed=False, any_value=True)
        checked = checker.check(Node.of(arguments, step.place), verb.arguments, step.verb)
        if problems:
            raise ScenarioError(problems.first())
        call = Call(self._target, verb.name, checked, step.at, step.account, self._buckets)
        return _Ready(step, verb, call, Subject.of(checked, self._buckets))

    def _look(self, ready: _Ready, timeline: Timeline) -> Look:
        wait, clock = ready.step.wait, self._target.clock

        def attempt() -> Look:
            return self._attempt(ready)

        if wait is None:
            return attempt()
        if isinstance(wait, Holds):
            return watch(clock, timeline, attempt, self._seconds(wait.duration), self._seconds(wait.every))
        pause = None if wait.every is None else self._seconds(wait.every)
        return wait_until(clock, timeline, attempt, self._seconds(wait.within), pause)

    def _seconds(self, written: Any) -> float:
        try:
            return duration(substitute(written, self._names))
        except ValueError as error:
            raise ScenarioError(str(error)) from None

    def _attempt(self, ready: _Ready) -> Look:
        started = self._target.clock.monotonic()
        try:
            seen = _judge(ready.step, ready.verb.act(ready.call))
            came = seen.seen
        except VerbError as error:
            seen = _judge_error(ready.step, error)
            came = str(error.output["Code"])
        self._note(ready, came, started)
        return seen

    def _note(self, ready: _Ready, came: str, started: float) -> None:
        took = self._target.clock.monotonic() - started
        at = ready.step.at if ready.verb.sites else "stack"
        self.trace.add(at, ready.verb.name, ready.subject, came, started - self._start, took)

    def _save(self, ready: _Ready, name: str, path: str, output: Any) -> None:
        path = substitute(path, self._names)
        value = look(path, output)
        if value is None:
            raise _failed(ready, (f"nothing to save as ${name}: {path} finds nothing in {brief(output)}",))
        self._names[name] = value


def _failed(ready: _Ready, reasons: tuple[str, ...], timeline: str = "", waited: str = "") -> StepFailed:
    title = f"{ready.step.verb} {ready.subject}".strip()
    return StepFailed(ready.step, title, ready.subject, reasons, timeline, waited)


def _error(expected: Any) -> Any:
    return {"Code": expected} if isinstance(expected, str) else expected


def _judge(step: Step, output: Any) -> Look:
    """Compare what the verb gave."""
    seen = _shown(step, output)
    if step.error is not None:
        wanted = " and ".join(f"{path} {describe(value)}" for path, value in step.error.items())
        return Look(False, "no error", (f"expected an error with {wanted}, but {step.verb} succeeded",), output=output)
    if isinstance(step.wait, Eventually) and step.wait.unless and not unmet(step.wait.unless, output):
        ended = " and ".join(f"{path} {describe(value)}" for path, value in step.wait.unless.items())
        reasons = tuple(str(one) for one in unmet(step.expect, output))
        if reasons:
            return Look(False, seen, (*reasons, f"waiting ended at once: {ended}"), fatal=True, output=output)
    failures = tuple(str(one) for one in unmet(step.expect, output))
    return Look(not failures, seen, failures, output=output)


def _judge_error(step: Step, error: VerbError) -> Look:
    """Compare the failure of the verb. Only what is not there (yet) is worth another try."""
    code = str(error.output["Code"])
    if step.error is None:
        return Look(False, code, (f"{step.verb} failed: {error}",), fatal=not error.is_missing, output=error.output)
    failures = tuple(f"error: {one}" for one in unmet(step.error, error.output))
    return Look(not failures, code, failures, fatal=bool(failures) and not error.is_missing, output=error.output)


def _shown(step: Step, output: Any) -> str:
    """The values that the step asks about, in short."""
    values = {path: look(path, output) for path in step.expect}
    if not values:
        return "ok"
    if len(values) == 1:
        return _bare(next(iter(values.values())))
    return ", ".join(f"{path}={_bare(value)}" for path, value in values.items())


def _bare(value: Any) -> str:
    text = value if isinstance(value, str) else brief(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
