"""A virtual clock on which things are due, and which ends what would wait for ever."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from fake_cloudserver import VirtualClock


class Stuck(BaseException):
    """Something waited and waited, and nothing came of it."""


class SimulationClock(VirtualClock):
    """Attributes:
    deadline: on the monotonic scale; who lets time pass beyond it is stuck.
    """

    def __init__(self) -> None:
        super().__init__()
        self.deadline = float("inf")
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """``action`` is done when so many seconds have passed from now."""
        heapq.heappush(self._due, (self.monotonic() + seconds, next(self._numbers), action))

    def advance(self, seconds: float) -> None:
        """Raises Stuck beyond the deadline."""
        until = self.monotonic() + seconds
        while self._due and self._due[0][0] <= until:
            moment, _, action = heapq.heappop(self._due)
            super().advance(max(0.0, moment - self.monotonic()))
            action()
        super().advance(max(0.0, until - self.monotonic()))
        if until > self.deadline:
            raise Stuck(f"still waiting after {until:.0f} s")
