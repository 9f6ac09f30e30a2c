"""Uploads of bodies of unknown length, as the managed uploader of the real server's client library makes them.

A body that ends before 5 MiB is one PUT; from there on it is a multipart upload in parts of 5 MiB. One part is all
that is ever in memory.

Source: aws-sdk 2 for JavaScript lib/s3/managed_upload.js.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from fake_cloudserver.locations import aws_errors
from fake_cloudserver.locations.aws_client import AwsClient, RemoteAnswer
from fake_cloudserver.locations.base import CHUNK_SIZE, CompletedPart, LocationError
from fake_cloudserver.locations.streams import BodyReader

PART_SIZE = 5 * 1024 * 1024

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

_logger = logging.getLogger(__name__)


def upload(client: AwsClient, key: str, reader: BodyReader, headers: Mapping[str, str]) -> str:
    """Read a body to its end and store it; the version ID, empty when the remote gave none.

    Raises:
        LocationError: the remote failed or the body is not as long as announced. A multipart upload that has begun
            is aborted then, and after any other exception too.
    """
    part = _next_part(reader)
    if len(part) < PART_SIZE:
        reader.check_complete()
        return client.call("PUT", key, headers={**headers, **_checksum(client, part)}, body=part).version_id
    upload_id = create(client, key, headers)
    try:
        parts: list[CompletedPart] = []
        while part:
            number = len(parts) + 1
            etag = _put_part(client, key, upload_id, number, part)
            parts.append(CompletedPart(number, etag))
            part = _next_part(reader)
        reader.check_complete()
        return complete(client, key, upload_id, parts).version_id
    except BaseException:
        _abort(client, key, upload_id)
        raise


def create(client: AwsClient, key: str, headers: Mapping[str, str]) -> str:
    """Begin a multipart upload; its ID."""
    answer = client.call("POST", key, query=[("uploads", None)], headers=headers)
    upload_id = aws_errors.find_text(aws_errors.parse_result(answer.body), "UploadId")
    if not upload_id:
        raise LocationError("InternalError", "the answer names no upload", answer.status)
    return upload_id


def complete(client: AwsClient, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> RemoteAnswer:
    """Make the object of its parts."""
    inner = "".join(
        f"<Part><ETag>{escape(part.etag)}</ETag><PartNumber>{escape(str(part.number))}</PartNumber></Part>"
        for part in parts
    )
    body = f'<CompleteMultipartUpload xmlns="{_NAMESPACE}">{inner}</CompleteMultipartUpload>'
    if not parts:
        body = f'<CompleteMultipartUpload xmlns="{_NAMESPACE}"/>'
    return client.call("POST", key, query=[("uploadId", upload_id)], body=body.encode(), may_fail_late=True)


def _next_part(reader: BodyReader) -> bytearray:
    part = bytearray()
    while len(part) < PART_SIZE and (chunk := reader.read(min(CHUNK_SIZE, PART_SIZE - len(part)))):
        part += chunk
    return part


def _put_part(client: AwsClient, key: str, upload_id: str, number: int, part: bytearray) -> str:
    query = [("partNumber", str(number)), ("uploadId", upload_id)]
    return client.call("PUT", key, query=query, headers=_checksum(client, part), body=part).headers.get("ETag", "")


def _checksum(client: AwsClient, content: bytearray) -> dict[str, str]:
    """Content-MD5 stands in for the signature of the body, which the library leaves out over HTTPS only."""
    if not client.secure:
        return {}
    return {"Content-MD5": content_md5(content)}


def content_md5(content: bytes | bytearray) -> str:
    """The value of a Content-MD5 header."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _abort(client: AwsClient, key: str, upload_id: str) -> None:
    try:
        client.call("DELETE", key, query=[("uploadId", upload_id)])
    except LocationError as error:
        _logger.warning("upload %s of %s could not be aborted: %s", upload_id, key, error)
