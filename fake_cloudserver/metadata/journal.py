"""The metadata log: every change of metadata, in order, for Backbeat's queue populator to read.

Source: Arsenal lib/storage/metadata/file/RecordLog.js.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable

from fake_cloudserver.clock import Clock
from fake_cloudserver.metadata.versioning_request import Operation


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """One logged operation.

    Attributes:
        sequence: 1 for the first; one more for each operation.
        timestamp: when it was written, ISO 8601 with milliseconds.
        db: the bucket it was written to, or ``__metastore``, ``users..bucket``, ``mpuShadowBucket<bucket>``.
        type: ``put`` or ``del``.
        key: the key written, ``<key>NUL<version id>`` for a version.
        value: the JSON text written; None for ``del``.
    """

    sequence: int
    timestamp: str
    db: str
    type: str
    key: str
    value: str | None


Listener = Callable[[Record], None]


class Journal:
    """The records, for any number of readers: each keeps its own position and asks for what follows it.

    Args:
        clock: ends the waits.
        capacity: how many of the newest records are kept at least; None keeps all.
        forgotten: how many there were before the first of this one.
    """

    def __init__(self, clock: Clock, *, capacity: int | None = None, forgotten: int = 0) -> None:
        if capacity is not None and capacity < 1:
            raise ValueError(f"a journal keeps at least one record: {capacity}")
        self._clock = clock
        self._capacity = capacity
        self._records: list[Record] = []
        self._forgotten = forgotten
        self._grown = threading.Condition()
        self._listeners: tuple[Listener, ...] = ()

    @property
    def first_sequence(self) -> int:
        """Sequence of the oldest record kept; of the next one to come when there is none."""
        return self._forgotten + 1

    @property
    def last_sequence(self) -> int:
        """Sequence of the newest record; 0 before the first."""
        with self._grown:
            return self._forgotten + len(self._records)

    def append(self, timestamp: str, db: str, operations: Iterable[Operation]) -> list[Record]:
        """Log operations that were applied together; only the store calls it, inside its critical section.

        A reader sees all of them or none.
        """
        with self._grown:
            first = self._forgotten + len(self._records) + 1
            added = [
                Record(sequence, timestamp, db, operation.type, operation.key, operation.value)
                for sequence, operation in enumerate(operations, start=first)
            ]
            self._records.extend(added)
            self._forget()
            self._grown.notify_all()
        for listener in self._listeners:
            for record in added:
                listener(record)
        return added

    def read(self, start: int, limit: int, end: int | None = None) -> list[Record]:
        """At most ``limit`` records from sequence ``start``, up to ``end`` (included); empty when there are none.

        Records that were forgotten are left out: the first one returned then has a greater sequence than ``start``.
        """
        with self._grown:
            first = max(start - 1 - self._forgotten, 0)
            last = first + max(limit, 0)
            if end is not None:
                last = min(last, end - self._forgotten)
            return self._records[first : max(last, first)]

    def wait(self, after: int, timeout: float) -> bool:
        """Wait until there is a record after sequence ``after``, for at most ``timeout`` seconds; is there one?"""
        deadline = self._clock.monotonic() + timeout
        with self._grown:
            while self._forgotten + len(self._records) <= after:
                remaining = deadline - self._clock.monotonic()
                if remaining <= 0:
                    return False
                self._clock.wait(self._grown, remaining)
            return True

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` called with each record, in order, in the thread that writes; returns how to stop that.

        It runs inside the store's critical section: it must be quick, and must not write metadata.
        """
        with self._grown:
            self._listeners = (*self._listeners, listener)

        def remove() -> None:
            with self._grown:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return remove

    def _forget(self) -> None:
        """Drop the oldest records, a quarter of the capacity at a time, so that it costs little for each append."""
        if self._capacity is None:
            return
        surplus = len(self._records) - self._capacity
        if surplus > self._capacity // 4:
            del self._records[:surplus]
            self._forgotten += surplus
