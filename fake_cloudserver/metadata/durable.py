"""Metadata and journal in one SQLite file, the twin of ``MemoryDatabases`` and ``Journal`` that outlives the process.

A change and its records are one transaction: what is stored has its record, and what was acknowledged has both.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final

from fake_cloudserver.clock import Clock
from fake_cloudserver.metadata.databases import Change
from fake_cloudserver.metadata.journal import Journal, Record
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.sqlite_file import damaged, open_database, transaction

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entries (
    db TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    since INTEGER,  -- of what is not replicated yet: the first record of it
    PRIMARY KEY (db, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unfinished ON entries (since) WHERE since IS NOT NULL;
CREATE TABLE IF NOT EXISTS journal (
    sequence INTEGER PRIMARY KEY, timestamp TEXT NOT NULL, db TEXT NOT NULL, type TEXT NOT NULL, key TEXT NOT NULL,
    value TEXT
);
CREATE TABLE IF NOT EXISTS markers (
    location TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, before TEXT NOT NULL,
    PRIMARY KEY (location, bucket, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

_PUT: Final = """
INSERT INTO entries VALUES (?, ?, ?, ?) ON CONFLICT (db, key) DO UPDATE
SET value = excluded.value, since = iif(excluded.since IS NULL, NULL, coalesce(since, excluded.since))
"""
_VERSION_CLOCK: Final = "version id clock"
#: How many of the newest records are kept in memory as well, for those who follow the journal closely.
_RECENT: Final = 10_000


class DurableMetadata:
    """One file; the :class:`~fake_cloudserver.metadata.databases.Databases` of a store, and its journal.

    Args:
        clock: ends the waits of the journal's readers.
        version_ids: goes on where it was; what it makes is newer than what it made before.

    Raises:
        DataFolderError: the file is damaged.
    """

    def __init__(self, path: Path, clock: Clock, version_ids: VersionIdGenerator) -> None:
        self._writer = open_database(path, _SCHEMA)
        self._version_ids = version_ids
        try:
            self._sequence = _number(self._writer, "SELECT max(sequence) FROM journal")
            version_ids.resume(_number(self._writer, "SELECT value FROM numbers WHERE name = ?", _VERSION_CLOCK))
            self._version_clock = version_ids.milliseconds
            self._reader = _Reader(open_database(path, ""))
        except sqlite3.Error as error:
            self._writer.close()
            raise damaged(path, error) from error
        self.journal: Journal = DurableJournal(clock, self._reader, self._sequence)

    @property
    def unfinished_since(self) -> int | None:
        """The first record of the oldest change that is to be replicated and is not yet; None when there is none."""
        with self._reader.cursor() as cursor:
            found: int | None = cursor.execute("SELECT min(since) FROM entries WHERE since IS NOT NULL").fetchone()[0]
        return found

    @property
    def markers(self) -> MutableMapping[tuple[str, str, str], tuple[str, str]]:
        """What the gateway remembers of delete markers."""
        return _Markers(self._reader)

    def get(self, db: str, key: str) -> str | None:
        row = self._writer.execute("SELECT value FROM entries WHERE db = ? AND key = ?", (db, key)).fetchone()
        return None if row is None else row[0]

    def span(self, db: str, start: str, end: str | None, *, inclusive: bool, size: int) -> list[tuple[str, str]]:
        # the order of UTF-8 bytes, in which SQLite compares, is that of code points
        condition = f"key {'>=' if inclusive else '>'} ?" + ("" if end is None else " AND key < ?")
        values = (db, start, size) if end is None else (db, start, end, size)
        query = f"SELECT key, value FROM entries WHERE db = ? AND {condition} ORDER BY key LIMIT ?"  # noqa: S608
        return self._writer.execute(query, values).fetchall()

    def apply(self, timestamp: str, changes: Sequence[Change]) -> None:
        sequence = self._sequence
        execute = self._writer.execute
        with transaction(self._writer):
            for change in changes:
                for operation in change.operations:
                    sequence += 1
                    db, key, value = change.db, operation.key, operation.value
                    if value is None:
                        execute("DELETE FROM entries WHERE db = ? AND key = ?", (db, key))
                    else:
                        execute(_PUT, (db, key, value, sequence if _is_unfinished(value) else None))
                    record = (sequence, timestamp, db, operation.type, key, value)
                    execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", record)
            if self._version_ids.milliseconds != self._version_clock:
                execute("REPLACE INTO numbers VALUES (?, ?)", (_VERSION_CLOCK, self._version_ids.milliseconds))
        self._sequence, self._version_clock = sequence, self._version_ids.milliseconds

    def drop(self, db: str) -> None:
        self._writer.execute("DELETE FROM entries WHERE db = ?", (db,))

    def close(self) -> None:
        """Everything is in the one file then; what is read or written afterwards raises sqlite3.ProgrammingError."""
        self._reader.close()
        self._writer.close()


class DurableJournal(Journal):
    """Has every record since the folder was made: the newest in memory, the others on disk."""

    def __init__(self, clock: Clock, reader: _Reader, last_sequence: int) -> None:
        super().__init__(clock, capacity=_RECENT, forgotten=last_sequence)
        self._reader = reader

    @property
    def first_sequence(self) -> int:
        return 1

    def read(self, start: int, limit: int, end: int | None = None) -> list[Record]:
        if start > self._forgotten:
            return super().read(start, limit, end)
        query = "SELECT * FROM journal WHERE sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?"
        last = self.last_sequence if end is None else min(end, self.last_sequence)
        with self._reader.cursor() as cursor:
            return [Record(*row) for row in cursor.execute(query, (start, last, max(limit, 0)))]


class _Reader:
    """A connection of its own: who reads the journal does not wait for who writes it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def cursor(self) -> Iterator[sqlite3.Cursor]:
        with self._lock, contextlib.closing(self._connection.cursor()) as cursor:
            yield cursor

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class _Markers(MutableMapping[tuple[str, str, str], tuple[str, str]]):
    """By location, bucket and key."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def __getitem__(self, place: tuple[str, str, str]) -> tuple[str, str]:
        query = "SELECT version, before FROM markers WHERE location = ? AND bucket = ? AND key = ?"
        with self._reader.cursor() as cursor:
            row = cursor.execute(query, place).fetchone()
        if row is None:
            raise KeyError(place)
        return row[0], row[1]

    def __setitem__(self, place: tuple[str, str, str], marker: tuple[str, str]) -> None:
        with self._reader.cursor() as cursor:
            cursor.execute("REPLACE INTO markers VALUES (?, ?, ?, ?, ?)", (*place, *marker))

    def __delitem__(self, place: tuple[str, str, str]) -> None:
        with self._reader.cursor() as cursor:
            cursor.execute("DELETE FROM markers WHERE location = ? AND bucket = ? AND key = ?", place)

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        with self._reader.cursor() as cursor:
            rows = cursor.execute("SELECT location, bucket, key FROM markers").fetchall()
        yield from rows

    def __len__(self) -> int:
        with self._reader.cursor() as cursor:
            count: int = cursor.execute("SELECT count(*) FROM markers").fetchone()[0]
        return count


def _is_unfinished(text: str) -> bool:
    """Whether a site is to be served yet. (Inside a JSON string the quotes would be escaped.)"""
    return '"status":"PENDING"' in text or '"status":"PROCESSING"' in text


def _number(connection: sqlite3.Connection, query: str, *values: Any) -> int:
    row = connection.execute(query, values).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])
