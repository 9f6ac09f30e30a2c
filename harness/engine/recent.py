"""Memory of what was completed lately."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

from harness.engine.queue_entry import ObjectQueueEntry


class RecentlyCompleted:
    """Recognises a message that says, byte for byte, what was completed before.

    The journal may be published twice, and the status of the first copy may not be written yet when the second
    message is there. Only completed work is remembered, so that a failed object can be tried again; a message that
    differs in anything (newer tags, for example) is another one.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def knows(self, entry: ObjectQueueEntry, message: bytes) -> bool:
        with self._lock:
            return _digest(entry, message) in self._known

    def add(self, entry: ObjectQueueEntry, message: bytes) -> None:
        with self._lock:
            digest = _digest(entry, message)
            self._known[digest] = None
            self._known.move_to_end(digest)
            if len(self._known) > self._limit:
                self._known.popitem(last=False)


def _digest(entry: ObjectQueueEntry, message: bytes) -> bytes:
    return hashlib.blake2b(f"{entry.canonical_key}\0".encode() + message, digest_size=16).digest()
