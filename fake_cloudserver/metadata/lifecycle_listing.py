"""The three listings that Backbeat's lifecycle works from: current, noncurrent, orphan delete markers.

Each stops after a number of entries looked at, too, and then says where to go on. Dates are ISO 8601 with
milliseconds and compared as text.

Source: Arsenal lib/algos/list/delimiterCurrent.ts, delimiterNonCurrent.ts, delimiterOrphanDeleteMarker.ts.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from fake_cloudserver.metadata.cursor import EntrySource, after_versions
from fake_cloudserver.metadata.listing import (
    ListedObject,
    VersionWalk,
    current_versions,
    first_after,
    version_cursor,
)


@dataclasses.dataclass(frozen=True, slots=True)
class LifecycleFilter:
    """What all three have in common.

    Attributes:
        before_date: only what became what it is before that time; "" for any.
        excluded_data_store_name: leaves out data of that location; "" for none. Not for orphans.
        max_scanned: how many entries are looked at: candidates for current, stored keys for the others.
    """

    prefix: str = ""
    max_keys: int = 1000
    before_date: str = ""
    excluded_data_store_name: str = ""
    max_scanned: int | None = None

    def accepts(self, date: str | None, md: dict[str, Any]) -> bool:
        """Whether a version of that date is wanted."""
        if self.before_date and (not date or date >= self.before_date):
            return False
        return not self.excluded_data_store_name or md.get("dataStoreName") != self.excluded_data_store_name


@dataclasses.dataclass(slots=True)
class CurrentListing:
    """A page of current versions, or of orphan delete markers; ``next_marker`` counts when it is truncated."""

    contents: list[ListedObject] = dataclasses.field(default_factory=list)
    is_truncated: bool = False
    next_marker: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class NoncurrentVersion:
    """A noncurrent version, and since when it is one: the time at which the next newer was written."""

    key: str
    version_id: str
    md: dict[str, Any]
    stale_date: str


@dataclasses.dataclass(slots=True)
class NoncurrentListing:
    """A page of noncurrent versions; the markers count when it is truncated, and are internal ids."""

    contents: list[NoncurrentVersion] = dataclasses.field(default_factory=list)
    is_truncated: bool = False
    next_key_marker: str = ""
    next_version_id_marker: str = ""


def list_current(source: EntrySource, db: str, wanted: LifecycleFilter, *, marker: str = "") -> CurrentListing:
    """Current versions that are no delete markers, last modified before the date."""
    page = CurrentListing()
    start = first_after(wanted.prefix, "", marker)
    for scanned, current in enumerate(current_versions(source, db, wanted.prefix, start)):
        if len(page.contents) >= wanted.max_keys:
            page.is_truncated = wanted.max_keys > 0
            break
        if scanned == wanted.max_scanned:
            page.is_truncated = True
            break
        md = json.loads(current.text)
        if wanted.accepts(md.get("last-modified"), md):
            page.contents.append(ListedObject(current.name, md))
        page.next_marker = current.name
    return page


def list_noncurrent(
    source: EntrySource, db: str, wanted: LifecycleFilter, *, key_marker: str = "", version_id_marker: str = ""
) -> NoncurrentListing:
    """Noncurrent versions, delete markers among them, that became so before the date."""
    page = NoncurrentListing()
    # The marker's version is read again: it tells since when the one that follows is noncurrent.
    cursor = version_cursor(source, db, wanted.prefix, "", key_marker, version_id_marker, inclusive=True)
    if cursor is None:
        return page
    walk = VersionWalk(cursor, wanted.prefix, wanted.max_scanned)
    newer: tuple[str, str | None] | None = None
    for key, version_id, md in walk:
        if len(page.contents) >= wanted.max_keys:
            page.is_truncated = wanted.max_keys > 0
            return page
        page.next_key_marker, page.next_version_id_marker = key, version_id
        if newer is not None and newer[0] == key and newer[1] and wanted.accepts(newer[1], md):
            page.contents.append(NoncurrentVersion(key, version_id, md, newer[1]))
        newer = key, md.get("last-modified")
    page.is_truncated = walk.limit_reached
    return page


def list_orphans(source: EntrySource, db: str, wanted: LifecycleFilter, *, marker: str = "") -> CurrentListing:
    """Delete markers that are the only version of their key, written before the date."""
    page = CurrentListing()
    if wanted.max_keys == 0:
        return page
    cursor = version_cursor(source, db, wanted.prefix, "", marker, "")
    if cursor is None:
        return page
    walk = VersionWalk(cursor, wanted.prefix, wanted.max_scanned)
    done = ""
    candidate: ListedObject | None = None
    for key, _, md in walk:
        if candidate is not None and candidate.key == key:
            candidate, done = None, key
            walk.cursor.skip_to(after_versions(key))
            continue
        if candidate is not None:
            done = candidate.key
            _add_orphan(page, wanted, candidate)
        if len(page.contents) == wanted.max_keys:
            page.is_truncated = True
            return page
        candidate = ListedObject(key, md)
    if walk.limit_reached:
        page.is_truncated, page.next_marker = True, done
    elif candidate is not None:
        _add_orphan(page, wanted, candidate)
    return page


def _add_orphan(page: CurrentListing, wanted: LifecycleFilter, candidate: ListedObject) -> None:
    modified = candidate.md.get("last-modified")
    if candidate.md.get("isDeleteMarker") and (not wanted.before_date or (modified and modified < wanted.before_date)):
        page.contents.append(candidate)
        page.next_marker = candidate.key
