"""What is pending, done and failed, by site and by object, added up from the messages of the metrics topic.

Source: Backbeat lib/MetricsConsumer.js, lib/constants.js; Arsenal lib/metrics/StatsModel.ts, RedisClient.ts.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from harness.engine.metrics import message
from harness.engine.metrics.message import MetricsMessage, ObjectName

#: Milliseconds of one interval; how many make a day; how many make the window of a throughput.
INTERVAL_MS = 300_000
DAY_INTERVALS = 288
THROUGHPUT_INTERVALS = 3

#: Objects whose progress is known. Beyond that the ones that moved least recently are forgotten; Backbeat keeps all of
#: a day's, in Redis.
MAX_OBJECTS = 20_000

# places in the counters of one interval
_OPS, _BYTES, _OPS_DONE, _BYTES_DONE, _OPS_FAILED, _BYTES_FAILED = range(6)
_PLACES = {
    message.QUEUED: (_OPS, _BYTES),
    message.COMPLETED: (_OPS_DONE, _BYTES_DONE),
    message.FAILED: (_OPS_FAILED, _BYTES_FAILED),
}

ObjectId = tuple[str, ObjectName]
Place = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """Operations and bytes; or what they come to in a second."""

    ops: float = 0
    size: float = 0


@dataclasses.dataclass(slots=True)
class _Site:
    """Counters of one site: what waits, and six numbers for each interval of the last day."""

    ops_pending: int = 0
    bytes_pending: int = 0
    intervals: dict[int, list[int]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class _Object:
    """Bytes to be written and written, by interval; ``first`` is where its first message is in the topic."""

    first: Place
    intervals: dict[int, list[int]] = dataclasses.field(default_factory=dict)


class Statistics:
    """Counters in intervals of five minutes, each by the time that its messages carry. Safe to use from threads.

    Times are in milliseconds since the epoch. A message from the future counts as one of now; of one that is older
    than a day only the effect on what is pending counts.

    Attributes:
        is_complete: whether everything that was ever told is counted, as far as it is known.
    """

    def __init__(self, max_objects: int = MAX_OBJECTS) -> None:
        self.is_complete = False
        self._max_objects = max_objects
        self._lock = threading.Lock()
        self._sites: dict[str, _Site] = {}
        self._objects: OrderedDict[ObjectId, _Object] = OrderedDict()

    # counting

    def add(self, one: MetricsMessage, now: int, place: Place = (0, 0)) -> None:
        """Count a message. ``place``: partition and offset where it stands in the topic."""
        interval = _interval(min(one.timestamp, now))
        with self._lock:
            if one.name is None:
                self._add_to_site(one, interval, now)
            elif interval > _oldest(now):
                self._add_to_object((one.site, one.name), one, interval, place)

    def expire(self, now: int) -> None:
        """Forget what is older than a day."""
        oldest = _oldest(now)
        with self._lock:
            for site in self._sites.values():
                for interval in [one for one in site.intervals if one <= oldest]:
                    del site.intervals[interval]
            while self._objects and max(next(iter(self._objects.values())).intervals) <= oldest:
                self._objects.popitem(last=False)

    def _add_to_site(self, one: MetricsMessage, interval: int, now: int) -> None:
        site = self._sites.setdefault(one.site, _Site())
        ops = one.ops or 0
        sign = -1 if one.type in {message.COMPLETED, message.FAILED} else 1
        site.ops_pending += sign * ops
        site.bytes_pending += sign * one.size
        places = _PLACES.get(one.type)
        if places is not None and interval > _oldest(now):
            counters = site.intervals.setdefault(interval, [0] * 6)
            counters[places[0]] += ops
            counters[places[1]] += one.size

    def _add_to_object(self, name: ObjectId, one: MetricsMessage, interval: int, place: Place) -> None:
        if one.type not in {message.QUEUED, message.COMPLETED}:
            return
        found = self._objects.get(name)
        if found is None:
            found = self._objects[name] = _Object(place)
            if len(self._objects) > self._max_objects:
                self._objects.popitem(last=False)
        self._objects.move_to_end(name)
        counters = found.intervals.setdefault(interval, [0, 0])
        counters[0 if one.type == message.QUEUED else 1] += one.size

    # figures

    def pending(self, sites: Iterable[str]) -> Count:
        """What waits now. Below 0 where more was counted off than on: messages were lost."""
        with self._lock:
            found = [self._sites[name] for name in sites if name in self._sites]
            return Count(sum(one.ops_pending for one in found), sum(one.bytes_pending for one in found))

    def completions(self, sites: Iterable[str], now: int) -> Count:
        """What was done in the last day."""
        oldest = _oldest(now)
        with self._lock:
            done = [
                (counters[_OPS_DONE], counters[_BYTES_DONE])
                for name in sites
                if name in self._sites
                for interval, counters in self._sites[name].intervals.items()
                if interval > oldest
            ]
        return Count(sum(ops for ops, _ in done), sum(size for _, size in done))

    def throughput(self, sites: Iterable[str], now: int) -> Count:
        """Operations and bytes done in a second, over the last fifteen minutes."""
        with self._lock:
            found = [self._sites[name].intervals for name in sites if name in self._sites]
            ops = sum(_recently(intervals, _OPS_DONE, now) for intervals in found)
            size = sum(_recently(intervals, _BYTES_DONE, now) for intervals in found)
        seconds = THROUGHPUT_INTERVALS * INTERVAL_MS / 1000
        return Count(ops / seconds, size / seconds)

    def object_bytes(self, site: str, name: ObjectName, now: int) -> tuple[int, int]:
        """Bytes of the object that were to be written in the last day, and that were; zeros for one not known."""
        oldest = _oldest(now)
        with self._lock:
            found = self._objects.get((site, name))
            recent = [counters for at, counters in found.intervals.items() if at > oldest] if found else []
            return sum(total for total, _ in recent), sum(done for _, done in recent)

    def object_throughput(self, site: str, name: ObjectName, now: int) -> float:
        """Bytes of the object written in a second, over the last fifteen minutes."""
        with self._lock:
            found = self._objects.get((site, name))
            done = _recently(found.intervals, 1, now) if found else 0.0
        return done * 1000 / (THROUGHPUT_INTERVALS * INTERVAL_MS)

    # keeping

    def to_document(self) -> dict[str, Any]:
        """The sites' counters as JSON. Those of objects are not kept: see :meth:`objects_from`."""
        with self._lock:
            return {
                name: {
                    "pending": [site.ops_pending, site.bytes_pending],
                    "intervals": {str(interval): counters for interval, counters in site.intervals.items()},
                }
                for name, site in self._sites.items()
            }

    def restore(self, document: dict[str, Any]) -> None:
        """What :meth:`to_document` gave. Raises KeyError, TypeError or ValueError for anything else."""
        sites = {}
        for name, kept in document.items():
            ops, size = kept["pending"]
            intervals = {int(interval): list(counters) for interval, counters in kept["intervals"].items()}
            sites[name] = _Site(ops, size, intervals)
        with self._lock:
            self._sites |= sites

    def objects_from(self) -> dict[int, int]:
        """By partition: the offset from which on the topic has all messages about the objects that are known."""
        with self._lock:
            firsts = [one.first for one in self._objects.values()]
        return {partition: min(at for of, at in firsts if of == partition) for partition in {of for of, _ in firsts}}


def _interval(time: int) -> int:
    return time - time % INTERVAL_MS


def _oldest(now: int) -> int:
    """The latest interval that is over a day old."""
    return _interval(now) - DAY_INTERVALS * INTERVAL_MS


def _recently(intervals: dict[int, list[int]], place: int, now: int) -> float:
    """The current interval and the two before it, and of the one before those as much as the current one lacks."""
    current = _interval(now)
    counted: list[float] = [
        intervals[at][place] if (at := current - back * INTERVAL_MS) in intervals else 0
        for back in range(THROUGHPUT_INTERVALS + 1)
    ]
    share = 1 - (now - current) / INTERVAL_MS
    return sum(counted[:-1]) + counted[-1] * share
