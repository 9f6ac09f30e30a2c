"""A clock that can be put forward while others wait by it."""

from __future__ import annotations

import threading

import pytest

from fake_cloudserver import VirtualClock
from harness.movable_clock import MovableClock


def test_it_goes_like_the_clock_behind_it_and_ahead_of_it() -> None:
    real = VirtualClock()
    clock = MovableClock(real)
    began, start = clock.now(), clock.monotonic()
    clock.advance(3600)
    real.advance(1)
    assert clock.now() - began == pytest.approx(3601)
    assert clock.monotonic() - start == pytest.approx(3601)
    with pytest.raises(ValueError, match="time cannot go back"):
        clock.advance(-1)


def test_who_sleeps_wakes_up_when_the_clock_was_put_forward() -> None:
    clock = MovableClock()
    sleeper = threading.Thread(target=clock.sleep, args=(3600,), daemon=True)
    sleeper.start()
    clock.advance(3601)
    sleeper.join(30)
    assert not sleeper.is_alive()


def test_who_waits_for_something_gets_it_or_the_end_of_its_time() -> None:
    clock = MovableClock()
    condition = threading.Condition()
    came: list[bool] = []

    def wait() -> None:
        with condition:
            came.append(clock.wait(condition, 3600))

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    clock.advance(3601)
    waiter.join(30)
    assert came == [False]
    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    while len(came) < 2:
        with condition:
            condition.notify_all()
        waiter.join(0.01)
    assert came == [False, True]
