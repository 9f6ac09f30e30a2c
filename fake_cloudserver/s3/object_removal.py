"""Removing a version for good, or hiding a key under a delete marker: what all kinds of deletion share.

Source: cloudserver lib/api/objectDelete.js (objectDeleteInternal), lib/services.js (deleteObject),
lib/api/apiUtils/object/versioning.js (preprocessingVersioningDelete).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import location_elements
from fake_cloudserver.replication.info import replication_info
from fake_cloudserver.request import Requester
from fake_cloudserver.s3.object_creation import NewObject, create_object, owner_of
from fake_cloudserver.s3.object_location import LOCATION_HEADER, location_of_object
from fake_cloudserver.s3.object_lock_rules import ObjectLock
from fake_cloudserver.s3.object_put import EMPTY_MD5, redirect_property
from fake_cloudserver.s3.versioning import NULL_VERSION, get_version, missing_object

#: Looks at the document of what is about to go; raises S3Error to keep it.
Check = Callable[[Mapping[str, Any]], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Removal:
    """What a deletion did.

    Attributes:
        marker_id: version id of the delete marker that was made: internal, or ``null``; None when none was made.
        removed_marker: the version that was removed was a delete marker.
    """

    marker_id: str | None = None
    removed_marker: bool = False


def remove_object(
    server: CloudServer,
    bucket: BucketInfo,
    key: str,
    requester: Requester,
    version_id: str | None,
    *,
    headers: Mapping[str, str],
    bypass: bool,
    check: Check | None = None,
    marker_origin_op: str = "s3:ObjectRemoved:DeleteMarkerCreated",
) -> Removal:
    """Delete as the bucket's versioning says: for good, or under a delete marker.

    Args:
        version_id: None for the current object, ``null``, or an internal version id: a version always goes for good.
        headers: of the request; a delete marker looks at two of them.
        bypass: lifts GOVERNANCE retention.
        check: called for an existing object once its lock permits the deletion.

    Raises:
        S3Error: NoSuchVersion, NoSuchKey where nothing is there and no marker is to be made; AccessDenied for a locked
            version; whatever ``check`` raises.
    """
    if version_id is None and bucket.is_versioning_configured:
        current = get_version(server, bucket.name, key, None)
        if current is not None and check is not None:
            check(current)
        return _put_delete_marker(server, bucket, key, requester, headers, current, marker_origin_op)
    with server.metadata.locked(bucket.name, key):
        md = get_version(server, bucket.name, key, version_id)
        if md is None:
            raise missing_object(version_id)
        if version_id is not None and not ObjectLock.of(md).may_delete(int(server.clock.now() * 1000), bypass=bypass):
            raise S3Error("AccessDenied")
        if check is not None:
            check(md)
        stored_id = md.get("versionId") if bucket.is_versioning_configured else None
        server.metadata.delete_object(bucket.name, key, stored_id)
    server.gateway.delete(location_elements(md), with_version=version_id is not None)
    return Removal(removed_marker=bool(version_id and md.get("isDeleteMarker")))


def _put_delete_marker(
    server: CloudServer,
    bucket: BucketInfo,
    key: str,
    requester: Requester,
    headers: Mapping[str, str],
    current: Mapping[str, Any] | None,
    origin_op: str,
) -> Removal:
    # cloudserver createAndStoreObject.js: the marker goes where the object was, whatever the request says
    location_headers = headers if current is None else current
    redirect_property(headers)  # a bad one is refused, a good one ignored
    asked = {LOCATION_HEADER: location_headers[LOCATION_HEADER]} if LOCATION_HEADER in location_headers else {}
    location = location_of_object(server.settings, bucket, asked)
    elements = None
    if server.gateway.is_external(location):
        elements = [{**server.gateway.delete_marker(location, bucket.name, key), "start": 0}]
    values: dict[str, Any] = {
        **owner_of(requester),
        "content-length": 0,
        "content-md5": EMPTY_MD5,
        "location": elements,
        "dataStoreName": location,
        "isDeleteMarker": True,
        "originOp": origin_op,
        "replicationInfo": replication_info(server.settings, bucket, key, size=0, requester=requester),
    }
    written = create_object(server, bucket, key, NewObject(values, origin_op_only_if_replacing=True))
    return Removal(marker_id=written.version_id if bucket.versioning_status == "Enabled" else NULL_VERSION)
