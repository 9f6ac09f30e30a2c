"""What is known of multipart uploads that go on: the documents in a bucket's shadow bucket.

An upload has an overview, which keeps what its initiation asked for, and one document for each part whose data this
server keeps; locations that keep parts themselves have none. Everything here is atomic for one upload.

Source: cloudserver lib/services.js (getMPUBucket, metadataStoreMPObject, metadataMarkMPObjectForCompletion,
getMPUparts), lib/api/objectPutPart.js.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import Any, Final

from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Element
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.cursor import after_prefix
from fake_cloudserver.metadata.store import METASTORE
from fake_cloudserver.metadata.upload_listing import SPLITTER, overview_key, part_key, shadow_bucket

_PART_MODEL_VERSION: Final = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A part whose data this server keeps.

    Attributes:
        number: 1 to 10000.
        etag: hexadecimal MD5 of the whole part.
        size: in bytes.
        last_modified: ISO time.
        elements: location elements of its pieces, in order: one for a part that was sent, none for a copy of nothing,
            perhaps several for a copy.
    """

    number: int
    etag: str
    size: int
    last_modified: str
    elements: tuple[Element, ...]

    @classmethod
    def of(cls, number: int, document: dict[str, Any]) -> Part:
        elements = tuple(document.get("partLocations") or ())
        return cls(
            number, document["content-md5"], int(document["content-length"]), document["last-modified"], elements
        )


def open_shadow_bucket(server: CloudServer, bucket: BucketInfo) -> str:
    """The shadow bucket's name; it is made when it is not there, for the bucket's owner and in nobody's list."""
    name = shadow_bucket(bucket.name)
    with server.metadata.locked(METASTORE, name):
        if server.metadata.find_bucket(name) is None:
            server.metadata.put_bucket(
                BucketInfo(
                    name=name,
                    owner=bucket.owner,
                    owner_display_name=bucket.owner_display_name,
                    creation_date=iso(server.clock.now()),
                    uid=server.randomness.uuid4(),
                )
            )
    return name


def has_shadow_bucket(server: CloudServer, bucket: str) -> bool:
    """Whether any upload to the bucket was ever begun, or the uploads listed."""
    return server.metadata.find_bucket(shadow_bucket(bucket)) is not None


def add_upload(server: CloudServer, bucket: BucketInfo, overview: dict[str, Any]) -> None:
    """Keep a new upload's overview."""
    shadow = open_shadow_bucket(server, bucket)
    server.metadata.put_object(shadow, overview_key(overview["key"], overview["uploadId"]), overview)


def find_upload(server: CloudServer, bucket: str, key: str, upload_id: str) -> dict[str, Any] | None:
    """The overview of an upload that goes on; None for any other."""
    return server.metadata.get_object(shadow_bucket(bucket), overview_key(key, upload_id))


def load_upload(server: CloudServer, bucket: str, key: str, upload_id: str) -> dict[str, Any]:
    """The overview of an upload that goes on; raises NoSuchUpload."""
    upload = find_upload(server, bucket, key, upload_id)
    if upload is None:
        raise S3Error("NoSuchUpload")
    return upload


@contextlib.contextmanager
def locked_upload(server: CloudServer, bucket: str, key: str, upload_id: str) -> Iterator[dict[str, Any]]:
    """The overview, while nobody else adds parts, completes or aborts; raises NoSuchUpload when somebody has."""
    with server.metadata.locked(shadow_bucket(bucket), overview_key(key, upload_id)):
        yield load_upload(server, bucket, key, upload_id)


def put_part(server: CloudServer, bucket: BucketInfo, key: str, upload_id: str, part: Part) -> tuple[Element, ...]:
    """Keep a part's document; the location elements of the part of that number which it replaces.

    Raises:
        S3Error: NoSuchUpload when the upload has ended while the data came in.
    """
    stored_key = part_key(upload_id, part.number)
    document = {
        "md-model-version": _PART_MODEL_VERSION,
        "partLocations": list(part.elements),
        "key": stored_key,
        "last-modified": part.last_modified,
        "content-md5": part.etag,
        "content-length": part.size,
        "owner-id": bucket.owner,
    }
    shadow = shadow_bucket(bucket.name)
    with locked_upload(server, bucket.name, key, upload_id):
        replaced = server.metadata.get_object(shadow, stored_key)
        server.metadata.put_object(shadow, stored_key, document)
    return () if replaced is None else Part.of(part.number, replaced).elements


def stored_parts(server: CloudServer, bucket: str, upload_id: str) -> list[Part]:
    """All parts of an upload, by number."""
    return [
        Part.of(int(stored_key.rpartition(SPLITTER)[2]), json.loads(text))
        for stored_key, text in _part_entries(server, bucket, upload_id)
    ]


def mark_completing(server: CloudServer, bucket: str, upload: dict[str, Any]) -> None:
    """Note in the overview that a completion has begun; the note stays when that fails."""
    stored_key = overview_key(upload["key"], upload["uploadId"])
    server.metadata.put_object(shadow_bucket(bucket), stored_key, {**upload, "completeInProgress": True})


def forget_upload(server: CloudServer, bucket: str, key: str, upload_id: str) -> None:
    """Remove the documents of an upload, its parts' first."""
    shadow = shadow_bucket(bucket)
    for stored_key, _ in _part_entries(server, bucket, upload_id):
        server.metadata.delete_object(shadow, stored_key)
    server.metadata.delete_object(shadow, overview_key(key, upload_id))


def _part_entries(server: CloudServer, bucket: str, upload_id: str) -> Iterator[tuple[str, str]]:
    prefix = f"{upload_id}{SPLITTER}"
    return server.metadata.entries(shadow_bucket(bucket), prefix, end=after_prefix(prefix))
