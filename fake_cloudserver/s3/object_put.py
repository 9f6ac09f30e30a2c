"""PUT object.

Source: cloudserver lib/api/objectPut.js, lib/api/apiUtils/object/createAndStoreObject.js, storeObject.js.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fake_cloudserver.auth.acl import check_grant_headers, default_object_acl, object_acl_of_headers
from fake_cloudserver.auth.actions import of_object_creation
from fake_cloudserver.auth.streaming import STREAMING_PAYLOAD, check_checksum_headers, decoded_length, open_body
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Stored, Upload
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import new_object_md
from fake_cloudserver.replication.info import replication_info
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.cold_storage import check_restore_write, restored_properties
from fake_cloudserver.s3.encryption import object_encryption
from fake_cloudserver.s3.lifecycle_headers import expiration_headers
from fake_cloudserver.s3.object_creation import NewObject, Written, create_object, owner_of, single_location
from fake_cloudserver.s3.object_location import location_of_object
from fake_cloudserver.s3.object_lock_rules import check_lock_headers, lock_properties
from fake_cloudserver.s3.resolve import load_bucket_and_object
from fake_cloudserver.s3.tags import parse_tag_header, stored_tags
from fake_cloudserver.s3.user_metadata import user_metadata_of
from fake_cloudserver.s3.versioning import decode_version_id, new_version_headers, refuse_version_id

EMPTY_MD5: Final = hashlib.md5(b"", usedforsecurity=False).hexdigest()
RESTORE_HEADER: Final = "x-scal-s3-version-id"

_LARGEST: Final = 5 * 1024 * 1024 * 1024
_REDIRECT = "x-amz-website-redirect-location"
_REDIRECTS = ("/", "http://", "https://")


def object_put(server: CloudServer, request: Request) -> Answer:
    """Store the body, then its metadata, then delete what it replaced."""
    headers, key = request.headers, request.key or ""
    size = _check_request(request)
    restored_version = decode_version_id(headers.get(RESTORE_HEADER))
    bucket, current = load_bucket_and_object(server, request, of_object_creation(headers), restored_version)
    archived = check_restore_write(current, headers[RESTORE_HEADER]) if RESTORE_HEADER in headers else None
    now = int(server.clock.now() * 1000)
    encryption = object_encryption(server, bucket, headers, is_put=True)
    check_lock_headers(bucket, headers, now)
    values: dict[str, Any] = {
        **owner_of(request.requester),
        **content_properties(headers),
        **redirect_property(headers),
        **({} if encryption is None else encryption.properties),
        **lock_properties(bucket, headers, now),
        "content-length": size,
        "isDeleteMarker": False,
        "originOp": "s3:ObjectCreated:Put",
    }
    user_metadata = user_metadata_of(headers)
    values["dataStoreName"] = location_of_object(server.settings, bucket, headers)
    stored = _store_body(server, request, values, user_metadata)
    values["content-md5"] = EMPTY_MD5 if stored is None else stored.md5
    values["location"] = None if stored is None else single_location(stored.element, size)
    with _discarding_on_error(server, stored):
        _check_md5(request, stored)
        values["tags"] = parse_tag_header(headers.get("x-amz-tagging", ""))
        values["acl"] = _acl(server, request)
        values["replicationInfo"] = _replication(server, bucket, request, size)
        new = NewObject(values, user_metadata)
        if archived is not None:
            written = write_restored(server, bucket, key, archived, new)
        else:
            written = create_object(server, bucket, key, new)
    answer_headers = expiration_headers(bucket, key, stored_tags(written.md), written.md["last-modified"])
    answer_headers.append(("ETag", f'"{values["content-md5"]}"'))
    return Answer(200, answer_headers + new_version_headers(bucket, written.version_id))


def _check_request(request: Request) -> int:
    """What needs neither bucket nor body; the object's size."""
    headers = request.headers
    decode_version_id(headers.get(RESTORE_HEADER))  # the first thing to be refused
    check_storage_class(headers)
    check_grant_headers(headers)
    refuse_version_id(request)
    size = decoded_length(request) or 0
    if size > _LARGEST:
        raise S3Error("EntityTooLarge")
    check_key(request.key or "")
    check_checksum_headers(headers)
    return size


