"""The failed objects of the last 24 hours, in a set for each site and hour. No IO.

Source: Backbeat extensions/replication/failedCRR/FailedCRRConsumer.js, lib/api/BackbeatAPI.js, which keep sorted sets
in Redis.
"""

from __future__ import annotations

import bisect
import dataclasses
import json
from collections.abc import Iterable, Iterator

HOUR_MS = 3_600_000
HOURS = 24
PAGE = 100
_PREFIX = "bb:crr:failed:"

#: Where a failure stands on the failed topic: partition and offset.
Place = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class FailedObject:
    """One version of an object that failed at a site; ``version_id`` is encoded, and empty where there is none."""

    site: str
    bucket: str
    key: str
    version_id: str

    @property
    def member(self) -> str:
        return f"{self.bucket}:{self.key}:{self.version_id}"


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """One message of the failed topic; ``score`` is the time of the failure in milliseconds."""

    failed: FailedObject
    score: int
    place: Place

    @property
    def hour(self) -> int:
        return self.score - self.score % HOUR_MS

    @classmethod
    def parse(cls, value: bytes, place: Place) -> Failure | None:
        """None for what is no such message; it is dropped.

        QUIRK of Backbeat: a member is split at every colon, so that keys with colons are misread. Neither buckets nor
        version ids have one, so the first and the last are those that matter.
        """
        try:
            document = json.loads(value)
            key, member, score = (document[name] for name in ("key", "member", "score"))
            bucket, rest = member.split(":", 1)
            name, version_id = rest.rsplit(":", 1)
            site, _ = key.removeprefix(_PREFIX).rsplit(":", 1)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        if not key.startswith(_PREFIX) or not isinstance(score, int) or not bucket or not name:
            return None
        return cls(FailedObject(site, bucket, name, version_id), score, place)


class _HourlySet:
    """A sorted set as Redis has them: a member is there once, with the score of its last failure."""

    def __init__(self) -> None:
        self.places: dict[str, dict[Place, Failure]] = {}
        self.ordered: list[tuple[int, str]] = []

    def add(self, failure: Failure) -> None:
        member = failure.failed.member
        before = self.score(member)
        self.places.setdefault(member, {})[failure.place] = failure
        self._reorder(member, before)

    def remove(self, failure: Failure) -> None:
        member = failure.failed.member
        before = self.score(member)
        places = self.places.get(member, {})
        places.pop(failure.place, None)
        if not places:
            self.places.pop(member, None)
        self._reorder(member, before)

    def score(self, member: str) -> int | None:
        return max((failure.score for failure in self.places.get(member, {}).values()), default=None)

    def _reorder(self, member: str, before: int | None) -> None:
        now = self.score(member)
        if before == now:
            return
        if before is not None:
            del self.ordered[bisect.bisect_left(self.ordered, (before, member))]
        if now is not None:
            bisect.insort(self.ordered, (now, member))


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One page of a site's failed objects.

    Attributes:
        marker: where the next page begins; None: this is the last.
        repeated: older failures of objects that are listed by a newer one.
    """

    failed: list[FailedObject]
    marker: int | None
    repeated: list[Failure]


class FailedSets:
    """Not thread-safe. Times in milliseconds since the epoch."""

    def __init__(self) -> None:
        self._sets: dict[str, dict[int, _HourlySet]] = {}
        self._places: dict[Place, Failure] = {}

    def __len__(self) -> int:
        """All failures that are kept, those included that are too old to be seen."""
        return len(self._places)

    def add(self, failure: Failure) -> None:
        if failure.place not in self._places:
            self._places[failure.place] = failure
            hours = self._sets.setdefault(failure.failed.site, {})
            hours.setdefault(failure.hour, _HourlySet()).add(failure)

    def remove(self, place: Place, score: int) -> None:
        """Nothing happens when another failure is at that place by now (of a topic that was made anew)."""
        failure = self._places.get(place)
        if failure is not None and failure.score == score:
            del self._places[place]
            self._sets[failure.failed.site][failure.hour].remove(failure)

    def expire(self, now: int) -> int:
        """Forget what is older than the 24 sets; how many failures that were."""
        oldest = _oldest_hour(now)
        old = [failure for failure in self._places.values() if failure.hour < oldest]
        for failure in old:
            self.remove(failure.place, failure.score)
        for hours in self._sets.values():
            for hour in [hour for hour in hours if hour < oldest]:
                del hours[hour]
        return len(old)

    def first_places(self) -> dict[int, int]:
        """The offset of the first failure that is kept, by partition."""
        first: dict[int, int] = {}
        for partition, offset in self._places:
            first[partition] = min(offset, first.get(partition, offset))
        return first

    def count(self, site: str, now: int) -> int:
        """Members of all of the site's sets; an object that failed in two hours counts twice."""
        return sum(len(hourly.ordered) for _, hourly in self._visible(site, now))

    def failures_of(self, failed: FailedObject, now: int) -> list[Failure]:
        """All failures of one object at one site."""
        return [
            failure
            for _, hourly in self._visible(failed.site, now)
            for failure in hourly.places.get(failed.member, {}).values()
        ]

    def page(self, site: str, marker: int | None, now: int, limit: int = PAGE) -> Page:
        """From the newest set backwards; within a set the last members are taken, in ascending order.

        With a ``marker`` (a score), from the set of its hour, and of that one only what is not above it. The next
        marker is the score of the member before those that are taken. QUIRK of Backbeat: members with one score at the
        border of two pages are repeated or missed; here all of them go to the same page, which may then have more
        than ``limit``. And where the set of the marker is gone meanwhile (all of it was tried again), older ones are
        listed; Backbeat ends there.
        """
        visible = list(self._visible(site, now))
        shown = visible
        if marker is not None:
            hour = marker - marker % HOUR_MS
            if not _oldest_hour(now) <= hour <= now:
                return Page([], None, [])
            shown = [(at, hourly) for at, hourly in visible if at <= hour]
        failed: list[FailedObject] = []
        repeated: list[Failure] = []
        for at, hourly in shown:
            newer = [other for hour, other in visible if hour > at]
            chosen: list[FailedObject] = []
            last_score: int | None = None
            for score, member in _descending(hourly.ordered, marker):
                failures = list(hourly.places[member].values())
                if any(member in other.places for other in newer):
                    repeated += failures
                    continue
                if len(failed) + len(chosen) >= limit and score != last_score:
                    return Page(failed + chosen[::-1], score, repeated)
                last_score = score
                chosen.append(failures[0].failed)
            failed += chosen[::-1]
        return Page(failed, None, repeated)

    def _visible(self, site: str, now: int) -> Iterator[tuple[int, _HourlySet]]:
        oldest = _oldest_hour(now)
        hours = self._sets.get(site, {})
        for hour in sorted(hours, reverse=True):
            if oldest <= hour:
                yield hour, hours[hour]


def _descending(ordered: list[tuple[int, str]], marker: int | None) -> Iterable[tuple[int, str]]:
    end = len(ordered) if marker is None else bisect.bisect_right(ordered, (marker, "\U0010ffff"))
    return (ordered[place] for place in range(end - 1, -1, -1))


def _oldest_hour(now: int) -> int:
    """Of the 24 sets that there are at ``now``: a set goes 24 hours after the beginning of its hour."""
    return now - now % HOUR_MS - (HOURS - 1) * HOUR_MS
