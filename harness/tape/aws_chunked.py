"""The payload of a body that comes as ``aws-chunked``: chunks of their own, each with a signature; no IO.

Source: CloudServer lib/auth/streamingV4/V4Transform.js.
"""

from __future__ import annotations

_LONGEST_LINE = 16_384


class ChunkDecoder:
    """Takes a framed body piece by piece, gives the payload; what does not fit the framing ends it.

    Attributes:
        done: the last chunk is over; what follows are trailers.
        broken: it was no such framing.
    """

    def __init__(self) -> None:
        self.done = False
        self.broken = False
        self._buffer = b""
        self._left = 0
        self._ends_line = False

    def feed(self, piece: bytes) -> bytes:
        """The payload within ``piece``."""
        payload: list[bytes] = []
        self._buffer += piece
        while self._buffer and not self.done and not self.broken:
            if self._left:
                payload.append(self._buffer[: self._left])
                self._buffer = self._buffer[len(payload[-1]) :]
                self._left -= len(payload[-1])
                self._ends_line = self._left == 0
                continue
            end = self._buffer.find(b"\r\n")
            if end < 0:
                self.broken = len(self._buffer) > _LONGEST_LINE
                break
            line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
            self._line(line)
        return b"".join(payload)

    def _line(self, line: bytes) -> None:
        if self._ends_line:
            self._ends_line = False
            self.broken = line != b""
            return
        size = line.partition(b";")[0]
        try:
            self._left = int(size, 16) if size.isalnum() and len(size) <= 12 else -1
        except ValueError:
            self._left = -1
        self.broken = self._left < 0
        self.done = self._left == 0
