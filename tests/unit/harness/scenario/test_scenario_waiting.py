"""Waiting by deadlines, on the clock's own time."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import VirtualClock
from harness.scenario.waiting import Look, Timeline, seconds, wait_until, watch


def looks(*seen: Look) -> Callable[[], Look]:
    """One after the other; the last again and again."""
    left = list(seen)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


PENDING, DONE, FAILED = Look(met=False, seen="PENDING"), Look(met=True, seen="DONE"), Look(False, "FAILED", fatal=True)


def test_what_holds_at_once_is_looked_at_once() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    assert wait_until(clock, timeline, looks(DONE), 10, None) is DONE
    assert (clock.monotonic(), timeline.looks, str(timeline)) == (0.0, 1, "DONE")


def test_pauses_grow_from_10_ms_to_a_second() -> None:
    clock = VirtualClock()
    moments: list[float] = []

    def look() -> Look:
        moments.append(clock.monotonic())
        return PENDING

    wait_until(clock, Timeline(clock), look, 60, None)
    pauses = [round(after - before, 3) for before, after in itertools.pairwise(moments)]
    assert pauses[:3] == pytest.approx([0.01, 0.015, 0.0225], abs=0.001)
    assert max(pauses) == 1.0
    assert moments[-1] == pytest.approx(60)


def test_a_pause_that_is_given_stays() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    wait_until(clock, timeline, looks(PENDING), 1, 0.25)
    assert timeline.looks == 5


def test_it_ends_when_the_expectation_holds() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    assert wait_until(clock, timeline, looks(PENDING, PENDING, PENDING, DONE), 10, 0.5) is DONE
    assert clock.monotonic() == 1.5
    assert str(timeline) == "PENDING ×3 → DONE at +1.5s"


def test_it_ends_at_once_when_it_is_in_vain() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    assert wait_until(clock, timeline, looks(PENDING, FAILED), 10, 0.5) is FAILED
    assert str(timeline) == "PENDING → FAILED at +500ms"


def test_one_look_is_taken_even_without_time() -> None:
    clock = VirtualClock()
    assert wait_until(clock, Timeline(clock), looks(PENDING, DONE), 0, None) is PENDING


def test_a_slow_look_may_pass_the_deadline_but_is_the_last() -> None:
    clock = VirtualClock()

    def look() -> Look:
        clock.advance(3)
        return PENDING

    timeline = Timeline(clock)
    wait_until(clock, timeline, look, 5, None)
    assert timeline.looks == 2


@given(st.floats(0, 100), st.one_of(st.none(), st.floats(0.001, 10)))
def test_the_last_look_is_at_the_deadline(within: float, every: float | None) -> None:
    clock = VirtualClock()
    wait_until(clock, Timeline(clock), looks(PENDING), within, every if every is None else max(every, within / 200))
    assert clock.monotonic() == pytest.approx(within, abs=1e-5)


def test_what_must_hold_is_watched_for_the_whole_time() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    assert watch(clock, timeline, looks(DONE), 1, 0.3) is DONE
    assert clock.monotonic() == pytest.approx(1)
    assert timeline.looks == 5


def test_what_must_hold_ends_with_the_first_look_that_fails() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    assert watch(clock, timeline, looks(DONE, DONE, PENDING, DONE), 10, 0.1) is PENDING
    assert str(timeline) == "DONE ×2 → PENDING at +200ms"


def test_a_long_timeline_shows_its_end() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    for number in range(20):
        timeline.note(f"v{number}")
    text = str(timeline)
    assert text.startswith("(8 more) → v8 → ")
    assert text.endswith("v19 at +0ms")


def test_a_timeline_of_nothing_is_nothing() -> None:
    assert str(Timeline(VirtualClock())) == ""


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0ms"), (0.0123, "12ms"), (0.9, "900ms"), (1.25, "1.2s"), (90, "90.0s")]
)
def test_seconds_for_people(value: float, text: str) -> None:
    assert seconds(value) == text
