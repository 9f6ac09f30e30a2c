"""Sends a request exactly as it is told, and gives back the answer exactly as it came."""

from __future__ import annotations

import http.client
import urllib.parse
from typing import Protocol

from harness.errors import UsageError
from harness.tape.compare import LiveResponse
from harness.tape.model import HeaderList


class Sender(Protocol):
    """A way to one site.

    Attributes:
        host: what the Host header says.
    """

    host: str

    def send(self, method: str, target: str, headers: HeaderList, body: bytes, timeout: float) -> LiveResponse | None:
        """The answer, or None when there is none within ``timeout`` seconds. Nothing is added to ``headers``."""


class HttpSender:
    """Over plain HTTP, each request on a connection of its own.

    Args:
        url: ``http://host:port``. Raises UsageError for anything else.
    """

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or parts.path not in {"", "/"}:
            raise UsageError(f"{url!r} is no http://host:port")
        self._name, self._port = parts.hostname, parts.port or 80
        self.host = f"{self._name}:{self._port}"

    def send(self, method: str, target: str, headers: HeaderList, body: bytes, timeout: float) -> LiveResponse | None:
        connection = http.client.HTTPConnection(self._name, self._port, timeout=timeout)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return LiveResponse(answer.status, tuple(answer.getheaders()), answer.read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
