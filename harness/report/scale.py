"""The axis of a time line: as long as it looks, with the long waits in between cut short; no IO."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable

#: A stretch in which nothing happens, and that is longer than this part of all, is cut to ``_CUT_TO`` of the width.
_LONG = 0.18
_CUT_TO = 0.06
_MARGIN = 0.02
#: Seconds that a picture spans at least; less cannot be divided by.
_LEAST = 1e-3


@dataclasses.dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that was cut short: where it is drawn, and how many seconds it stands for."""

    left: float
    right: float
    seconds: float


class Scale:
    """Seconds to a place between 0 and 1.

    Args:
        spans: (from, to) of all that happens, in seconds.
    """

    def __init__(self, spans: Iterable[tuple[float, float]]) -> None:
        busy = _merged(spans)
        whole = max(_LEAST, busy[-1][1] - busy[0][0])
        pieces: list[tuple[float, float, bool]] = []
        for number, (start, end) in enumerate(busy):
            if number:
                before = busy[number - 1][1]
                pieces.append((before, start, start - before > _LONG * whole))
            pieces.append((start, end, False))
        cuts = sum(cut for *_, cut in pieces)
        kept = max(_LEAST, sum(end - start for start, end, cut in pieces if not cut))
        rate = (1 - 2 * _MARGIN - cuts * _CUT_TO) / kept
        self.gaps: list[Gap] = []
        self._times, self._places = [busy[0][0]], [_MARGIN]
        for start, end, cut in pieces:
            left = self._places[-1]
            right = left + (_CUT_TO if cut else (end - start) * rate)
            if cut:
                self.gaps.append(Gap(left, right, end - start))
            self._times.append(end)
            self._places.append(right)

    def place(self, seconds: float) -> float:
        """Where a moment is drawn."""
        index = bisect.bisect_right(self._times, seconds)
        if index == 0:
            return self._places[0]
        if index == len(self._times):
            return self._places[-1]
        start, end = self._times[index - 1], self._times[index]
        left, right = self._places[index - 1], self._places[index]
        return left + (right - left) * (seconds - start) / (end - start)

    def ticks(self, wanted: int = 8) -> list[float]:
        """Round moments at about equal distances, none inside a gap, at least so far apart that texts fit."""
        first, last = self._times[0], self._times[-1]
        step = _round_step((last - first) / wanted)
        ticks: list[float] = []
        moment = step * -(-first // step)
        while moment <= last and len(ticks) < 10 * wanted:
            place = self.place(moment)
            inside = any(gap.left < place < gap.right for gap in self.gaps)
            if not inside and place < 0.95 and (not ticks or place - self.place(ticks[-1]) >= 0.07):
                ticks.append(moment)
            moment += step
        return ticks


def _round_step(rough: float) -> float:
    step = 1e-3
    while True:
        for factor in (1, 2, 5):
            if step * factor >= rough:
                return step * factor
        step *= 10


def _merged(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged or [(0.0, 0.0)]
