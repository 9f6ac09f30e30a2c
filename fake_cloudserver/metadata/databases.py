"""Where the metadata store keeps its keys: sorted key-value databases, in memory here, on disk in ``durable.py``."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from sortedcontainers import SortedDict

from fake_cloudserver.metadata.versioning_request import Operation


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """Operations on one database, in order."""

    db: str
    operations: Sequence[Operation]


class Databases(Protocol):
    """Databases by name; one that holds nothing is as one that was never written. One thread at a time writes."""

    def get(self, db: str, key: str) -> str | None:
        """The text stored under ``key``."""

    def span(self, db: str, start: str, end: str | None, *, inclusive: bool, size: int) -> list[tuple[str, str]]:
        """At most ``size`` keys and texts from ``start`` (left out unless ``inclusive``) up to ``end`` (left out), in
        the order of their code points.
        """

    def apply(self, timestamp: str, changes: Sequence[Change]) -> None:
        """Make all changes, or none when it raises; ``timestamp`` is that of their records."""

    def drop(self, db: str) -> None:
        """Remove all keys of a database."""


class MemoryDatabases:
    """Gone with the process. The records are not kept here: the journal has them."""

    def __init__(self) -> None:
        self._keys: dict[str, SortedDict] = {}

    def get(self, db: str, key: str) -> str | None:
        keys = self._keys.get(db)
        return None if keys is None else keys.get(key)

    def span(self, db: str, start: str, end: str | None, *, inclusive: bool, size: int) -> list[tuple[str, str]]:
        keys = self._keys.get(db)
        if keys is None:
            return []
        found: Iterator[str] = keys.irange(start, end, (inclusive, False))
        return [(key, keys[key]) for key in itertools.islice(found, size)]

    def apply(self, timestamp: str, changes: Iterable[Change]) -> None:  # noqa: ARG002  (the journal has it)
        for change in changes:
            keys = self._keys.get(change.db)
            if keys is None:
                keys = self._keys[change.db] = SortedDict()
            for operation in change.operations:
                if operation.type == "put":
                    keys[operation.key] = operation.value
                else:
                    keys.pop(operation.key, None)

    def drop(self, db: str) -> None:
        self._keys.pop(db, None)
