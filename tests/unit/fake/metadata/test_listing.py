from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sortedcontainers import SortedDict

from fake_cloudserver.metadata.cursor import LAST_LISTED, after_prefix, common_prefix
from fake_cloudserver.metadata.databases import MemoryDatabases
from fake_cloudserver.metadata.listing import ListedObject, ObjectListing, VersionListing, list_objects, list_versions
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.versioning_request import place_holder, to_text

KEYS = st.text("ab/é\U0001f600\uffff", max_size=4)
TEXTS = st.text("ab/é\U0001f600\uffff", max_size=3)
DELIMITERS = st.sampled_from(["", "/", "b", "//", "\U0001f600", "\U0010ffff"])
#: For each key its versions, newest first: are they delete markers?
BUCKETS = st.dictionaries(KEYS.filter(bool), st.lists(st.booleans(), min_size=1, max_size=7), max_size=9)


class Entries:
    """Stored keys, counted as they are taken."""

    def __init__(self, entries: dict[str, str]) -> None:
        self.keys = SortedDict(entries)
        self.taken = 0

    def entries(self, db: str, start: str = "", *, inclusive: bool = True, end: str | None = None) -> Any:
        for key in self.keys.irange(start, end, (inclusive, False)):
            self.taken += 1
            yield key, self.keys[key]


def stored(bucket: dict[str, list[bool]]) -> Entries:
    """As the store keeps them; a key with more than four versions has a place-holder for a master."""
    entries = {}
    for key, versions in bucket.items():
        texts = [
            to_text({"n": number, "isDeleteMarker": marker, "versionId": f"{number:02d}"})
            for number, marker in enumerate(versions)
        ]
        entries[key] = place_holder("00") if len(versions) > 4 else texts[0]
        entries |= {f"{key}\0{number:02d}": text for number, text in enumerate(texts)}
    return Entries(entries)


def test_without_a_prefix_keys_of_supplementary_planes_are_not_listed() -> None:
    source = stored({key: [False] for key in ("a", "\uff21", "\U0001f600")})
    assert [entry.key for entry in list_objects(source, "bucket").contents] == ["a", "\uff21"]
    assert [entry.key for entry in list_objects(source, "bucket", prefix="\U0001f600").contents] == ["\U0001f600"]


def rolled_up(keys: list[str], prefix: str, delimiter: str, marker: str) -> list[tuple[str, bool]]:
    """Keys and common prefixes a listing should show, by brute force."""
    names = {}
    for key in sorted(keys):
        if key.startswith(prefix) and (prefix or key < LAST_LISTED):
            shared = common_prefix(key, prefix, delimiter)
            names[key if shared is None else shared] = shared is not None
    return [(name, is_prefix) for name, is_prefix in sorted(names.items()) if name > marker]


def merged(page: ObjectListing) -> list[tuple[str, bool]]:
    names = [(listed.key, False) for listed in page.contents] + [(name, True) for name in page.common_prefixes]
    return sorted(names)


@given(BUCKETS, TEXTS, DELIMITERS, KEYS, st.integers(0, 6))
def test_a_page_of_objects_is_what_brute_force_gives(
    bucket: dict[str, list[bool]], prefix: str, delimiter: str, marker: str, max_keys: int
) -> None:
    page = list_objects(stored(bucket), "b", prefix=prefix, delimiter=delimiter, marker=marker, max_keys=max_keys)
    visible = [key for key, versions in bucket.items() if not versions[0]]
    inside = common_prefix(marker, prefix, delimiter)
    expected = [item for item in rolled_up(visible, prefix, delimiter, marker) if item[0] != inside]
    assert merged(page) == expected[:max_keys]
    assert page.is_truncated == (0 < max_keys < len(expected))
    assert page.next_marker == (expected[:max_keys] or [("", False)])[-1][0]


@given(BUCKETS, TEXTS, DELIMITERS, st.integers(1, 3))
def test_pages_of_objects_join_to_the_whole(
    bucket: dict[str, list[bool]], prefix: str, delimiter: str, size: int
) -> None:
    entries = stored(bucket)
    whole = merged(list_objects(entries, "b", prefix=prefix, delimiter=delimiter))
    joined: list[tuple[str, bool]] = []
    page = ObjectListing(is_truncated=True)
    while page.is_truncated:
        before = page.next_marker
        page = list_objects(entries, "b", prefix=prefix, delimiter=delimiter, marker=page.next_marker, max_keys=size)
        assert page.next_marker > before or not page.is_truncated
        joined += merged(page)
    assert joined == whole


@given(BUCKETS, TEXTS, DELIMITERS, KEYS, st.integers(0, 9))
def test_a_page_of_versions_is_what_brute_force_gives(
    bucket: dict[str, list[bool]], prefix: str, delimiter: str, key_marker: str, version: int
) -> None:
    marker = f"{version:02d}" if version < 8 else ""
    page = list_versions(
        stored(bucket), "b", prefix=prefix, delimiter=delimiter, key_marker=key_marker, version_id_marker=marker
    )
    expected = []
    inside = common_prefix(key_marker, prefix, delimiter)
    for name, is_prefix in rolled_up(list(bucket), prefix, delimiter, ""):
        if is_prefix:
            if name > key_marker and name != inside:
                expected.append((name, "", False, False))
        else:
            first = version + 1 if name == key_marker and marker else len(bucket[name]) * (name <= key_marker != "")
            expected += [
                (name, f"{number:02d}", bucket[name][number], number == 0)
                for number in range(first, len(bucket[name]))
                if name >= key_marker
            ]
    listed = [
        (version.key, version.version_id, version.md["isDeleteMarker"], version.is_latest) for version in page.versions
    ] + [(name, "", False, False) for name in page.common_prefixes]
    assert sorted(listed) == sorted(expected)
    assert not page.is_truncated


