"""GET and HEAD object.

Source: cloudserver lib/api/objectGet.js, lib/api/objectHead.js.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fake_cloudserver.auth.actions import of_object_get
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Element
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import location_elements
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.cold_storage import archive_headers, check_available
from fake_cloudserver.s3.conditions import check_conditions
from fake_cloudserver.s3.javascript import parse_int
from fake_cloudserver.s3.lifecycle_headers import expiration_headers
from fake_cloudserver.s3.object_headers import Headers, object_headers, override_headers, set_header
from fake_cloudserver.s3.ranges import parse_range, part_elements, part_range, parts_count
from fake_cloudserver.s3.read_location import elements_to_read, location_of_header
from fake_cloudserver.s3.resolve import load_bucket_and_object
from fake_cloudserver.s3.tags import stored_tags
from fake_cloudserver.s3.versioning import missing_object, version_headers, version_id_from_query

_LAST_PART = 10000
_NO_PART_NUMBER = ("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive.")


def object_get(server: CloudServer, request: Request) -> Answer:
    """The object, a range of it or one of its parts, from the location it is to be read from."""
    asked_location = location_of_header(server.settings, request)
    version_id = version_id_from_query(request)
    bucket, md = load_bucket_and_object(server, request, of_object_get(version_id), version_id)
    if md is None:
        raise missing_object(version_id)
    check_available(md)
    _refuse_delete_marker(bucket, md, version_id)
    check_conditions(request.headers, etag=md["content-md5"], last_modified=md["last-modified"])
    headers = _headers(bucket, request, md, version_id, with_tag_count=True)
    byte_range = _byte_range(request, md)
    if byte_range is not None:
        set_header(headers, "Content-Length", str(_length(byte_range)))
        set_header(headers, "Content-Range", _content_range(byte_range, md))
    status = 200 if byte_range is None else 206
    body: Iterator[bytes] | None = None
    if location_elements(md):
        elements = elements_to_read(server.settings, bucket, request.key or "", md, asked_location)
        number = _part_number(request, byte_range, out_of_range=_NO_PART_NUMBER)
        if number is not None:
            byte_range = _part_of_get(elements, number)
            set_header(headers, "Content-Length", str(_length(byte_range)))
            headers += _parts_count_header(md)
        _check_readable(server, request, elements)
        body = server.gateway.read(elements, *(byte_range or (None, None)))
    override_headers(headers, request.query)
    return Answer(status, headers, body)


def object_head(server: CloudServer, request: Request) -> Answer:
    """The headers alone; a range changes their lengths and their spelling, not the status."""
    version_id = version_id_from_query(request)
    bucket, md = load_bucket_and_object(server, request, ("objectHead",), version_id)
    if md is None:
        raise missing_object(version_id)
    _refuse_delete_marker(bucket, md, version_id)
    check_conditions(request.headers, etag=md["content-md5"], last_modified=md["last-modified"])
    headers = _headers(bucket, request, md, version_id, with_tag_count=False)
    if request.headers.get("x-amz-scal-archive-info"):
        for name, value in archive_headers(md):
            set_header(headers, name, value)
    byte_range = _byte_range(request, md)
    if request.headers.get("range"):
        set_header(headers, "accept-ranges", "bytes")
    if byte_range is not None:
        set_header(headers, "content-length", str(_length(byte_range)))
        set_header(headers, "content-range", _content_range(byte_range, md))
    number = _part_number(request, byte_range, out_of_range=("BadRequest", None))
    if number is not None:
        elements = location_elements(md)
        parts = part_elements(elements, number) if number <= len(elements) else []
        if not parts:
            raise S3Error("InvalidRange")
        set_header(headers, "content-length", str(_length(part_range(parts))))
        headers += _parts_count_header(md)
    return Answer(200, headers)


def _check_readable(server: CloudServer, request: Request, elements: Sequence[Element]) -> None:
    try:
        server.gateway.check_readable(elements)
    except S3Error:
        request.bucket_info = None  # the real server passes no CORS headers with this error
        raise


def _headers(
    bucket: BucketInfo, request: Request, md: Mapping[str, Any], version_id: str | None, *, with_tag_count: bool
) -> Headers:
    headers = object_headers(bucket, md, with_tag_count=with_tag_count)
    if version_id is None:
        headers += expiration_headers(bucket, request.key or "", stored_tags(md), md["last-modified"])
    return headers


def _refuse_delete_marker(bucket: BucketInfo, md: Mapping[str, Any], version_id: str | None) -> None:
    if not md.get("isDeleteMarker"):
        return
    headers: Headers = [("x-amz-delete-marker", "true")]
    if version_id is None:
        raise S3Error("NoSuchKey", headers=headers)
    raise S3Error("MethodNotAllowed", headers=headers + version_headers(bucket, md))


def _byte_range(request: Request, md: Mapping[str, Any]) -> tuple[int, int] | None:
    header = request.headers.get("range")
    if not header:
        return None
    return parse_range(header, int(md["content-length"]) if md.get("location") else 0)


def _length(byte_range: tuple[int, int]) -> int:
    return byte_range[1] - byte_range[0] + 1


def _content_range(byte_range: tuple[int, int], md: Mapping[str, Any]) -> str:
    return f"bytes {byte_range[0]}-{byte_range[1]}/{md['content-length']}"


def _part_number(
    request: Request, byte_range: tuple[int, int] | None, *, out_of_range: tuple[str, str | None]
) -> int | None:
    """``partNumber`` of the query; None where it is absent.

    Args:
        out_of_range: code and message for a number that no part can have.

    Raises:
        S3Error: InvalidRequest beside a range, InvalidArgument for what is no number, ``out_of_range``.
    """
    if "partNumber" not in request.query:
        return None
    if byte_range is not None:
        raise S3Error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter.")
    number = parse_int(request.query["partNumber"])
    if number is None:
        raise S3Error("InvalidArgument", "Part number must be a number.")
    if not 1 <= number <= _LAST_PART:
        raise S3Error(*out_of_range)
    return number


def _part_of_get(elements: list[dict[str, Any]], number: int) -> tuple[int, int]:
    parts = part_elements(elements, number)
    if not parts:
        raise S3Error("InvalidPartNumber")
    return part_range(parts)


def _parts_count_header(md: Mapping[str, Any]) -> Headers:
    count = parts_count(md["content-md5"])
    return [] if count is None else [("x-amz-mp-parts-count", count)]
