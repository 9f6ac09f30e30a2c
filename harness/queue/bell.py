"""How readers of a topic hear at once that this process wrote to it, where the broker wakes nobody."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection

from fake_cloudserver import Clock


class Bell:
    """Rung with the name of a topic; whoever waits for news of that topic goes on.

    Only a hint: messages of other processes come without it, so that nobody may wait for long.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._rung: Counter[str] = Counter()
        self.is_closed = False

    def ring(self, topic: str) -> None:
        """Something is new in ``topic``."""
        with self._condition:
            self._rung[topic] += 1
            self._condition.notify_all()

    def heard(self, topics: Collection[str]) -> int:
        """How often it rang for ``topics`` so far: what :meth:`wait` compares with."""
        with self._condition:
            return self._count(topics)

    def wait(self, topics: Collection[str], heard: int, seconds: float) -> bool:
        """Until it rings for one of ``topics`` again, or :meth:`close`; False when ``seconds`` passed before."""
        deadline = self._clock.monotonic() + seconds
        with self._condition:
            while not self.is_closed and self._count(topics) == heard:
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    return False
                self._clock.wait(self._condition, left)
        return True

    def close(self) -> None:
        """Nobody waits from now on."""
        with self._condition:
            self.is_closed = True
            self._condition.notify_all()

    def _count(self, topics: Collection[str]) -> int:
        return sum(self._rung[topic] for topic in topics)
