"""Reading stored keys in order, and seeking past those that a listing leaves out.

Source: Arsenal lib/algos/list/skip.js (a listing looks at a few entries to be skipped, then seeks).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final, Protocol

from fake_cloudserver.metadata.versioning_request import SEPARATOR

_LONGEST_STREAK: Final = 4


#: Where a listing without prefix ends: the metadata server keeps each database in a range of one LevelDB that ends with
#: this character, so that keys beyond it, those of the supplementary planes, are stored and not listed.
#: Source: Arsenal lib/storage/metadata/file/MetadataFileServer.js (level-sublevel).
LAST_LISTED: Final = "\uffff"


class EntrySource(Protocol):
    """What a listing reads from; the metadata store is one."""

    def entries(
        self, db: str, start: str = "", *, inclusive: bool = True, end: str | None = None
    ) -> Iterator[tuple[str, str]]:
        """Stored keys and JSON texts in key order from ``start`` on; the cost is that of what is taken."""


class Cursor:
    """Iterates over a database's entries in key order; entries before :meth:`skip_to`'s key are left out."""

    def __init__(
        self, source: EntrySource, db: str, start: str, *, inclusive: bool = True, end: str | None = None
    ) -> None:
        self._source = source
        self._db = db
        self._end = end
        self._entries = source.entries(db, start, inclusive=inclusive, end=end)
        self._bound = ""
        self._streak = 0

    def skip_to(self, stored_key: str | None) -> None:
        """Leave out what comes before ``stored_key``; None leaves out everything that is left."""
        if stored_key is None:
            self._entries = iter(())
        else:
            self._bound = max(self._bound, stored_key)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return self

    def __next__(self) -> tuple[str, str]:
        while True:
            entry = next(self._entries)
            if entry[0] >= self._bound:
                self._streak = 0
                return entry
            self._streak += 1
            if self._streak >= _LONGEST_STREAK:
                self._entries = self._source.entries(self._db, self._bound, end=self._end)
                self._streak = 0


def split(stored_key: str) -> tuple[str, str | None]:
    """The object's key, and the internal version id or None for a master key."""
    key, separator, version_id = stored_key.partition(SEPARATOR)
    return key, version_id if separator else None


def after_versions(key: str) -> str:
    """The first stored key that can follow a key and all its versions."""
    return f"{key}\x01"


def after_prefix(prefix: str) -> str | None:
    """The first string that sorts after all that start with ``prefix``; None when there is none."""
    while prefix:
        prefix, last = prefix[:-1], ord(prefix[-1])
        if last < sys.maxunicode:
            return prefix + chr(last + 1)
    return None


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """The part of ``key`` up to the first delimiter after ``prefix``, delimiter included; None without one."""
    if not delimiter or not key.startswith(prefix):
        return None
    position = key.find(delimiter, len(prefix))
    return None if position < 0 else key[: position + len(delimiter)]
