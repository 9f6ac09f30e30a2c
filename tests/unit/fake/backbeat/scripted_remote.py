"""A versioned remote in memory, which fails when a test tells it to."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from fake_cloudserver.clock import Clock
from fake_cloudserver.locations.base import (
    CompletedPart,
    CompletedUpload,
    Element,
    HeadResult,
    LocationError,
    NoSuchData,
    PartListing,
    Stored,
    Upload,
)
from fake_cloudserver.locations.memory_aws import RemoteVersion

REFUSED = LocationError("NetworkingError", "connect ECONNREFUSED 127.0.0.1:9")


class ScriptedRemote:
    """An aws_s3 location whose versions of a key are listed oldest first.

    Attributes:
        calls: names of the methods called, in order.
        failures: by method name, what its next calls raise.
        versioned: a remote without versioning answers without version ids.
    """

    type = "aws_s3"
    label = "AWS"

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.calls: list[str] = []
        self.failures: dict[str, list[LocationError]] = {}
        self.versioned = True
        self.objects: dict[str, list[RemoteVersion]] = {}
        self.parts: dict[str, dict[str, bytes]] = {}
        self._begun: dict[str, Upload] = {}
        self._clock = clock
        self._ids = (f"aws-version-{number}" for number in itertools.count(1))

    def setup(self) -> None:
        self._begin("setup")

    def close(self) -> None:
        self.objects.clear()

    def remote_key(self, bucket: str, key: str) -> str:
        return key

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        content = body.read()
        self._begin("put")
        version_id = self._add(upload.key, content, upload)
        md5 = hashlib.md5(content).hexdigest()
        return Stored(self._element(upload.key, len(content), f"1:{md5}", version_id), md5, len(content), version_id)

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        content = self._find(element["key"], element.get("dataStoreVersionId", "")).body or b""
        yield content[first : None if last is None else last + 1]

    def delete(self, element: Element, *, with_version: bool) -> None:
        self._begin("delete")
        version_id = element.get("dataStoreVersionId") if with_version else None
        if version_id:
            versions = self.objects.get(element["key"], [])
            versions[:] = [version for version in versions if version.version_id != version_id]
        else:
            self._add(element["key"], None, None)

    def delete_marker(self, bucket: str, key: str) -> str:
        self._begin("delete_marker")
        return self._add(key, None, None)

    def head(self, element: Element) -> HeadResult:
        self._begin("head")
        version = self._find(element["key"], element.get("dataStoreVersionId", ""))
        metadata: dict[str, str] = {}
        if version.upload is not None:
            metadata = {name.removeprefix("x-amz-meta-"): value for name, value in version.upload.metadata.items()}
            if version.upload.source_version_id:
                metadata["scal-version-id"] = version.upload.source_version_id
        return HeadResult(version.modified, len(version.body or b""), "etag", version.version_id, metadata)

    def latest_version(self, bucket: str, key: str) -> str:
        self._begin("latest_version")
        versions = self.objects.get(self.remote_key(bucket, key), [])
        return versions[-1].version_id if versions else ""

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        self._begin("put_tags")
        self._find(key, version_id).tags = dict(tags)

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        self._begin("delete_tags")
        self._find(key, version_id).tags = {}

    def create_upload(self, upload: Upload) -> str:
        self._begin("create_upload")
        self.parts["upload-1"] = {}
        self._begun["upload-1"] = upload
        return "upload-1"

    def put_part(
        self, bucket: str, key: str, upload_id: str, part_number: str, body: IO[bytes], size: int | None
    ) -> str:
        content = body.read()
        self._begin("put_part")
        self.parts[upload_id][part_number] = content
        return hashlib.md5(content).hexdigest()

    def list_parts(self, bucket: str, key: str, upload_id: str, marker: int, limit: int) -> PartListing:
        self._begin("list_parts")
        return PartListing([], is_truncated=False)

    def complete_upload(self, bucket: str, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> CompletedUpload:
        self._begin("complete_upload")
        stored = self.parts.pop(upload_id)
        content = b"".join(stored[str(part.number)] for part in parts)
        version_id = self._add(key, content, self._begun.pop(upload_id, None))
        etag = f"{hashlib.md5(content).hexdigest()}-{len(parts)}"
        return CompletedUpload(self._element(key, len(content), etag, version_id), etag, len(content), version_id)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._begin("abort_upload")
        if self.parts.pop(upload_id, None) is None:
            raise LocationError("NoSuchUpload", "The specified upload does not exist.", 404)

    def copy(self, source: Element, source_bucket: str, upload: Upload, directive: str | None) -> tuple[str, str]:
        self._begin("copy")
        return upload.key, self._add(upload.key, self._find(source["key"], "").body, upload)

    def healthcheck(self) -> dict[str, Any]:
        return {"message": "Congrats! You own the bucket"}

    def _begin(self, method: str) -> None:
        self.calls.append(method)
        if self.failures.get(method):
            raise self.failures[method].pop(0)

    def _add(self, key: str, body: bytes | None, upload: Upload | None) -> str:
        version_id = next(self._ids) if self.versioned else ""
        self.objects.setdefault(key, []).append(RemoteVersion(version_id, body, self._clock.now(), upload))
        return version_id

    def _find(self, key: str, version_id: str) -> RemoteVersion:
        versions = self.objects.get(key, [])
        if version_id:
            versions = [version for version in versions if version.version_id == version_id]
        if not versions or versions[-1].body is None:
            raise NoSuchData("NotFound", None, 404)
        return versions[-1]

    def _element(self, key: str, size: int, etag: str, version_id: str) -> Element:
        element: Element = {
            "key": key,
            "start": 0,
            "size": size,
            "dataStoreName": self.name,
            "dataStoreType": self.type,
            "dataStoreETag": etag,
        }
        if version_id:
            element["dataStoreVersionId"] = version_id
        return element
