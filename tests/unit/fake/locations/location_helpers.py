"""Gateways and stand-ins for tests of the locations."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from fake_cloudserver.clock import VirtualClock
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
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.settings import LocationSettings, Settings

AWS_DETAILS = {
    "awsEndpoint": "127.0.0.1:1",
    "bucketName": "remote-bucket",
    "https": False,
    "credentials": {"accessKey": "a", "secretKey": "s"},
}


def location(name: str, kind: str, **details: Any) -> LocationSettings:
    """Settings of one location; the details of an aws_s3 one are complete."""
    base = AWS_DETAILS if kind in {"aws_s3", "gcp"} else {}
    return LocationSettings(name=name, type=kind, object_id=name, details={**base, **details})


def gateway_of(*locations: LocationSettings, data_folder: Path | None = None) -> MultipleBackendGateway:
    """A gateway with just these locations."""
    settings = dataclasses.replace(Settings.default(), locations={entry.name: entry for entry in locations})
    return MultipleBackendGateway(settings, VirtualClock(), SeededRandomness(1), data_folder=data_folder)


def upload_of(body: bytes, **fields: Any) -> Upload:
    """An upload of ``body`` to ``bucket/key``."""
    return Upload(**{"bucket": "bucket", "key": "key", "size": len(body), **fields})


class Body:
    """A body that comes in small pieces, as from a socket, and can break off with an exception."""

    def __init__(self, pieces: Sequence[bytes], end: BaseException | None = None) -> None:
        self._pieces = list(pieces)
        self._end = end
        self.largest_read = 0

    def read(self, limit: int = -1) -> bytes:
        self.largest_read = max(self.largest_read, limit)
        if not self._pieces:
            if self._end is not None:
                raise self._end
            return b""
        piece, rest = self._pieces[0][:limit], self._pieces[0][limit:]
        self._pieces[:1] = [rest] if rest else []
        return piece

    @classmethod
    def of(cls, *pieces: bytes, end: BaseException | None = None) -> IO[bytes]:
        return cast("IO[bytes]", cls(pieces, end))


class ScriptedLocation:
    """An external location that remembers its calls and fails as told.

    Attributes:
        calls: name and arguments of each call, in order.
        failures: exceptions for the next calls of a name, first come first served.
        objects: what it keeps, by key.
    """

    type = "aws_s3"
    label = "AWS"

    def __init__(self, name: str = "aws") -> None:
        self.name = name
        self.calls: list[tuple[Any, ...]] = []
        self.failures: dict[str, list[Exception]] = {}
        self.objects: dict[str, bytes] = {}
        self.heads: dict[str, HeadResult] = {}
        self.version_id = "v1"
        self.closed = False

    def _called(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))
        failures = self.failures.get(name)
        if failures:
            raise failures.pop(0)

    def setup(self) -> None:
        self._called("setup")

    def close(self) -> None:
        self.closed = True

    def remote_key(self, bucket: str, key: str) -> str:
        return f"{bucket}/{key}"

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        content = b"".join(iter(lambda: body.read(4), b""))
        self._called("put", upload, content)
        key = self.remote_key(upload.bucket, upload.key)
        self.objects[key] = content
        element = {"key": key, "size": len(content), "dataStoreName": self.name, "dataStoreETag": "1:own"}
        return Stored(element, "own", len(content), self.version_id)

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        self._called("get", element["key"], first, last)
        content = self.objects[element["key"]]
        return iter([content[first : len(content) if last is None else last + 1]])

    def delete(self, element: Element, *, with_version: bool) -> None:
        self._called("delete", element["key"], with_version)

    def head(self, element: Element) -> HeadResult:
        self._called("head", element["key"])
        if element["key"] not in self.heads:
            raise NoSuchData("NotFound", None, 404)
        return self.heads[element["key"]]

    def delete_marker(self, bucket: str, key: str) -> str:
        self._called("delete_marker", bucket, key)
        return self.version_id

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        self._called("put_tags", bucket, key, version_id, dict(tags))

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        self._called("delete_tags", bucket, key, version_id)

    def create_upload(self, upload: Upload) -> str:
        self._called("create_upload", upload)
        return "upload-1"

    def put_part(
        self, bucket: str, key: str, upload_id: str, part_number: str, body: IO[bytes], size: int | None
    ) -> str:
        self._called("put_part", bucket, key, upload_id, part_number, body.read(100), size)
        return "etag-1"

    def list_parts(self, bucket: str, key: str, upload_id: str, marker: int, limit: int) -> PartListing:
        self._called("list_parts", bucket, key, upload_id, marker, limit)
        return PartListing([], is_truncated=False)

    def complete_upload(self, bucket: str, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> CompletedUpload:
        self._called("complete_upload", bucket, key, upload_id, list(parts))
        return CompletedUpload({"key": key}, "abc-1", 3, self.version_id)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._called("abort_upload", bucket, key, upload_id)

    def copy(self, source: Element, source_bucket: str, upload: Upload, directive: str | None) -> tuple[str, str]:
        self._called("copy", source["key"], source_bucket, upload.key, directive)
        return self.remote_key(upload.bucket, upload.key), self.version_id

    def healthcheck(self) -> dict[str, Any]:
        return {"message": "fine"}


def with_scripted_remote(
    *others: LocationSettings, remote: ScriptedLocation | None = None
) -> tuple[MultipleBackendGateway, ScriptedLocation]:
    """A gateway whose location ``aws`` is scripted, beside the given ones."""
    remote = remote or ScriptedLocation()
    gateway = gateway_of(location(remote.name, "aws_s3"), *others)
    gateway._locations[remote.name] = remote
    return gateway, remote


def remote_failure(code: str = "SlowDown", message: str | None = "slow down") -> LocationError:
    return LocationError(code, message, 503)


def unlinked_files() -> int:
    """How many files this process holds open that no folder names any more."""
    names = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            names.append(str(descriptor.readlink()))
    return sum(name.endswith("(deleted)") for name in names)


def stream(content: bytes) -> IO[bytes]:
    return io.BytesIO(content)
