"""Changing the metadata of an existing version in place: what tagging, ACLs, retention and legal hold share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.replication.info import merge_into, replication_info
from fake_cloudserver.request import Request
from fake_cloudserver.s3.resolve import load_bucket_and_object
from fake_cloudserver.s3.versioning import get_version, missing_object, update_metadata

#: Changes a document in place; False when there is nothing to write after all.
Change: TypeAlias = Callable[[dict[str, Any]], bool]


def load_existing(
    server: CloudServer, request: Request, actions: Sequence[str], version_id: str | None, *, changing: bool
) -> tuple[BucketInfo, dict[str, Any]]:
    """The bucket and an object that is there.

    Args:
        changing: a delete marker refuses every change; it hides what is only read, unless it is asked for by its id.

    Raises:
        S3Error: NoSuchKey, NoSuchVersion, MethodNotAllowed, beside what resolving raises.
    """
    bucket, md = load_bucket_and_object(server, request, actions, version_id)
    if md is None:
        raise missing_object(version_id)
    if md.get("isDeleteMarker"):
        raise S3Error("MethodNotAllowed" if changing or version_id else "NoSuchKey")
    return bucket, md


def change_object(
    server: CloudServer, bucket: BucketInfo, key: str, version_id: str | None, change: Change
) -> dict[str, Any]:
    """Read, change and write back a version, atomically; the document as it is then.

    It is read again: since it was authorised others may have written it.
    """
    with server.metadata.locked(bucket.name, key):
        md = get_version(server, bucket.name, key, version_id)
        if md is None:
            raise missing_object(version_id)
        if md.get("isDeleteMarker"):
            raise S3Error("MethodNotAllowed")
        if change(md):
            update_metadata(server, bucket, key, md)
    return md


def replicate_change(server: CloudServer, bucket: BucketInfo, key: str, md: dict[str, Any], operation: str) -> None:
    """Have a change of metadata replicated: PENDING again, with the version id that each site had."""
    info = replication_info(server.settings, bucket, key, size=0, metadata_only=True, operation=operation, existing=md)
    merge_into(md, info)
