"""What Backbeat's lifecycle has to look at: GET ``/_/backbeat/lifecycle/<bucket>?list-type=…``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from fake_cloudserver.backbeat.documents import json_answer
from fake_cloudserver.backbeat.target import check_owner
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.lifecycle_listing import LifecycleFilter, list_current, list_noncurrent, list_orphans
from fake_cloudserver.metadata.listing import NO_VERSION_ID, ListedObject
from fake_cloudserver.metadata.object_metadata import encoded_version_id
from fake_cloudserver.metadata.version_id import decode, encode
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.javascript import parse_int
from fake_cloudserver.s3.resolve import find_bucket
from fake_cloudserver.s3.tags import stored_tags

_MOST_KEYS: Final = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class _Kind:
    """One ``list-type``.

    Attributes:
        least_scanned: the fewest entries that it may be told to look at.
        markers: parameters that say where to begin, with their names in the answer.
        list: gives the answer's end: how far it got, and what it found.
    """

    least_scanned: int
    needs_versioning: bool
    can_exclude: bool
    markers: Mapping[str, str]
    list: Callable[[CloudServer, BucketInfo, LifecycleFilter, Mapping[str, str]], dict[str, Any]]


def list_lifecycle(server: CloudServer, request: Request) -> Answer:
    """One page of current versions, noncurrent versions, or delete markers that nothing is left below.

    Raises:
        S3Error: BadRequest for the list type, InvalidArgument for numbers, InvalidLocationConstraint, NoSuchBucket,
            AccessDenied; InvalidRequest for versions of a bucket that has none.
    """
    # cloudserver lib/routes/routeBackbeat.js, lib/api/backbeat/listLifecycleCurrents.js and its like
    list_type = request.query.get("list-type")
    if not list_type:
        raise S3Error("BadRequest", "bad request: missing list-type query parameter")
    kind = _KINDS.get(list_type)
    if kind is None:
        raise S3Error("BadRequest", f"bad request: invalid list-type query parameter: {list_type}")
    wanted = _parse_filter(server, request.query, kind)
    bucket = find_bucket(server, request.bucket or "")
    check_owner(request.requester, bucket.owner)
    if kind.needs_versioning and not bucket.is_versioning_configured:
        raise S3Error("InvalidRequest", "bucket is not versioned")
    head = {
        "Name": bucket.name,
        "Prefix": request.query.get("prefix"),
        "MaxKeys": wanted.max_keys,
        "MaxScannedLifecycleListingEntries": wanted.max_scanned,
    }
    # the answer names what it was asked for between how it ends and where the next page begins
    found = kind.list(server, bucket, wanted, request.query)
    asked = {name: request.query.get(parameter) for parameter, name in kind.markers.items()}
    document = {
        **head,
        "IsTruncated": found.pop("IsTruncated"),
        **asked,
        "BeforeDate": request.query.get("before-date"),
        **found,
    }
    return json_answer({name: value for name, value in document.items() if value is not None})


def _parse_filter(server: CloudServer, query: Mapping[str, str], kind: _Kind) -> LifecycleFilter:
    max_keys = parse_int(query["max-keys"]) if query.get("max-keys") else _MOST_KEYS
    if max_keys is None or max_keys < 0:
        raise S3Error("InvalidArgument")
    # cloudserver lib/api/apiUtils/object/lifecycle.js (validateMaxScannedEntries)
    most_scanned = server.settings.max_scanned_lifecycle_listing_entries
    text = query.get("max-scanned-lifecycle-listing-entries")
    max_scanned = parse_int(text) if text else most_scanned
    if max_scanned is None or not kind.least_scanned <= max_scanned <= most_scanned:
        raise S3Error("InvalidArgument")
    excluded = query.get("excluded-data-store-name", "") if kind.can_exclude else ""
    if excluded and excluded not in server.settings.locations:
        message = (
            f"value of the location you are attempting to set - {excluded} - is not listed in the "
            "locationConstraint config"
        )
        raise S3Error("InvalidLocationConstraint", message)
    return LifecycleFilter(
        prefix=query.get("prefix", ""),
        max_keys=min(max_keys, _MOST_KEYS),
        before_date=query.get("before-date", ""),
        excluded_data_store_name=excluded,
        max_scanned=max_scanned,
    )


def _list_current(
    server: CloudServer, bucket: BucketInfo, wanted: LifecycleFilter, query: Mapping[str, str]
) -> dict[str, Any]:
    page = list_current(server.metadata, bucket.name, wanted, marker=query.get("marker", ""))
    contents = []
    for listed in page.contents:
        entry = {
            **_description(listed.key, listed.md),
            "IsLatest": True,
            "DataStoreName": listed.md.get("dataStoreName"),
            "ListType": "current",
        }
        if bucket.is_versioning_configured:
            entry["VersionId"] = encoded_version_id(listed.md)
        contents.append(entry)
    next_marker = page.next_marker if page.is_truncated else None
    return {"IsTruncated": page.is_truncated, "NextMarker": next_marker, "Contents": contents}


def _list_noncurrent(
    server: CloudServer, bucket: BucketInfo, wanted: LifecycleFilter, query: Mapping[str, str]
) -> dict[str, Any]:
    page = list_noncurrent(
        server.metadata,
        bucket.name,
        wanted,
        key_marker=query.get("key-marker", ""),
        version_id_marker=_decode_marker(query.get("version-id-marker", "")),
    )
    contents = [
        {
            **_description(version.key, version.md),
            "staleDate": version.stale_date,
            "VersionId": encoded_version_id(version.md),
            "DataStoreName": version.md.get("dataStoreName"),
            "ListType": "noncurrent",
        }
        for version in page.contents
    ]
    end: dict[str, Any] = {"IsTruncated": page.is_truncated}
    if page.is_truncated:
        end["NextKeyMarker"] = page.next_key_marker
        end["NextVersionIdMarker"] = _encode_marker(page.next_version_id_marker)
    return {**end, "Contents": contents}


def _list_orphans(
    server: CloudServer, bucket: BucketInfo, wanted: LifecycleFilter, query: Mapping[str, str]
) -> dict[str, Any]:
    page = list_orphans(server.metadata, bucket.name, wanted, marker=query.get("marker", ""))
    next_marker = page.next_marker if page.is_truncated else None
    return {
        "IsTruncated": page.is_truncated,
        "NextMarker": next_marker,
        "Contents": [_describe_orphan(listed) for listed in page.contents],
    }


def _encode_marker(version_id: str) -> str | None:
    """A version without id is its own marker."""
    return encode(version_id) if version_id not in {"", NO_VERSION_ID} else version_id or None


def _decode_marker(encoded: str) -> str:
    if encoded in {"", NO_VERSION_ID}:
        return encoded
    try:
        return decode(encoded)
    except ValueError:
        raise S3Error("InvalidArgument") from None


def _describe_orphan(listed: ListedObject) -> dict[str, Any]:
    return {
        "Key": listed.key,
        "LastModified": listed.md.get("last-modified"),
        "Owner": _owner(listed.md),
        "VersionId": encoded_version_id(listed.md),
        "IsLatest": True,
        "ListType": "orphan",
    }


def _description(key: str, md: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Key": key,
        "LastModified": md.get("last-modified"),
        "ETag": f'"{md.get("content-md5")}"',
        "Size": md.get("content-length"),
        "Owner": _owner(md),
        "StorageClass": md.get("x-amz-storage-class"),
        "TagSet": [{"Key": name, "Value": value} for name, value in stored_tags(md).items()],
    }


def _owner(md: Mapping[str, Any]) -> dict[str, Any]:
    return {"ID": md.get("owner-id"), "DisplayName": md.get("owner-display-name")}


_KINDS: Final[Mapping[str, _Kind]] = {
    "current": _Kind(1, False, True, {"marker": "Marker"}, _list_current),
    "noncurrent": _Kind(
        3, True, True, {"key-marker": "KeyMarker", "version-id-marker": "VersionIdMarker"}, _list_noncurrent
    ),
    "orphan": _Kind(3, True, False, {"marker": "Marker"}, _list_orphans),
}
