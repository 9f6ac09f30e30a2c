"""A port that is kept for a server which comes and goes."""

from __future__ import annotations

import socket

from harness.errors import StackError


class ReservedPort:
    """Bound, and not listened at: nobody else is given it, and a server that reuses addresses may listen there.

    Raises:
        StackError: the port is taken.
    """

    def __init__(self, host: str, port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise StackError(f"{host}:{port} is taken: {error.strerror or error}") from None
        self.host = host
        self.port: int = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()


def free_port(host: str) -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server((host, 0)) as server:
        port: int = server.getsockname()[1]
        return port
