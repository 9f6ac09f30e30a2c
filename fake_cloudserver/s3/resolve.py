"""Bucket and object of a request, loaded and authorised, in CloudServer's order.

Source: cloudserver lib/metadata/metadataUtils.js (standardMetadataValidateBucketAndObj and its sister for buckets).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fake_cloudserver.auth.accounts import is_service_account
from fake_cloudserver.auth.permissions import bucket_allows, object_allows
from fake_cloudserver.auth.policy import policy_decision
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.replication.configuration import is_unreadable
from fake_cloudserver.request import Request
from fake_cloudserver.s3.versioning import get_version

_POLICY_ACTIONS = frozenset({"bucketGetPolicy", "bucketPutPolicy", "bucketDeletePolicy"})


def find_bucket(server: CloudServer, name: str) -> BucketInfo:
    """A bucket by name, whoever asks.

    Raises:
        S3Error: NoSuchBucket; InternalError for one whose metadata CloudServer cannot read back.
    """
    bucket = server.metadata.find_bucket(name)
    if bucket is None or bucket.deleted or bucket.transient:
        raise S3Error("NoSuchBucket")
    if is_unreadable(bucket):
        raise S3Error("InternalError")
    return bucket


def load_bucket(server: CloudServer, request: Request, actions: Sequence[str]) -> BucketInfo:
    """The request's bucket, all ``actions`` allowed on it.

    Raises:
        S3Error: NoSuchBucket before any right is looked at; MethodNotAllowed for a bucket policy of another account;
            AccessDenied.
    """
    assert request.bucket is not None
    bucket = find_bucket(server, request.bucket)
    request.bucket_info = bucket  # CORS headers go out from here on, also on errors
    _check_bucket(server, request, bucket, actions)
    return bucket


def load_bucket_and_object(
    server: CloudServer, request: Request, actions: Sequence[str], version_id: str | None
) -> tuple[BucketInfo, dict[str, Any] | None]:
    """The request's bucket and object, all ``actions`` allowed on both.

    Args:
        version_id: None for the latest, ``null`` for the null version, else an internal version id.

    Returns:
        The object's document may be None (nothing there) or a delete marker's: what that means is the operation's.
    """
    bucket = load_bucket(server, request, actions)
    md = get_version(server, bucket.name, request.key or "", version_id)  # POST ?restore may lack the key
    check_object(server, request, bucket, md, actions)
    return bucket, md


def load_source(
    server: CloudServer, request: Request, name: str, key: str, actions: Sequence[str], version_id: str | None
) -> tuple[BucketInfo, dict[str, Any] | None]:
    """Another bucket and object than the request's own: the source of a copy."""
    bucket = find_bucket(server, name)
    _check_bucket(server, request, bucket, actions)
    md = get_version(server, name, key, version_id)
    check_object(server, request, bucket, md, actions)
    return bucket, md


def check_object(
    server: CloudServer, request: Request, bucket: BucketInfo, md: dict[str, Any] | None, actions: Sequence[str]
) -> None:
    """AccessDenied unless all ``actions`` are allowed on the object; None: on one that is not there."""
    decision = policy_decision(bucket.bucket_policy, request, server.clock.now())
    if not object_allows(bucket, md, request.requester, actions, decision):
        raise S3Error("AccessDenied")


def _check_bucket(server: CloudServer, request: Request, bucket: BucketInfo, actions: Sequence[str]) -> None:
    requester = request.requester.canonical_id
    if actions[0] in _POLICY_ACTIONS and requester != bucket.owner and not is_service_account(requester):
        raise S3Error("MethodNotAllowed")
    decision = policy_decision(bucket.bucket_policy, request, server.clock.now())
    if not bucket_allows(bucket, request.requester, actions, decision):
        raise S3Error("AccessDenied")
