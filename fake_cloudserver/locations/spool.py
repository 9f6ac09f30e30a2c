"""Bytes that are written once and read often: small ones stay in memory, big ones go to an unlinked temporary file."""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

from fake_cloudserver.locations.base import CHUNK_SIZE

#: The most that one spool keeps in memory, in bytes.
MEMORY_LIMIT = 1024 * 1024

_ZEROS = bytes(64 * 1024)


class Spool:
    """Written by one thread, closed for writing by :meth:`finish`, then read by any number of them.

    The temporary file has no name: it goes with the process, however that ends.
    """

    def __init__(self, memory_limit: int = MEMORY_LIMIT) -> None:
        self._memory_limit = memory_limit
        self._chunks: list[bytes] = []
        self._data = b""
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        self.size += len(chunk)
        if self._file is None:
            self._chunks.append(chunk)
            if self.size > self._memory_limit:
                self._move_to_file()
        else:
            self._file.write(chunk)

    def pad(self, count: int) -> None:
        """Append that many zero bytes."""
        while count > 0:
            piece = _ZEROS[:count]
            self.write(piece)
            count -= len(piece)

    def finish(self) -> None:
        """Nothing more will be written."""
        self._data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks = []
        if self._file is not None:
            self._file.flush()

    def read(self, first: int, last: int | None) -> Iterator[bytes]:
        """The bytes ``first`` to ``last`` (both included, None for the end).

        A reading that has begun goes on when the spool is closed meanwhile.
        """
        with self._lock:
            end = self.size if last is None else min(last + 1, self.size)
            data = self._data
            descriptor = None if self._file is None or self._file.closed else os.dup(self._file.fileno())
        if descriptor is None:
            if data[first:end]:
                yield data[first:end]
            return
        try:
            while first < end:
                chunk = os.pread(descriptor, min(CHUNK_SIZE, end - first), first)
                first += len(chunk)
                yield chunk
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Free memory and disk."""
        with self._lock:
            self._data = b""
            self._chunks = []
            self.size = 0
            if self._file is not None:
                self._file.close()

    def _move_to_file(self) -> None:
        _allow_many_open_files()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        for chunk in self._chunks:
            self._file.write(chunk)
        self._chunks = []


@functools.cache
def _allow_many_open_files() -> None:
    # every big body holds one; Node, which the real server runs on, raises the limit in the same way at its start
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
