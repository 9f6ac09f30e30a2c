"""Multipart uploads on a small CloudServer, and a twin of an AWS that keeps parts: support for the tests beside it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from object_client import AWS, Client, RemoteLocation, Reply

from fake_cloudserver.locations.base import (
    CompletedPart,
    CompletedUpload,
    ListedPart,
    LocationError,
    PartListing,
    Upload,
)
from fake_cloudserver.settings import Settings

NO_SUCH_UPLOAD = "0" * 32


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def part_list(*parts: tuple[object, str]) -> bytes:
    """The body of a completion: numbers and ETags."""
    elements = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in parts)
    return f"<CompleteMultipartUpload>{elements}</CompleteMultipartUpload>".encode()


class RemoteUploads(RemoteLocation):
    """The twin of an external location, with uploads under the ids ``remote-1``, ``remote-2`` …"""

    def __init__(self, name: str = AWS) -> None:
        super().__init__(name)
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.error = ""

    def create_upload(self, upload: Upload) -> str:
        self._called("create_upload", upload)
        upload_id = f"remote-{len(self.uploads) + 1}"
        self.uploads[upload_id] = {}
        return upload_id

    def put_part(
        self, bucket: str, key: str, upload_id: str, part_number: str, body: io.BytesIO, size: int | None
    ) -> str:
        data = body.read()
        self._called("put_part", bucket, key, upload_id, part_number, size)
        self.uploads[upload_id][int(part_number)] = data
        return md5(data)

    def list_parts(self, bucket: str, key: str, upload_id: str, marker: int, limit: int) -> PartListing:
        self._called("list_parts", bucket, key, upload_id, marker, limit)
        stored = sorted((number, data) for number, data in self.uploads[upload_id].items() if number > marker)
        parts = [ListedPart(number, md5(data), len(data), "2026-11-22T22:19:34Z") for number, data in stored]
        return PartListing(parts[:limit], len(parts) > limit)

    def complete_upload(self, bucket: str, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> CompletedUpload:
        self._called("complete_upload", bucket, key, upload_id, list(parts))
        if self.error:
            raise LocationError(self.error, "said the remote", 400)
        stored = self.uploads.pop(upload_id)
        data = b"".join(stored[int(part.number)] for part in parts)
        remote, version_id = self.remote_key(bucket, key), f"v{next(self._ids)}"
        self.versions[remote, version_id] = data
        element = {"key": remote, "size": len(data), "dataStoreName": self.name, "dataStoreType": self.type}
        element |= {"dataStoreETag": "abc-2", "dataStoreVersionId": version_id}
        return CompletedUpload(element, "abc-2", len(data), version_id)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._called("abort_upload", bucket, key, upload_id)
        self.uploads.pop(upload_id)


class MultipartClient(Client):
    """A server whose parts may have any size, unless settings say otherwise."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings or Settings.default(environ={"MPU_TESTING": "yes"}))
        self.remote: RemoteUploads = RemoteUploads()
        self.gateway._locations[AWS] = self.remote  # type: ignore[assignment]

    def initiate(self, path: str, **options: Any) -> str:
        """The id of a new upload."""
        reply = self.ask("initiate_multipart_upload", path, **options)
        found = re.search(rb"<UploadId>(.*)</UploadId>", reply.body)
        assert found is not None, reply
        return found[1].decode()

    def part(self, path: str, upload_id: str, number: object, body: bytes = b"part", **options: Any) -> Reply:
        return self.ask("object_put_part", path, body, uploadId=upload_id, partNumber=str(number), **options)

    def copy_part(
        self,
        path: str,
        upload_id: str,
        number: object,
        source: str,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        headers = {"x-amz-copy-source": source, **(headers or {})}
        return self.ask(
            "object_put_copy_part", path, uploadId=upload_id, partNumber=str(number), headers=headers, **options
        )

    def complete(self, path: str, upload_id: str, *parts: tuple[object, str], **options: Any) -> Reply:
        """Complete with numbers and ETags, or with ``body``."""
        body = options.pop("body", None)
        options["headers"] = {"host": "127.0.0.1:8000", **options.get("headers", {})}
        return self.ask(
            "complete_multipart_upload",
            path,
            part_list(*parts) if body is None else body,
            uploadId=upload_id,
            **options,
        )

    def abort(self, path: str, upload_id: str, **options: Any) -> Reply:
        return self.ask("multipart_delete", path, uploadId=upload_id, **options)

    def parts(self, path: str, upload_id: str, **options: Any) -> Reply:
        return self.ask("list_parts", path, uploadId=upload_id, **options)

    def upload(self, path: str, *bodies: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """A whole upload of parts 1, 2 …; the answer of its completion."""
        upload_id = self.initiate(path, headers=headers)
        for number, body in enumerate(bodies, 1):
            self.part(path, upload_id, number, body)
        return self.complete(path, upload_id, *((number, md5(body)) for number, body in enumerate(bodies, 1)))

    def shadow(self, bucket: str) -> dict[str, dict[str, Any]]:
        """What the shadow bucket holds."""
        return self.stored(f"mpuShadowBucket{bucket}")

    def overview(self, path: str, upload_id: str) -> dict[str, Any]:
        bucket, _, key = path.partition("/")
        return self.shadow(bucket)[f"overview..|..{key}..|..{upload_id}"]

    def elements_of_part(self, bucket: str, upload_id: str, number: int) -> list[dict[str, Any]]:
        elements: list[dict[str, Any]] = self.shadow(bucket)[f"{upload_id}..|..{number:05d}"]["partLocations"]
        return elements

    def data_ever_kept(self, bucket: str) -> list[dict[str, Any]]:
        """Location elements of all parts that the journal knows of, but for those of no bytes."""
        found: dict[Any, dict[str, Any]] = {}
        for record in self.journal.read(1, 100_000):
            if record.db == f"mpuShadowBucket{bucket}" and record.value is not None:
                for element in json.loads(record.value).get("partLocations") or []:
                    found[element["key"]] = element
        return [element for element in found.values() if element["size"]]
