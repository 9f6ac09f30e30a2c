"""Which runs share a stack, how many go at a time, and when it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from scenario_target import FakeFactory, FakeTarget, client_error

from harness.errors import StackError
from harness.scenario.loader import load_text
from harness.scenario.model import Needs, ScenarioRun
from harness.scenario.results import Outcome, Result
from harness.scenario.schedule import Job, Runs
from harness.scenario.target import Target, TargetFactory, Unsupported

PLAIN = "- put_object: {Bucket: src, Key: k}"
FAILING = "- get_object: {Bucket: src, Key: k}"


def runs(step: str = PLAIN, *, title: str = "s", dialects: str = "[design]", rows: int = 1) -> list[ScenarioRun]:
    listed = ", ".join(f"{{row: {number}}}" for number in range(rows))
    text = f"scenario: {title}\nbuckets: {{src: {{}}}}\ndialects: {dialects}\nwith: [{listed}]\nsteps:\n  {step}\n"
    return load_text(text, f"{title}.yaml").runs()


def jobs(*lists: list[ScenarioRun]) -> list[Job]:
    return [Job(run) for one in lists for run in one]


def run_all(wanted: list[Job], factory: TargetFactory, *, ahead: int = 0, seed: int = 0) -> list[Result]:
    """As pytest's items do it: each asked for in turn, the next ones begun before."""
    results = []
    with Runs(factory, seed, ahead=ahead) as session:
        for index, job in enumerate(wanted):
            for later in range(index, min(index + ahead + 1, len(wanted))):
                session.begin(str(later), wanted[later])
            results.append(session.result(str(index), job))
    return results


def test_runs_without_needs_share_one_stack_for_each_dialect() -> None:
    factory = FakeFactory()
    results = run_all(jobs(runs(dialects="[design, release]", rows=5)), factory)
    assert [result.outcome for result in results] == [Outcome.PASSED] * 10
    assert factory.made == [("design", Needs()), ("release", Needs())]
    assert factory.closed == 2


STOPPING = "- stop: aws"
RESTARTING = "- stop: aws\n  - start: aws"
QUICK = "- {stop: aws}\n  - {start: aws}\nstack: {concurrency: 1}"


def test_runs_that_stop_parts_get_a_stack_of_their_own() -> None:
    factory = FakeFactory()
    run_all(jobs(runs(STOPPING, rows=2), runs(title="t"), runs("- kill: engine", title="u")), factory)
    own = ("design", Needs(own=True))
    assert factory.made == [own, own, ("design", Needs()), own]
    assert factory.closed == 4


def test_a_stack_that_is_left_whole_goes_on_to_the_next_that_needs_the_same() -> None:
    factory = FakeFactory()
    run_all(jobs(runs(RESTARTING, rows=3), runs("- kill: engine\n  - start: engine", title="t")), factory)
    assert factory.made == [("design", Needs(own=True))]
    assert factory.closed == 1


def test_a_stack_of_a_run_that_fails_goes_nowhere() -> None:
    factory = FakeFactory()
    run_all(jobs(runs(f"{FAILING}\n  - stop: aws\n  - start: aws", rows=2)), factory)
    assert len(factory.made) == factory.closed == 2


def test_no_more_stacks_wait_than_runs_go_at_a_time() -> None:
    factory = FakeFactory()
    different = "[design, release]"
    run_all(jobs(runs(RESTARTING, dialects=different), runs(RESTARTING, title="t", dialects=different)), factory)
    assert [dialect for dialect, _ in factory.made] == ["design", "release", "design", "release"]
    factory = FakeFactory()
    run_all(jobs(runs(RESTARTING), runs(QUICK, title="t"), runs(RESTARTING, title="u")), factory, ahead=1)
    assert len(factory.made) == factory.closed <= 3


@pytest.mark.parametrize(
    ("steps", "whole"),
    [
        (PLAIN, True),
        (STOPPING, False),
        (RESTARTING, True),
        ("- start: aws\n  - stop: aws", False),
        ("- pause", False),
        ("- pause: aws\n  - resume", True),
        ("- advance: 1h", False),
        ("- engine: {do: start, role: status}", False),
        ("- kill: engine\n  - start: aws", False),
        ("- stop: aws\nfinally:\n  - start: aws", True),
    ],
)
def test_scenarios_that_leave_the_stack_whole(steps: str, whole: bool) -> None:
    assert runs(steps)[0].scenario.leaves_whole is whole


@pytest.mark.parametrize("ahead", [0, 1, 20])
def test_results_are_those_of_their_jobs(ahead: int) -> None:
    wanted = jobs(runs(rows=20), runs(FAILING, title="t"))
    results = run_all(wanted, FakeFactory(), ahead=ahead)
    assert [result.run for result in results] == [job.run for job in wanted]
    assert results[-1].outcome is Outcome.FAILED


def test_several_go_at_a_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(target: FakeTarget) -> None:
        target.settle = lambda *_: "" if both.wait() >= 0 else "alone"  # type: ignore[method-assign]

    results = run_all(jobs(runs("- settle", rows=2)), FakeFactory(meet), ahead=1)
    assert [result.outcome for result in results] == [Outcome.PASSED] * 2


