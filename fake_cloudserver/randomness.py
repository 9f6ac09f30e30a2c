"""The randomness seam: ids, jitter and fault decisions come from here, so that a seed repeats a run."""

from __future__ import annotations

import random
import threading
import uuid
from typing import Protocol


class Randomness(Protocol):
    """A source of random values; safe to call from any thread."""

    def hex(self, characters: int) -> str:
        """That many lower-case hexadecimal digits."""

    def uuid4(self) -> str:
        """A version-4 UUID in its 36-character text form."""

    def random(self) -> float:
        """A number from 0 (included) to 1 (excluded)."""

    def below(self, limit: int) -> int:
        """A whole number from 0 to ``limit`` - 1."""


class SeededRandomness:
    """One generator for a whole run: the same seed gives the same values in the same order."""

    def __init__(self, seed: int) -> None:
        self._generator: random.Random = random.Random(seed)
        self._lock = threading.Lock()

    def hex(self, characters: int) -> str:
        with self._lock:
            return f"{self._generator.getrandbits(4 * characters):0{characters}x}"

    def uuid4(self) -> str:
        with self._lock:
            return str(uuid.UUID(int=self._generator.getrandbits(128), version=4))

    def random(self) -> float:
        with self._lock:
            return self._generator.random()

    def below(self, limit: int) -> int:
        with self._lock:
            return self._generator.randrange(limit)


class SystemRandomness(SeededRandomness):
    """Different in every run: seeded once by the operating system, which is not asked again for each value."""

    def __init__(self) -> None:
        super().__init__(random.SystemRandom().getrandbits(256))
