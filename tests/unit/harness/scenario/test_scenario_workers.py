"""Work in threads: what takes too long is given up, and keeps nobody else."""

from __future__ import annotations

import threading

import pytest

from fake_cloudserver import SystemClock
from harness.scenario.workers import GivenUp, Workers

LONG = 30.0


def workers(count: int = 1) -> Workers:
    return Workers(count, SystemClock())


def test_values_and_errors_come_to_whoever_wants_them() -> None:
    some = workers()
    right, wrong = some.begin(lambda: 7), some.begin(lambda: int("no number"))
    assert some.end(right, LONG) == 7
    with pytest.raises(ValueError, match="no number"):
        some.end(wrong, LONG)
    some.close(LONG)


def test_as_many_as_there_are_threads_are_under_way_at_once() -> None:
    some, together = workers(2), threading.Barrier(2)
    both = [some.begin(lambda: together.wait(LONG)) for _ in range(2)]
    assert sorted(some.end(one, LONG) for one in both) == [0, 1]
    some.close(LONG)


def test_what_takes_too_long_is_given_up_says_where_it_is_and_holds_nobody_up() -> None:
    some, inside, end = workers(), threading.Event(), threading.Event()

    def hangs() -> None:
        inside.set()
        end.wait(LONG)

    stuck, next_one = some.begin(hangs), some.begin(lambda: "done")
    assert inside.wait(LONG)
    with pytest.raises(GivenUp) as given_up:
        some.end(stuck, 0.01)
    assert any("in hangs" in frame and __file__ in frame for frame in given_up.value.frames)
    assert some.end(next_one, LONG) == "done"
    some.close(LONG)
    end.set()


def test_the_time_of_work_that_waited_for_a_thread_counts_from_its_beginning() -> None:
    some, go = workers(), threading.Event()
    first = some.begin(lambda: go.wait(LONG))
    second = some.begin(lambda: 2)
    waiter = threading.Timer(0.05, go.set)
    waiter.start()
    assert some.end(second, 0.04) == 2
    assert some.end(first, LONG)
    some.close(LONG)


def test_closing_begins_nothing_more_and_waits_for_what_is_under_way() -> None:
    some, began, go = workers(), threading.Event(), threading.Event()
    done: list[str] = []

    def slow() -> None:
        began.set()
        go.wait(LONG)
        done.append("slow")

    some.begin(slow)
    some.begin(lambda: done.append("never"))
    began.wait(LONG)
    threading.Timer(0.01, go.set).start()
    some.close(LONG)
    assert done == ["slow"]