def test_a_shared_stack_is_started_once_however_many_want_it() -> None:
    factory = FakeFactory()
    run_all(jobs(runs(rows=30)), factory, ahead=7)
    assert len(factory.made) == 1


def test_runs_with_the_same_sites_share_a_stack_of_their_own() -> None:
    factory = FakeFactory()
    one, two = (
        load_text(f"scenario: {title}\nsites: {{b: cloudserver}}\nsteps:\n  - list_buckets:\n    at: b\n").runs()
        for title in ("t", "u")
    )
    run_all(jobs(one, two, runs(title="v")), factory)
    assert [needs.sites for _, needs in factory.made] == [{"b": "cloudserver"}, {}]


def test_a_stack_that_nobody_uses_makes_room_for_one_of_another_kind() -> None:
    factory = FakeFactory()
    wanted = [
        load_text(
            f"scenario: s\nsites: {{{site}: cloudserver}}\nbuckets: {{src: {{}}, other@{site}: {{}}}}\n"
            f"dialects: [design]\nsteps:\n  {PLAIN}\n",
            f"{site}.yaml",
        ).runs()
        for site in ("a", "b", "b", "a")
    ]
    wanted += [runs(RESTARTING), runs(RESTARTING, title="t"), runs(title="u")]
    open_at_once = []
    with Runs(factory, 0) as session:
        for number, job in enumerate(jobs(*wanted)):
            assert session.result(str(number), job).outcome is Outcome.PASSED
            open_at_once.append(len(factory.made) - factory.closed)
    assert open_at_once == [1] * 7
    assert ["".join(needs.sites) or needs.own for _, needs in factory.made] == ["a", "b", "a", True, False]
    assert factory.closed == 5


def test_a_stack_that_does_not_start_breaks_what_needs_it_and_is_tried_once() -> None:
    tries: list[str] = []

    @contextmanager
    def factory(dialect: str, needs: Needs) -> Iterator[Target]:
        tries.append(dialect)
        if dialect == "release":
            raise StackError("it did not start")
        yield FakeTarget(dialect)

    results = run_all(jobs(runs(dialects="[design, release]", rows=2)), factory)
    assert tries == ["design", "release"]
    assert [result.outcome for result in results] == [Outcome.PASSED] * 2 + [Outcome.BROKEN] * 2
    assert [result.stack_failed for result in results] == [False, False, True, True]
    assert results[-1].failure is not None
    assert results[-1].failure.reasons == ("it did not start",)


def test_runs_that_were_begun_and_are_not_wanted_end_before_the_stacks_do() -> None:
    factory = FakeFactory()
    [first, second] = jobs(runs(rows=2))
    with Runs(factory, 0, ahead=1) as session:
        session.begin("1", first)
        session.begin("2", second)
        assert session.result("1", first).outcome is Outcome.PASSED
    assert factory.closed == 1


def test_what_a_target_cannot_do_is_skipped() -> None:
    @contextmanager
    def factory(dialect: str, needs: Needs) -> Iterator[Target]:
        if needs.own:
            raise Unsupported("it is not ours to stop")
        yield FakeTarget(dialect)

    results = run_all(jobs(runs("- stop: aws"), runs(title="t")), factory)
    assert [(result.outcome, result.reason) for result in results] == [
        (Outcome.SKIPPED, "it is not ours to stop"),
        (Outcome.PASSED, ""),
    ]


def test_shared_stacks_are_closed_even_when_a_run_breaks() -> None:
    def broken(target: FakeTarget) -> None:
        target.failures["create_bucket"] = client_error("Oops", 500)

    factory = FakeFactory(broken)
    [result] = run_all(jobs(runs()), factory)
    assert result.outcome is Outcome.BROKEN
    assert factory.closed == 1


def test_repetitions_have_buckets_of_their_own() -> None:
    names: list[str] = []

    def note(target: FakeTarget) -> None:
        create = target.client("cloudserver").create_bucket
        target.client("cloudserver").create_bucket = lambda **more: names.append(more["Bucket"]) or create(**more)  # type: ignore[method-assign]

    [run] = runs()
    run_all([Job(run, 0), Job(run, 1), Job(run, 1)], FakeFactory(note), seed=3)
    assert len(names) == 3
    assert len(set(names)) == 2


def test_a_run_that_does_not_end_is_given_up_and_the_next_has_another_stack() -> None:
    end = threading.Event()
    hanging = [True]

    def hangs_once(target: FakeTarget) -> None:
        if hanging:
            hanging.clear()
            target.status = lambda: str(end.wait(30))

    factory = FakeFactory(hangs_once)
    [stuck, after] = jobs(runs(f"{PLAIN}\n  - head_object: {{Bucket: src, Key: k}}", rows=2))
    with Runs(factory, 0, limit=2) as session:
        result = session.result("1", stuck)
        assert session.result("2", after).outcome is Outcome.PASSED
    end.set()
    assert result.outcome is Outcome.BROKEN
    assert result.failure is not None
    assert result.failure.step == "did not come to an end"
    assert result.failure.reasons[0] == "it was not over after 2 s, and was here:"
    assert any("in head_object" in reason for reason in result.failure.reasons[1:])
    assert len(factory.made) == 2
