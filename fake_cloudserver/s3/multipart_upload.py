"""Beginning a multipart upload, its parts, and giving it up.

Source: cloudserver lib/api/initiateMultipartUpload.js, objectPutPart.js, objectPutCopyPart.js, multipartDelete.js,
lib/api/apiUtils/object/abortMultipartUpload.js.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_cloudserver.auth.acl import default_object_acl, object_acl_of_headers
from fake_cloudserver.auth.actions import of_object_creation
from fake_cloudserver.auth.streaming import STREAMING_PAYLOAD, check_checksum_headers, decoded_length, open_body
from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Upload
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import encoded_version_id
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.copy_source import parse_copy_source
from fake_cloudserver.s3.encryption import bucket_encryption, object_encryption
from fake_cloudserver.s3.javascript import parse_int
from fake_cloudserver.s3.lifecycle_headers import abort_headers
from fake_cloudserver.s3.multipart_state import (
    Part,
    add_upload,
    find_upload,
    forget_upload,
    has_shadow_bucket,
    locked_upload,
    put_part,
    stored_parts,
)
from fake_cloudserver.s3.object_copy import check_source
from fake_cloudserver.s3.object_headers import Headers, encryption_headers
from fake_cloudserver.s3.object_location import location_of_object
from fake_cloudserver.s3.object_lock_rules import check_lock_headers, lock_properties
from fake_cloudserver.s3.object_put import (
    check_key,
    check_storage_class,
    content_properties,
    redirect_property,
)
from fake_cloudserver.s3.part_copy import SourceRange, copy_data, open_source
from fake_cloudserver.s3.resolve import load_bucket, load_bucket_and_object, load_source
from fake_cloudserver.s3.tags import parse_tag_header
from fake_cloudserver.s3.user_metadata import user_metadata_of
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, xml_answer

_MOST_PARTS = 10000
_LARGEST_PART = 5 * 1024 * 1024 * 1024
_LARGEST_PART_IN_TESTS = 110100480


def initiate_multipart_upload(server: CloudServer, request: Request) -> Answer:
    """Keep everything that the object is to have; the answer is the upload's id."""
    headers, key = request.headers, request.key or ""
    check_key(key)
    check_storage_class(headers)
    redirect_property(headers)
    user_metadata_of(headers)
    actions = of_object_creation(headers, "initiateMultipartUpload")
    bucket, _ = load_bucket_and_object(server, request, actions, None)
    wanted = _wanted_properties(server, request, bucket)
    upload_id = _new_upload_id(server, request, wanted["controllingLocationConstraint"])
    initiated = iso(server.clock.now())
    add_upload(server, bucket, {**_overview(request, upload_id, initiated), **wanted})
    # bad tags are refused although the upload is there (cloudserver lib/services.js, metadataStoreMPObject)
    parse_tag_header(headers.get("x-amz-tagging", ""))
    return xml_answer(
        f"{DECLARATION}\n"
        f"    <InitiateMultipartUploadResult {NS}>\n"
        f"        <Bucket>{escape(bucket.name)}</Bucket>\n"
        f"        <Key>{escape(key)}</Key>\n"
        f"        <UploadId>{escape(upload_id)}</UploadId>\n"
        "    </InitiateMultipartUploadResult>",
        abort_headers(bucket, key, initiated),
    )


def object_put_part(server: CloudServer, request: Request) -> Answer:
    """Store a part; it replaces one of the same number."""
    size = decoded_length(request)
    _check_size(server, size or 0)
    check_checksum_headers(request.headers)
    number = _part_number(request, too_large="TooManyParts")
    bucket = load_bucket(server, request, of_object_creation(request.headers, "objectPutPart"))
    object_encryption(server, bucket, request.headers, is_put=False)
    upload = _own_upload(server, request, missing="NoSuchKey")
    location: str = upload["controllingLocationConstraint"]
    if server.gateway.is_external(location):
        body = open_body(server, request)
        etag = server.gateway.put_part(
            location, bucket.name, upload["key"], upload["uploadId"], str(number), body, size
        )
    else:
        etag = _store_body(server, request, bucket, upload, number)
    return Answer(200, [("ETag", f'"{etag}"')])


