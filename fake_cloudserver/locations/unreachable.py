"""Locations of type azure and gcp: configured, listed, checked as the real ones, and never reachable.

Sources: Arsenal lib/storage/data/external/AzureClient.js, GcpClient.js.
"""

# ruff: noqa: ARG002  (every operation fails alike, whatever it is given)
from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import (
    CompletedPart,
    CompletedUpload,
    Element,
    HeadResult,
    LocationError,
    PartListing,
    Stored,
    Upload,
)
from fake_cloudserver.locations.remote_names import remote_key
from fake_cloudserver.settings import LocationSettings

_LABELS: Final = {"azure": "Azure", "gcp": "GCP"}

_GCP_ENDPOINT = "storage.googleapis.com"


class UnreachableLocation:
    """A remote that refuses every connection."""

    def __init__(self, settings: LocationSettings) -> None:
        self.name = settings.name
        self.type = settings.type
        self.label = _LABELS[settings.type]
        self._bucket_match = bool(settings.details.get("bucketMatch"))
        host, port = _address(settings)
        self._error_text = f"connect ECONNREFUSED {host}:{port}"

    def setup(self) -> None:
        """Nobody is asked."""

    def close(self) -> None:
        """Nothing is held."""

    def remote_key(self, bucket: str, key: str) -> str:
        return remote_key(bucket, key, bucket_match=self._bucket_match)

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        raise self._error()

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        raise self._error()

    def delete(self, element: Element, *, with_version: bool) -> None:
        raise self._error()

    def head(self, element: Element) -> HeadResult:
        raise self._error()

    def delete_marker(self, bucket: str, key: str) -> str:
        raise self._error()

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        raise self._error()

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        raise self._error()

    def create_upload(self, upload: Upload) -> str:
        # the Azure client has no such call: the real server runs into an exception and never answers
        if self.type == "azure":
            raise S3Error("InternalError")
        raise self._error()

    def put_part(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        part_number: str,
        body: IO[bytes],
        size: int | None,
    ) -> str:
        raise self._error()

    def list_parts(self, bucket: str, key: str, upload_id: str, marker: int, limit: int) -> PartListing:
        raise self._error()

    def complete_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Sequence[CompletedPart],
    ) -> CompletedUpload:
        raise self._error()

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        # Azure has nothing to abort: uncommitted blocks go away by themselves
        if self.type != "azure":
            raise self._error()

    def copy(self, source: Element, source_bucket: str, upload: Upload, directive: str | None) -> tuple[str, str]:
        raise self._error()

    def healthcheck(self) -> dict[str, Any]:
        return {"error": self._error_text, "external": True}

    def _error(self) -> LocationError:
        return LocationError("NetworkingError", self._error_text)


def _address(settings: LocationSettings) -> tuple[str, int]:
    details = settings.details
    if settings.type == "azure":
        endpoint = urllib.parse.urlsplit(str(details.get("azureStorageEndpoint") or ""))
        secure = endpoint.scheme == "https"
    else:
        endpoint = urllib.parse.urlsplit(f"//{details.get('gcpEndpoint') or _GCP_ENDPOINT}")
        secure = bool(details.get("https", True))
    return endpoint.hostname or "127.0.0.1", endpoint.port or (443 if secure else 80)
