"""Many runs, several at a time, on as few stacks as they allow."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

from harness.scenario.model import ScenarioRun
from harness.scenario.results import Outcome, Result
from harness.scenario.runner import run_scenario
from harness.scenario.target import Target, TargetFactory, Unsupported


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One run that is to be done; ``repetition`` counts from 0."""

    run: ScenarioRun
    repetition: int = 0


class Targets:
    """The stacks of one session: runs that need nothing of their own share one for each dialect.

    A context manager: leaving it closes the shared ones.
    """

    def __init__(self, factory: TargetFactory) -> None:
        self._factory = factory
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}
        self._shared: dict[str, Target] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Targets:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shared.clear()
        self._open.close()

    @contextlib.contextmanager
    def target(self, run: ScenarioRun) -> Iterator[Target]:
        """The target for ``run``: shared, or its own and closed afterwards. What the factory raises comes through."""
        needs = run.scenario.needs
        if needs.shared:
            yield self._shared_target(run)
        else:
            with self._factory(run.dialect, needs) as target:
                yield target

    def _shared_target(self, run: ScenarioRun) -> Target:
        with self._lock:
            opening = self._opening.setdefault(run.dialect, threading.Lock())
        with opening:
            if run.dialect not in self._shared:
                context = self._factory(run.dialect, run.scenario.needs)
                target = context.__enter__()
                with self._lock:
                    self._open.push(context)
                    self._shared[run.dialect] = target
            return self._shared[run.dialect]


def run_one(job: Job, targets: Targets, seed: int) -> Result:
    """One run with its target. Raises what keeps the stack itself from starting (StackError, UsageError)."""
    try:
        with targets.target(job.run) as target:
            return run_scenario(job.run, target, seed=seed, repetition=job.repetition)
    except Unsupported as unsupported:
        return Result(job.run, Outcome.SKIPPED, 0.0, reason=str(unsupported), seed=seed)


def run_all(
    jobs: Sequence[Job],
    factory: TargetFactory,
    *,
    workers: int = 1,
    seed: int = 0,
    fail_fast: bool = False,
    started: Callable[[Job], None] = lambda _: None,
    finished: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Do all, ``workers`` at a time; the results in the order of ``jobs``.

    Args:
        fail_fast: begin no other run after one that did not pass; what was not begun is not in the results.
        started, finished: told of each run as it goes, from the threads that do them, one call at a time.

    Raises:
        HarnessError: a stack did not start; runs that are under way end first.
    """
    telling = threading.Lock()
    enough = threading.Event()

    def work(job: Job) -> Result | None:
        if enough.is_set():
            return None
        with telling:
            started(job)
        try:
            result = run_one(job, targets, seed)
        except BaseException:
            enough.set()
            raise
        if fail_fast and result.outcome in {Outcome.FAILED, Outcome.BROKEN}:
            enough.set()
        with telling:
            finished(result)
        return result

    with Targets(factory) as targets, concurrent.futures.ThreadPoolExecutor(workers, "scenario") as pool:
        futures = [pool.submit(work, job) for job in jobs]
        try:
            results = [future.result() for future in futures]
        except BaseException:
            enough.set()
            raise
    return [result for result in results if result is not None]
