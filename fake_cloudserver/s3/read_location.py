"""Where a GET reads an object from: its own location, or one it was replicated to. IO-free.

Source: cloudserver lib/api/apiUtils/object/locationHeaderCheck.js, checkReadLocation.js,
getReplicationBackendDataLocator.js.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import location_elements
from fake_cloudserver.request import Request
from fake_cloudserver.settings import LocationSettings, Settings


def location_of_header(settings: Settings, request: Request) -> LocationSettings | None:
    """The location that ``x-amz-location-constraint`` asks for; None without the header.

    Raises:
        S3Error: InvalidLocationConstraint for an unknown one.
    """
    name = request.headers.get("x-amz-location-constraint")
    if not name:
        return None
    if name not in settings.locations:
        raise S3Error("InvalidLocationConstraint", "Invalid location constraint specified in header")
    return settings.locations[name]


def elements_to_read(
    settings: Settings, bucket: BucketInfo, key: str, md: Mapping[str, Any], asked: LocationSettings | None
) -> list[dict[str, Any]]:
    """The location elements to read: at the location asked for, or preferred by the bucket's replication.

    A replica that is not there yet, or failed, is silently read from the source.

    Raises:
        S3Error: InvalidLocationConstraint when the object is not replicated to that location, asked or preferred.
    """
    own = location_elements(md)
    preferred = (bucket.replication_configuration or {}).get("preferredReadLocation")
    target = asked or (settings.locations.get(preferred) if preferred else None)
    if target is None or target.name == md.get("dataStoreName"):
        return own
    backends = (md.get("replicationInfo") or {}).get("backends") or []
    backend = next((one for one in backends if one["site"] == target.name), None)
    if backend is None:
        raise S3Error("InvalidLocationConstraint", "Object is not replicated to location passed in location header")
    if backend["status"] in {"PENDING", "FAILED"}:
        return own
    return [
        {
            "key": key if target.details.get("bucketMatch") else f"{bucket.name}/{key}",
            "size": int(md["content-length"]),
            "start": 0,
            "dataStoreName": target.name,
            "dataStoreType": target.type,
            "dataStoreVersionId": backend.get("dataStoreVersionId"),
        }
    ]
