"""JMESPath on the left, a literal or operators on the right."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ScenarioError
from harness.scenario.expectations import (
    OPERATORS,
    Unmet,
    brief,
    compile_path,
    describe,
    holds,
    is_operators,
    look,
    quote_dashes,
    unmet,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("seen", "wanted", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (1, 1.0, True),
        (None, None, True),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ([1, 2], [1, 2], True),
        ("a", {"not": "b"}, True),
        ("a", {"not": "a"}, False),
        (None, {"not": "a"}, True),
        ("a", {"one_of": ["a", "b"]}, True),
        (None, {"one_of": ["a"]}, False),
        (True, {"one_of": [1]}, False),
        ("abc", {"matches": "^a.c$"}, True),
        ("abc", {"matches": "^b"}, False),
        (None, {"matches": ""}, False),
        (12, {"matches": "1"}, False),
        (None, {"absent": True}, True),
        ("x", {"absent": True}, False),
        ("x", {"absent": False}, True),
        (None, {"absent": False}, False),
        (5, {"gte": 5, "lte": 5}, True),
        (4, {"gte": 5}, False),
        (None, {"gte": 0}, False),
        (None, {"lte": 0}, False),
        ("abc", {"contains": "b"}, True),
        (["a"], {"contains": "a"}, True),
        ({"a": 1}, {"contains": "a"}, True),
        (5, {"contains": 5}, False),
        ("12", {"contains": 1}, True),
        ([1, 2], {"length": 2}, True),
        (None, {"length": 0}, False),
        (7, {"length": 1}, False),
        ({"not": 1}, {"equals": {"not": 1}}, True),
        (hashlib.sha256(b"x").hexdigest(), {"same_as": "x"}, True),
        (f'"{hashlib.md5(b"x").hexdigest()}"', {"same_as": "x"}, True),
        (hashlib.sha256(b"x").hexdigest(), {"same_as": "y"}, False),
        ("x", {"same_as": "x"}, True),
        (None, {"same_as": "x"}, False),
        ("abc", {"matches": "a", "length": 3}, True),
        ("abc", {"matches": "a", "length": 4}, False),
    ],
)
def test_holds(seen: object, wanted: object, expected: bool) -> None:
    assert holds(seen, wanted) is expected


@pytest.mark.parametrize(("seen", "wanted"), [("a", {"gte": 1}), (1, {"one_of": 5}), ("a", {"matches": "("})])
def test_what_cannot_be_compared_is_told(seen: object, wanted: object) -> None:
    with pytest.raises(ScenarioError, match="cannot compare"):
        holds(seen, wanted)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ReplicationStatus", "COMPLETED"),
        ("Metadata.scal-version-id", "v"),
        ("Metadata.aws-us-east-1-replication-status", "X"),
        ('Metadata."scal-version-id"', "v"),
        ("List[0].a-b", 1),
        ("List[-1].a-b", 2),
        ("List[].a-b", [1, 2]),
        ("List[*].a-b", [1, 2]),
        ("length(List)", 2),
        ("List[?c] | [0].c", 3),
        ("Nothing.at.all", None),
        ("Nothing[0]", None),
    ],
)
def test_paths(path: str, value: object) -> None:
    output = {
        "ReplicationStatus": "COMPLETED",
        "Metadata": {"scal-version-id": "v", "aws-us-east-1-replication-status": "X"},
        "List": [{"a-b": 1}, {"a-b": 2, "c": 3}],
    }
    assert look(path, output) == value


@pytest.mark.parametrize("path", ["", "a.", "a[", "[?", "a b", "foo("])
def test_malformed_paths(path: str) -> None:
    with pytest.raises(ScenarioError, match="is no JMESPath") as caught:
        compile_path(path)
    assert "\n" not in str(caught.value)


def test_a_function_that_does_not_fit_is_told() -> None:
    with pytest.raises(ScenarioError, match="length"):
        look("length(a)", {"a": 5})


@given(st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,3}", fullmatch=True), _JSON)
def test_names_with_dashes_need_no_quotes(name: str, value: object) -> None:
    assert look(f"a.{name}", {"a": {name: value}}) == value


@given(st.text(alphabet="abc.-_[]0*", max_size=12))
def test_quoting_twice_is_quoting_once(path: str) -> None:
    assert quote_dashes(quote_dashes(path)) == quote_dashes(path)


@given(_JSON)
def test_everything_equals_itself(value: Any) -> None:
    assert holds(value, {"equals": value})
    assert not holds(value, {"not": value})
    assert holds(value, {"one_of": [value]})


@given(_JSON, _JSON)
def test_not_is_the_opposite_of_equals(seen: Any, wanted: Any) -> None:
    assert holds(seen, {"not": wanted}) != holds(seen, {"equals": wanted})


def test_unmet_expectations_come_in_order_with_what_was_seen() -> None:
    found = unmet({"a": 1, "b": 2, "c": {"absent": True}}, {"a": 1, "b": 3, "c": "x"})
    assert found == [Unmet("b", 2, 3), Unmet("c", {"absent": True}, "x")]
    assert [str(one) for one in found] == ["b: expected 2, seen 3", "c: expected nothing, seen 'x'"]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("x", "'x'"),
        (None, "nothing"),
        ({"absent": False}, "anything"),
        ({"one_of": [1, 2]}, "one of [1, 2]"),
        ({"gte": 1, "lte": 2}, "gte 1 and lte 2"),
        ({"equals": {"a": 1}}, "{'a': 1}"),
        ({"a": 1}, "{'a': 1}"),
    ],
)
def test_descriptions_of_expectations(expected: object, words: str) -> None:
    assert describe(expected) == words


def test_long_values_are_cut_and_measured() -> None:
    text = brief("x" * 5000)
    assert len(text) < 350
    assert text.endswith("(5002 characters)")


@pytest.mark.parametrize(
    ("value", "expected"), [({}, False), ({"not": 1}, True), ({"not": 1, "x": 1}, False), ("not", False)]
)
def test_is_operators(value: object, expected: bool) -> None:
    assert is_operators(value) is expected


def test_every_operator_is_tried_above() -> None:
    assert set(OPERATORS) == {
        "absent", "contains", "equals", "gte", "length", "lte", "matches", "not", "one_of", "same_as",
    }  # fmt: skip
