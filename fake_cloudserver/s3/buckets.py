"""Creating, finding and deleting buckets.

Source: cloudserver lib/api/bucketPut.js, bucketHead.js, bucketGetLocation.js, bucketDelete.js,
lib/api/apiUtils/bucket/bucketCreation.js, bucketDeletion.js.
"""

from __future__ import annotations

import dataclasses

from fake_cloudserver.auth.accounts import is_service_account
from fake_cloudserver.auth.acl import bucket_acl_of_headers, check_grant_headers, default_bucket_acl
from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.store import METASTORE
from fake_cloudserver.replication.configuration import is_unreadable
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_encryption import encryption_from_headers
from fake_cloudserver.s3.bucket_locations import location_of_request
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.shadow_bucket import abort_uploads
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, xml_answer
from fake_cloudserver.settings import Settings


def bucket_put(server: CloudServer, request: Request) -> Answer:
    """Create a bucket; ``Location`` is there in every case, errors included."""
    location = ("Location", f"/{request.bucket}")
    try:
        _create(server, request)
    except S3Error as error:
        error.headers.append(location)
        raise
    return Answer(200, [location])


def bucket_head(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketHead",))
    return Answer(200, [("x-amz-bucket-region", bucket.location_constraint or "")])


def bucket_get_location(server: CloudServer, request: Request) -> Answer:
    """The name of the location; nothing for ``us-east-1``, as AWS does it."""
    name = load_bucket(server, request, ("bucketGetLocation",)).location_constraint
    shown = "" if name in (None, "us-east-1") else escape(name)
    return xml_answer(f"{DECLARATION}\n        <LocationConstraint {NS}>{shown}</LocationConstraint>")


def bucket_delete(server: CloudServer, request: Request) -> Answer:
    """Any version or delete marker keeps the bucket; ongoing uploads do not, they are aborted."""
    if request.requester.is_anonymous:
        raise S3Error("AccessDenied")
    bucket = load_bucket(server, request, ("bucketDelete",))
    if server.metadata.has_entries(bucket.name):
        raise S3Error("BucketNotEmpty")
    abort_uploads(server, bucket.name)
    server.metadata.delete_bucket(bucket.name)
    return Answer(204)


def _create(server: CloudServer, request: Request) -> None:
    if request.requester.is_anonymous:
        raise S3Error("AccessDenied")
    check_grant_headers(request.headers)
    name = request.bucket or ""
    if name == "METADATA" and request.requester.canonical_id.rpartition("/")[2] != "clueso":
        raise S3Error("AccessDenied", "The bucket METADATA is used for internal purposes")
    location, ingests = location_of_request(server.settings, request, body_of(request))
    bucket = _new_bucket(server, request, name, location, ingests=ingests)
    with server.metadata.locked(METASTORE, name):
        existing = server.metadata.find_bucket(name)
        if existing is None:
            server.metadata.create_bucket(bucket)
            return
    if is_unreadable(existing):
        raise S3Error("InternalError")
    request.bucket_info = existing
    _check_existing(server.settings, request.requester.canonical_id, bucket, existing)


def _check_existing(settings: Settings, requester_id: str, bucket: BucketInfo, existing: BucketInfo) -> None:
    """Creating an own bucket again changes nothing and succeeds where both locations say so."""
    if existing.owner != requester_id and not is_service_account(requester_id):
        raise S3Error("BucketAlreadyExists")
    for name in (bucket.location_constraint, existing.location_constraint):
        location = settings.locations.get(name or "")
        if location is None or not location.legacy_aws_behavior:
            raise S3Error("BucketAlreadyOwnedByYou")


def _new_bucket(server: CloudServer, request: Request, name: str, location: str, *, ingests: bool) -> BucketInfo:
    headers, requester = request.headers, request.requester
    has_lock = headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true"
    versioning: dict[str, str] | None = None
    if has_lock:
        versioning = {"Status": "Enabled", "MfaDelete": "Disabled"}
    elif ingests:
        versioning = {"Status": "Enabled"}
    bucket = BucketInfo(
        name=name,
        owner=requester.canonical_id,
        owner_display_name=requester.name,
        creation_date=iso(server.clock.now()),
        uid=server.randomness.uuid4(),
        location_constraint=location,
        acl=bucket_acl_of_headers(headers, server.accounts) or default_bucket_acl(),
        object_lock_enabled=has_lock,
        versioning_configuration=versioning,
        ingestion={"status": "enabled"} if ingests else None,
        is_nfs=True if headers.get("x-scal-nfs-enabled") == "true" else None,
    )
    return dataclasses.replace(bucket, server_side_encryption=encryption_from_headers(headers, server.randomness))
