"""One at a time, place by place."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Hashable, Iterator
from typing import Final

from fake_cloudserver.clock import Clock
from fake_cloudserver.errors import S3Error


class Turns:
    """One change of a key at a time: who comes second waits, for a minute at most."""

    _PATIENCE: Final = 60.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._busy: set[Hashable] = set()

    @contextlib.contextmanager
    def of(self, place: Hashable) -> Iterator[None]:
        """Have ``place`` to oneself. Raises ServiceUnavailable when somebody else does not leave it."""
        deadline = self._clock.monotonic() + self._PATIENCE
        with self._changed:
            while place in self._busy:
                left = deadline - self._clock.monotonic()
                if left <= 0 or not self._clock.wait(self._changed, left):
                    raise S3Error("ServiceUnavailable", "another change of this key is under way")
            self._busy.add(place)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(place)
                self._changed.notify_all()
