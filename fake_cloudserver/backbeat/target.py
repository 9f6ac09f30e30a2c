"""The object that a ``data`` or ``metadata`` request speaks of, and who may speak of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from fake_cloudserver.auth.accounts import is_service_account
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.version_id import decode
from fake_cloudserver.request import Request, Requester
from fake_cloudserver.s3.resolve import find_bucket
from fake_cloudserver.s3.versioning import NULL_VERSION, get_stored_version


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """An authorised target.

    Attributes:
        bucket: metadata of the bucket.
        key: the object's key.
        version_id: None for the current version, ``null`` for the null version, else an internal version id.
        md: the object's metadata document as it was when the request was authorised; None when there is none.
    """

    bucket: BucketInfo
    key: str
    version_id: str | None
    md: dict[str, Any] | None


def decode_version_id(request: Request) -> str | None:
    """``versionId`` of the query: None when absent or empty, ``null``, or an internal version id.

    Raises:
        S3Error: InvalidArgument, with the generic text, for what cannot be decoded.
    """
    # cloudserver lib/api/apiUtils/object/versioning.js (decodeVersionId), lib/routes/routeBackbeat.js
    encoded = request.query.get("versionId", "")
    if encoded in {"", NULL_VERSION}:
        return encoded or None
    try:
        return decode(encoded)
    except ValueError:
        raise S3Error("InvalidArgument") from None


def load_target(server: CloudServer, request: Request, version_id: str | None) -> Target:
    """Bucket and object of the request, authorised for ReplicateObject.

    No ACL and no bucket policy can grant that action: it is for service accounts, and for the owner of the bucket
    on objects it owns or that do not exist (cloudserver lib/api/apiUtils/authorization/permissionChecks.js).

    Raises:
        S3Error: NoSuchBucket (to anyone), AccessDenied.
    """
    bucket = find_bucket(server, request.bucket or "")
    key = request.key or ""
    check_owner(request.requester, bucket.owner)
    md = get_stored_version(server, bucket.name, key, version_id)
    if md is not None:
        check_owner(request.requester, md.get("owner-id"))
    return Target(bucket, key, version_id, md)


def check_owner(requester: Requester, owner_id: str | None) -> None:
    """Raises AccessDenied unless the requester is a service account or that owner."""
    if not is_service_account(requester.canonical_id) and requester.canonical_id != owner_id:
        raise S3Error("AccessDenied")
