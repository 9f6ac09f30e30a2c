"""The metadata server behind CloudServer: ``/_/metadata/…`` is handed on to bucketd."""

from __future__ import annotations

from typing import Final

from fake_cloudserver.backbeat.api_proxy import raw_url, require_account
from fake_cloudserver.backbeat.proxy import forward
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request

_ADMIN: Final = "/_/metadata/admin/"
_OTHER: Final = "/_/metadata/"
_DEFAULT_PORT: Final = 9000
_ADMIN_RESOURCES: Final = frozenset({"bucket", "log", "id"})


def proxy_metadata(server: CloudServer, request: Request) -> Answer:
    """Hand the request to the first host of bucketd's bootstrap list.

    Raises:
        S3Error: ServiceUnavailable without such a list, or when the host cannot be reached; NotImplemented for an
            administration resource that is not handed on; authentication's; AccessDenied for nobody.
    """
    # cloudserver lib/routes/routeMetadata.js
    bootstrap = server.settings.bucketd_bootstrap
    if not bootstrap:
        raise S3Error("ServiceUnavailable")
    url = raw_url(request)
    if url.startswith(_ADMIN):
        # /_/metadata/admin/<resource>/<id>/<what>
        elements = request.raw_path.split("/")
        if len(elements) < 7 or elements[6] not in _ADMIN_RESOURCES:
            raise S3Error("NotImplemented")
        target = url.replace(_ADMIN, "/_/", 1)
    else:
        target = url.replace(_OTHER, "/", 1)
    require_account(server, request)
    host, _, port = bootstrap[0].partition(":")
    return forward(request, host, int(port) if port else _DEFAULT_PORT, target)
