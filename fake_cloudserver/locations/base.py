"""What a data location is: the shapes that go in and come out of one, and what it raises.

    Exception
     └─ LocationError         a location failed; the gateway decides what a client sees of it
         └─ NoSuchData        the location answered, and it does not hold that key (version)

Sources: Arsenal lib/storage/data/MultipleBackendGateway.js, lib/storage/data/external/AwsClient.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Protocol, TypeAlias

#: One entry of an object's ``location`` list, with CloudServer's own property names:
#: key, start, size, dataStoreName, dataStoreType, dataStoreETag, dataStoreVersionId.
Element: TypeAlias = dict[str, Any]

#: How much of a body is moved at a time.
CHUNK_SIZE = 256 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """An object to be stored, as the request describes it.

    Attributes:
        bucket, key: CloudServer's names, never the remote ones.
        size: announced length of the body in bytes; None when the request announced none.
        metadata: user metadata under full ``x-amz-meta-*`` names.
        tags: a query string (``a=1&b=x%20y``), empty for none.
        replica: the object is written by replication: it is marked ``scal-replication-status: REPLICA`` there.
        source_version_id: kept as ``scal-version-id`` beside that mark; text as received, empty for none.
        owner_id: canonical ID of the object's owner.
        chunked: the body came as ``aws-chunked``: shorter than announced is then no fault.
    """

    bucket: str
    key: str
    size: int | None = None
    content_type: str | None = None
    cache_control: str | None = None
    content_disposition: str | None = None
    content_encoding: str | None = None
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: str = ""
    replica: bool = False
    source_version_id: str = ""
    owner_id: str = ""
    chunked: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """What was stored.

    Attributes:
        element: the location element, without ``start``.
        md5: lower-case hexadecimal MD5 of the bytes that were read.
        size: length of the stored data in bytes.
        version_id: the location's own version ID, empty when it has none.
    """

    element: Element
    md5: str
    size: int
    version_id: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class HeadResult:
    """What a HEAD of remote data tells.

    Attributes:
        last_modified: seconds since the epoch, None when the answer had no readable ``Last-Modified``.
        size: length in bytes.
        etag: without its quotes.
        version_id: empty when the answer had none.
        metadata: user metadata, lower-case names without ``x-amz-meta-``.
    """

    last_modified: float | None
    size: int
    etag: str = ""
    version_id: str = ""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class CompletedPart:
    """One part in the list that completes a multipart upload; the number goes to the remote as it was given."""

    number: int | str
    etag: str


@dataclasses.dataclass(frozen=True, slots=True)
class CompletedUpload:
    """A multipart upload that the remote has completed.

    Attributes:
        element: the location element, ``start`` 0; its ``dataStoreETag`` has no ``1:`` before it.
        etag: the remote's, unquoted (``abc-2``).
        size: length of the whole object in bytes.
        version_id: empty when the remote gave none.
    """

    element: Element
    etag: str
    size: int
    version_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class ListedPart:
    """One part of an upload that still goes on; ``last_modified`` is the remote's text."""

    number: int
    etag: str
    size: int
    last_modified: str


@dataclasses.dataclass(frozen=True, slots=True)
class PartListing:
    """A page of parts."""

    parts: Sequence[ListedPart]
    is_truncated: bool


class LocationError(Exception):
    """A location failed.

    Args:
        code: the remote's error code (``AccessDenied``, ``NetworkingError`` ...) or the local cause's name.
        message: what the client library's error says; None where it says nothing.
        status: HTTP status of the remote's answer, 0 when there was none.
    """

    def __init__(self, code: str, message: str | None = None, status: int = 0) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")

    @property
    def text(self) -> str:
        """The message as it appears inside another one: an absent one is the four letters ``null`` there."""
        return "null" if self.message is None else self.message


class NoSuchData(LocationError):  # noqa: N818  (named after ObjNotFound and NoSuchKey)
    """The location does not hold that key or version."""


class Location(Protocol):
    """Where bytes are kept. Methods are safe to call from any thread."""

    @property
    def name(self) -> str:
        """Name of the location in the configuration."""

    @property
    def type(self) -> str:
        """``mem``, ``file``, ``aws_s3`` ..."""

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        """Read the body to its end, once, and store it.

        Raises:
            LocationError: the data could not be stored.
            S3Error: whatever reading the body raises.
        """

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        """The bytes ``first`` to ``last`` (both included, None for the end) of an element.

        None come when ``last`` is before ``first``, fewer when the data ends earlier.

        Raises (while iterating):
            NoSuchData: there is no such data.
            LocationError: the location failed.
        """

    def delete(self, element: Element, *, with_version: bool) -> None:
        """Delete an element's data.

        Raises:
            NoSuchData: there was none (local locations only: a remote one takes that for success).
            LocationError: the location failed.
        """

    def close(self) -> None:
        """Give back connections, files and memory."""


class ExternalLocation(Location, Protocol):
    """A location behind another server's API (types aws_s3, azure, gcp). All methods raise LocationError."""

    @property
    def label(self) -> str:
        """How error messages name the remote: ``AWS``, ``GCP``, ``Azure``."""

    def setup(self) -> None:
        """What the real client does once at start; a failure is only logged."""

    def remote_key(self, bucket: str, key: str) -> str:
        """The remote's name for an object."""

    def head(self, element: Element) -> HeadResult:
        """Raises NoSuchData when the remote answers 404."""

    def delete_marker(self, bucket: str, key: str) -> str:
        """Delete without a version; the version ID of the marker that this made, empty when there is none."""

    def latest_version(self, bucket: str, key: str) -> str:
        """The version ID of the latest version or delete marker; empty when there is none."""

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of a version; the latest when the ID is empty."""

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        """Remove the tags of a version; of the latest when the ID is empty."""

    def create_upload(self, upload: Upload) -> str:
        """Begin a multipart upload; its ID."""

    def put_part(
        self, bucket: str, key: str, upload_id: str, part_number: str, body: IO[bytes], size: int | None
    ) -> str:
        """Store a part; its ETag, unquoted."""

    def list_parts(self, bucket: str, key: str, upload_id: str, marker: int, limit: int) -> PartListing:
        """The stored parts with numbers greater than ``marker``, at most ``limit``."""

    def complete_upload(self, bucket: str, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> CompletedUpload:
        """Make the object of its parts."""

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Forget an upload and its parts."""

    def copy(self, source: Element, source_bucket: str, upload: Upload, directive: str | None) -> tuple[str, str]:
        """Let the remote copy data that it holds in ``source_bucket``; key and version ID of the copy."""

    def healthcheck(self) -> dict[str, Any]:
        """CloudServer's report of one location: a message, or an error marked external. Raises nothing."""
