from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.api.failed_sets import HOUR_MS, FailedObject, FailedSets, Failure

NOW = 490_896 * HOUR_MS + 1_800_000
SITE = "site"


def message(member: str, score: int, site: str = SITE) -> bytes:
    key = f"bb:crr:failed:{site}:{score - score % HOUR_MS}"
    return json.dumps({"key": key, "member": member, "score": score}).encode()


class Sets(FailedSets):
    """With places given out one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = 0

    def fail(self, key: str, score: int, site: str = SITE) -> Failure:
        failure = Failure(FailedObject(site, "b", key, "v"), score, (0, self.offset))
        self.offset += 1
        self.add(failure)
        return failure

    def pages(self, site: str = SITE, limit: int = 100) -> list[list[str]]:
        """All pages, by following markers."""
        pages: list[list[str]] = []
        marker: int | None = None
        while True:
            page = self.page(site, marker, NOW, limit)
            pages.append([one.key for one in page.failed])
            if page.marker is None:
                return pages
            marker = page.marker


@pytest.mark.parametrize(
    ("member", "bucket", "key", "version_id"),
    [
        ("b:k:v", "b", "k", "v"),
        ("b:dir/k:", "b", "dir/k", ""),
        ("b:a:key:with::colons:v", "b", "a:key:with::colons", "v"),
        ("b:::v", "b", ":", "v"),
    ],
)
def test_a_member_is_taken_apart_at_its_first_and_last_colon(
    member: str, bucket: str, key: str, version_id: str
) -> None:
    failure = Failure.parse(message(member, NOW), (1, 2))
    assert failure == Failure(FailedObject(SITE, bucket, key, version_id), NOW, (1, 2))
    assert failure.failed.member == member


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"key":"bb:crr:failed:s:0","member":"b:k","score":1}',
        b'{"key":"bb:crr:failed:s:0","member":"b:k:v","score":"1"}',
        b'{"key":"bb:crr:failed:s:0","member":7,"score":1}',
        b'{"key":"other:s:0","member":"b:k:v","score":1}',
        b'{"key":"bb:crr:failed:s","member":"b:k:v","score":1}',
        b'{"key":"bb:crr:failed:s:0","member":":k:v","score":1}',
        b'{"key":"bb:crr:failed:s:0","member":"b::v","score":1}',
    ],
)
def test_what_is_no_failure_is_none(value: bytes) -> None:
    assert Failure.parse(value, (0, 0)) is None


def test_a_site_with_colons_in_its_name() -> None:
    failure = Failure.parse(message("b:k:v", NOW, "a:site"), (0, 0))
    assert failure is not None
    assert failure.failed.site == "a:site"


def test_without_failures_there_is_one_empty_page() -> None:
    page = Sets().page(SITE, None, NOW)
    assert (page.failed, page.marker) == ([], None)


def test_newest_set_first_and_ascending_within_a_set() -> None:
    sets = Sets()
    for hours_ago, key in ((2, "c"), (0, "a2"), (1, "b"), (0, "a1")):
        sets.fail(key, NOW - hours_ago * HOUR_MS - (1_000 if key == "a1" else 0))
    assert sets.pages() == [["a1", "a2", "b", "c"]]


def test_the_last_members_of_a_set_come_first_and_the_marker_is_the_one_before() -> None:
    sets = Sets()
    for number in range(5):
        sets.fail(f"k{number}", NOW + number)
    page = sets.page(SITE, None, NOW, limit=2)
    assert ([one.key for one in page.failed], page.marker) == (["k3", "k4"], NOW + 2)
    assert sets.pages(limit=2) == [["k3", "k4"], ["k1", "k2"], ["k0"]]


def test_at_the_border_of_a_set_the_next_one_has_the_marker() -> None:
    sets = Sets()
    for number in range(2):
        sets.fail(f"new{number}", NOW + number)
        sets.fail(f"old{number}", NOW - 3 * HOUR_MS + number)
    assert sets.page(SITE, None, NOW, limit=2).marker == NOW - 3 * HOUR_MS + 1
    assert sets.pages(limit=2) == [["new0", "new1"], ["old0", "old1"]]


def test_one_score_at_the_border_of_a_page_loses_and_repeats_nothing() -> None:
    sets = Sets()
    for number in range(7):
        sets.fail(f"k{number}", NOW)
    sets.fail("k7", NOW + 1)
    sets.fail("k8", NOW - 1)
    pages = sets.pages(limit=3)
    assert pages == [["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"], ["k8"]]


@pytest.mark.parametrize("marker", [NOW + HOUR_MS, NOW - 24 * HOUR_MS, 0, -5, 10**19])
def test_a_marker_outside_of_the_sets_lists_nothing(marker: int) -> None:
    sets = Sets()
    sets.fail("k", NOW)
    sets.fail("old", NOW - 3 * HOUR_MS)
    assert sets.page(SITE, marker, NOW).failed == []


def test_a_marker_whose_set_is_gone_goes_on_with_older_ones() -> None:
    sets = Sets()
    sets.fail("new", NOW)
    sets.fail("old", NOW - 3 * HOUR_MS)
    assert [one.key for one in sets.page(SITE, NOW - HOUR_MS, NOW).failed] == ["old"]


def test_an_object_that_failed_in_two_hours_is_listed_once_by_its_newest_failure() -> None:
    sets = Sets()
    old = sets.fail("k", NOW - HOUR_MS)
    sets.fail("other", NOW - HOUR_MS + 1)
    sets.fail("k", NOW)
    page = sets.page(SITE, None, NOW)
    assert [one.key for one in page.failed] == ["k", "other"]
    assert page.repeated == [old]
    assert sets.count(SITE, NOW) == 3
    for failure in page.repeated:
        sets.remove(failure.place, failure.score)
    assert (sets.count(SITE, NOW), sets.page(SITE, None, NOW).repeated) == (2, [])


def test_an_object_that_failed_twice_in_one_hour_counts_once_with_its_last_score() -> None:
    sets = Sets()
    first, second = sets.fail("k", NOW), sets.fail("k", NOW + 5)
    sets.fail("between", NOW + 3)
    assert sets.count(SITE, NOW) == 2
    assert sets.pages() == [["between", "k"]]
    assert sets.failures_of(first.failed, NOW) == [first, second]
    sets.remove(second.place, second.score)
    assert sets.pages() == [["k", "between"]]


def test_sites_have_sets_of_their_own() -> None:
    sets = Sets()
    sets.fail("k1", NOW, "one")
    sets.fail("k2", NOW, "other")
    assert (sets.pages("one"), sets.pages("other"), sets.pages("none")) == ([["k1"]], [["k2"]], [[]])


def test_a_set_goes_24_hours_after_its_hour_began() -> None:
    sets = Sets()
    sets.fail("k", NOW)
    begin = NOW - NOW % HOUR_MS
    assert sets.count(SITE, begin + 24 * HOUR_MS - 1) == 1
    assert sets.count(SITE, begin + 24 * HOUR_MS) == 0
    assert sets.expire(begin + 24 * HOUR_MS - 1) == 0
    assert sets.expire(begin + 24 * HOUR_MS) == 1
    assert len(sets) == 0


def test_a_removal_of_another_failure_at_the_same_place_changes_nothing() -> None:
    sets = Sets()
    failure = sets.fail("k", NOW)
    sets.remove(failure.place, NOW + 1)
    sets.add(failure)
    assert sets.count(SITE, NOW) == 1
    sets.remove(failure.place, NOW)
    sets.remove(failure.place, NOW)
    assert sets.count(SITE, NOW) == 0


def test_where_to_begin_to_read() -> None:
    sets = Sets()
    for place, score in (((0, 7), NOW), ((0, 5), NOW), ((2, 9), NOW)):
        sets.add(Failure(FailedObject(SITE, "b", "k", "v"), score, place))
    assert sets.first_places() == {0: 5, 2: 9}


def test_18000_failures_over_24_hours_are_listed_completely_without_duplicates() -> None:
    sets = Sets()
    for number in range(18_000):
        sets.fail(f"k{number}", NOW - NOW % HOUR_MS - (number % 24) * HOUR_MS + number)
    pages = sets.pages()
    assert sorted(key for page in pages for key in page) == sorted(f"k{number}" for number in range(18_000))
    assert [len(page) for page in pages] == [100] * 180


def test_10000_failures_in_one_hour_are_listed_completely_without_duplicates() -> None:
    sets = Sets()
    for number in range(10_000):
        sets.fail(f"k{number}", NOW + number)
    pages = sets.pages()
    assert sorted(key for page in pages for key in page) == sorted(f"k{number}" for number in range(10_000))
    assert [len(page) for page in pages] == [100] * 100


@given(
    st.lists(st.tuples(st.sampled_from("abcdefghijkl"), st.integers(0, 30), st.integers(0, 23)), max_size=60),
    st.integers(1, 7),
)
def test_whatever_the_scores_every_object_is_listed_once(failures: list[tuple[str, int, int]], limit: int) -> None:
    sets = Sets()
    for key, score, hours in failures:
        sets.fail(key, NOW - hours * HOUR_MS - score)
    pages = sets.pages(limit=limit)
    assert sorted(key for page in pages for key in page) == sorted({key for key, _, _ in failures})
    assert all(len(page) >= limit for page in pages[:-1])
