"""The lifecycle listings of a real CloudServer for the same bucket, page by page."""

from __future__ import annotations

import pytest

from fake_cloudserver.clock import VirtualClock, iso
from fake_cloudserver.metadata.lifecycle_listing import (
    CurrentListing,
    LifecycleFilter,
    NoncurrentListing,
    list_current,
    list_noncurrent,
    list_orphans,
)
from fake_cloudserver.metadata.object_metadata import encoded_version_id
from fake_cloudserver.metadata.store import MetadataStore

INFINITE = "99999999999999999999RG001  "


class Bucket:
    """A null version and two more of a; two of b; c deleted; d; e/1; deletes of o1, o2, o3, which never were."""

    def __init__(self, store: MetadataStore, clock: VirtualClock) -> None:
        self.store = store
        self._clock = clock
        self.ids: dict[str, str] = {INFINITE: "a0"}
        null = self._md()
        store.put_object("bkt", "a", null)
        store.put_object("bkt", "a", {**null, "isNull": True, "versionId": INFINITE}, version_id=INFINITE)
        self._put("a", "a1", nullVersionId=INFINITE)
        self._put("a", "a2", nullVersionId=INFINITE)
        for key, name in [("b", "b1"), ("b", "b2"), ("c", "c1"), ("d", "d1"), ("e/1", "e1")]:
            self._put(key, name)
        for key, name in [("c", "c2"), ("o1", "o1"), ("o2", "o2"), ("o3", "o3")]:
            self._put(key, name, isDeleteMarker=True)

    def _md(self, **properties: object) -> dict[str, object]:
        self._clock.advance(1)
        return {"last-modified": iso(self._clock.now()), "dataStoreName": "us-east-1", **properties}

    def _put(self, key: str, name: str, **properties: object) -> None:
        version_id = self.store.put_object("bkt", key, self._md(**properties), versioning=True)
        self.ids[str(version_id)] = name

    def date(self, name: str) -> str:
        version_id = next(known for known, other in self.ids.items() if other == name)
        md = self.store.get_object("bkt", {"e1": "e/1"}.get(name, name if name[0] == "o" else name[0]), version_id)
        assert md is not None
        date = md["last-modified"]
        assert isinstance(date, str)
        return date

    def current(self, page: CurrentListing) -> list[str]:
        return [self.ids[listed.md["versionId"]] for listed in page.contents]

    def noncurrent(self, page: NoncurrentListing) -> list[str]:
        return [self.ids[version.version_id] for version in page.contents]


@pytest.fixture
def bucket(store: MetadataStore, clock: VirtualClock) -> Bucket:
    return Bucket(store, clock)


def test_current(bucket: Bucket) -> None:
    page = list_current(bucket.store, "bkt", LifecycleFilter())
    assert bucket.current(page) == ["a2", "b2", "d1", "e1"]
    assert not page.is_truncated


def test_current_in_pages(bucket: Bucket) -> None:
    first = list_current(bucket.store, "bkt", LifecycleFilter(max_keys=2))
    assert (bucket.current(first), first.is_truncated, first.next_marker) == (["a2", "b2"], True, "b")
    second = list_current(bucket.store, "bkt", LifecycleFilter(max_keys=2), marker="b")
    assert (bucket.current(second), second.is_truncated) == (["d1", "e1"], False)


def test_current_counts_candidates_as_scanned(bucket: Bucket) -> None:
    page = list_current(bucket.store, "bkt", LifecycleFilter(max_scanned=3))
    assert (bucket.current(page), page.is_truncated, page.next_marker) == (["a2", "b2", "d1"], True, "d")


def test_current_goes_on_after_what_was_scanned_in_vain(bucket: Bucket) -> None:
    wanted = LifecycleFilter(max_scanned=2, before_date=bucket.date("a2"))
    page = list_current(bucket.store, "bkt", wanted)
    assert (page.contents, page.is_truncated, page.next_marker) == ([], True, "b")


def test_current_by_date_prefix_and_location(bucket: Bucket) -> None:
    def names(wanted: LifecycleFilter) -> list[str]:
        return bucket.current(list_current(bucket.store, "bkt", wanted))

    assert names(LifecycleFilter(before_date="2000-01-01T00:00:00.000Z")) == []
    assert names(LifecycleFilter(before_date="2100-01-01T00:00:00.000Z")) == ["a2", "b2", "d1", "e1"]
    assert names(LifecycleFilter(before_date=bucket.date("d1"))) == ["a2", "b2"]
    assert names(LifecycleFilter(prefix="e")) == ["e1"]
    assert names(LifecycleFilter(excluded_data_store_name="us-east-1")) == []
    assert names(LifecycleFilter(excluded_data_store_name="us-west-1")) == ["a2", "b2", "d1", "e1"]
    assert names(LifecycleFilter(max_keys=0)) == []


def test_noncurrent_with_the_time_at_which_each_became_so(bucket: Bucket) -> None:
    page = list_noncurrent(bucket.store, "bkt", LifecycleFilter())
    assert bucket.noncurrent(page) == ["a1", "a0", "b1", "c1"]
    assert [version.stale_date for version in page.contents] == [bucket.date(name) for name in ("a2", "a1", "b2", "c2")]
    assert [encoded_version_id(version.md) == "null" for version in page.contents] == [False, True, False, False]
    assert not page.is_truncated


