"""What a cloud location knows of an object: GET ``/_/backbeat/multiplebackendmetadata/<bucket>/<key>``."""

from __future__ import annotations

from fake_cloudserver.backbeat.documents import json_answer, parse_json
from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request


def head_data(server: CloudServer, request: Request) -> Answer:
    """When the remote object of the first element in ``x-scal-locations`` was last modified.

    Raises:
        S3Error: InvalidRequest for a header that is no list; LocationNotFound when the remote has no such object;
            ServiceUnavailable for its other errors; InternalError for an empty list and for what is not remote.
    """
    # cloudserver lib/routes/routeBackbeat.js (headObject)
    try:
        locations = parse_json(request.headers.get("x-scal-locations"))
    except S3Error:
        locations = None
    if not isinstance(locations, list):
        raise S3Error("InvalidRequest", "x-scal-locations header is invalid")
    if not locations or not isinstance(locations[0], dict):
        raise S3Error("InternalError")
    modified = server.gateway.head(locations[0]).last_modified
    return json_answer({} if modified is None else {"lastModified": iso(modified)})