def object_put_copy_part(server: CloudServer, request: Request) -> Answer:
    """Fill a part with an object, or with a range of one."""
    source = parse_copy_source(request.headers)
    number = _part_number(request, too_large="InvalidArgument")
    bucket = load_bucket(server, request, ("objectPutPart",))
    source_bucket, source_md = load_source(
        server, request, source.bucket, source.key, ("objectGet",), source.version_id
    )
    source_md = check_source(request, source, source_md)
    source_range = SourceRange.of(source_md, request.headers.get("x-amz-copy-source-range", ""))
    _check_size(server, source_range.size)
    upload = _own_upload(server, request, missing="NoSuchUpload")
    last_modified = iso(server.clock.now())
    etag = _copy_part(server, request, bucket, upload, number, source_range, last_modified)
    encryption = bucket_encryption(bucket)
    headers: Headers = [] if encryption is None else encryption_headers(encryption.properties)
    if source_bucket.is_versioning_configured or source.version_id is not None:
        headers.append(("x-amz-copy-source-version-id", encoded_version_id(source_md)))
    return xml_answer(
        f"{DECLARATION}<CopyPartResult><LastModified>{last_modified}</LastModified>"
        f"<ETag>&quot;{etag}&quot;</ETag></CopyPartResult>",
        headers,
    )


def multipart_delete(server: CloudServer, request: Request) -> Answer:
    """Give an upload up; one that is not there is a fault only where the bucket's location says so."""
    bucket, _ = load_bucket_and_object(server, request, ("multipartDelete",), None)
    key, upload_id = request.key or "", request.query.get("uploadId", "")
    upload = find_upload(server, bucket.name, key, upload_id)
    if upload is None:
        location = server.settings.locations.get(bucket.location_constraint or "")
        if location is not None and location.legacy_aws_behavior:
            raise S3Error("NoSuchUpload")
        return Answer(204)
    if server.gateway.is_external(upload["controllingLocationConstraint"]):
        server.gateway.abort_upload(upload["controllingLocationConstraint"], bucket.name, key, upload_id)
    with locked_upload(server, bucket.name, key, upload_id):
        parts = stored_parts(server, bucket.name, upload_id)
        forget_upload(server, bucket.name, key, upload_id)
    server.gateway.delete_replaced([element for part in parts for element in part.elements], "")
    return Answer(204)


def _wanted_properties(server: CloudServer, request: Request, bucket: BucketInfo) -> dict[str, Any]:
    """What the headers ask for, under the names of the overview."""
    headers, now = request.headers, int(server.clock.now() * 1000)
    encryption = object_encryption(server, bucket, headers, is_put=False)
    location = location_of_object(server.settings, bucket, headers)
    check_lock_headers(bucket, headers, now)
    lock = lock_properties(bucket, headers, now)
    if not lock.get("legalHold"):
        lock.pop("legalHold", None)  # OFF is not kept
    tagging = headers.get("x-amz-tagging")
    return {
        **content_properties(headers),
        **redirect_property(headers),
        **({} if encryption is None else encryption.properties),
        **lock,
        **({"x-amz-tagging": tagging} if tagging else {}),
        **user_metadata_of(headers),
        "x-amz-storage-class": "STANDARD",
        "acl": object_acl_of_headers(headers, server.accounts) or default_object_acl(),
        "controllingLocationConstraint": location,
        "dataStoreName": location,
    }


def _overview(request: Request, upload_id: str, initiated: str) -> dict[str, Any]:
    """The part of the overview that the headers do not matter to; nobody has no name."""
    requester = request.requester
    name = requester.name or None
    return {
        "id": upload_id,
        "eventualStorageBucket": request.bucket,
        "initiated": initiated,
        "owner-id": requester.canonical_id,
        **({"owner-display-name": name} if name else {}),
        "initiator": {"ID": requester.canonical_id, **({"DisplayName": name} if name else {})},
        "key": request.key,
        "uploadId": upload_id,
    }


