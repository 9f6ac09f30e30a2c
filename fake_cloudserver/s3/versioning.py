"""Versions as the S3 API treats them: ids in the query and in answers, and what a write does to null versions.

Null versions are kept in CloudServer's compatibility mode: under the master key, or under a version key that the
master names in ``nullVersionId``.

Source: cloudserver lib/api/apiUtils/object/versioning.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata import version_id as version_ids
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import complete, encoded_version_id, is_null, location_elements
from fake_cloudserver.request import Request

#: How a request and the metadata layer name the null version.
NULL_VERSION: Final = "null"


@dataclasses.dataclass(frozen=True, slots=True)
class WriteOptions:
    """How the metadata layer is to write a new current object.

    Attributes:
        versioning: make a new version.
        version_id: "" writes the master alone, with an id of its own; None leaves the choice to ``versioning``.
        properties: what the document gets beside its own properties.
        replaced: location elements of the data that nothing refers to once the write has succeeded.
    """

    versioning: bool = False
    version_id: str | None = None
    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    replaced: tuple[dict[str, Any], ...] = ()


def decode_version_id(encoded: str | None) -> str | None:
    """What a request means by a version id: None for the latest, ``null``, or an internal id.

    Raises:
        S3Error: InvalidArgument when it cannot be decoded.
    """
    if not encoded:
        return None
    if encoded == NULL_VERSION:
        return NULL_VERSION
    try:
        return version_ids.decode(encoded)
    except ValueError:
        raise S3Error("InvalidArgument", "Invalid version id specified") from None


def version_id_from_query(request: Request) -> str | None:
    """``versionId`` of the query, as :func:`decode_version_id` reads it."""
    return decode_version_id(request.query.get("versionId"))


def refuse_version_id(request: Request) -> None:
    """PutObject, CopyObject and the completion of an upload take no ``versionId``, not even an empty one."""
    if "versionId" in request.query:
        raise S3Error("InvalidArgument", "This operation does not accept a version-id.")


def get_version(server: CloudServer, bucket: str, key: str, version_id: str | None) -> dict[str, Any] | None:
    """The document of a version as :func:`decode_version_id` names it, delete markers included."""
    md = get_stored_version(server, bucket, key, version_id)
    return None if md is None else complete(md)


def get_stored_version(server: CloudServer, bucket: str, key: str, version_id: str | None) -> dict[str, Any] | None:
    """The same, as it is stored, whatever it lacks."""
    if version_id == NULL_VERSION:
        return server.metadata.get_null_version(bucket, key)
    return server.metadata.get_object(bucket, key, version_id)


def missing_object(version_id: str | None) -> S3Error:
    """What a request for an object that is not there is answered."""
    return S3Error("NoSuchVersion" if version_id else "NoSuchKey")


def version_headers(bucket: BucketInfo, md: Mapping[str, Any]) -> list[tuple[str, str]]:
    """``x-amz-version-id`` of an existing version; nothing in a bucket that never had versioning."""
    if not bucket.versioning_configuration:
        return []
    return [("x-amz-version-id", encoded_version_id(md))]


def new_version_headers(bucket: BucketInfo, version_id: str | None) -> list[tuple[str, str]]:
    """``x-amz-version-id`` of what was just written; nothing unless versioning is Enabled."""
    if bucket.versioning_status != "Enabled" or not version_id:
        return []
    return [("x-amz-version-id", version_ids.encode(version_id))]


def update_metadata(server: CloudServer, bucket: BucketInfo, key: str, md: Mapping[str, Any]) -> None:
    """Write a changed document back to where it was read from; ``last-modified`` is the caller's concern.

    The object without version id is the master; any other is written by its id.
    """
    # cloudserver lib/api/apiUtils/object/versioning.js (getVersionSpecificMetadataOptions)
    server.metadata.put_object(bucket.name, key, dict(md), version_id=md.get("versionId"))


def prepare_write(server: CloudServer, bucket: BucketInfo, key: str, current: Mapping[str, Any] | None) -> WriteOptions:
    """Make room for a new current object, and say how to write it; the caller holds the key's lock.

    Moves a null version below the new one, or removes the one that is to be replaced.

    Args:
        current: the master's document, delete markers included; None when there is none.
    """
    # cloudserver lib/api/apiUtils/object/versioning.js (versioningPreprocessing, processVersioningState)
    if not bucket.versioning_configuration:
        return WriteOptions(replaced=_data(current))
    if bucket.versioning_status == "Suspended":
        return _replace_null_version(server, bucket.name, key, current)
    if current is None:
        return WriteOptions(versioning=True)
    if is_null(current):
        null_version_id = _store_null_version(server, bucket.name, key, current)
        return WriteOptions(versioning=True, properties=_null_reference(null_version_id, current.get("uploadId")))
    if current.get("nullVersionId"):
        reference = _null_reference(current["nullVersionId"], current.get("nullUploadId"))
        return WriteOptions(versioning=True, properties=reference)
    return WriteOptions(versioning=True)


def _replace_null_version(
    server: CloudServer, bucket: str, key: str, current: Mapping[str, Any] | None
) -> WriteOptions:
    replaced: tuple[dict[str, Any], ...] = ()
    if current is not None and is_null(current):
        replaced = _data(current)
        if current.get("versionId"):
            server.metadata.delete_object(bucket, key, current["versionId"])
    elif current is not None and current.get("nullVersionId"):
        null_version = server.metadata.get_object(bucket, key, current["nullVersionId"])
        replaced = _data(null_version)
        server.metadata.delete_object(bucket, key, current["nullVersionId"])
    return WriteOptions(version_id="", properties={"isNull": True}, replaced=replaced)


def _store_null_version(server: CloudServer, bucket: str, key: str, current: Mapping[str, Any]) -> str:
    """Keep the null master as a version; an object from before versioning gets the oldest of all ids."""
    null_version_id: str = current.get("versionId") or version_ids.infinite(server.settings.replication_group_id)
    null_version = {**current, "versionId": null_version_id, "isNull": True}
    server.metadata.put_object(bucket, key, null_version, version_id=null_version_id)
    return null_version_id


def _null_reference(null_version_id: str, null_upload_id: str | None) -> dict[str, Any]:
    reference = {"nullVersionId": null_version_id}
    if null_upload_id:
        reference["nullUploadId"] = null_upload_id
    return reference


def _data(md: Mapping[str, Any] | None) -> tuple[dict[str, Any], ...]:
    return () if md is None else tuple(location_elements(md))
