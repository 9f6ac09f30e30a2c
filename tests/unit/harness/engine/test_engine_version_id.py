from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.version_id import decode, encode


@pytest.mark.parametrize(
    ("raw", "encoded"),
    [
        ("98498980852335999999RG001  ", "aKBarX2y5Cjl00000000001I4j3QKItW"),
        ("98500086134471999999RG001  0", "39383530303038363133343437313939393939395247303031202030"),
        ("00000000000000000000RG001  ", "00000000000000000000001I4j3QKItW"),
    ],
)
def test_known_ids(raw: str, encoded: str) -> None:
    assert encode(raw) == encoded
    assert decode(encoded) == raw


@given(st.from_regex(r"\A[0-9]{20}[A-Z0-9]{5}  ( ?[0-9]{1,6})?\Z"))
def test_every_id_comes_back(raw: str) -> None:
    assert decode(encode(raw)) == raw


@pytest.mark.parametrize("text", ["", "short", "0" * 31, "zz" * 20, "é" * 32, "Z" * 32])
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (several kinds of text, one kind of error)
        decode(text)
