"""Listings of objects and of versions: what they cost is what they return, whatever the bucket holds.

Markers and version ids are internal forms here; encoding them is the caller's. Order is that of the UTF-8 bytes of
keys, which is the order of Python strings.

Source: Arsenal lib/algos/list/delimiterMaster.ts, lib/algos/list/delimiterVersions.ts (key format v0).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from fake_cloudserver.metadata.cursor import (
    LAST_LISTED,
    Cursor,
    EntrySource,
    after_prefix,
    after_versions,
    common_prefix,
    split,
)
from fake_cloudserver.metadata.versioning_request import SEPARATOR, is_delete_marker, is_place_holder

#: In place of a version id: an object that has none.
NO_VERSION_ID = "null"


@dataclasses.dataclass(frozen=True, slots=True)
class ListedObject:
    """A key and the metadata of its current version."""

    key: str
    md: dict[str, Any]


@dataclasses.dataclass(slots=True)
class ObjectListing:
    """A page of current versions.

    Attributes:
        next_marker: the last entry of the page, key or common prefix; "" for an empty page.
    """

    contents: list[ListedObject] = dataclasses.field(default_factory=list)
    common_prefixes: list[str] = dataclasses.field(default_factory=list)
    is_truncated: bool = False
    next_marker: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version.

    Attributes:
        version_id: the internal id, or ``null`` for an object without one; a null version may have an id.
        is_latest: whether it is the first of its key, as far as the page shows.
    """

    key: str
    version_id: str
    md: dict[str, Any]
    is_latest: bool


@dataclasses.dataclass(slots=True)
class VersionListing:
    """A page of versions and delete markers.

    Attributes:
        next_key_marker: key of the last entry, or the common prefix that it is; "" for an empty page.
        next_version_id_marker: version id of the last entry; "" when that is a common prefix.
    """

    versions: list[ListedVersion] = dataclasses.field(default_factory=list)
    common_prefixes: list[str] = dataclasses.field(default_factory=list)
    is_truncated: bool = False
    next_key_marker: str = ""
    next_version_id_marker: str = ""


def first_after(prefix: str, delimiter: str, marker: str) -> str | None:
    """Where a listing starts that goes on after ``marker``: past its versions, or past the whole common prefix it
    lies in; None when nothing can follow.
    """
    if not marker:
        return prefix
    inside = common_prefix(marker, prefix, delimiter)
    if inside is not None:
        return after_prefix(inside)
    return max(prefix, after_versions(marker))


def list_objects(
    source: EntrySource, db: str, *, prefix: str = "", delimiter: str = "", marker: str = "", max_keys: int = 1000
) -> ObjectListing:
    """Current versions after ``marker``; delete markers are left out, keys under a delimiter become one prefix.

    ``marker`` is the marker of the first form, the start-after or the decoded continuation token of the second.
    """
    page = ObjectListing()
    for current in current_versions(source, db, prefix, first_after(prefix, delimiter, marker), delimiter):
        if len(page.contents) + len(page.common_prefixes) >= max_keys:
            page.is_truncated = max_keys > 0
            break
        page.next_marker = current.name
        if current.is_prefix:
            page.common_prefixes.append(current.name)
        else:
            page.contents.append(ListedObject(current.name, json.loads(current.text)))
    return page


@dataclasses.dataclass(frozen=True, slots=True)
class Current:
    """The current version of the key ``name``, or a common prefix, with the first text under it."""

    name: str
    text: str
    is_prefix: bool


def current_versions(
    source: EntrySource, db: str, prefix: str, start: str | None, delimiter: str = ""
) -> Iterator[Current]:
    """Each current version that is no delete marker, or the common prefix that stands for several."""
    if start is None:
        return
    cursor = Cursor(source, db, start, end=None if prefix else LAST_LISTED)
    for stored_key, text in cursor:
        key, _ = split(stored_key)
        if not key.startswith(prefix):
            return
        if is_place_holder(text):
            continue  # the version that follows is the current one
        cursor.skip_to(after_versions(key))
        if is_delete_marker(text):
            continue
        shared = common_prefix(key, prefix, delimiter)
        if shared is None:
            yield Current(key, text, is_prefix=False)
        else:
            yield Current(shared, text, is_prefix=True)
            cursor.skip_to(after_prefix(shared))


class VersionWalk:
    """All versions from a cursor on, newest first within a key; the master's own version is seen once, as master.

    Attributes:
        cursor: to seek with while iterating.
        limit_reached: whether it ended because ``max_scanned`` stored entries had been looked at.
    """

    def __init__(self, cursor: Cursor, prefix: str, max_scanned: int | None = None) -> None:
        self.cursor = cursor
        self.limit_reached = False
        self._prefix = prefix
        self._max_scanned = max_scanned

    def __iter__(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Key, version id (``null`` for an object without one) and metadata."""
        scanned = 0
        master: tuple[str, str] | None = None
        for stored_key, text in self.cursor:
            key, version_id = split(stored_key)
            if not key.startswith(self._prefix):
                return
            if scanned == self._max_scanned:
                self.limit_reached = True
                return
            scanned += 1
            if is_place_holder(text) or (key, version_id) == master:
                continue
            md = json.loads(text)
            if version_id is None:
                version_id = md.get("versionId") or NO_VERSION_ID
                master = key, version_id
            yield key, version_id, md


def list_versions(
    source: EntrySource,
    db: str,
    *,
    prefix: str = "",
    delimiter: str = "",
    key_marker: str = "",
    version_id_marker: str = "",
    max_keys: int = 1000,
) -> VersionListing:
    """Versions and delete markers after a version of a key, or after all versions of ``key_marker``.

    Args:
        version_id_marker: internal id; only counts together with ``key_marker``. The version it names need not exist.
    """
    page = VersionListing()
    cursor = version_cursor(source, db, prefix, delimiter, key_marker, version_id_marker)
    if cursor is None:
        return page
    previous = key_marker
    for key, version_id, md in VersionWalk(cursor, prefix):
        if len(page.versions) + len(page.common_prefixes) >= max_keys:
            page.is_truncated = max_keys > 0
            break
        shared = common_prefix(key, prefix, delimiter)
        if shared is None:
            page.versions.append(ListedVersion(key, version_id, md, key != previous))
            page.next_key_marker, page.next_version_id_marker = key, version_id
            previous = key
        else:
            page.common_prefixes.append(shared)
            page.next_key_marker, page.next_version_id_marker = shared, ""
            cursor.skip_to(after_prefix(shared))
    return page


def version_cursor(
    source: EntrySource,
    db: str,
    prefix: str,
    delimiter: str,
    key_marker: str,
    version_id_marker: str,
    *,
    inclusive: bool = False,
) -> Cursor | None:
    """Where a listing of versions starts; None when nothing can follow. ``inclusive``: at the marker's version."""
    end = None if prefix else LAST_LISTED
    if key_marker and version_id_marker and common_prefix(key_marker, prefix, delimiter) is None:
        marker = f"{key_marker}{SEPARATOR}{version_id_marker}"
        if marker >= prefix:
            return Cursor(source, db, marker, inclusive=inclusive, end=end)
        return Cursor(source, db, prefix, end=end)
    start = first_after(prefix, delimiter, key_marker)
    return None if start is None else Cursor(source, db, start, end=end)
