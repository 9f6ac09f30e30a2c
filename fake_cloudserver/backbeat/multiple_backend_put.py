"""Whole objects on a cloud location: ``operation=putobject`` and ``operation=deleteobject``."""

from __future__ import annotations

from fake_cloudserver.backbeat.arrivals import may_be_repeated, turn
from fake_cloudserver.backbeat.documents import json_answer
from fake_cloudserver.backbeat.multiple_backend_headers import describe_upload
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Element
from fake_cloudserver.request import Answer, Request


def put_object(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Store the body as a replica.

    Raises:
        S3Error: MalformedPOSTRequest for user metadata or tags; ServiceUnavailable, with the standard text, for every
            failure of the location; BadDigest, after storing it, for a body with another MD5 than announced.
    """
    # cloudserver lib/routes/routeBackbeat.js (putObject)
    upload = describe_upload(request, request.headers.get("x-scal-version-id", ""))
    stored = server.gateway.put(location_name, request.stream, upload)
    if stored.md5 != request.headers["content-md5"]:
        raise S3Error("BadDigest")
    location = describe_location(
        stored.element, size=request.content_length, etag=f"1:{stored.md5}", version_id=stored.version_id
    )
    return json_answer({"versionId": stored.version_id, "location": [location]})


def describe_location(element: Element, *, size: int | None, etag: str, version_id: str) -> Element:
    """The element that a source object's metadata may keep, in the order in which it is answered.

    It has no type on a local location, and no version id where the location gave none.
    """
    described: Element = {"dataStoreName": element["dataStoreName"]}
    if "dataStoreType" in element:
        described["dataStoreType"] = element["dataStoreType"]
    described |= {"key": element["key"], "start": 0, "size": size, "dataStoreETag": etag}
    if version_id:
        described["dataStoreVersionId"] = version_id
    return described


def delete_object(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Delete the remote object without a version: a versioned remote puts a delete marker on it.

    In the designed dialect the source's version of the marker is known, and a repeat does nothing.

    Raises:
        S3Error: ServiceUnavailable with the remote's text; InternalError for a location that is not remote.
    """
    # cloudserver lib/routes/routeBackbeat.js (deleteObject)
    source_version_id = request.headers.get("x-scal-version-id", "")
    marker = source_version_id if may_be_repeated(request, source_version_id) else None
    with turn(server, request, location_name, source_version_id, marker=True) as arrived:
        if arrived is None:
            server.gateway.delete_object(location_name, request.bucket or "", request.key or "", marker=marker)
    return json_answer({})
