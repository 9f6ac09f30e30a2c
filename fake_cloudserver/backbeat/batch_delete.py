"""Deleting data, whoever's it is: POST ``/_/backbeat/batchdelete[/<bucket>/<key>]``."""

from __future__ import annotations

from typing import Any

from fake_cloudserver.backbeat.documents import json_answer, parse_body, parse_json
from fake_cloudserver.backbeat.multiple_backend_headers import tag_set
from fake_cloudserver.backbeat.path import parse_path
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.javascript import parse_date


def batch_delete(server: CloudServer, request: Request) -> Answer:
    """Delete the data of every element of ``Locations``; what is not there counts as deleted. The answer is ``null``.

    Raises:
        S3Error: MalformedPOSTRequest; InternalError for what could not be deleted and for what is no element; those
            of :func:`_tag_if_unmodified`.
    """
    # cloudserver lib/routes/routeBackbeat.js (batchDelete)
    document = parse_body(request)
    elements = document.get("Locations") if isinstance(document, dict) else None
    if not isinstance(elements, list):
        raise S3Error("MalformedPOSTRequest")
    if not all(isinstance(element, dict) for element in elements):
        raise S3Error("InternalError")
    location_name = request.headers.get("x-scal-storage-class", "")
    if elements and server.gateway.is_external(location_name) and not elements[0].get("dataStoreVersionId"):
        return _tag_if_unmodified(server, request, location_name, elements[0])
    server.gateway.delete(elements)
    return json_answer(None)


def _tag_if_unmodified(server: CloudServer, request: Request, location_name: str, element: dict[str, Any]) -> Answer:
    """Data that a remote keeps without versions is tagged, for the remote's own lifecycle to delete it, unless it was
    modified after the date in ``if-unmodified-since``: then, and without a date, nothing is done.

    Raises:
        S3Error: LocationNotFound, ServiceUnavailable of the remote; MalformedPOSTRequest for the tags.
    """
    # cloudserver lib/routes/routeBackbeat.js (_conditionalTagging)
    date = request.headers.get("if-unmodified-since")
    if not date:
        return json_answer(None)
    modified = server.gateway.head(element).last_modified
    limit = parse_date(date)
    if modified is not None and limit is not None and modified * 1000 > limit:
        return json_answer(None)
    tags = tag_set(parse_json(request.headers.get("x-scal-tags")))
    path = parse_path(request.raw_path)
    server.gateway.put_tags(location_name, path.bucket, path.key, "", tags)
    return json_answer({})
