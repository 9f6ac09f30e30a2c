"""Copying an object: PUT with ``x-amz-copy-source``.

Source: cloudserver lib/api/objectCopy.js.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.auth.acl import default_object_acl, object_acl_of_headers
from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Upload
from fake_cloudserver.locations.tag_query import tag_query
from fake_cloudserver.metadata import version_id as version_ids
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import is_null, location_elements
from fake_cloudserver.replication.info import replication_info
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.cold_storage import check_available
from fake_cloudserver.s3.conditions import check_conditions
from fake_cloudserver.s3.copy_source import CopySource, parse_copy_source
from fake_cloudserver.s3.encryption import Encryption, object_encryption
from fake_cloudserver.s3.lifecycle_headers import expiration_headers
from fake_cloudserver.s3.object_creation import NewObject, Written, create_object, owner_of
from fake_cloudserver.s3.object_headers import Headers, encryption_headers
from fake_cloudserver.s3.object_location import location_of_object
from fake_cloudserver.s3.object_lock_rules import lock_properties
from fake_cloudserver.s3.object_put import check_storage_class, content_properties, redirect_property
from fake_cloudserver.s3.resolve import load_bucket_and_object, load_source
from fake_cloudserver.s3.tags import parse_tag_header, stored_tags
from fake_cloudserver.s3.user_metadata import user_metadata_of
from fake_cloudserver.s3.versioning import get_version, missing_object, new_version_headers, refuse_version_id
from fake_cloudserver.s3.xml import DECLARATION, xml_answer

_DIRECTIVES = ("COPY", "REPLACE")
_CHANGES = ("x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-website-redirect-location")
_ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)
_MARKER_BY_ID = "The source of a copy request may not specifically refer to a deletemarker by version id."


@dataclasses.dataclass(frozen=True, slots=True)
class _Copy:
    """A copy that has passed its checks.

    Attributes:
        bucket: the destination's.
        properties: of the new document, but for its data.
        location: name of the location that the data goes to.
    """

    bucket: BucketInfo
    source_bucket: BucketInfo
    source: CopySource
    source_md: dict[str, Any]
    properties: dict[str, Any]
    user_metadata: dict[str, str]
    encryption: Encryption | None
    location: str


def object_copy(server: CloudServer, request: Request) -> Answer:
    """Copy data and metadata; of an object onto itself, without a new version, only the metadata."""
    copy = _prepare(server, request)
    if _rewrites_metadata_only(request, copy):
        written = _rewrite_metadata(server, request, copy)
    else:
        written = _write(server, request, copy, _copy_data(server, request, copy))
    headers: Headers = encryption_headers(written.md)
    if copy.source.version_id is not None:
        # null is encoded like any other id here
        headers.append(("x-amz-copy-source-version-id", version_ids.encode(copy.source.version_id)))
    headers += new_version_headers(copy.bucket, written.version_id)
    headers += expiration_headers(copy.bucket, request.key or "", stored_tags(written.md), written.md["last-modified"])
    return xml_answer(
        f"{DECLARATION}<CopyObjectResult><LastModified>{written.md['last-modified']}</LastModified>"
        f"<ETag>&quot;{written.md['content-md5']}&quot;</ETag></CopyObjectResult>",
        headers,
    )


def check_source(request: Request, source: CopySource, md: Mapping[str, Any] | None) -> dict[str, Any]:
    """The source of a copy, of an object or of a part, if it may be copied.

    Raises:
        S3Error: NoSuchKey, NoSuchVersion, InvalidObjectState for archived data, InvalidRequest for a delete marker
            named by its id, and PreconditionFailed for every condition that does not hold or cannot be read.
    """
    if md is None:
        raise missing_object(source.version_id)
    check_available(md)
    if md.get("isDeleteMarker"):
        if source.version_id is None:
            raise S3Error("NoSuchKey")
        raise S3Error("InvalidRequest", _MARKER_BY_ID)
    try:
        check_conditions(request.headers, etag=md["content-md5"], last_modified=md["last-modified"])
    except S3Error as error:
        raise S3Error("PreconditionFailed") from error
    return dict(md)


def _prepare(server: CloudServer, request: Request) -> _Copy:
    """All checks, in CloudServer's order."""
    headers = request.headers
    source = parse_copy_source(headers)
    check_storage_class(headers)
    redirect = redirect_property(headers)
    refuse_version_id(request)
    bucket, _ = load_bucket_and_object(server, request, ("objectPut",), None)
    source_bucket, source_md = load_source(
        server, request, source.bucket, source.key, ("objectGet",), source.version_id
    )
    source_md = check_source(request, source, source_md)
    metadata_directive, tagging_directive = _directives(headers)
    _check_lock(bucket, headers)
    copies = metadata_directive == "COPY"
    changes = not copies or source.version_id is not None or any(headers.get(name) for name in _CHANGES)
    if not changes and _is_onto_itself(request, source):
        raise S3Error("InvalidRequest", _ITSELF)
    user_metadata = user_metadata_of(source_md if copies else headers)
    location = location_of_object(server.settings, bucket, user_metadata)
    encryption = object_encryption(server, bucket, headers, is_put=False)
    properties = {
        **owner_of(request.requester),
        **_content(source_md, headers, copies=copies),
        **redirect,
        **({} if encryption is None else encryption.properties),
        **lock_properties(bucket, headers, int(server.clock.now() * 1000), hold_replaces_default=True),
        "content-length": source_md["content-length"],
        "content-md5": source_md["content-md5"],
        "dataStoreName": location,
        "originOp": "s3:ObjectCreated:Copy",
        "tags": stored_tags(source_md) if tagging_directive == "COPY" else _tags(headers),
        "acl": object_acl_of_headers(headers, server.accounts) or default_object_acl(),
    }
    return _Copy(bucket, source_bucket, source, source_md, properties, user_metadata, encryption, location)


