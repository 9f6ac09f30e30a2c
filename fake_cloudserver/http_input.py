"""What a client sends, off its socket: a head at once, then a body in pieces, with as few system calls as can be.

A thread gives up the interpreter in each call that may wait, and has to queue for it again. Python's own timeouts add
such a call to each read and write; here the kernel minds the time.
"""

from __future__ import annotations

import http
import re
import socket
import struct

_PIECE = 65536
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class BadHeadError(Exception):
    """A request that cannot be read; answered by the status alone, as Node does."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(http.HTTPStatus(status).phrase)


class SocketInput:
    """Reads one connection; a wait that takes too long is an OSError.

    Args:
        connection: a blocking socket.
        idle_seconds: how long the first byte of a head may take.
        stall_seconds: how long any other byte may take.
    """

    def __init__(self, connection: socket.socket, idle_seconds: float, stall_seconds: float) -> None:
        self._socket = connection
        self._idle_seconds = idle_seconds
        self._stall_seconds = stall_seconds
        self._patience = 0.0
        self._buffer = b""

    def head(self, limit: int) -> bytes:
        """Request line and headers, without the blank line after them; empty when the client has left.

        Blank lines before a head are skipped: some clients send one after a body.

        Raises:
            BadHeadError: more than ``limit`` bytes, or a client that left in the middle.
        """
        while True:
            self._buffer = self._buffer.lstrip(b"\r\n")
            end = _END_OF_HEAD.search(self._buffer)
            if (end.end() if end else len(self._buffer)) > limit:
                raise BadHeadError(431)
            if end:
                head, self._buffer = self._buffer[: end.start()], self._buffer[end.end() :]
                return head
            self._wait_at_most(self._stall_seconds if self._buffer else self._idle_seconds)
            piece = self._socket.recv(_PIECE)
            if not piece and self._buffer:
                raise BadHeadError(400)
            if not piece:
                return b""
            self._buffer += piece

    def read(self, size: int, /) -> bytes:
        """Exactly ``size`` bytes, fewer only at the end."""
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        if len(data) == size:
            return data
        self._wait_at_most(self._stall_seconds)
        # the kernel gives less when a signal comes, such as the one that goes on with a process that was stopped
        while len(data) < size and (piece := self._socket.recv(size - len(data), socket.MSG_WAITALL)):
            data = data + piece if data else piece
        return data

    def readline(self, size: int, /) -> bytes:
        """Up to and including the next line feed, at most ``size`` bytes; less only at the end."""
        while (end := self._buffer.find(b"\n", 0, size)) < 0 and len(self._buffer) < size:
            self._wait_at_most(self._stall_seconds)
            piece = self._socket.recv(_PIECE)
            if not piece:
                break
            self._buffer += piece
        length = size if end < 0 else end + 1
        line, self._buffer = self._buffer[:length], self._buffer[length:]
        return line

    def forget(self) -> None:
        """What has come and was not read yet is gone."""
        self._buffer = b""

    def _wait_at_most(self, seconds: float) -> None:
        if seconds != self._patience:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval(seconds))
            self._patience = seconds


def timeval(seconds: float) -> bytes:
    """A time as ``SO_RCVTIMEO`` and ``SO_SNDTIMEO`` take it."""
    whole = int(seconds)
    return struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))
