"""``?tagging`` of an object.

Source: cloudserver lib/api/objectPutTagging.js, objectGetTagging.js, objectDeleteTagging.js.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fake_cloudserver.auth.actions import of_version
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import location_elements
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.object_update import change_object, load_existing, replicate_change
from fake_cloudserver.s3.tags import parse_tagging, stored_tags, tagging_document
from fake_cloudserver.s3.versioning import version_headers, version_id_from_query
from fake_cloudserver.s3.xml import xml_answer


def object_put_tagging(server: CloudServer, request: Request) -> Answer:
    """Replace the tags: first in the metadata, then at an external location."""
    version_id = version_id_from_query(request)
    bucket, _ = _load(server, request, "objectPutTagging", version_id, changing=True)
    # an emptied set is stored as an empty list
    tags: dict[str, str] | list[str] = parse_tagging(body_of(request)) or []
    md = _write(server, bucket, request.key or "", version_id, tags, "PUT_TAGGING", "s3:ObjectTagging:Put")
    location = md.get("dataStoreName", "")
    server.gateway.put_tags(location, bucket.name, request.key or "", _remote_version(md), stored_tags(md))
    return Answer(200, version_headers(bucket, md))


def object_delete_tagging(server: CloudServer, request: Request) -> Answer:
    """Remove the tags, whether there are any or not."""
    version_id = version_id_from_query(request)
    bucket, _ = _load(server, request, "objectDeleteTagging", version_id, changing=True)
    md = _write(server, bucket, request.key or "", version_id, {}, "DELETE_TAGGING", "s3:ObjectTagging:Delete")
    location = md.get("dataStoreName", "")
    server.gateway.delete_tags(location, bucket.name, request.key or "", _remote_version(md))
    return Answer(204, version_headers(bucket, md))


def object_get_tagging(server: CloudServer, request: Request) -> Answer:
    version_id = version_id_from_query(request)
    bucket, md = _load(server, request, "objectGetTagging", version_id, changing=False)
    return xml_answer(tagging_document(stored_tags(md)), version_headers(bucket, md))


def _load(
    server: CloudServer, request: Request, action: str, version_id: str | None, *, changing: bool
) -> tuple[BucketInfo, dict[str, Any]]:
    with _without_cors_on_refusal(request):
        return load_existing(server, request, (of_version(action, version_id),), version_id, changing=changing)


@contextmanager
def _without_cors_on_refusal(request: Request) -> Iterator[None]:
    """What the three operations refuse for want of rights goes out without CORS headers."""
    try:
        yield
    except S3Error as error:
        if error.code == "AccessDenied":
            request.bucket_info = None
        raise


def _write(
    server: CloudServer,
    bucket: BucketInfo,
    key: str,
    version_id: str | None,
    tags: dict[str, str] | list[str],
    operation: str,
    origin_op: str,
) -> dict[str, Any]:
    def change(md: dict[str, Any]) -> bool:
        md["tags"] = tags
        replicate_change(server, bucket, key, md, operation)
        md["originOp"] = origin_op
        return True

    return change_object(server, bucket, key, version_id, change)


def _remote_version(md: Mapping[str, Any]) -> str:
    """The location's own version id of the object, empty for none."""
    elements = location_elements(md)
    return str(elements[0].get("dataStoreVersionId") or "") if elements else ""
