"""Multipart uploads on a location that keeps the parts itself."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import IO

from fake_cloudserver.locations.base import CompletedPart, CompletedUpload, ExternalLocation, PartListing, Upload
from fake_cloudserver.locations.gateway_errors import quoting, quoting_completion, unanswered


class MultipartGateway(abc.ABC):
    """The multipart half of the gateway.

    Every method raises S3Error: InternalError for a location that keeps no parts (the real server never answers
    then), else ServiceUnavailable with the remote's text.

    Source: Arsenal lib/storage/data/MultipleBackendGateway.js.
    """

    @abc.abstractmethod
    def find_external(self, location_name: str) -> ExternalLocation | None:
        """The location of that name if its data is behind another server's API, else None."""

    def create_upload(self, location_name: str, upload: Upload) -> str:
        """Begin an upload; the remote's ID of it."""
        location = self.external(location_name)
        with quoting(location.label):
            return location.create_upload(upload)

    def put_part(
        self,
        location_name: str,
        bucket: str,
        key: str,
        upload_id: str,
        part_number: str,
        body: IO[bytes],
        size: int | None,
    ) -> str:
        """Store a part.

        Args:
            part_number: as the request has it; the remote's client refuses what is no canonical number.
            body: read once, to its end.
            size: its announced length in bytes.

        Returns:
            the remote's ETag without quotes.
        """
        location = self.external(location_name)
        with quoting(location.label):
            return location.put_part(bucket, key, upload_id, part_number, body, size)

    def list_parts(
        self, location_name: str, bucket: str, key: str, upload_id: str, marker: int, limit: int
    ) -> PartListing:
        """The stored parts with numbers greater than ``marker``, at most ``limit``."""
        location = self.external(location_name)
        with quoting(location.label):
            return location.list_parts(bucket, key, upload_id, marker, limit)

    def complete_upload(
        self, location_name: str, bucket: str, key: str, upload_id: str, parts: Sequence[CompletedPart]
    ) -> CompletedUpload:
        """Make the object of its parts, sent in the given order.

        Raises:
            S3Error: besides the above InvalidPart, InvalidPartOrder and EntityTooSmall as the remote said, and
                InternalError when the remote should have given the object a version and did not.
        """
        location = self.external(location_name)
        with quoting_completion(location.label):
            return location.complete_upload(bucket, key, upload_id, parts)

    def abort_upload(self, location_name: str, bucket: str, key: str, upload_id: str) -> None:
        """Forget an upload and its parts."""
        location = self.external(location_name)
        with quoting(location.label):
            location.abort_upload(bucket, key, upload_id)

    def external(self, location_name: str) -> ExternalLocation:
        """The location of that name; raises InternalError where there is none that is external."""
        location = self.find_external(location_name)
        if location is None:
            raise unanswered()
        return location