@given(BUCKETS, TEXTS, DELIMITERS, st.integers(1, 3))
def test_pages_of_versions_join_to_the_whole(
    bucket: dict[str, list[bool]], prefix: str, delimiter: str, size: int
) -> None:
    entries = stored(bucket)
    whole = list_versions(entries, "b", prefix=prefix, delimiter=delimiter)
    joined = VersionListing(is_truncated=True)
    versions, prefixes = [], []
    while joined.is_truncated:
        before = joined.next_key_marker, joined.next_version_id_marker
        joined = list_versions(
            entries,
            "b",
            prefix=prefix,
            delimiter=delimiter,
            key_marker=joined.next_key_marker,
            version_id_marker=joined.next_version_id_marker,
            max_keys=size,
        )
        assert len(joined.versions) + len(joined.common_prefixes) <= size
        assert (joined.next_key_marker, joined.next_version_id_marker) > before or not joined.is_truncated
        versions += [(version.key, version.version_id) for version in joined.versions]
        prefixes += joined.common_prefixes
    assert versions == [(version.key, version.version_id) for version in whole.versions]
    assert prefixes == whole.common_prefixes


def test_a_listed_object_comes_with_its_metadata() -> None:
    entries = Entries({"k": '{"a":1}'})
    assert list_objects(entries, "b").contents == [ListedObject("k", {"a": 1})]


def test_objects_without_version_id_are_listed_as_null() -> None:
    page = list_versions(Entries({"k": "{}", "l": "{}"}), "b", max_keys=1)
    assert [(version.key, version.version_id, version.is_latest) for version in page.versions] == [("k", "null", True)]
    assert (page.is_truncated, page.next_key_marker, page.next_version_id_marker) == (True, "k", "null")


def test_a_null_master_without_version_key_stands_before_the_versions() -> None:
    entries = Entries({"k": '{"isNull":true,"versionId":"05"}', "k\x0007": '{"versionId":"07"}'})
    page = list_versions(entries, "b")
    assert [(version.version_id, version.is_latest) for version in page.versions] == [("05", True), ("07", False)]


def test_a_stale_version_key_of_the_master_is_not_listed_beside_it() -> None:
    entries = Entries({"k": '{"n":2,"versionId":"05"}', "k\x0005": '{"n":1,"versionId":"05"}'})
    assert [version.md["n"] for version in list_versions(entries, "b").versions] == [2]


def test_a_version_marker_in_the_middle_of_a_key_makes_nothing_latest() -> None:
    page = list_versions(stored({"k": [False, False, False]}), "b", key_marker="k", version_id_marker="00")
    assert [version.is_latest for version in page.versions] == [False, False]


def test_a_version_marker_that_is_no_id_is_after_all_versions() -> None:
    page = list_versions(
        stored({"k": [False], "l": [False]}), "b", key_marker="k", version_id_marker="Error: cannot decode str 5"
    )
    assert [version.key for version in page.versions] == ["l"]


@pytest.mark.parametrize(
    ("prefix", "expected"), [("a", "b"), ("a/", "a0"), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("", None)]
)
def test_what_follows_a_prefix(prefix: str, expected: str | None) -> None:
    assert after_prefix(prefix) == expected


# Cost, counted in stored keys that are looked at


def test_objects_with_many_versions_cost_the_same_as_those_with_few() -> None:
    few, many = ({f"k{number:02d}": [False] * count for number in range(30)} for count in (6, 600))
    costs = []
    for bucket in (few, many):
        entries = stored(bucket)
        assert len(list_objects(entries, "b", max_keys=20).contents) == 20
        costs.append(entries.taken)
    assert costs[1] <= costs[0] <= 20 * 8


def test_a_common_prefix_costs_the_same_however_much_is_under_it() -> None:
    entries = stored({f"{letter}/{number:04d}": [False] for letter in "abc" for number in range(2000)})
    assert list_objects(entries, "b", delimiter="/").common_prefixes == ["a/", "b/", "c/"]
    assert list_versions(entries, "b", delimiter="/").common_prefixes == ["a/", "b/", "c/"]
    assert entries.taken < 60


class CountingKeys(SortedDict):  # type: ignore[misc]
    """A database that counts the keys that are read from it in order."""

    taken = 0

    def irange(self, *arguments: Any, **keywords: Any) -> Any:
        for key in super().irange(*arguments, **keywords):
            self.taken += 1
            yield key


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_pages_cost_what_they_return_with_100000_versions_of_one_key(store: MetadataStore) -> None:
    texts = {f"k\0{number:06d}": f'{{"versionId":"{number:06d}"}}' for number in range(100_000)}
    keys = CountingKeys({"a": "{}", "k": '{"versionId":"000000"}', **texts, "z": "{}"})
    assert isinstance(store._databases, MemoryDatabases)
    store._databases._keys["bkt"] = keys

    assert [listed.key for listed in list_objects(store, "bkt").contents] == ["a", "k", "z"]
    assert keys.taken < 50
    keys.taken = 0
    page = list_versions(store, "bkt", key_marker="k", version_id_marker="050000", max_keys=100)
    assert [version.version_id for version in page.versions] == [f"{number:06d}" for number in range(50_001, 50_101)]
    assert keys.taken < 300
    keys.taken = 0
    assert [version.key for version in list_versions(store, "bkt", key_marker="k").versions] == ["z"]
    assert keys.taken < 20
    keys.taken = 0
    store.delete_object("bkt", "k", "000000")
    assert json.dumps(store.get_object("bkt", "k")) == '{"versionId": "000001"}'
    assert keys.taken < 5
