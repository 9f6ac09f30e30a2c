"""The headers of the cloud operations.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js, lib/clients/backbeat-2017-07-01.api.json.
"""

from __future__ import annotations

import json
from typing import Any

from harness.engine import object_metadata
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.settings import Dialect, SiteSettings


def common(entry: ObjectQueueEntry, site: SiteSettings, dialect: Dialect) -> dict[str, str]:
    """What every multi-backend operation carries: the types of all cloud sites, and the one site meant."""
    headers = {
        "X-Scal-Storage-Type": str(entry.replication_info.get("storageType") or ""),
        "X-Scal-Storage-Class": site.site,
    }
    return headers | designed(site) if dialect == "design" else headers


def designed(site: SiteSettings) -> dict[str, str]:
    """How the designed dialect says where the data are to go."""
    return {
        "x-scal-replication-storage-type": site.type or "",
        "x-scal-replication-storage-class": site.site,
    }


def describe(entry: ObjectQueueEntry, *, multipart: bool = False) -> dict[str, str]:
    """What the copy is to say of itself. Multipart operations send the content type even when it is empty."""
    metadata = entry.metadata
    headers = version(entry)
    user_metadata = object_metadata.user_metadata(metadata)
    if user_metadata:
        headers["X-Scal-User-Metadata"] = as_json(user_metadata)
    if metadata["content-type"] or multipart:
        headers["X-Scal-Content-Type"] = metadata["content-type"] or ""
    for name in ("cache-control", "content-disposition", "content-encoding"):
        if metadata[name]:
            headers[f"X-Scal-{name.title()}"] = metadata[name]
    return headers | {"X-Scal-Tags": as_json(object_metadata.tags(metadata))}


def version(entry: ObjectQueueEntry) -> dict[str, str]:
    """The source's version, encoded."""
    return {"X-Scal-Version-Id": entry.version_or_null}


def whole_object(entry: ObjectQueueEntry) -> dict[str, str]:
    """What a put of the whole object adds. The MD5 is hexadecimal, and compared as text."""
    return {"Content-MD5": entry.content_md5, "X-Scal-Canonical-Id": str(entry.metadata["owner-id"])}


def tagging(entry: ObjectQueueEntry, site: SiteSettings, data_store_version_id: str) -> dict[str, str]:
    """Which copy is meant, twice over; the source's version id is the raw one here."""
    return {
        "X-Scal-Data-Store-Version-Id": data_store_version_id,
        "X-Scal-Source-Bucket": entry.bucket,
        "X-Scal-Source-Version-Id": entry.raw_version_id or "null",
        "X-Scal-Replication-Endpoint-Site": site.site,
    }


def as_json(value: dict[str, Any]) -> str:
    """JSON for a header: what ASCII cannot say is escaped.

    Backbeat sends such characters as they are, and fails at those that no header can carry.
    """
    return json.dumps(value, separators=(",", ":"))
