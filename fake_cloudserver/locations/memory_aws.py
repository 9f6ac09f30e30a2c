"""A versioned AWS in memory, for runs in which everything happens on one thread and repeats exactly.

It stands where :class:`fake_cloudserver.locations.aws_s3.AwsS3Location` stands, and keeps what that one would send.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, TypeVar

from fake_cloudserver.clock import Clock
from fake_cloudserver.locations.base import (
    CompletedPart,
    CompletedUpload,
    Element,
    HeadResult,
    ListedPart,
    LocationError,
    NoSuchData,
    PartListing,
    Stored,
    Upload,
)
from fake_cloudserver.locations.remote_names import remote_key

Result = TypeVar("Result")

#: Told of every request twice: its phase (``before`` or ``after`` its work), AWS's name for it, the remote key.
#: What it raises, a LocationError, is what CloudServer sees of the request.
Network = Callable[[str, str, str], None]


@dataclasses.dataclass(slots=True)
class RemoteVersion:
    """A version, oldest first in its list; a delete marker has no body."""

    version_id: str
    body: bytes | None
    modified: float
    upload: Upload | None = None
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    def described(self) -> dict[str, str]:
        """User metadata without its prefix, and the headers that an object carries."""
        upload = self.upload
        if upload is None:
            return {}
        found = {name.lower().removeprefix("x-amz-meta-"): value for name, value in upload.metadata.items()}
        if upload.replica:
            found["scal-replication-status"] = "REPLICA"
        if upload.source_version_id:
            found["scal-version-id"] = upload.source_version_id
        headers = {"content-type": upload.content_type, "cache-control": upload.cache_control}
        return found | {name: value for name, value in headers.items() if value}


class MemoryAws:
    """One ``aws_s3`` location with its bucket.

    Attributes:
        versions: by remote key, oldest first.
    """

    type = "aws_s3"
    label = "AWS"

    def __init__(self, name: str, clock: Clock, network: Network, *, bucket_match: bool = False) -> None:
        self.name = name
        self.versions: dict[str, list[RemoteVersion]] = {}
        self._clock = clock
        self._network = network
        self._bucket_match = bucket_match
        self._version_ids = (f"aws-version-{number}" for number in itertools.count(1))
        self._upload_ids = (f"aws-upload-{number}" for number in itertools.count(1))
        self._uploads: dict[str, tuple[Upload, dict[int, bytes]]] = {}

    def contents(self) -> list[dict[str, Any]]:
        """Every version and delete marker: key, version_id, marker; and md5, metadata, tags of what has a body."""
        found = []
        for key, versions in sorted(self.versions.items()):
            for version in versions:
                one: dict[str, Any] = {"key": key, "version_id": version.version_id, "marker": version.body is None}
                if version.body is not None:
                    described = {"content-type": "application/octet-stream"} | version.described()
                    one |= {"md5": _md5(version.body), "metadata": described, "tags": version.tags}
                found.append(one)
        return found

    @property
    def open_uploads(self) -> int:
        """Multipart uploads that were begun, and neither completed nor aborted."""
        return len(self._uploads)

    # the location

    def setup(self) -> None:
        """Nothing is to be found out."""

    def close(self) -> None:
        """Nothing is held."""

    def remote_key(self, bucket: str, key: str) -> str:
        return remote_key(bucket, key, bucket_match=self._bucket_match)

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        key = self.remote_key(upload.bucket, upload.key)
        content = body.read()
        if upload.size is not None and len(content) < upload.size:
            raise LocationError("IncompleteBody", "You did not provide the number of bytes specified", 400)
        version_id = self._do("PutObject", key, lambda: self._add(key, content, upload))
        md5 = _md5(content)
        return Stored(self._element(key, len(content), f"1:{md5}", version_id), md5, len(content), version_id)

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        version = self._do("GetObject", element["key"], lambda: self._find(element["key"], _version(element)))
        yield (version.body or b"")[first : None if last is None else last + 1]

    def delete(self, element: Element, *, with_version: bool) -> None:
        key, version_id = element["key"], _version(element) if with_version else ""
        self._do("DeleteObject", key, lambda: self._delete(key, version_id))

    def delete_marker(self, bucket: str, key: str) -> str:
        name = self.remote_key(bucket, key)
        return self._do("DeleteObject", name, lambda: self._delete(name, ""))

    def head(self, element: Element) -> HeadResult:
        version = self._do("HeadObject", element["key"], lambda: self._find(element["key"], _version(element)))
        content = version.body or b""
        return HeadResult(version.modified, len(content), _md5(content), version.version_id, version.described())

    def latest_version(self, bucket: str, key: str) -> str:
        name = self.remote_key(bucket, key)
        versions = self._do("ListObjectVersions", name, lambda: self.versions.get(name, []))
        return versions[-1].version_id if versions else ""

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        name = self.remote_key(bucket, key)
        self._do("PutObjectTagging", name, lambda: self._tag(name, version_id, tags))

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        name = self.remote_key(bucket, key)
        self._do("DeleteObjectTagging", name, lambda: self._tag(name, version_id, {}))

    def create_upload(self, upload: Upload) -> str:
        return self._do(
            "CreateMultipartUpload", self.remote_key(upload.bucket, upload.key), lambda: self._begin(upload)
        )

    def put_part(
        self, bucket: str, key: str, upload_id: str, part_number: str, body: IO[bytes], size: int | None
    ) -> str:
        content = body.read()
        if size is not None and len(content) < size:
            raise LocationError("IncompleteBody", "You did not provide the number of bytes specified", 400)
        name = self.remote_key(bucket, key)
        self._do("UploadPart", name, lambda: self._parts(upload_id)[1].update({int(part_number): content}))
        return _md5(content)

    def list_parts(self, bucket: str, key: str, upload_id: str, marker: int, limit: int) -> PartListing:
        _, parts = self._do("ListParts", self.remote_key(bucket, key), lambda: self._parts(upload_id))
        after = [(number, content) for number, content in sorted(parts.items()) if number > marker]
        listed = [ListedPart(number, _md5(content), len(content), "") for number, content in after[:limit]]
        return PartListing(listed, len(after) > limit)

    def complete_upload(self, bucket: str, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> CompletedUpload:
        name = self.remote_key(bucket, key)
        content, version_id = self._do("CompleteMultipartUpload", name, lambda: self._complete(name, upload_id, parts))
        etag = f"{_md5(content)}-{len(parts)}"
        return CompletedUpload(self._element(name, len(content), etag, version_id), etag, len(content), version_id)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._do("AbortMultipartUpload", self.remote_key(bucket, key), lambda: self._abort(upload_id))

    def copy(
        self,
        source: Element,
        source_bucket: str,  # noqa: ARG002  (there is one bucket)
        upload: Upload,
        directive: str | None,  # noqa: ARG002
    ) -> tuple[str, str]:
        key = self.remote_key(upload.bucket, upload.key)
        found = self._find(source["key"], _version(source))
        return key, self._do("CopyObject", key, lambda: self._add(key, found.body, upload))

    def healthcheck(self) -> dict[str, Any]:
        return {"message": "Congrats! You own the bucket"}

    # the bucket

    def _do(self, operation: str, key: str, work: Callable[[], Result]) -> Result:
        self._network("before", operation, key)
        result = work()
        self._network("after", operation, key)
        return result

    def _add(self, key: str, body: bytes | None, upload: Upload | None) -> str:
        tags = dict(urllib.parse.parse_qsl(upload.tags, keep_blank_values=True)) if upload is not None else {}
        version = RemoteVersion(next(self._version_ids), body, self._clock.now(), upload, tags)
        self.versions.setdefault(key, []).append(version)
        return version.version_id

    def _delete(self, key: str, version_id: str) -> str:
        if not version_id:
            return self._add(key, None, None)
        versions = self.versions.get(key, [])
        versions[:] = [version for version in versions if version.version_id != version_id]
        return version_id

    def _tag(self, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        self._find(key, version_id).tags = dict(tags)

    def _begin(self, upload: Upload) -> str:
        upload_id = next(self._upload_ids)
        self._uploads[upload_id] = upload, {}
        return upload_id

    def _parts(self, upload_id: str) -> tuple[Upload, dict[int, bytes]]:
        if upload_id not in self._uploads:
            raise LocationError("NoSuchUpload", "The specified upload does not exist.", 404)
        return self._uploads[upload_id]

    def _complete(self, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> tuple[bytes, str]:
        upload, stored = self._parts(upload_id)
        if any(int(part.number) not in stored for part in parts):
            raise LocationError("InvalidPart", "One or more of the specified parts could not be found.", 400)
        content = b"".join(stored[int(part.number)] for part in parts)
        del self._uploads[upload_id]
        return content, self._add(key, content, upload)

    def _abort(self, upload_id: str) -> None:
        self._parts(upload_id)
        del self._uploads[upload_id]

    def _find(self, key: str, version_id: str) -> RemoteVersion:
        versions = self.versions.get(key, [])
        if version_id:
            versions = [version for version in versions if version.version_id == version_id]
        if not versions or versions[-1].body is None:
            raise NoSuchData("NotFound", None, 404)
        return versions[-1]

    def _element(self, key: str, size: int, etag: str, version_id: str) -> Element:
        return {
            "key": key,
            "start": 0,
            "size": size,
            "dataStoreName": self.name,
            "dataStoreType": self.type,
            "dataStoreETag": etag,
            "dataStoreVersionId": version_id,
        }


def _version(element: Element) -> str:
    return str(element.get("dataStoreVersionId") or "")


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
