"""The runs of one process: on as few stacks as they allow, the next one begun before its turn."""

from __future__ import annotations

import contextlib
import dataclasses
from types import TracebackType

from fake_cloudserver import SystemClock
from harness.errors import StackError
from harness.scenario.engine_log import LOG
from harness.scenario.model import ScenarioRun
from harness.scenario.results import Failure, Outcome, Result
from harness.scenario.runner import run_scenario
from harness.scenario.taping import Taping
from harness.scenario.target import Target, TargetFactory, Unsupported
from harness.scenario.targets import Targets
from harness.scenario.workers import GivenUp, Work, Workers

#: Seconds that a run may take; the longest scenarios take half a minute.
LIMIT = 300.0


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One run that is to be done; ``repetition`` counts from 0."""

    run: ScenarioRun
    repetition: int = 0


def run_one(job: Job, targets: Targets, seed: int, *, events: bool = False, taping: Taping | None = None) -> Result:
    """One run with its target. Raises UsageError for what no stack can be made of."""
    try:
        with targets.lend(job.run) as lease:
            result = _run_on(lease.target, job, seed, events=events, taping=taping)
            lease.keep = result.outcome is Outcome.PASSED and job.run.scenario.leaves_whole
            return result
    except Unsupported as unsupported:
        return Result(job.run, Outcome.SKIPPED, 0.0, reason=str(unsupported), seed=seed)
    except StackError as error:
        failure = Failure(job.run.scenario.place, "the stack did not start", tuple(str(error).splitlines()))
        return Result(job.run, Outcome.BROKEN, 0.0, failure, seed=seed, stack_failed=True)


def _run_on(target: Target, job: Job, seed: int, *, events: bool, taping: Taping | None) -> Result:
    if taping is None:
        return run_scenario(job.run, target, seed=seed, repetition=job.repetition, events=events)
    path, recording = taping.begin(target, job.run, seed, job.repetition)
    with recording:
        result = run_scenario(job.run, target, seed=seed, repetition=job.repetition, events=events)
    return taping.end(path, result)


class Runs:
    """Does runs, each once, some of them before anybody asks for their results. A context manager.

    Most of a run is waiting; while one waits, the next can work.

    Args:
        ahead: how many runs may be under way beside the one whose result is asked for.
        limit: seconds after which a run is given up, together with its stack.
        events: gather what happens meanwhile.
        quiet: keep what the stack logs from everybody else.
        taping: where tapes of the runs go.
    """

    def __init__(
        self,
        factory: TargetFactory,
        seed: int,
        *,
        ahead: int = 0,
        limit: float = LIMIT,
        events: bool = False,
        quiet: bool = False,
        taping: Taping | None = None,
    ) -> None:
        self.seed = seed
        self._taping = taping
        self._targets = Targets(factory, idle=ahead + 1)
        self._events = events
        self._ahead = ahead
        self._limit = limit
        self._workers = Workers(ahead + 1, SystemClock())
        self._begun: dict[str, Work[Result]] = {}
        self._exits = contextlib.ExitStack()
        self._exits.enter_context(self._targets)
        self._exits.enter_context(LOG.capture(quiet=quiet))

    def __enter__(self) -> Runs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what is under way, and stop all stacks."""
        self._workers.close(self._limit)
        self._exits.close()

    def begin(self, name: str, job: Job) -> None:
        """Start a run that :meth:`result` will be asked for, if any is begun ahead; once."""
        if self._ahead:
            self._begin(name, job)

    def result(self, name: str, job: Job) -> Result:
        """What became of the run of that name."""
        self._begin(name, job)
        try:
            return self._workers.end(self._begun.pop(name), self._limit)
        except GivenUp as given_up:
            self._targets.forget(job.run)
            reasons = (f"it was not over after {self._limit:g} s, and was here:", *given_up.frames)
            failure = Failure(job.run.scenario.place, "did not come to an end", reasons)
            return Result(job.run, Outcome.BROKEN, self._limit, failure, seed=self.seed)

    def _begin(self, name: str, job: Job) -> None:
        if name not in self._begun:
            self._begun[name] = self._workers.begin(lambda: self._run(job))

    def _run(self, job: Job) -> Result:
        return run_one(job, self._targets, self.seed, events=self._events, taping=self._taping)
