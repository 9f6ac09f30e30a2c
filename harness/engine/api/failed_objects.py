"""Follows the failed topic, and keeps what was taken from the sets again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable

from fake_cloudserver import Clock, get_logger
from harness.engine.api.failed_sets import HOUR_MS, HOURS, FailedObject, FailedSets, Failure, Page, Place
from harness.engine.javascript import stringify
from harness.queue.base import Follower, Queue
from harness.queue.interruption import Interruption
from harness.queue.table import TopicTable

log = get_logger(__name__)

_BATCH = 1_000
#: Seconds to wait for a message before all that there is was read: there may be none.
_ROUND = 0.02
#: The key under which the table says where on the failed topic the last 24 hours begin.
_BEGIN = "begin"
#: What is this old is in no set any more.
_OLD_MS = (HOURS + 1) * HOUR_MS


class FailedObjects:
    """A part of the engine: the sets of failed objects, the same in every process that follows.

    Backbeat copies failures from their topic to Redis. Here the topic itself is what lasts, and a compacted one beside
    it says which failures were removed from their set (``<partition>/<offset>`` of the failure: its score). Each is
    only read, so that nothing is lost by a restart, and no process disagrees with another for long.
    """

    name = "failed-objects"

    def __init__(self, queue: Queue, topic: str, removals_topic: str, clock: Clock, interruption: Interruption) -> None:
        self._queue = queue
        self._topic = topic
        self._clock = clock
        self._interruption = interruption
        self._lock = threading.RLock()
        self._sets = FailedSets()
        self._removed: dict[Place, int] = {}
        self._begin: dict[int, int] = {}
        self._removals = TopicTable(queue, removals_topic, self._removal)
        self._follower: Follower | None = None
        self._next: dict[int, int] = {}
        self._ready = False
        self._caught_up = False
        self._tidied = 0

    @property
    def is_ready(self) -> bool:
        """Whether everything was read once."""
        return self._ready

    def step(self, timeout: float = 0.0) -> int:
        """Read what is new, waiting up to ``timeout`` seconds for it; how much it was."""
        if not self._removals.loaded:
            return self._removals.follow(timeout) + 1
        removals = self._removals.follow()
        if self._follower is None:
            self._follower = self._queue.follower(self._topic, self._begin)
        messages = self._follower.poll(_BATCH, timeout if self._ready else min(timeout, _ROUND))
        oldest = self._now() - _OLD_MS
        with self._lock:
            for message in messages:
                place = message.partition, message.offset
                self._next[message.partition] = message.offset + 1
                failure = Failure.parse(message.value, place)
                if failure is None:
                    log.warning("no failed object", partition=message.partition, offset=message.offset)
                elif failure.score > oldest and self._removed.get(place) != failure.score:
                    self._sets.add(failure)
        self._caught_up = self._follower.caught_up
        self._ready = self._ready or self._caught_up
        if self._ready and self._now() // HOUR_MS != self._tidied:
            self._tidy()
        return len(messages) + removals

    def idle(self) -> bool:
        return self._caught_up

    def stop(self, timeout: float = 30.0) -> bool:  # noqa: ARG002  (the part's shape)
        if self._follower is not None:
            self._follower.close()
        self._removals.close()
        return True

    def page(self, site: str, marker: int | None) -> Page:
        with self._lock:
            return self._sets.page(site, marker, self._now())

    def failures_of(self, failed: FailedObject) -> list[Failure]:
        with self._lock:
            return self._sets.failures_of(failed, self._now())

    def count(self, site: str) -> int:
        """How many failures of a site there are in its sets."""
        with self._lock:
            return self._sets.count(site, self._now())

    def remove(self, failures: Iterable[Failure], interruption: Interruption | None = None) -> None:
        """Return when Kafka has it. Raises Interrupted while it waits."""
        removals = {f"{one.place[0]}/{one.place[1]}": str(one.score).encode() for one in failures}
        if removals:
            self._removals.write(removals, interruption)

    def _tidy(self) -> None:
        """Once an hour: forget what is older than a day, here and in Kafka."""
        now = self._now()
        with self._lock:
            self._sets.expire(now)
            old = [place for place, score in self._removed.items() if score <= now - _OLD_MS]
            begin = self._next | self._sets.first_places()
        changes: dict[str, bytes | None] = {f"{partition}/{offset}": None for partition, offset in old}
        if begin != self._begin:
            changes[_BEGIN] = stringify({str(partition): offset for partition, offset in begin.items()}).encode()
        if changes:
            self._removals.write(changes, self._interruption)
        self._tidied = now // HOUR_MS

    def _removal(self, key: str, value: bytes | None) -> None:
        with self._lock:
            if key == _BEGIN:
                self._begin = {int(partition): offset for partition, offset in json.loads(value or b"{}").items()}
                return
            partition, _, offset = key.partition("/")
            place = int(partition), int(offset)
            if value is None:
                self._removed.pop(place, None)
            else:
                self._removed[place] = int(value)
                self._sets.remove(place, int(value))

    def _now(self) -> int:
        return int(self._clock.now() * 1000)
