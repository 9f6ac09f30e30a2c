"""Readers hear at once what their own process wrote."""

from __future__ import annotations

import threading

from fake_cloudserver import SystemClock, VirtualClock
from harness.queue.bell import Bell


def test_who_waits_goes_on_when_it_rings_for_its_topic() -> None:
    bell = Bell(SystemClock())
    heard = bell.heard(["a", "b"])
    threading.Timer(0.01, lambda: bell.ring("b")).start()
    assert bell.wait(["a", "b"], heard, 20.0)


def test_what_rang_before_the_wait_is_not_missed() -> None:
    bell = Bell(SystemClock())
    heard = bell.heard(["a"])
    bell.ring("a")
    assert bell.wait(["a"], heard, 20.0)


def test_other_topics_wake_nobody() -> None:
    clock = VirtualClock()
    bell = Bell(clock)
    heard = bell.heard(["a"])
    bell.ring("b")
    begun = clock.monotonic()
    assert not bell.wait(["a"], heard, 0.5)
    assert clock.monotonic() - begun >= 0.5


def test_a_closed_bell_lets_everybody_go() -> None:
    bell = Bell(SystemClock())
    threading.Timer(0.01, bell.close).start()
    assert bell.wait(["a"], bell.heard(["a"]), 20.0)
