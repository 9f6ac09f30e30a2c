from __future__ import annotations

import threading

import pytest

from fake_cloudserver import SystemClock, VirtualClock
from harness.queue.interruption import Deadline, Interrupted, Interruption


def test_a_pause_lets_time_pass() -> None:
    clock = VirtualClock()
    interruption = Interruption(clock)
    assert interruption.pause(90.0) is False
    assert clock.monotonic() == 90.0
    interruption.sleep(10.0)
    interruption.check()
    assert clock.monotonic() == 100.0


def test_after_the_order_nothing_waits() -> None:
    clock = VirtualClock()
    interruption = Interruption(clock)
    interruption.order()
    assert interruption.ordered
    assert interruption.pause(90.0) is True
    with pytest.raises(Interrupted):
        interruption.sleep(1.0)
    with pytest.raises(Interrupted):
        interruption.check()
    assert clock.monotonic() == 0.0


def test_an_order_wakes_who_waits() -> None:
    interruption = Interruption(SystemClock())
    woken: list[bool] = []
    thread = threading.Thread(target=lambda: woken.append(interruption.pause(60.0)))
    thread.start()
    interruption.order()
    thread.join(10)
    assert woken == [True]


def test_a_deadline_is_an_order_that_comes_by_itself() -> None:
    clock = VirtualClock()
    deadline = Deadline(clock, 5.0)
    assert deadline.pause(3.0) is False
    deadline.check()
    assert deadline.pause(3.0) is True
    assert clock.monotonic() == 5.0
    with pytest.raises(Interrupted):
        deadline.check()
    early = Deadline(clock, 5.0)
    early.order()
    assert early.ordered
