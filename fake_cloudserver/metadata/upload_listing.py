"""Listings of multipart uploads and of the parts of one, from the shadow bucket.

Overview keys are ``overview..|..<key>..|..<upload id>``, part keys ``<upload id>..|..<number in 5 digits>``.

Source: Arsenal lib/algos/list/MPU.ts; cloudserver lib/api/listParts.js, lib/services.js (getSomeMPUparts).
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

from fake_cloudserver.metadata.cursor import Cursor, EntrySource, after_prefix, common_prefix

#: Between the parts of a key in a shadow bucket (Arsenal lib/constants.ts).
SPLITTER: Final = "..|.."
_OVERVIEW: Final = f"overview{SPLITTER}"


def shadow_bucket(bucket: str) -> str:
    """The bucket in which the uploads of ``bucket`` are kept."""
    return f"mpuShadowBucket{bucket}"


def overview_key(key: str, upload_id: str) -> str:
    """Where the description of an upload is stored."""
    return f"{_OVERVIEW}{key}{SPLITTER}{upload_id}"


def part_key(upload_id: str, number: int) -> str:
    """Where a part is stored."""
    return f"{upload_id}{SPLITTER}{number:05d}"


@dataclasses.dataclass(slots=True)
class UploadListing:
    """A page of uploads; the next markers are those of its last entry, whether it is truncated or not.

    Attributes:
        uploads: overview documents.
        next_upload_id_marker: "" when the last entry is a common prefix, or there is none.
    """

    uploads: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    common_prefixes: list[str] = dataclasses.field(default_factory=list)
    is_truncated: bool = False
    next_key_marker: str = ""
    next_upload_id_marker: str = ""


@dataclasses.dataclass(slots=True)
class PartListing:
    """A page of parts: number and document of each.

    Attributes:
        next_part_number_marker: number of the last part; 0 for an empty page.
    """

    parts: list[tuple[int, dict[str, Any]]] = dataclasses.field(default_factory=list)
    is_truncated: bool = False
    next_part_number_marker: int = 0


def list_uploads(
    source: EntrySource,
    db: str,
    *,
    prefix: str = "",
    delimiter: str = "",
    key_marker: str = "",
    upload_id_marker: str = "",
    max_uploads: int = 1000,
) -> UploadListing:
    """Uploads in the shadow bucket ``db``, after an upload of a key or after all uploads of ``key_marker``."""
    page = UploadListing()
    start = _first_upload(prefix, delimiter, key_marker, upload_id_marker)
    if start is None:
        return page
    cursor = Cursor(source, db, start)
    for stored_key, text in cursor:
        if not stored_key.startswith(_OVERVIEW + prefix):
            break
        if len(page.uploads) + len(page.common_prefixes) >= max_uploads:
            page.is_truncated = max_uploads > 0
            break
        overview = json.loads(text)
        shared = common_prefix(overview["key"], prefix, delimiter)
        if shared is None:
            page.uploads.append(overview)
            page.next_key_marker, page.next_upload_id_marker = overview["key"], overview["uploadId"]
        else:
            page.common_prefixes.append(shared)
            page.next_key_marker, page.next_upload_id_marker = shared, ""
            cursor.skip_to(after_prefix(_OVERVIEW + shared))
    return page


def _first_upload(prefix: str, delimiter: str, key_marker: str, upload_id_marker: str) -> str | None:
    first = _OVERVIEW + prefix
    if not key_marker:
        return first
    if common_prefix(key_marker, prefix, delimiter) == key_marker:
        return after_prefix(_OVERVIEW + key_marker)
    after = after_prefix(overview_key(key_marker, upload_id_marker))
    return None if after is None else max(first, after)


def list_parts(source: EntrySource, db: str, upload_id: str, *, marker: int = 0, max_parts: int = 1000) -> PartListing:
    """Parts of an upload with numbers above ``marker``, by number."""
    page = PartListing()
    prefix = f"{upload_id}{SPLITTER}"
    for stored_key, text in source.entries(db, part_key(upload_id, marker), inclusive=False):
        if not stored_key.startswith(prefix):
            break
        if len(page.parts) >= max_parts:
            page.is_truncated = max_parts > 0
            break
        page.next_part_number_marker = int(stored_key[len(prefix) :])
        page.parts.append((page.next_part_number_marker, json.loads(text)))
    return page
