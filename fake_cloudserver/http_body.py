"""Request bodies off a connection, freed of their transfer coding; each is read as a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Protocol

_LONGEST_CHUNK_LINE = 4096
_PIECE = 262144


class BrokenBodyError(Exception):
    """The client broke its own framing or went away in the middle of a body."""


class Source(Protocol):
    """Where a connection's bytes come from."""

    def read(self, size: int, /) -> bytes: ...

    def readline(self, size: int, /) -> bytes: ...


class Body(io.RawIOBase):
    """What all bodies share: the interim answer before the first read, and draining."""

    def __init__(self, source: Source, on_first_read: Callable[[], None] | None) -> None:
        super().__init__()
        self._source = source
        self._on_first_read = on_first_read

    @property
    def awaits_continue(self) -> bool:
        """The client asked for ``100 Continue`` and has not got it: it still holds its body back."""
        return self._on_first_read is not None and self.remaining()

    def refuse_continue(self) -> None:
        """Never send the interim answer (CloudServer's internal routes do not)."""
        self._on_first_read = None

    def readable(self) -> bool:
        return True

    def remaining(self) -> bool:
        """Is there, or may there be, more to read?"""
        return False

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes; fewer only at the end. Raises BrokenBodyError when the client stops short."""
        if self._on_first_read is not None and self.remaining():
            send, self._on_first_read = self._on_first_read, None
            send()
        if size is None or size < 0:
            return b"".join(iter(lambda: self._take(_PIECE), b""))
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        first = self._take(size)
        if len(first) == size or not first:
            return first
        pieces = [first]
        missing = size - len(first)
        while missing and (piece := self._take(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def drain(self, limit: int) -> bool:
        """Read the rest away; False when there is more than ``limit``."""
        while self.remaining():
            piece = self._take(_PIECE)
            limit -= len(piece)
            if limit < 0:
                return False
            if not piece:
                break
        return True

    def _take(self, size: int) -> bytes:  # noqa: ARG002  (the empty body has nothing to give)
        return b""

    def _need(self, size: int) -> bytes:
        try:
            data = self._source.read(size)
        except OSError as error:
            raise BrokenBodyError("the connection broke") from error
        if len(data) < size:
            raise BrokenBodyError(f"{size - len(data)} bytes missing")
        return data


class EmptyBody(Body):
    """A request without a body."""


class SizedBody(Body):
    """A body of known length."""

    def __init__(self, source: Source, on_first_read: Callable[[], None] | None, length: int) -> None:
        super().__init__(source, on_first_read)
        self._left = length

    def remaining(self) -> bool:
        return self._left > 0

    def _take(self, size: int) -> bytes:
        wanted = min(size, self._left, _PIECE)
        if wanted <= 0:
            return b""
        data = self._need(wanted)
        self._left -= wanted
        return data


class ChunkedBody(Body):
    """A body in chunked transfer coding."""

    def __init__(self, source: Source, on_first_read: Callable[[], None] | None) -> None:
        super().__init__(source, on_first_read)
        self._left = 0
        self._ended = False
        self._first = True

    def remaining(self) -> bool:
        return not self._ended

    def _take(self, size: int) -> bytes:
        if self._left == 0 and not self._ended:
            self._next_chunk()
        wanted = min(size, self._left, _PIECE)
        if wanted <= 0:
            return b""
        data = self._need(wanted)
        self._left -= wanted
        return data

    def _line(self) -> bytes:
        try:
            line = self._source.readline(_LONGEST_CHUNK_LINE)
        except OSError as error:
            raise BrokenBodyError("the connection broke") from error
        if not line.endswith(b"\n"):
            raise BrokenBodyError("chunk line too long or cut")
        return line.strip()

    def _next_chunk(self) -> None:
        if not self._first:
            self._line()
        self._first = False
        text = self._line().partition(b";")[0].strip()
        try:
            self._left = int(text, 16)
        except ValueError as error:
            raise BrokenBodyError(f"chunk size {text!r}") from error
        if self._left < 0:
            raise BrokenBodyError("negative chunk size")
        if self._left == 0:
            self._ended = True
            while self._line():
                pass
