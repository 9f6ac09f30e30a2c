"""Many runs, several at a time, on as few stacks as they allow."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
from collections.abc import Callable, Sequence

from harness.scenario.model import ScenarioRun
from harness.scenario.results import Outcome, Result
from harness.scenario.runner import run_scenario
from harness.scenario.target import TargetFactory, Unsupported
from harness.scenario.targets import Targets


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One run that is to be done; ``repetition`` counts from 0."""

    run: ScenarioRun
    repetition: int = 0


def run_one(job: Job, targets: Targets, seed: int) -> Result:
    """One run with its target. Raises what keeps the stack itself from starting (StackError, UsageError)."""
    try:
        with targets.lend(job.run) as lease:
            result = run_scenario(job.run, lease.target, seed=seed, repetition=job.repetition)
            lease.keep = result.outcome is Outcome.PASSED and job.run.scenario.leaves_whole
            return result
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

    with Targets(factory, idle=workers) as targets, concurrent.futures.ThreadPoolExecutor(workers, "scenario") as pool:
        futures = [pool.submit(work, job) for job in jobs]
        try:
            results = [future.result() for future in futures]
        except BaseException:
            enough.set()
            raise
    return [result for result in results if result is not None]
