"""Listing the multipart uploads of a bucket, and the parts of one.

Source: cloudserver lib/api/listMultipartUploads.js, listParts.js; Arsenal lib/s3middleware/convertToXml.ts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import ListedPart
from fake_cloudserver.metadata import upload_listing
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_listing import escape_uri
from fake_cloudserver.s3.javascript import parse_int
from fake_cloudserver.s3.lifecycle_headers import abort_headers
from fake_cloudserver.s3.multipart_state import Part, load_upload, open_shadow_bucket
from fake_cloudserver.s3.resolve import load_bucket, load_bucket_and_object
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, xml_answer

_MOST = 1000

Escape = Callable[[str], str]


def list_multipart_uploads(server: CloudServer, request: Request) -> Answer:
    """``?uploads``: a page of the uploads that go on."""
    query = request.query
    bucket = load_bucket(server, request, ("listMultipartUploads",))
    shadow = open_shadow_bucket(server, bucket)
    most = parse_int(query.get("max-uploads", str(_MOST)))
    if most is not None and most < 0:
        raise S3Error("InvalidArgument")
    page = upload_listing.list_uploads(
        server.metadata,
        shadow,
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        key_marker=query.get("key-marker", ""),
        upload_id_marker=query.get("upload-id-marker", ""),
        max_uploads=sys.maxsize if most is None else min(most, _MOST),
    )
    quote_key: Escape = escape_uri if query.get("encoding-type") == "url" else str
    elements = [
        _marker("KeyMarker", query.get("key-marker", "")),
        _marker("UploadIdMarker", query.get("upload-id-marker", "")),
        _optional("NextKeyMarker", page.next_key_marker),
        _optional("NextUploadIdMarker", page.next_upload_id_marker),
        _optional("Delimiter", query.get("delimiter", "")),
        _optional("Prefix", query.get("prefix", "")),
        f"<MaxUploads>{'NaN' if most is None else min(most, _MOST)}</MaxUploads>",
        f"<IsTruncated>{_boolean(page.is_truncated)}</IsTruncated>",
        *(_upload(upload, quote_key) for upload in page.uploads),
        *(f"<CommonPrefixes><Prefix>{escape(prefix)}</Prefix></CommonPrefixes>" for prefix in page.common_prefixes),
    ]
    return xml_answer(
        f"{DECLARATION}<ListMultipartUploadsResult {NS}>   <Bucket>{escape(bucket.name)}</Bucket>"
        f"{''.join(elements)}</ListMultipartUploadsResult>"
    )


def _marker(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else f"<{name} />"


def _optional(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _upload(upload: Mapping[str, Any], quote_key: Escape) -> str:
    initiator = upload["initiator"]
    return (
        f"<Upload><Key>{escape(quote_key(upload['key']))}</Key><UploadId>{escape(upload['uploadId'])}</UploadId>"
        f"<Initiator>{_account(initiator['ID'], initiator.get('DisplayName'))}</Initiator>"
        f"<Owner>{_account(upload['owner-id'], upload.get('owner-display-name'))}</Owner>"
        f"<StorageClass>{upload['x-amz-storage-class']}</StorageClass><Initiated>{upload['initiated']}</Initiated>"
        "</Upload>"
    )


def _account(canonical_id: str, name: str | None) -> str:
    """Nobody has no name."""
    shown = "undefined" if name is None else escape(name)
    return f"<ID>{canonical_id}</ID><DisplayName>{shown}</DisplayName>"


def list_parts(server: CloudServer, request: Request) -> Answer:
    """``?uploadId``: a page of the parts of an upload, from wherever they are kept."""
    query, key, upload_id = request.query, request.key or "", request.query.get("uploadId", "")
    most = parse_int(query.get("max-parts", "")) or _MOST
    if most < 0:
        raise S3Error("InvalidArgument")
    most = min(most, _MOST)
    marker = parse_int(query.get("part-number-marker", "")) or 0
    bucket, _ = load_bucket_and_object(server, request, ("listParts",), None)
    upload = load_upload(server, bucket.name, key, upload_id)
    parts, is_truncated = _page_of_parts(server, upload, marker, most)
    quote: Escape = escape_uri if query.get("encoding-type") == "url" else escape
    initiator = upload["initiator"]
    elements = [
        _value("Bucket", bucket.name, quote),
        _value("Key", key, quote),
        _value("UploadId", upload_id, quote),
        f"<Initiator>{_value('ID', initiator['ID'], quote)}",
        f"{_value('DisplayName', initiator.get('DisplayName'), quote)}</Initiator>",
        f"<Owner>{_value('ID', upload['owner-id'], quote)}",
        f"{_value('DisplayName', upload.get('owner-display-name'), quote)}</Owner>",
        _value("StorageClass", upload["x-amz-storage-class"], quote),
        _value("PartNumberMarker", str(marker), quote) if marker else "",
        _value("NextPartNumberMarker", str(parts[-1].number), quote) if is_truncated else "",
        _value("MaxParts", str(most), quote),
        _value("IsTruncated", _boolean(is_truncated), quote),
        *(_part(part, quote) for part in parts),
    ]
    return xml_answer(
        f"{DECLARATION}<ListPartsResult {NS}>{''.join(elements)}</ListPartsResult>",
        abort_headers(bucket, key, upload["initiated"]),
    )


def _page_of_parts(
    server: CloudServer, upload: Mapping[str, Any], marker: int, most: int
) -> tuple[list[ListedPart], bool]:
    """The parts after ``marker``, at most that many, and whether more follow."""
    bucket, upload_id, location = upload["eventualStorageBucket"], upload["uploadId"], upload["dataStoreName"]
    if server.gateway.is_external(location):
        remote = server.gateway.list_parts(location, bucket, upload["key"], upload_id, marker, most)
        return list(remote.parts), remote.is_truncated
    shadow = upload_listing.shadow_bucket(bucket)
    page = upload_listing.list_parts(server.metadata, shadow, upload_id, marker=marker, max_parts=most)
    stored = [Part.of(number, document) for number, document in page.parts]
    return [ListedPart(part.number, part.etag, part.size, part.last_modified) for part in stored], page.is_truncated


def _part(part: ListedPart, quote: Escape) -> str:
    return (
        f"<Part>{_value('PartNumber', str(part.number), quote)}{_value('LastModified', part.last_modified, quote)}"
        f"""{_value("ETag", f'"{part.etag}"', quote)}{_value("Size", str(part.size), quote)}</Part>"""
    )


def _value(name: str, text: str | None, quote: Escape) -> str:
    return f"<{name}/>" if text is None else f"<{name}>{quote(text)}</{name}>"
