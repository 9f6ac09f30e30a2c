"""Memory of what was completed lately."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable

from harness.engine.queue_entry import ObjectQueueEntry


class RecentlyCompleted:
    """What was completed at one site, whose status may not be written yet.

    The journal may be published twice, a failed entry may come back by a replay topic after a newer one of the same
    version, and tags may come before the status of the object's copy is written: in all these cases the source's
    metadata do not say yet what the destination has. Only completed work is remembered, so that a failed object can
    be tried again. Shared by the processors of the site; at most ``limit`` messages and copies are kept.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._messages: OrderedDict[Hashable, str] = OrderedDict()
        self._copies: OrderedDict[Hashable, str] = OrderedDict()

    def knows(self, entry: ObjectQueueEntry, message: bytes) -> bool:
        """Whether a message that says the same, byte for byte, was completed before.

        Never so of updates: who sets the same tags once more says the same again, and waits for it; to do them twice
        does no harm.
        """
        if "DATA" not in entry.content and not entry.is_delete_marker:
            return False
        with self._lock:
            return _digest(entry, message) in self._messages

    def copy_of(self, entry: ObjectQueueEntry) -> str | None:
        """The version id that the site gave to this version of the object; None when nothing is known of it."""
        with self._lock:
            return self._copies.get(_identity(entry))

    def add(self, entry: ObjectQueueEntry, message: bytes, version_id: str = "") -> None:
        """``entry`` was completed."""
        with self._lock:
            for known, key in ((self._messages, _digest(entry, message)), (self._copies, _identity(entry))):
                known[key] = version_id
                known.move_to_end(key)
                if len(known) > self._limit:
                    known.popitem(last=False)


def _digest(entry: ObjectQueueEntry, message: bytes) -> bytes:
    return hashlib.blake2b(f"{entry.canonical_key}\0".encode() + message, digest_size=16).digest()


def _identity(entry: ObjectQueueEntry) -> tuple[object, ...]:
    """A null version may be replaced by another one: that has other data, or another date."""
    metadata = entry.metadata
    return entry.canonical_key, entry.raw_version_id, entry.content_md5, metadata.get("last-modified")
