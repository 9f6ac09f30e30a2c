"""SQLite as a log of what was acknowledged: one file, one writer, any number of readers.

In WAL mode with ``synchronous=NORMAL`` a commit is a write to the file, without waiting for the disk: a process that
is killed at any instruction loses nothing that was committed, because the kernel has it. A machine that loses power
may lose the last moments, never the file's integrity (https://www.sqlite.org/pragma.html#pragma_synchronous). Waiting
for the disk at each commit would cost several times as much as all the rest of a PUT, for a stack of a test.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from fake_cloudserver.data_folder import DataFolderError


def open_database(path: Path, schema: str) -> sqlite3.Connection:
    """A connection for any thread, one at a time; ``schema`` is what a new file is made with.

    Raises:
        DataFolderError: the file is damaged, or no database.
    """
    try:
        left_open = path.with_name(f"{path.name}-wal").exists()  # the last connection removes it when it is closed
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if left_open:
            _check(connection)
        connection.executescript(schema)
    except sqlite3.Error as error:
        raise damaged(path, error) from error
    return connection


def damaged(path: Path, why: object) -> DataFolderError:
    """What is said of a file that cannot be read."""
    return DataFolderError(f"{path} is damaged ({why}): put a copy of its folder back, or remove the folder")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is executed in it, or none when something raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check(connection: sqlite3.Connection) -> None:
    """After an end that was not in order; it reads the whole file."""
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(said)
