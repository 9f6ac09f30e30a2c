"""What a recording proxy does: send on what comes, byte for byte, Host and signature with it."""

from __future__ import annotations

import contextlib
import http.client
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from harness.errors import UsageError

_PIECE = 65536
#: Seconds that an upstream may be silent.
_PATIENCE = 120.0
#: Headers of one connection: each side of the proxy has its own.
_OF_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"})


class UpstreamGoneError(ConnectionResetError):
    """The upstream has not answered, or not to the end; the client sees as much of it as there was."""


class Forwarding:
    """A WSGI application for :class:`fake_cloudserver.HttpServer` that passes everything on.

    Args:
        upstream: ``http://host:port``. The Host header stays the client's: a signature covers it.

    Raises:
        UsageError: another URL; a signature would not survive.
    """

    def __init__(self, upstream: str) -> None:
        parts = urllib.parse.urlsplit(upstream)
        if parts.scheme != "http" or not parts.hostname or parts.path not in {"", "/"}:
            raise UsageError(f"{upstream!r} is no http://host:port; a proxy in front of TLS would break signatures")
        self._host, self._port = parts.hostname, parts.port or 80

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE)
        try:
            answer = self._ask(connection, environ)
        except (OSError, http.client.HTTPException):
            connection.close()
            raise self._gone(environ) from None
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_CONNECTION]
        start_response(f"{answer.status} {answer.reason}", headers)
        return self._pieces(connection, answer, environ)

    def _ask(self, connection: http.client.HTTPConnection, environ: dict[str, Any]) -> http.client.HTTPResponse:
        headers: list[tuple[str, str]] = environ["cloudserver.headers"]
        chunked = any(name.lower() == "transfer-encoding" and value.lower() == "chunked" for name, value in headers)
        connection.putrequest(environ["REQUEST_METHOD"], environ["RAW_URI"], skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            # with 100 Continue each side waits for its own
            if name.lower() not in _OF_CONNECTION and name.lower() != "expect":
                connection.putheader(name, value.encode("latin-1"))
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        with contextlib.suppress(ConnectionError):  # it may have answered without wanting to read on
            while piece := environ["wsgi.input"].read(_PIECE):
                connection.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                connection.send(b"0\r\n\r\n")
        return connection.getresponse()

    def _pieces(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, environ: dict[str, Any]
    ) -> Iterator[bytes]:
        left = answer.length
        try:
            while piece := answer.read1(_PIECE):
                left = None if left is None else left - len(piece)
                yield piece
            if left and environ["REQUEST_METHOD"] != "HEAD":
                raise self._gone(environ)
        except (OSError, http.client.HTTPException):
            raise self._gone(environ) from None
        finally:
            connection.close()

    def _gone(self, environ: dict[str, Any]) -> UpstreamGoneError:
        reset = environ.get("cloudserver.reset")
        if reset is not None:
            reset()
        return UpstreamGoneError()
