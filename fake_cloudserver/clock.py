"""The clock seam: nothing in this project but this module reads the time or sleeps."""

from __future__ import annotations

import datetime
import functools
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """What every part of the stack knows of time."""

    def now(self) -> float:
        """Seconds since the epoch, as a wall clock shows them."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""

    def wait(self, condition: threading.Condition, timeout: float) -> bool:
        """Wait on a held ``condition`` for at most ``timeout`` seconds; False when the time ran out."""


class SystemClock:
    """Real time, real sleep."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def wait(self, condition: threading.Condition, timeout: float) -> bool:
        return condition.wait(timeout)


class VirtualClock:
    """Time that moves only when told: by :meth:`advance`, or by whoever sleeps on it.

    It serves single-threaded runs, where waiting for another thread would be waiting for ever: a wait that
    nobody can end passes its whole timeout at once.
    """

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self._start = start
        self._elapsed = 0.0  # apart from the start: a small step added to a large number may be lost

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    def wait(self, condition: threading.Condition, timeout: float) -> bool:  # noqa: ARG002  (the seam's shape)
        self.advance(timeout)
        return False

    def advance(self, seconds: float) -> None:
        """Move time forward; raises ValueError for a negative amount."""
        if seconds < 0:
            raise ValueError(f"time cannot go back: {seconds}")
        self._elapsed += seconds


def iso(seconds: float) -> str:
    """``2026-01-01T00:00:00.000Z``: the form of JavaScript's ``Date.toISOString``, milliseconds cut off."""
    return from_milliseconds(int(seconds * 1000))


def from_milliseconds(milliseconds: int) -> str:
    """The same for whole milliseconds since the epoch."""
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@functools.lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """All but the milliseconds; many moments share a second."""
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%dT%H:%M:%S}"