def _new_upload_id(server: CloudServer, request: Request, location: str) -> str:
    """An id of this server, or of the external location that keeps the parts."""
    if not server.gateway.is_external(location):
        return server.randomness.uuid4().replace("-", "")
    # Arsenal lib/storage/data/DataWrapper.js (initiateMPU): of all the headers only these go there
    upload = Upload(
        bucket=request.bucket or "",
        key=request.key or "",
        metadata=user_metadata_of(request.headers),
        tags=request.headers.get("x-amz-tagging", ""),
    )
    return server.gateway.create_upload(location, upload)


def _check_size(server: CloudServer, size: int) -> None:
    """Raises EntityTooLarge (cloudserver constants.js, maximumAllowedPartSize)."""
    if size > (_LARGEST_PART_IN_TESTS if server.settings.mpu_testing else _LARGEST_PART):
        raise S3Error("EntityTooLarge")


def _part_number(request: Request, *, too_large: str) -> int:
    """``partNumber`` of the query: its leading digits.

    Args:
        too_large: code of the error for more than 10000.

    Raises:
        S3Error: that one, or InvalidArgument.
    """
    number = parse_int(request.query.get("partNumber", ""))
    if number is None or number < 1:
        raise S3Error("InvalidArgument")
    if number > _MOST_PARTS:
        raise S3Error(too_large)
    return number


def _own_upload(server: CloudServer, request: Request, *, missing: str) -> dict[str, Any]:
    """The overview of the request's upload, which the requester has begun.

    Args:
        missing: code of the error for an unknown upload to a bucket that has, or once had, others.

    Raises:
        S3Error: that one, NoSuchUpload, or AccessDenied: not even the bucket's owner may add to it.
    """
    bucket = request.bucket or ""
    if not has_shadow_bucket(server, bucket):
        raise S3Error("NoSuchUpload")
    upload = find_upload(server, bucket, request.key or "", request.query.get("uploadId", ""))
    if upload is None:
        raise S3Error(missing)
    if upload["initiator"]["ID"] != request.requester.canonical_id:
        raise S3Error("AccessDenied")
    return upload


def _store_body(
    server: CloudServer, request: Request, bucket: BucketInfo, upload: Mapping[str, Any], number: int
) -> str:
    """Store the body in a local location; its MD5."""
    data = Upload(
        bucket=bucket.name,
        key=upload["key"],
        size=decoded_length(request),
        owner_id=request.requester.canonical_id,
        chunked=request.headers.get("x-amz-content-sha256") == STREAMING_PAYLOAD,
    )
    stored = server.gateway.put(upload["controllingLocationConstraint"], open_body(server, request), data)
    element = {**stored.element, "dataStoreETag": f"{number}:{stored.md5}"}
    if request.content_md5 and request.content_md5 != stored.md5:
        server.gateway.delete_replaced([element], "")
        raise S3Error("BadDigest")
    part = Part(number, stored.md5, stored.size, iso(server.clock.now()), (element,))
    _keep_part(server, bucket, upload, part)
    return stored.md5


def _copy_part(
    server: CloudServer,
    request: Request,
    bucket: BucketInfo,
    upload: Mapping[str, Any],
    number: int,
    source: SourceRange,
    last_modified: str,
) -> str:
    """Copy the data; its MD5, or the ETag that an external location gave it."""
    location: str = upload["controllingLocationConstraint"]
    key, upload_id = upload["key"], upload["uploadId"]
    # a part copied from nothing is kept here even where an external location keeps the others
    if source.elements and server.gateway.is_external(location):
        body = open_source(server, source)
        return server.gateway.put_part(location, bucket.name, key, upload_id, str(number), body, source.size)
    data = Upload(bucket=bucket.name, key=key, owner_id=request.requester.canonical_id)
    copied = copy_data(server, source, location, data, number)
    _keep_part(server, bucket, upload, Part(number, copied.md5, source.size, last_modified, copied.elements))
    return copied.md5


def _keep_part(server: CloudServer, bucket: BucketInfo, upload: Mapping[str, Any], part: Part) -> None:
    """Keep a stored part, and delete the data that it replaces; its own, when the upload has ended meanwhile."""
    try:
        replaced = put_part(server, bucket, upload["key"], upload["uploadId"], part)
    except S3Error:
        server.gateway.delete_replaced(part.elements, "")
        raise
    server.gateway.delete_replaced(replaced, "")
