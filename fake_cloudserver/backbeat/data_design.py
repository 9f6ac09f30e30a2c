"""An object sent through to a cloud location by PUT ``/_/backbeat/data/<bucket>/<key>?versionId=…``.

This is the route as the replication workflow was first written down, before a release gave the task to
``multiplebackenddata``; it shares that one's descriptive headers. Delivery to it is at least once, so it knows what
has already arrived.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any, Final

from fake_cloudserver.backbeat.arrivals import STORAGE_TYPE, turn
from fake_cloudserver.backbeat.documents import json_answer
from fake_cloudserver.backbeat.multiple_backend_headers import check_location, describe_upload
from fake_cloudserver.backbeat.target import Target
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import CHUNK_SIZE
from fake_cloudserver.request import Answer, Request

_STORAGE_CLASS: Final = "x-scal-replication-storage-class"


def put_data(server: CloudServer, request: Request, target: Target) -> Answer:
    """Store the body as a replica, unless that replica has arrived already.

    The answer names the destination's version in ``x-amz-scal-version-id`` and ``x-amz-version-id`` (neither for a
    destination without versions); its body is that of the released route.

    Raises:
        S3Error: BadRequest without ``content-md5``; InvalidRequest for the destination; MalformedPOSTRequest for user
            metadata or tags; ServiceUnavailable for every failure of the destination; BadDigest for a body with
            another MD5 than announced, which is removed again so that it does not pass for the replica.
    """
    if "content-md5" not in request.headers:
        raise S3Error("BadRequest", "bad request: missing content-md5 header")
    location_name = _destination(server, request)
    source_version_id = request.query.get("versionId") or request.headers.get("x-scal-version-id", "")
    upload = describe_upload(request, source_version_id)
    with turn(server, request, location_name, source_version_id) as arrived:
        if arrived is not None:
            _check_unwanted_body(request)
            remote_key = server.gateway.remote_key(location_name, target.bucket.name, target.key)
            return _answer(location_name, remote_key, arrived)
        stored = server.gateway.put(location_name, request.stream, upload)
        if stored.md5 != request.headers["content-md5"]:
            with contextlib.suppress(S3Error):
                server.gateway.delete([stored.element])
            raise S3Error("BadDigest")
        return _answer(location_name, stored.element["key"], stored.version_id)


def _destination(server: CloudServer, request: Request) -> str:
    """The location that the headers name, or else the only one of the type they name."""
    storage_type = request.headers[STORAGE_TYPE]
    named = request.headers.get(_STORAGE_CLASS)
    if named:
        # as a rule's StorageClass may have it: <site>:preferred_read
        return check_location(server, named.partition(":")[0], storage_type)
    candidates = [name for name, location in server.settings.locations.items() if location.type == storage_type]
    return check_location(server, candidates[0] if len(candidates) == 1 else "", storage_type)


def _check_unwanted_body(request: Request) -> None:
    """Read it to its end, however long: a client that is cut off while it sends would come again and again."""
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := request.stream.read(CHUNK_SIZE):
        digest.update(chunk)
    if digest.hexdigest() != request.headers["content-md5"]:
        raise S3Error("BadDigest")


def _answer(location_name: str, remote_key: Any, version_id: str) -> Answer:
    names = ("x-amz-scal-version-id", "x-amz-version-id") if version_id else ()
    return json_answer([{"key": remote_key, "dataStoreName": location_name}], [(name, version_id) for name in names])
