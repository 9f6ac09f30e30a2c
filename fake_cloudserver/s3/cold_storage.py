"""Objects whose data lies in a cold location, waiting to be restored or being restored. IO-free.

Source: cloudserver lib/api/apiUtils/object/coldStorage.js, versioning.js (overwritingVersioning),
lib/utilities/collectResponseHeaders.js.
"""

from __future__ import annotations

import email.utils
import functools
import json
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.clock import from_milliseconds
from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.javascript import parse_date

_DAY = 24 * 60 * 60 * 1000
_KEPT = ("versionId", "isNull", "nullVersionId", "replicationInfo", "last-modified", "x-amz-storage-class")


def check_available(md: Mapping[str, Any]) -> None:
    """Whether the data can be read; raises InvalidObjectState for an archived object that is not restored."""
    archive = md.get("archive")
    if archive and not (archive.get("restoreRequestedAt") and archive.get("restoreCompletedAt")):
        raise S3Error("InvalidObjectState", "The operation is not valid for the object's storage class")


def check_restore_write(md: Mapping[str, Any] | None, version_id: str) -> Mapping[str, Any]:
    """The version that a PUT with ``x-scal-s3-version-id`` may overwrite: archived, its restore under way.

    Args:
        version_id: the header's value; empty for the current version.

    Raises:
        S3Error: NoSuchVersion, NoSuchKey, MethodNotAllowed for a delete marker, InvalidObjectState.
    """
    if md is None:
        raise S3Error("NoSuchVersion" if version_id else "NoSuchKey")
    if md.get("isDeleteMarker"):
        raise S3Error("MethodNotAllowed")
    archive = md.get("archive") or {}
    if not archive.get("restoreRequestedAt") or archive.get("restoreCompletedAt"):
        raise S3Error("InvalidObjectState")
    return md


def restored_properties(md: Mapping[str, Any], now: int, micro_version_id: str) -> dict[str, Any]:
    """What the document of a restored version has beside what every PUT gives it.

    Args:
        md: the archived version.
        now: milliseconds since the epoch.
        micro_version_id: 16 hexadecimal characters.
    """
    archive = dict(md["archive"])
    expires = from_milliseconds(now + int(archive.get("restoreRequestedDays") or 0) * _DAY)
    archive |= {"restoreCompletedAt": from_milliseconds(now), "restoreWillExpireAt": expires}
    return {
        **{name: md[name] for name in _KEPT if name in md},
        "creation-time": md.get("creation-time"),
        "originOp": "s3:ObjectRestore:Completed",
        "microVersionId": micro_version_id,
        "archive": archive,
        "x-amz-restore": {"ongoing-request": False, "expiry-date": expires},
    }


def archive_headers(md: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What HEAD adds when ``x-amz-scal-archive-info`` is asked for: where the data is, and how its restore goes."""
    headers: list[tuple[str, str]] = []
    if md.get("x-amz-scal-transition-in-progress"):
        headers.append(("x-amz-scal-transition-in-progress", "true"))
        headers.append(("x-amz-scal-transition-time", http_date(md.get("x-amz-scal-transition-time"))))
    archive = md.get("archive")
    if archive:
        headers.append(("x-amz-scal-archive-info", json.dumps(archive.get("archiveInfo"), separators=(",", ":"))))
        if archive.get("restoreRequestedAt"):
            headers.append(("x-amz-scal-restore-requested-at", http_date(archive["restoreRequestedAt"])))
            headers.append(("x-amz-scal-restore-requested-days", str(archive.get("restoreRequestedDays"))))
        if archive.get("restoreCompletedAt"):
            headers.append(("x-amz-scal-restore-completed-at", http_date(archive["restoreCompletedAt"])))
            headers.append(("x-amz-scal-restore-will-expire-at", http_date(archive.get("restoreWillExpireAt"))))
    headers.append(("x-amz-storage-class", str(md.get("x-amz-storage-class") or md.get("dataStoreName"))))
    headers.append(("x-amz-scal-owner-id", str(md["owner-id"])))
    return headers


@functools.lru_cache(maxsize=1024)  # every GET and HEAD needs one
def http_date(text: str | None) -> str:
    """An ISO time as HTTP writes it, milliseconds cut off; JavaScript's words for one that is none."""
    moment = parse_date(text or "")
    return "Invalid Date" if moment is None else email.utils.formatdate(moment // 1000, usegmt=True)
