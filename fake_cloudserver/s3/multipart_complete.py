"""Completing a multipart upload: an object of its parts, whose data nobody reads.

Source: cloudserver lib/api/completeMultipartUpload.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.auth.actions import of_object_creation
from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.locations.base import CompletedPart, Element
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import location_elements, user_metadata
from fake_cloudserver.replication.info import replication_info
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.cold_storage import check_restore_write
from fake_cloudserver.s3.elements import Element as XmlElement
from fake_cloudserver.s3.encryption import bucket_encryption
from fake_cloudserver.s3.lifecycle_headers import expiration_headers
from fake_cloudserver.s3.multipart_parts import (
    aggregate_etag,
    choose_parts,
    object_elements,
    parse_part_list,
    part_number_and_etag,
)
from fake_cloudserver.s3.multipart_state import (
    forget_upload,
    load_upload,
    locked_upload,
    mark_completing,
    stored_parts,
)
from fake_cloudserver.s3.object_creation import (
    NewObject,
    Written,
    delete_replaced,
    is_among,
    owner_of,
    write_object,
)
from fake_cloudserver.s3.object_put import RESTORE_HEADER, write_restored
from fake_cloudserver.s3.resolve import load_bucket_and_object
from fake_cloudserver.s3.tags import parse_tag_header, stored_tags
from fake_cloudserver.s3.versioning import decode_version_id, get_version, new_version_headers, refuse_version_id
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, xml_answer

_LARGEST_BODY = 1048576

#: What the overview keeps under the names that the object's document has too.
_KEPT = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-type",
    "expires",
    "acl",
    "dataStoreName",
    "legalHold",
    "retentionMode",
    "retentionDate",
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Data:
    """The data of the new object.

    Attributes:
        etag: without quotes.
        size: in bytes.
        elements: its location elements.
        unlisted: those of parts that the object is not made of.
    """

    etag: str
    size: int
    elements: list[Element]
    unlisted: tuple[Element, ...] = ()


def complete_multipart_upload(server: CloudServer, request: Request) -> Answer:
    """Make the object; whoever may write it may do so, and becomes its owner."""
    headers, key, upload_id = request.headers, request.key or "", request.query.get("uploadId", "")
    restored_version = decode_version_id(headers.get(RESTORE_HEADER))
    refuse_version_id(request)
    actions = of_object_creation(headers, "completeMultipartUpload")
    bucket, current = load_bucket_and_object(server, request, actions, restored_version)
    archived = check_restore_write(current, headers[RESTORE_HEADER]) if RESTORE_HEADER in headers else None
    load_upload(server, bucket.name, key, upload_id)  # an unknown one is refused before the body is looked at
    listed = parse_part_list(request.read_body(_LARGEST_BODY))
    with locked_upload(server, bucket.name, key, upload_id) as upload:
        mark_completing(server, bucket.name, upload)
    remote = None
    if server.gateway.is_external(upload["controllingLocationConstraint"]):
        remote = _complete_remotely(server, upload, listed)
    # whoever completes it a second time, or aborts it, finds it whole or does not find it
    with locked_upload(server, bucket.name, key, upload_id) as upload:
        data = remote or _assemble(server, bucket, upload, listed)
        new = _new_object(server, request, bucket, upload, data)
        if archived is not None:
            written = write_restored(server, bucket, key, archived, new)
        else:
            replayed = None if remote else _replayed(server, bucket, key, data)
            written = replayed or write_object(server, bucket, key, new)
        forget_upload(server, bucket.name, key, upload_id)
    delete_replaced(server, written)
    delete_replaced(server, Written(written.md, written.version_id, data.unlisted))
    return _answer(request, bucket, key, data.etag, written)


def _assemble(server: CloudServer, bucket: BucketInfo, upload: Mapping[str, Any], listed: list[XmlElement]) -> _Data:
    """The listed parts, put together; raises what :func:`choose_parts` raises."""
    stored = stored_parts(server, bucket.name, upload["uploadId"])
    choice = choose_parts(listed, stored, any_size=server.settings.mpu_testing)
    elements = object_elements(choice.parts)
    size = sum(element["size"] for element in elements)
    return _Data(aggregate_etag(choice.parts), size, elements, choice.unlisted)


def _replayed(server: CloudServer, bucket: BucketInfo, key: str, data: _Data) -> Written | None:
    """What an earlier completion wrote that ended before it forgot the upload; None when there was none.

    The current object is told by its data, and stays as it is (cloudserver completeMultipartUpload.js).
    """
    current = get_version(server, bucket.name, key, None)
    used = [] if current is None else location_elements(current)
    if current is None or not any(is_among(element, used) for element in data.elements):
        return None
    return Written(current, current.get("versionId"), ())


def _complete_remotely(server: CloudServer, upload: Mapping[str, Any], listed: list[XmlElement]) -> _Data:
    """Let the external location that has the parts make the object."""
    parts = [CompletedPart(*part_number_and_etag(element)) for element in listed]
    location: str = upload["controllingLocationConstraint"]
    completed = server.gateway.complete_upload(
        location, upload["eventualStorageBucket"], upload["key"], upload["uploadId"], parts
    )
    return _Data(completed.etag, completed.size, [{**completed.element, "start": 0}])


def _new_object(
    server: CloudServer, request: Request, bucket: BucketInfo, upload: Mapping[str, Any], data: _Data
) -> NewObject:
    """What the upload's initiation asked for, on the data; a website redirect is not among it.

    Raises:
        S3Error: what is wrong with the tags of the initiation.
    """
    encryption, now = bucket_encryption(bucket), iso(server.clock.now())
    values: dict[str, Any] = {
        **owner_of(request.requester),
        **{name: upload[name] for name in _KEPT if name in upload},
        **({} if encryption is None else encryption.properties),
        "tags": parse_tag_header(upload.get("x-amz-tagging", "")),
        "content-length": data.size,
        "content-md5": data.etag,
        "location": data.elements or None,
        "last-modified": now,
        "isDeleteMarker": False,
        "uploadId": upload["uploadId"],
        "originOp": "s3:ObjectCreated:CompleteMultipartUpload",
        # no requester: what service accounts complete is replicated
        "replicationInfo": replication_info(server.settings, bucket, upload["key"], size=data.size, operation="MPU"),
    }
    return NewObject(values, user_metadata(upload), creation_time=now)


def _answer(request: Request, bucket: BucketInfo, key: str, etag: str, written: Written) -> Answer:
    headers = expiration_headers(bucket, key, stored_tags(written.md), written.md["last-modified"])
    headers += new_version_headers(bucket, written.version_id)
    return xml_answer(
        f"{DECLARATION}\n"
        f"        <CompleteMultipartUploadResult {NS}>\n"
        f"            <Location>http://{bucket.name}.{escape(_host(request))}/{escape(key)}</Location>\n"
        f"            <Bucket>{bucket.name}</Bucket>\n"
        f"            <Key>{escape(key)}</Key>\n"
        f"            <ETag>&quot;{etag}&quot;</ETag>\n"
        "        </CompleteMultipartUploadResult>",
        headers,
    )


def _host(request: Request) -> str:
    """The Host header without its port."""
    host = request.headers.get("x-target-host") or request.headers.get("host", "")
    name, colon, _ = host.rpartition(":")
    return name if colon and not host.endswith("]") else host
