"""Conditional headers: order and answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.conditions import check_conditions, check_dates

MD5 = "644be06dfc54061fd1e67f5ebbabcd58"
CHANGED = "2026-11-22T22:19:31.731Z"
SAME = "Sun, 22 Nov 2026 22:19:31 GMT"
OLD = "Tue, 01 Jan 2019 00:00:00 GMT"
FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT"


def answer(headers: dict[str, str]) -> str:
    try:
        check_conditions(headers, etag=MD5, last_modified=CHANGED)
    except S3Error as error:
        return error.code
    return "200"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "200"),
        ({"if-match": f'"{MD5}"'}, "200"),
        ({"if-match": MD5}, "200"),
        ({"if-match": "*"}, "200"),
        ({"if-match": f'"abc","{MD5}"'}, "200"),
        ({"if-match": f'"abc", "{MD5}"'}, "PreconditionFailed"),
        ({"if-match": '"abc"'}, "PreconditionFailed"),
        ({"if-match": f'W/"{MD5}"'}, "PreconditionFailed"),
        ({"if-match": ""}, "200"),
        ({"if-none-match": f'"{MD5}"'}, "NotModified"),
        ({"if-none-match": "*"}, "NotModified"),
        ({"if-none-match": '"abc"'}, "200"),
        ({"if-none-match": f'W/"{MD5}"'}, "200"),
        ({"if-modified-since": OLD}, "200"),
        ({"if-modified-since": SAME}, "NotModified"),
        ({"if-modified-since": FUTURE}, "NotModified"),
        ({"if-modified-since": "yesterday-ish"}, "InvalidArgument"),
        ({"if-unmodified-since": OLD}, "PreconditionFailed"),
        ({"if-unmodified-since": SAME}, "200"),
        ({"if-unmodified-since": "yesterday-ish"}, "InvalidArgument"),
        ({"if-match": f'"{MD5}"', "if-unmodified-since": OLD}, "200"),
        ({"if-match": f'"{MD5}"', "if-unmodified-since": "x"}, "200"),
        ({"if-none-match": '"abc"', "if-modified-since": FUTURE}, "NotModified"),
        ({"if-match": '"abc"', "if-none-match": f'"{MD5}"'}, "PreconditionFailed"),
        ({"if-none-match": f'"{MD5}"', "if-modified-since": "x"}, "NotModified"),
        ({"x-amz-copy-source-if-match": '"abc"'}, "PreconditionFailed"),
        ({"if-match": f'"{MD5}"', "x-amz-copy-source-if-match": '"abc"'}, "200"),
        ({"if-match": "", "x-amz-copy-source-if-match": '"abc"'}, "PreconditionFailed"),
    ],
)
def test_conditions(headers: dict[str, str], expected: str) -> None:
    assert answer(headers) == expected


@given(
    st.sampled_from(["if-match", "if-none-match"]), st.lists(st.sampled_from([MD5, f'"{MD5}"', "*", '"x"', "", " "]))
)
def test_an_etag_list_matches_when_one_item_does(name: str, items: list[str]) -> None:
    header = ",".join(items)
    matches = any(item in {MD5, f'"{MD5}"', "*"} for item in items)
    if not header:
        expected = "200"
    elif name == "if-match":
        expected = "200" if matches else "PreconditionFailed"
    else:
        expected = "NotModified" if matches else "200"
    assert answer({name: header}) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"if-modified-since": SAME}, "NotModified"),
        ({"if-unmodified-since": OLD}, "PreconditionFailed"),
        ({"if-modified-since": "x"}, "InvalidArgument"),
        ({"if-match": '"abc"', "if-unmodified-since": OLD}, "PreconditionFailed"),
    ],
)
def test_dates_alone(headers: dict[str, str], expected: str) -> None:
    with pytest.raises(S3Error) as raised:
        check_dates(headers, last_modified=CHANGED)
    assert raised.value.code == expected


def test_dates_alone_ignore_etags() -> None:
    check_dates({"if-match": '"abc"', "if-none-match": "*"}, last_modified=CHANGED)
