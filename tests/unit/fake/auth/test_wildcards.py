"""``*`` and ``?`` in policies."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.auth.wildcards import arn_matches, compiled


@given(st.text("ab*?.", max_size=8), st.text("ab.", max_size=8))
def test_as_file_names_are_matched(pattern: str, text: str) -> None:
    assert (compiled(pattern).fullmatch(text) is not None) == fnmatch.fnmatchcase(text, pattern)


def test_brackets_and_line_ends_are_ordinary() -> None:
    assert compiled("[a]*").fullmatch("[a]\nb")
    assert not compiled("[a]").fullmatch("a")


def test_letter_case() -> None:
    assert compiled("s3:get*", ignore_case=True).fullmatch("s3:GetObject")
    assert not compiled("s3:get*").fullmatch("s3:GetObject")


def test_many_stars_take_no_longer() -> None:
    assert not compiled("*a" * 40 + "b").fullmatch("a" * 5000)


@pytest.mark.parametrize(
    ("arn", "pattern", "matches"),
    [
        ("arn:aws:s3:::b", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/*", False),
        ("arn:aws:s3:::b/k", "arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::b/k/l", "arn:aws:s3:::b/k*", True),
        ("arn:aws:s3:::b/a:c", "arn:aws:s3:::b/*", True),
        ("arn:aws:s3:::b/k", "arn:aws:s3:::b/?", True),
        ("arn:aws:s3:::b/kk", "arn:aws:s3:::b/?", False),
        ("arn:aws:s3:::b", "arn:aws:*:::b", True),
        ("arn:aws:s3:::b", "arn:*b", False),
        ("arn:aws:s3:::b", "arn:aws:s3::*", False),
        ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
    ],
)
def test_arns(arn: str, pattern: str, *, matches: bool) -> None:
    assert arn_matches(arn, pattern) is matches
