"""HTTP/1.1 in front of an application: Node's framing, which clients of CloudServer see, on a thread a connection.

General WSGI servers lose what this fake is about: header names with an underscore, the target as it was sent, an
interim ``100 Continue`` that waits for the application's checks, answers without a ``Server`` header, an empty answer
with chunked coding. ``tests/bench/wsgi_servers.py`` measures this one against them.
"""

from __future__ import annotations

import _thread
import contextlib
import email.utils
import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

from fake_cloudserver.clock import Clock, SystemClock
from fake_cloudserver.http_connection import Connection, WsgiApp


class HttpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens at once; :meth:`start` answers, :meth:`stop` lets running requests end and closes the idle ones."""

    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, app: WsgiApp, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._date = (0, "")
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.app = app
        self._connections: set[Connection] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__((host, port), Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for each connection; the listener does not wait until it runs, as ``Thread.start`` would."""
        _thread.start_new_thread(self.process_request_thread, (request, client_address))

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        host = str(self.server_address[0])
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self) -> HttpServer:
        """Answer from a thread of its own."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="http", daemon=True)
        self._thread.start()
        return self

    def stop(self, grace: float = 5.0) -> None:
        """Stop listening, give running requests ``grace`` seconds, close every connection."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.finish_soon()
        for connection in connections:
            connection.closed.wait(grace)
            connection.abort()

    def date(self) -> str:
        """The Date header of this second."""
        now = int(self._clock.now())
        if self._date[0] != now:
            self._date = (now, email.utils.formatdate(now, usegmt=True))
        return self._date[1]

    def opened(self, connection: Connection) -> None:
        with self._lock:
            self._connections.add(connection)

    def ended(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's error; anything else was logged where it happened."""


@contextlib.contextmanager
def serving(app: WsgiApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[HttpServer]:
    """``with serving(app) as server: requests.get(server.url)``."""
    server = HttpServer(app, host, port).start()
    try:
        yield server
    finally:
        server.stop()
