"""Response headers of GET and HEAD object, in CloudServer's order. IO-free.

Source: cloudserver lib/utilities/collectResponseHeaders.js; Arsenal lib/s3routes/routesUtils.ts (setResponseHeaders).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import user_metadata
from fake_cloudserver.s3.cold_storage import http_date
from fake_cloudserver.s3.tags import stored_tags
from fake_cloudserver.s3.user_metadata import is_too_large
from fake_cloudserver.s3.versioning import version_headers

Headers: TypeAlias = list[tuple[str, str]]

# What Node refuses as a header is silently left out.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

#: ``response-<name>`` of the query replaces the header of that name.
_OVERRIDES = (
    ("response-content-type", "Content-Type"),
    ("response-content-language", "Content-Language"),
    ("response-expires", "Expires"),
    ("response-cache-control", "Cache-Control"),
    ("response-content-disposition", "Content-Disposition"),
    ("response-content-encoding", "Content-Encoding"),
)


def object_headers(bucket: BucketInfo, md: Mapping[str, Any], *, with_tag_count: bool) -> Headers:
    """The headers that describe an object: all of HEAD's, and GET's with the number of tags."""
    headers = _user_metadata_headers(md)
    headers += version_headers(bucket, md)
    headers += _present(md, (("x-amz-website-redirect-location", "x-amz-website-redirect-location"),))
    if md.get("x-amz-storage-class", "STANDARD") != "STANDARD":
        headers.append(("x-amz-storage-class", md["x-amz-storage-class"]))
    headers += encryption_headers(md)
    headers += _cold_headers(md)
    headers.append(("Accept-Ranges", "bytes"))
    names = ("Cache-Control", "Content-Disposition", "Content-Encoding", "Expires")
    headers += _present(md, tuple((name, name.lower()) for name in names))
    headers += [
        ("Content-Length", str(md["content-length"])),
        ("ETag", f'"{md["content-md5"]}"'),
        ("Last-Modified", http_date(md["last-modified"])),
    ]
    headers += _present(md, (("Content-Type", "content-type"),))
    tags = stored_tags(md)
    if with_tag_count and tags:
        headers.append(("x-amz-tagging-count", str(len(tags))))
    return headers + _lock_headers(md) + _replication_headers(md)


def _present(md: Mapping[str, Any], names: tuple[tuple[str, str], ...]) -> Headers:
    return [(header, md[name]) for header, name in names if md.get(name)]


def _user_metadata_headers(md: Mapping[str, Any]) -> Headers:
    stored = user_metadata(md)
    if is_too_large(stored):
        return [("x-amz-missing-meta", str(len(stored)))]
    return [
        (name, str(value))
        for name, value in stored.items()
        if _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(str(value))
    ]


def encryption_headers(md: Mapping[str, Any]) -> Headers:
    """Algorithm, and the key for ``aws:kms`` only."""
    algorithm = md.get("x-amz-server-side-encryption")
    if not algorithm:
        return []
    headers = [("x-amz-server-side-encryption", str(algorithm))]
    key_id = md.get("x-amz-server-side-encryption-aws-kms-key-id")
    if key_id and algorithm == "aws:kms":
        headers.append(("x-amz-server-side-encryption-aws-kms-key-id", str(key_id)))
    return headers


def _cold_headers(md: Mapping[str, Any]) -> Headers:
    """The state of a restored or moving object: such documents come through the metadata route."""
    headers: Headers = []
    restore = md.get("x-amz-restore")
    if restore:
        value = f'ongoing-request="{str(bool(restore.get("ongoing-request"))).lower()}"'
        if restore.get("expiry-date"):
            value += f', expiry-date="{http_date(restore["expiry-date"])}"'
        headers.append(("x-amz-restore", value))
    if md.get("x-amz-scal-transition-in-progress"):
        headers.append(("x-amz-meta-scal-s3-transition-in-progress", "true"))
    return headers


def _lock_headers(md: Mapping[str, Any]) -> Headers:
    headers: Headers = []
    if md.get("retentionDate") and md.get("retentionMode"):
        headers.append(("x-amz-object-lock-retain-until-date", md["retentionDate"]))
        headers.append(("x-amz-object-lock-mode", md["retentionMode"]))
    if md.get("legalHold") is not None:
        headers.append(("x-amz-object-lock-legal-hold", "ON" if md["legalHold"] else "OFF"))
    return headers


def _replication_headers(md: Mapping[str, Any]) -> Headers:
    """The status; and each site's, cloud or not, when at least one site is a cloud location."""
    info = md.get("replicationInfo") or {}
    headers: Headers = []
    if info.get("status"):
        headers.append(("x-amz-replication-status", info["status"]))
    if not info.get("storageType"):
        return headers
    if info.get("backends") is None:
        raise S3Error("InternalError")  # a property of undefined: never answered
    for backend in info["backends"]:
        site, status, version_id = backend["site"], backend["status"], backend.get("dataStoreVersionId")
        headers.append((f"x-amz-meta-{site}-replication-status", status))
        if status == "COMPLETED" and version_id:
            headers.append((f"x-amz-meta-{site}-version-id", version_id))
    return headers


def set_header(headers: Headers, name: str, value: str) -> None:
    """Set a header where a header of that name stands, in the new spelling; at the end where there is none.

    Node's ``setHeader`` does so: a name in another letter case replaces the former one.
    """
    for position, (known, _) in enumerate(headers):
        if known.lower() == name.lower():
            headers[position] = (name, value)
            return
    headers.append((name, value))


def override_headers(headers: Headers, query: Mapping[str, str]) -> None:
    """Apply the ``response-…`` parameters of a GET; empty ones do not count."""
    for parameter, name in _OVERRIDES:
        if query.get(parameter):
            set_header(headers, name, query[parameter])
