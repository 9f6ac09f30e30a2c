"""The end of a shadow bucket, where the multipart uploads of a bucket are kept.

Source: cloudserver lib/api/apiUtils/bucket/bucketDeletion.js, lib/api/apiUtils/object/abortMultipartUpload.js.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.logs import get_logger
from fake_cloudserver.metadata.upload_listing import list_parts, list_uploads, shadow_bucket

log = get_logger(__name__)

#: Listings here are walked in pages of this many entries.
_PAGE = 1000


def abort_uploads(server: CloudServer, bucket: str) -> None:
    """Abort all uploads of a bucket one by one, then remove its shadow bucket.

    Raises:
        S3Error: what an external location says when it is asked to forget an upload.
    """
    shadow = shadow_bucket(bucket)
    for upload in _uploads(server, shadow):
        location = upload.get("controllingLocationConstraint") or ""
        if server.gateway.is_external(location):
            server.gateway.abort_upload(location, bucket, upload["key"], upload["uploadId"])
        else:
            _delete_parts(server, shadow, upload["uploadId"])
    server.metadata.delete_bucket(shadow)
    server.metadata.drop(shadow)


def _uploads(server: CloudServer, shadow: str) -> Iterator[dict[str, Any]]:
    key_marker = upload_id_marker = ""
    while True:
        page = list_uploads(
            server.metadata, shadow, key_marker=key_marker, upload_id_marker=upload_id_marker, max_uploads=_PAGE
        )
        yield from page.uploads
        if not page.is_truncated:
            return
        key_marker, upload_id_marker = page.next_key_marker, page.next_upload_id_marker


def _delete_parts(server: CloudServer, shadow: str, upload_id: str) -> None:
    """Delete the data of the parts; what cannot be deleted is only logged, as the real server does."""
    marker = 0
    while True:
        page = list_parts(server.metadata, shadow, upload_id, marker=marker, max_parts=_PAGE)
        elements = [element for _, part in page.parts for element in part.get("partLocations") or ()]
        try:
            server.gateway.delete(elements)
        except S3Error as error:
            log.warning("data of an aborted upload stays", upload_id=upload_id, error=str(error))
        if not page.is_truncated:
            return
        marker = page.next_part_number_marker