def test_noncurrent_in_pages(bucket: Bucket) -> None:
    first = list_noncurrent(bucket.store, "bkt", LifecycleFilter(max_keys=2))
    assert (bucket.noncurrent(first), first.is_truncated) == (["a1", "a0"], True)
    assert (first.next_key_marker, first.next_version_id_marker) == ("a", INFINITE)
    second = list_noncurrent(
        bucket.store, "bkt", LifecycleFilter(max_keys=2), key_marker="a", version_id_marker=INFINITE
    )
    assert (bucket.noncurrent(second), second.is_truncated, second.next_key_marker) == (["b1", "c1"], True, "c")
    third = list_noncurrent(
        bucket.store,
        "bkt",
        LifecycleFilter(max_keys=2),
        key_marker="c",
        version_id_marker=second.next_version_id_marker,
    )
    assert (third.contents, third.is_truncated) == ([], False)


def test_a_page_in_the_middle_of_a_key_knows_the_newer_version(bucket: Bucket) -> None:
    first = list_noncurrent(bucket.store, "bkt", LifecycleFilter(max_keys=1))
    assert bucket.ids[first.next_version_id_marker] == "a1"
    second = list_noncurrent(
        bucket.store,
        "bkt",
        LifecycleFilter(max_keys=1),
        key_marker="a",
        version_id_marker=first.next_version_id_marker,
    )
    assert bucket.noncurrent(second) == ["a0"]
    assert second.contents[0].stale_date == bucket.date("a1")


def test_noncurrent_counts_stored_keys_as_scanned(bucket: Bucket) -> None:
    page = list_noncurrent(bucket.store, "bkt", LifecycleFilter(max_scanned=3))
    assert (bucket.noncurrent(page), page.is_truncated, page.next_key_marker) == (["a1"], True, "a")
    assert bucket.ids[page.next_version_id_marker] == "a1"


def test_noncurrent_by_date_prefix_and_location(bucket: Bucket) -> None:
    def names(wanted: LifecycleFilter) -> list[str]:
        return bucket.noncurrent(list_noncurrent(bucket.store, "bkt", wanted))

    assert names(LifecycleFilter(before_date=bucket.date("a2"))) == ["a0"]
    assert names(LifecycleFilter(before_date="2000-01-01T00:00:00.000Z")) == []
    assert names(LifecycleFilter(prefix="b")) == ["b1"]
    assert names(LifecycleFilter(excluded_data_store_name="us-east-1")) == []
    assert names(LifecycleFilter(max_keys=0)) == []


def test_orphans_are_delete_markers_without_versions(bucket: Bucket) -> None:
    page = list_orphans(bucket.store, "bkt", LifecycleFilter())
    assert (bucket.current(page), page.is_truncated) == (["o1", "o2", "o3"], False)


def test_orphans_in_pages(bucket: Bucket) -> None:
    first = list_orphans(bucket.store, "bkt", LifecycleFilter(max_keys=2))
    assert (bucket.current(first), first.is_truncated, first.next_marker) == (["o1", "o2"], True, "o2")
    second = list_orphans(bucket.store, "bkt", LifecycleFilter(max_keys=2), marker="o2")
    assert (bucket.current(second), second.is_truncated) == (["o3"], False)


def test_orphans_count_stored_keys_as_scanned(bucket: Bucket) -> None:
    page = list_orphans(bucket.store, "bkt", LifecycleFilter(max_scanned=3))
    assert (page.contents, page.is_truncated, page.next_marker) == ([], True, "a")
    last = list_orphans(bucket.store, "bkt", LifecycleFilter(max_scanned=3), marker="o1")
    assert (bucket.current(last), last.is_truncated, last.next_marker) == (["o2"], True, "o2")


def test_orphans_by_date_and_prefix(bucket: Bucket) -> None:
    def names(wanted: LifecycleFilter) -> list[str]:
        return bucket.current(list_orphans(bucket.store, "bkt", wanted))

    assert names(LifecycleFilter(before_date=bucket.date("o3"))) == ["o1", "o2"]
    assert names(LifecycleFilter(before_date="2000-01-01T00:00:00.000Z")) == []
    assert names(LifecycleFilter(prefix="o2")) == ["o2"]
    assert names(LifecycleFilter(max_keys=0)) == []


def test_exactly_as_many_orphans_as_asked_for_at_the_end_are_the_last_page(bucket: Bucket) -> None:
    page = list_orphans(bucket.store, "bkt", LifecycleFilter(max_keys=3))
    assert (bucket.current(page), page.is_truncated) == (["o1", "o2", "o3"], False)


def test_nothing_can_follow_the_last_of_all_keys(bucket: Bucket) -> None:
    marker = "\U0010ffff"
    assert list_current(bucket.store, "bkt", LifecycleFilter(), marker=marker).contents == []
    assert list_noncurrent(bucket.store, "bkt", LifecycleFilter(), key_marker=marker).contents == []
    assert list_orphans(bucket.store, "bkt", LifecycleFilter(), marker=marker).contents == []
