"""Other servers' APIs, reached through CloudServer by any account: ``/_/backbeat/api/…`` and its like."""

from __future__ import annotations

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.backbeat.proxy import forward
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.settings import Address


def proxy_api(server: CloudServer, request: Request, prefix: str, address: Address | None) -> Answer:
    """Hand the request to the API at ``address``.

    The first ``prefix`` of the URL becomes ``/_/``, so what follows it there has a double slash.

    Raises:
        S3Error: MethodNotAllowed when there is no address; authentication's; AccessDenied for nobody;
            ServiceUnavailable when the API cannot be reached.
    """
    # cloudserver lib/routes/routeBackbeat.js, lib/routes/routeWorkflowEngineOperator.js
    if address is None:
        raise S3Error("MethodNotAllowed")
    require_account(server, request)
    return forward(request, *address, raw_url(request).replace(prefix, "/_/", 1))


def require_account(server: CloudServer, request: Request) -> None:
    """Authenticate; raises AccessDenied for an anonymous request."""
    authenticate(server, request)
    if request.requester.is_anonymous:
        raise S3Error("AccessDenied")


def raw_url(request: Request) -> str:
    """Path and query as sent."""
    return f"{request.raw_path}?{request.raw_query}" if request.raw_query else request.raw_path
