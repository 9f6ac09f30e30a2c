"""Bodies on their way: read once, counted and hashed as they pass."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import IO

from fake_cloudserver.locations.base import CHUNK_SIZE, LocationError


class BodyReader:
    """Reads a body to its end, once; knows its MD5 and its length afterwards.

    Args:
        body: what is read.
        size: announced length in bytes; None when nobody announced it.

    Attributes:
        received: bytes read so far.
    """

    def __init__(self, body: IO[bytes], size: int | None) -> None:
        self._body = body
        self._size = size
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.received = 0

    def read(self, limit: int = CHUNK_SIZE) -> bytes:
        """The next bytes, at most ``limit``; empty at the end.

        Raises:
            LocationError: more came than was announced.
            S3Error: whatever reading the body raises.
        """
        chunk = self._body.read(limit)
        self.received += len(chunk)
        if self._size is not None and self.received > self._size:
            raise LocationError("InternalError", f"more than the announced {self._size} bytes came")
        self._md5.update(chunk)
        return chunk

    def chunks(self) -> Iterator[bytes]:
        """All that is left."""
        while chunk := self.read():
            yield chunk

    def missing(self) -> int:
        """How many of the announced bytes have not come."""
        return 0 if self._size is None else self._size - self.received

    def check_complete(self) -> None:
        """Raises LocationError when the body has ended early."""
        if self.missing():
            raise LocationError("IncompleteBody", f"{self.received} of {self._size} bytes came")

    def hexdigest(self) -> str:
        """Lower-case hexadecimal MD5 of what was read."""
        return self._md5.hexdigest()


class ChunkReader(io.RawIOBase):
    """An iterator of chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, fewer at the edge of a chunk; everything when it is negative."""
        if size < 0:
            rest, self._left = self._left + b"".join(self._chunks), b""
            return rest
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = chunk
        piece, self._left = self._left[:size], self._left[size:]
        return piece
