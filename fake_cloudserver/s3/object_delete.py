"""DELETE object.

Source: cloudserver lib/api/objectDelete.js.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_cloudserver.auth.actions import of_version
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata import version_id as version_ids
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.conditions import check_dates
from fake_cloudserver.s3.object_lock_rules import has_bypass
from fake_cloudserver.s3.object_removal import Removal, remove_object
from fake_cloudserver.s3.resolve import load_bucket_and_object
from fake_cloudserver.s3.versioning import NULL_VERSION, version_id_from_query

#: ``originOp`` of the delete markers that the expiration route makes.
EXPIRATION_MARKER = "s3:LifecycleExpiration:DeleteMarkerCreated"
_MARKER = "s3:ObjectRemoved:DeleteMarkerCreated"


def object_delete(server: CloudServer, request: Request) -> Answer:
    """Delete a version for good, or make a delete marker; what is not there counts as deleted."""
    if request.requester.is_anonymous:
        raise S3Error("AccessDenied")
    version_id = version_id_from_query(request)
    headers = [] if version_id is None else [("x-amz-version-id", _shown(version_id))]
    try:
        removal = delete_object_internal(server, request)
    except S3Error as error:
        if error.code in {"NoSuchKey", "NoSuchVersion"}:
            return Answer(204, headers)
        error.headers += headers
        raise
    if removal.removed_marker:
        headers.append(("x-amz-delete-marker", "true"))
    if removal.marker_id is not None:
        headers = [("x-amz-delete-marker", "true"), ("x-amz-version-id", _shown(removal.marker_id))]
    return Answer(204, headers)


def delete_object_internal(server: CloudServer, request: Request, *, is_expiration: bool = False) -> Removal:
    """The deletion itself, shared with the internal expiration route.

    Raises:
        S3Error: NoSuchVersion and NoSuchKey too, where nothing is there and no marker is made.
    """
    # cloudserver lib/api/objectDelete.js (objectDeleteInternal)
    if request.requester.is_anonymous:
        raise S3Error("AccessDenied")
    version_id = version_id_from_query(request)
    actions = (of_version("objectDelete", version_id),)
    bucket, _ = load_bucket_and_object(server, request, actions, version_id)

    def check(md: Mapping[str, Any]) -> None:
        check_dates(request.headers, last_modified=md["last-modified"])

    return remove_object(
        server,
        bucket,
        request.key or "",
        request.requester,
        version_id,
        headers=request.headers,
        bypass=has_bypass(request.headers),
        check=check,
        marker_origin_op=EXPIRATION_MARKER if is_expiration else _MARKER,
    )


def _shown(version_id: str) -> str:
    return version_id if version_id == NULL_VERSION else version_ids.encode(version_id)
