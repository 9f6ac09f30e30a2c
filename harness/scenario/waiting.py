"""Waiting for expectations: deadlines, not tries; the clock is the seam's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from fake_cloudserver import Clock

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 1.0
_GROWTH = 1.5
_MOST_SHOWN = 12
#: Less time left than this is none: a clock that counts from the epoch cannot tell it.
_OVER = 1e-6


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What one attempt saw.

    Attributes:
        met: whether the expectations hold.
        seen: what was seen, in short.
        reasons: what does not hold, one line each.
        fatal: whether waiting on is in vain.
        output: what the verb gave, whether or not it was what was expected.
    """

    met: bool
    seen: str
    reasons: tuple[str, ...] = ()
    fatal: bool = False
    output: Any = None


@dataclasses.dataclass(slots=True)
class _Span:
    seen: str
    since: float
    count: int = 1


class Timeline:
    """The distinct values in the order in which they were seen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.monotonic()
        self._spans: list[_Span] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock.monotonic() - self._start

    @property
    def looks(self) -> int:
        """How often somebody looked."""
        return sum(span.count for span in self._spans)

    def note(self, seen: str) -> None:
        """Somebody looked and saw this."""
        if self._spans and self._spans[-1].seen == seen:
            self._spans[-1].count += 1
        else:
            self._spans.append(_Span(seen, self.elapsed))

    def __str__(self) -> str:
        """``PENDING ×41 → PROCESSING ×3 → FAILED at +1.2s``."""
        if not self._spans:
            return ""
        shown = self._spans[-_MOST_SHOWN:]
        texts = [span.seen + (f" ×{span.count}" if span.count > 1 else "") for span in shown]
        if len(shown) < len(self._spans):
            texts.insert(0, f"({len(self._spans) - len(shown)} more)")
        when = f" at +{seconds(shown[-1].since)}" if len(self._spans) > 1 else ""
        return " → ".join(texts) + when


def seconds(value: float) -> str:
    """A time for people: ``12ms``, ``1.2s``."""
    return f"{value * 1000:.0f}ms" if value < 1 else f"{value:.1f}s"


def wait_until(clock: Clock, timeline: Timeline, look: Callable[[], Look], within: float, every: float | None) -> Look:
    """Look until the expectations hold, until waiting is in vain, or until ``within`` seconds are over.

    At least one look is taken, and one at the very end. Pauses grow from 10 ms to 1 s unless ``every`` is given.
    """
    deadline = clock.monotonic() + within
    pause = _FIRST_PAUSE if every is None else every
    while True:
        seen = look()
        timeline.note(seen.seen)
        remaining = deadline - clock.monotonic()
        if seen.met or seen.fatal or remaining <= _OVER:
            return seen
        clock.sleep(min(pause, remaining))
        if every is None:
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def watch(clock: Clock, timeline: Timeline, look: Callable[[], Look], duration: float, every: float) -> Look:
    """Look now and until ``duration`` seconds are over, one look at the very end; the first that fails ends it."""
    deadline = clock.monotonic() + duration
    while True:
        seen = look()
        timeline.note(seen.seen)
        remaining = deadline - clock.monotonic()
        if not seen.met or seen.fatal or remaining <= _OVER:
            return seen
        clock.sleep(min(every, remaining))
