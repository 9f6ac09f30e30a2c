"""Locations of types ``file`` and ``scality``, and ``mem`` ones that are to outlive the process: bytes on disk, under
keys of 40 hexadecimal digits.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fake_cloudserver.locations.base import CHUNK_SIZE, Element, LocationError, NoSuchData, Stored, Upload
from fake_cloudserver.locations.streams import BodyReader
from fake_cloudserver.randomness import Randomness

_KEY = re.compile(r"[0-9a-f]{40}")

_ZEROS = bytes(64 * 1024)


class FileStore:
    """The bytes of all locations of one gateway that keep them on disk.

    A file is complete when it bears its key: it is written under another name, flushed to the disk and renamed.
    What a crash left unfinished is removed by the next start.

    Args:
        folder: made when it is missing; it belongs to one gateway at a time.
        randomness: gives the keys.
    """

    # Arsenal lib/storage/data/file/DataFileStore.js: keys are 20 random bytes, spread over many folders

    def __init__(self, folder: Path, randomness: Randomness) -> None:
        self._folder = folder
        self._randomness = randomness
        self._incoming = folder / ".incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        for leftover in self._incoming.iterdir():
            leftover.unlink(missing_ok=True)

    def add(self, chunks: Iterator[bytes]) -> str:
        """Write chunks to a new file; its key. What making the chunks raises leaves nothing behind."""
        key = self._randomness.hex(40)
        temporary = self._incoming / key
        try:
            with temporary.open("xb", buffering=0) as file:
                for chunk in chunks:
                    _write_all(file, chunk)
                os.fsync(file.fileno())
            final = self._path(key)
            final.parent.mkdir(exist_ok=True)
            temporary.replace(final)
            _flush_folder(final.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return key

    def read(self, key: object, first: int, last: int | None) -> Iterator[bytes]:
        """The bytes ``first`` to ``last`` (both included, None for the end); raises NoSuchData, LocationError."""
        with _local_errors(), self._path(key).open("rb", buffering=0) as file:
            file.seek(first)
            left = None if last is None else last + 1 - first
            while left is None or left > 0:
                chunk = file.read(CHUNK_SIZE if left is None else min(CHUNK_SIZE, left))
                if not chunk:
                    return
                if left is not None:
                    left -= len(chunk)
                yield chunk

    def delete(self, key: object) -> None:
        """Remove a file; raises NoSuchData, LocationError."""
        with _local_errors():
            self._path(key).unlink()

    def _path(self, key: object) -> Path:
        # keys come back from clients: nothing but a key of ours may name a file
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise NoSuchData("ObjNotFound", "This object does not exist")
        return self._folder / key[:2] / key


class FileLocation:
    """One location that keeps its bytes on disk."""

    def __init__(self, name: str, kind: str, store: FileStore) -> None:
        self.name = name
        self.type = kind
        self._store = store

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        """Write the body to a file. A short one is treated as in a ``mem`` location."""
        reader = BodyReader(body, upload.size)
        with _local_errors():
            key = self._store.add(_complete(reader, padded=upload.chunked))
        md5 = reader.hexdigest()
        size = reader.received + reader.missing()
        element: Element = {"key": key, "size": size, "dataStoreName": self.name, "dataStoreETag": f"1:{md5}"}
        # cloudserver writes the type of neither mem nor file (Arsenal lib/storage/data/DataWrapper.js)
        if self.type not in {"file", "mem"}:
            element["dataStoreType"] = self.type
        return Stored(element, md5, size)

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        return self._store.read(element.get("key"), first, last)

    def delete(self, element: Element, *, with_version: bool) -> None:  # noqa: ARG002  (there are no versions here)
        self._store.delete(element.get("key"))

    def close(self) -> None:
        """The store belongs to the gateway, not to one of its locations."""


def _complete(reader: BodyReader, *, padded: bool) -> Iterator[bytes]:
    yield from reader.chunks()
    if not padded:
        reader.check_complete()
    missing = reader.missing()
    while missing > 0:
        yield _ZEROS[:missing]
        missing -= len(_ZEROS[:missing])


def _write_all(file: IO[bytes], chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _local_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NoSuchData("ObjNotFound", "This object does not exist") from error
    except OSError as error:
        raise LocationError("InternalError", str(error)) from error
