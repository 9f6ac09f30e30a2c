"""How work that waits is told to let go: of a retry's pause, never of a request that is under way."""

from __future__ import annotations

import threading

from fake_cloudserver import Clock


class Interrupted(Exception):  # noqa: N818  (an order, not an error)
    """The work was told to let go; it left nothing half done, and whoever ordered it must do it again later."""


class Interruption:
    """One order to let go, given by one thread and obeyed by others; it cannot be taken back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._ordered = False

    def order(self) -> None:
        """Wake everything that waits here; every later wait ends at once."""
        with self._condition:
            self._ordered = True
            self._condition.notify_all()

    @property
    def ordered(self) -> bool:
        return self._ordered

    def check(self) -> None:
        """Raises Interrupted once the order was given."""
        if self.ordered:
            raise Interrupted

    def pause(self, seconds: float) -> bool:
        """Let ``seconds`` pass; True when the order came before they were over."""
        deadline = self._clock.monotonic() + seconds
        with self._condition:
            while not self._ordered:
                left = deadline - self._clock.monotonic()
                if left <= 0 or not self._clock.wait(self._condition, left):
                    return self._ordered
        return True

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass; raises Interrupted as soon as the order is there."""
        if self.pause(seconds):
            raise Interrupted


class Deadline(Interruption):
    """An order that comes by itself after ``seconds``: for whoever cannot wait longer than that."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__(clock)
        self._at = clock.monotonic() + seconds

    @property
    def ordered(self) -> bool:
        return super().ordered or self._clock.monotonic() >= self._at

    def pause(self, seconds: float) -> bool:
        return super().pause(min(seconds, max(0.0, self._at - self._clock.monotonic()))) or self.ordered
