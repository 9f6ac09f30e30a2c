"""A clock that goes like a real one, and can be put forward."""

from __future__ import annotations

import threading

from fake_cloudserver import Clock, SystemClock

#: How long somebody who waits may not notice that the clock was put forward, in real seconds.
_SLICE = 0.05


class MovableClock:
    """Real time, put forward by :meth:`advance`. Whoever sleeps or waits wakes up when its time has come by that."""

    def __init__(self, real: Clock | None = None) -> None:
        self._real = real or SystemClock()
        self._ahead = 0.0
        self._moved = threading.Condition()

    def now(self) -> float:
        return self._real.now() + self._ahead

    def monotonic(self) -> float:
        return self._real.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put it forward; raises ValueError for a negative amount."""
        if seconds < 0:
            raise ValueError(f"time cannot go back: {seconds}")
        with self._moved:
            self._ahead += seconds
            self._moved.notify_all()

    def sleep(self, seconds: float) -> None:
        deadline = self.monotonic() + seconds
        with self._moved:
            while (left := deadline - self.monotonic()) > 0:
                self._real.wait(self._moved, left)

    def wait(self, condition: threading.Condition, timeout: float) -> bool:
        deadline = self.monotonic() + timeout
        while (left := deadline - self.monotonic()) > 0:
            if self._real.wait(condition, min(left, _SLICE)):
                return True
        return False
