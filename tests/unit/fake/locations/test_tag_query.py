from __future__ import annotations

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.locations.tag_query import is_storable, tag_query


@pytest.mark.parametrize(
    ("tags", "query"),
    [
        ({}, ""),
        ({"k1": "v1", "k2": "v2"}, "k1=v1&k2=v2"),
        ({"k 1": "v/1", "k2": ""}, "k%201=v%2F1&k2="),
        ({"a&b": "c=d+e"}, "a%26b=c%3Dd%2Be"),
        ({"-_.!~*'()": "ü"}, "-_.!~*'()=%C3%BC"),
    ],
)
def test_tags_are_written_as_node_writes_a_query(tags: dict[str, str], query: str) -> None:
    assert tag_query(tags) == query


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_a_query_reads_back_as_its_tags(tags: dict[str, str]) -> None:
    assert dict(urllib.parse.parse_qsl(tag_query(tags), keep_blank_values=True)) == tags


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({f"k{n}": "" for n in range(50)}, True),
        ({f"k{n}": "" for n in range(51)}, False),
        ({"k" * 128: "v" * 256}, True),
        ({"k" * 129: "v"}, False),
        ({"k": "v" * 257}, False),
        ({"": "v"}, False),
        ({"ü" * 128: "ü" * 256}, True),
    ],
)
def test_limits_of_a_location(tags: dict[str, str], expected: bool) -> None:
    assert is_storable(tag_query(tags)) is expected
