"""The runs of one process: on as few stacks as they allow, the next one begun before its turn."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
from types import TracebackType

from harness.errors import StackError
from harness.scenario.engine_log import LOG
from harness.scenario.model import ScenarioRun
from harness.scenario.results import Failure, Outcome, Result
from harness.scenario.runner import run_scenario
from harness.scenario.taping import Taping
from harness.scenario.target import Target, TargetFactory, Unsupported
from harness.scenario.targets import Targets


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
        ahead: how many runs may be under way beside the one whose result is asked for; 0 does all in one thread.
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
        events: bool = False,
        quiet: bool = False,
        taping: Taping | None = None,
    ) -> None:
        self.seed = seed
        self._taping = taping
        self._targets = Targets(factory, idle=ahead + 1)
        self._events = events
        self._pool = concurrent.futures.ThreadPoolExecutor(ahead + 1, "scenario") if ahead else None
        self._begun: dict[str, concurrent.futures.Future[Result]] = {}
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
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._exits.close()

    def begin(self, name: str, job: Job) -> None:
        """Start a run that :meth:`result` will be asked for; nothing happens when it was begun before."""
        if self._pool is not None and name not in self._begun:
            self._begun[name] = self._pool.submit(self._run, job)

    def result(self, name: str, job: Job) -> Result:
        """What became of the run of that name."""
        self.begin(name, job)
        return self._begun.pop(name).result() if self._pool is not None else self._run(job)

    def _run(self, job: Job) -> Result:
        return run_one(job, self._targets, self.seed, events=self._events, taping=self._taping)