def check_key(key: str) -> None:
    """Keys of new objects are printable; raises InvalidInput."""
    # cloudserver lib/utilities/stringChecks.js
    if any(ord(character) < 32 or ord(character) == 127 for character in key):
        raise S3Error("InvalidInput", "object keys cannot contain non-printable characters")


def check_storage_class(headers: Mapping[str, str]) -> None:
    """Nothing but ``STANDARD`` may be asked for; raises InvalidStorageClass."""
    if headers.get("x-amz-storage-class", "") not in ("", "STANDARD"):
        raise S3Error("InvalidStorageClass")


def content_properties(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are stored as they come; ``content-language`` is not among them."""
    names = ("content-type", "cache-control", "content-disposition", "expires")
    properties = {name: headers[name] for name in names if name in headers}
    if headers.get("content-encoding"):
        # cloudserver lib/api/apiUtils/object/removeAWSChunked.js: the first one, and one comma after it
        before, _, after = headers["content-encoding"].partition("aws-chunked")
        properties["content-encoding"] = before + after.removeprefix(",")
    return properties


def redirect_property(headers: Mapping[str, str]) -> dict[str, str]:
    """Where a website redirects a request for the object to.

    Raises:
        S3Error: InvalidRedirectLocation.
    """
    location = headers.get(_REDIRECT)
    if location and not location.startswith(_REDIRECTS):
        raise S3Error("InvalidRedirectLocation")
    return {_REDIRECT: location} if location else {}


def _store_body(
    server: CloudServer, request: Request, values: Mapping[str, Any], user_metadata: Mapping[str, str]
) -> Stored | None:
    """The stored body; None for an empty one, which only external locations keep."""
    location: str = values["dataStoreName"]
    if values["content-length"] == 0 and not server.gateway.is_external(location):
        return None
    tags = request.headers.get("x-amz-tagging", "")
    try:
        parse_tag_header(tags)
    except S3Error as error:
        # the gateway finds the fault, the retries around it hide which one (Arsenal MultipleBackendGateway.js)
        raise S3Error("ServiceUnavailable") from error
    upload = Upload(
        bucket=request.bucket or "",
        key=request.key or "",
        size=values["content-length"],
        content_type=values.get("content-type"),
        cache_control=values.get("cache-control"),
        content_disposition=values.get("content-disposition"),
        content_encoding=values.get("content-encoding"),
        metadata=user_metadata,
        tags=tags,
        owner_id=request.requester.canonical_id,
        chunked=request.headers.get("x-amz-content-sha256") == STREAMING_PAYLOAD,
    )
    return server.gateway.put(location, open_body(server, request), upload)


@contextlib.contextmanager
def _discarding_on_error(server: CloudServer, stored: Stored | None) -> Iterator[None]:
    """An object that is refused after its body was stored leaves no data behind."""
    try:
        yield
    except S3Error:
        if stored is not None:
            server.gateway.delete([stored.element], with_version=False)
        raise


def _check_md5(request: Request, stored: Stored | None) -> None:
    # cloudserver lib/api/apiUtils/object/storeObject.js (checkHashMatchMD5): an empty body is not compared
    if stored is not None and request.content_md5 and request.content_md5 != stored.md5:
        raise S3Error("BadDigest")


def _acl(server: CloudServer, request: Request) -> dict[str, Any]:
    """A presigned URL may carry the canned ACL in its query (cloudserver createAndStoreObject.js)."""
    headers = request.headers
    if request.query.get("x-amz-acl"):
        headers = {**headers, "x-amz-acl": request.query["x-amz-acl"]}
    return object_acl_of_headers(headers, server.accounts) or default_object_acl()


def _replication(server: CloudServer, bucket: BucketInfo, request: Request, size: int) -> dict[str, Any] | None:
    return replication_info(server.settings, bucket, request.key or "", size=size, requester=request.requester)


def write_restored(
    server: CloudServer, bucket: BucketInfo, key: str, archived: Mapping[str, Any], new: NewObject
) -> Written:
    """Overwrite an archived version with its restored data."""
    now = int(server.clock.now() * 1000)
    properties = restored_properties(archived, now, server.randomness.hex(16))
    md = new_object_md({**new.values, **properties, "key": key}, new.user_metadata)
    version_id = server.metadata.put_object(bucket.name, key, md, version_id=md.get("versionId"))
    return Written(md, version_id, ())
