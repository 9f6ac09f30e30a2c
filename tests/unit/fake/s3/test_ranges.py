"""Byte ranges and parts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.ranges import parse_range, part_elements, part_range, parts_count


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-4", (0, 4)),
        ("bytes=5-", (5, 19)),
        ("bytes=19-19", (19, 19)),
        ("bytes=0-100", (0, 19)),
        ("bytes=-3", (17, 19)),
        ("bytes=-100", (0, 19)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("bytes= 0-4", None),
        ("items=0-4", None),
        ("0-4", None),
        ("bytes=٣-4", None),
    ],
)
def test_range_of_twenty_bytes(header: str, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 20) == expected


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=20-", 20), ("bytes=20-25", 20), ("bytes=0-", 0), ("bytes=0-0", 0), ("bytes=-0", 20), ("bytes=-0", 0)],
)
def test_unsatisfiable(header: str, size: int) -> None:
    with pytest.raises(S3Error) as raised:
        parse_range(header, size)
    assert raised.value.code == "InvalidRange"


def test_last_bytes_of_nothing() -> None:
    assert parse_range("bytes=-5", 0) is None


def test_endless_digits() -> None:
    assert parse_range(f"bytes=0-{'9' * 5000}", 20) == (0, 19)


@given(st.integers(0, 50), st.one_of(st.none(), st.integers(0, 60)), st.one_of(st.none(), st.integers(0, 60)))
def test_a_range_lies_in_the_object(size: int, first: int | None, last: int | None) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    try:
        found = parse_range(header, size)
    except S3Error:
        return
    if found is not None:
        assert 0 <= found[0] <= found[1] < size


def element(start: int, size: int, etag: str | None) -> dict[str, Any]:
    return {"start": start, "size": size} | ({} if etag is None else {"dataStoreETag": etag})


def test_a_part_may_have_several_elements() -> None:
    elements = [element(0, 5, "1:a"), element(5, 3, "2:b"), element(8, 2, "2:c"), element(10, 1, "3:d")]
    assert part_elements(elements, 2) == elements[1:3]
    assert part_range(elements[1:3]) == (5, 9)
    assert part_elements(elements, 4) == []


def test_parts_without_number_count_by_position() -> None:
    elements = [element(0, 5, None), element(5, 3, None)]
    assert part_elements(elements, 2) == elements[1:]


def test_a_bare_remote_etag_has_no_part() -> None:
    assert part_elements([element(0, 5, "abc-2")], 1) == []


@pytest.mark.parametrize(("md5", "count"), [("abc-3", "3"), ("abc", None), ("d41d8cd98f00b204e9800998ecf8427e", None)])
def test_parts_count(md5: str, count: str | None) -> None:
    assert parts_count(md5) == count


@pytest.mark.parametrize("element", [{"key": "k"}, {"key": "k", "start": 0}, {"key": "k", "size": 1}])
def test_nobody_knows_where_an_old_element_lies(element: dict[str, Any]) -> None:
    with pytest.raises(S3Error, match="InternalError"):
        part_range([element])
