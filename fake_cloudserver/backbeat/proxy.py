"""Handing a request on to another server, and its answer back."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request

_CONNECTION_SECONDS = 120.0
_CHUNK = 65536
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
)


def forward(request: Request, host: str, port: int, target: str) -> Answer:
    """Send the request to ``http://host:port`` with ``target`` as its URL; the answer is what comes back.

    Method, headers, query and body pass through.

    Raises:
        S3Error: ServiceUnavailable when the other server cannot be reached or does not speak HTTP.
    """
    # cloudserver lib/routes/routeBackbeat.js, lib/routes/routeMetadata.js: http-proxy with ignorePath
    connection = http.client.HTTPConnection(host, port, timeout=_CONNECTION_SECONDS)
    try:
        response = _exchange(connection, request, target)
    except (OSError, http.client.HTTPException, ValueError):
        connection.close()
        raise S3Error("ServiceUnavailable") from None
    headers = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
    if request.method == "HEAD" or response.status in {204, 304}:
        connection.close()
        return Answer(response.status, headers, relayed=True)
    return Answer(response.status, headers, _body(connection, response), relayed=True)


def _exchange(connection: http.client.HTTPConnection, request: Request, target: str) -> http.client.HTTPResponse:
    connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
    chunked = request.content_length is None and "transfer-encoding" in request.headers
    for name, value in request.header_list:
        if name.lower() not in _HOP_BY_HOP:
            connection.putheader(name, value)
    connection.putheader("Connection", "close")
    if chunked:
        connection.putheader("Transfer-Encoding", "chunked")
    has_body = chunked or bool(request.content_length)
    connection.endheaders(request.stream if has_body else None, encode_chunked=chunked)
    return connection.getresponse()


def _body(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Iterator[bytes]:
    with contextlib.closing(connection):
        while chunk := response.read(_CHUNK):
            yield chunk