def _directives(headers: Mapping[str, str]) -> tuple[str, str]:
    metadata = headers.get("x-amz-metadata-directive", "COPY")
    if metadata not in _DIRECTIVES:
        raise S3Error("InvalidArgument")
    tagging = headers.get("x-amz-tagging-directive", "COPY")
    if tagging not in _DIRECTIVES:
        raise S3Error("InvalidArgument", "Unknown tagging directive")
    return metadata, tagging


def _check_lock(bucket: BucketInfo, headers: Mapping[str, str]) -> None:
    """The only check of these headers here: their values are taken as they come."""
    retention = headers.get("x-amz-object-lock-mode") and headers.get("x-amz-object-lock-retain-until-date")
    if (retention or headers.get("x-amz-object-lock-legal-hold")) and not bucket.object_lock_enabled:
        raise S3Error("InvalidRequest", "Bucket is missing ObjectLockConfiguration")


def _content(source_md: Mapping[str, Any], headers: Mapping[str, str], *, copies: bool) -> dict[str, str]:
    properties = content_properties(source_md if copies else headers)
    if "content-type" not in properties and source_md.get("content-type"):
        properties["content-type"] = source_md["content-type"]
    return properties


def _tags(headers: Mapping[str, str]) -> dict[str, str]:
    return parse_tag_header(headers.get("x-amz-tagging", ""))


def _is_onto_itself(request: Request, source: CopySource) -> bool:
    return (source.bucket, source.key) == (request.bucket, request.key)


def _rewrites_metadata_only(request: Request, copy: _Copy) -> bool:
    """Whether source and replaced object are one, data included."""
    return (
        _is_onto_itself(request, copy.source)
        and copy.bucket.versioning_status != "Enabled"
        and (not copy.bucket.is_versioning_configured or is_null(copy.source_md))
        and copy.location == copy.source_md.get("dataStoreName")
    )


def _rewrite_metadata(server: CloudServer, request: Request, copy: _Copy) -> Written:
    """The new document names the same data: nobody else may replace that, and delete it, in between."""
    with server.metadata.locked(copy.bucket.name, request.key or ""):
        current = get_version(server, copy.bucket.name, request.key or "", copy.source.version_id)
        if current is None:
            raise missing_object(copy.source.version_id)
        data = {name: current[name] for name in ("content-length", "content-md5")}
        copy = dataclasses.replace(copy, properties={**copy.properties, **data})
        return _write(server, request, copy, location_elements(current))


def _copy_data(server: CloudServer, request: Request, copy: _Copy) -> list[dict[str, Any]]:
    """The new location elements: one for each of the source's, so that its parts stay addressable."""
    values = copy.properties
    upload = Upload(
        bucket=request.bucket or "",
        key=request.key or "",
        size=int(values["content-length"]),
        content_type=values.get("content-type"),
        cache_control=values.get("cache-control"),
        content_disposition=values.get("content-disposition"),
        content_encoding=values.get("content-encoding"),
        metadata=copy.user_metadata,
        tags=tag_query(values["tags"]),
        owner_id=request.requester.canonical_id,
    )
    elements = location_elements(copy.source_md)
    if elements:
        same_encryption = copy.encryption is None and not copy.source_bucket.server_side_encryption
        directive = request.headers.get("x-amz-metadata-directive")
        return server.gateway.copy(
            elements, copy.location, upload, directive=directive, same_encryption=same_encryption
        )
    if server.gateway.is_external(copy.location) and copy.location != copy.source_md.get("dataStoreName"):
        return [{**server.gateway.put(copy.location, io.BytesIO(), upload).element, "start": 0}]
    return []


def _write(server: CloudServer, request: Request, copy: _Copy, elements: list[dict[str, Any]]) -> Written:
    now, key = iso(server.clock.now()), request.key or ""
    info = replication_info(server.settings, copy.bucket, key, size=int(copy.properties["content-length"]))
    values = {**copy.properties, "location": elements or None, "last-modified": now, "replicationInfo": info}
    return create_object(server, copy.bucket, key, NewObject(values, copy.user_metadata, creation_time=now))
