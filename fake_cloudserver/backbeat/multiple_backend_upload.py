"""Multipart uploads on a cloud location: ``operation=initiatempu``, ``putpart``, ``completempu``, ``abortmpu``."""

from __future__ import annotations

import contextlib
from typing import Any

from fake_cloudserver.backbeat.arrivals import turn
from fake_cloudserver.backbeat.documents import json_answer, parse_body
from fake_cloudserver.backbeat.multiple_backend_headers import describe_upload, parse_description
from fake_cloudserver.backbeat.multiple_backend_put import describe_location
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import CompletedPart
from fake_cloudserver.request import Answer, Request


def initiate_upload(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Begin an upload with all that the object is to have beside its bytes.

    In the designed dialect a repeat is answered with the version that is there, and no upload.
    """
    # cloudserver lib/routes/routeBackbeat.js (initiateMultipartUpload)
    source_version_id = request.headers.get("x-scal-version-id", "")
    upload = describe_upload(request, source_version_id)
    with turn(server, request, location_name, source_version_id) as arrived:
        if arrived is not None:
            return json_answer({"versionId": arrived})
        return json_answer({"uploadId": server.gateway.create_upload(location_name, upload)})


def put_part(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Store the body as a part; its number is answered as the text it was given as."""
    # cloudserver lib/routes/routeBackbeat.js (putObjectPart)
    number = request.headers["x-scal-part-number"]
    etag = server.gateway.put_part(
        location_name,
        request.bucket or "",
        request.key or "",
        request.headers["x-scal-upload-id"],
        number,
        request.stream,
        request.content_length,
    )
    return json_answer({"partNumber": number, "ETag": etag})


def complete_upload(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Make the object of its parts: a list of ``{"PartNumber": [n], "ETag": ["…"]}``.

    What else describes the object was said at the start; here it must only be well-formed. In the designed dialect an
    upload whose object has arrived by another one is dropped, and the answer names the version that is there.

    Raises:
        S3Error: MalformedPOSTRequest; InternalError for a body of another shape, and for a remote that should have
            given a version id; InvalidPart, InvalidPartOrder, EntityTooSmall; ServiceUnavailable with the text of
            any other failure.
    """
    # cloudserver lib/routes/routeBackbeat.js (completeMultipartUpload)
    parts = _parse_parts(parse_body(request))
    parse_description(request)
    upload_id = request.headers["x-scal-upload-id"]
    with turn(server, request, location_name, request.headers.get("x-scal-version-id", "")) as arrived:
        if arrived is not None:
            with contextlib.suppress(S3Error):
                server.gateway.abort_upload(location_name, request.bucket or "", request.key or "", upload_id)
            return json_answer({"versionId": arrived})
        return _complete(server, request, location_name, parts)


def _complete(server: CloudServer, request: Request, location_name: str, parts: list[CompletedPart]) -> Answer:
    completed = server.gateway.complete_upload(
        location_name, request.bucket or "", request.key or "", request.headers["x-scal-upload-id"], parts
    )
    location = describe_location(
        completed.element, size=completed.size, etag=completed.etag, version_id=completed.version_id
    )
    return json_answer({"versionId": completed.version_id, "location": [location]})


def _parse_parts(document: Any) -> list[CompletedPart]:
    if not isinstance(document, list):
        raise S3Error("InternalError")
    try:
        return [_parse_part(item) for item in document]
    except (TypeError, KeyError, IndexError):
        raise S3Error("InternalError") from None


def _parse_part(item: Any) -> CompletedPart:
    number, etag = item["PartNumber"][0], item["ETag"][0]
    if not isinstance(number, (int, str)) or not isinstance(etag, str):
        raise TypeError("a part has a number and a text")
    return CompletedPart(number, etag)


def abort_upload(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Forget an upload and its parts."""
    # cloudserver lib/routes/routeBackbeat.js (abortMultipartUpload)
    server.gateway.abort_upload(
        location_name, request.bucket or "", request.key or "", request.headers["x-scal-upload-id"]
    )
    return json_answer({})
