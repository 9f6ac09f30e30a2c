"""Substitution, durations, sizes, bodies."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ScenarioError
from harness.scenario.values import body, duration, has_names, names_in, pattern, size, substitute

_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
_VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("250ms", 0.25), ("1.5m", 90), ("1h", 3600), ("1d", 86400), ("0s", 0), ("0.5s", 0.5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["10", 10, "s", "-1s", "1 s", "1S", "1e3s", "٣s", "", None, "1s ", "9" * 20 + "s"])
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError, match="no duration"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [("0", 0), (7, 7), ("512B", 512), ("5MiB", 5 * 2**20), ("1KB", 1000), ("1 KiB", 1024), ("2GiB", 2**31)],
)
def test_sizes(text: object, length: int) -> None:
    assert size(text) == length


@pytest.mark.parametrize("text", ["", "x", "5TB", "-1", "1.5MiB", True, None, 1.5, "3GiB", "9" * 13])
def test_no_sizes(text: object) -> None:
    with pytest.raises(ValueError, match=r"no size|2 GiB"):
        size(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$a", 1),
        ("x$a", "x1"),
        ("$a$b", "1two"),
        ("$$a", "$a"),
        ("$$", "$"),
        ("$", "$"),
        ("^x$", "^x$"),
        ("5$ and $a", "5$ and 1"),
        ("$l", [1]),
        ("$n", None),
        ("$b/c", "two/c"),
        ("$b-c", "two-c"),
        ({"k$a": ["$b", {"x": "$l"}]}, {"k1": ["two", {"x": [1]}]}),
        (7, 7),
        (("$a",), [1]),
    ],
)
def test_substitution(text: object, value: object) -> None:
    assert substitute(text, {"a": 1, "b": "two", "l": [1], "n": None}) == value


def test_a_name_that_is_not_set_is_told_with_those_that_are() -> None:
    with pytest.raises(ScenarioError, match=r"\$c is not set; known here: \$a, \$b"):
        substitute("x $c", {"b": 1, "a": 1})
    with pytest.raises(ScenarioError, match="known here: none"):
        substitute("$c", {})


@given(_NAMES, _VALUES)
def test_a_whole_name_takes_the_value_as_it_is(name: str, value: Any) -> None:
    result = substitute(f"${name}", {name: value})
    assert result == value
    assert type(result) is type(value)


@given(st.text())
def test_doubled_dollars_come_out_as_they_went_in(text: str) -> None:
    assert substitute(text.replace("$", "$$"), {}) == text


@given(st.text(), _NAMES, st.text(alphabet="abc /"))
def test_what_is_substituted_is_not_substituted_again(text: str, name: str, around: str) -> None:
    assert substitute(f"{around}/${name}/", {name: text}) == f"{around}/{text}/"


@given(st.text())
def test_names_in_a_text_are_those_that_substitution_asks_for(text: str) -> None:
    wanted = set(names_in(text))
    substitute(text, dict.fromkeys(wanted, "x"))
    for name in wanted:
        with pytest.raises(ScenarioError):
            substitute(text, dict.fromkeys(wanted - {name}, "x"))


@pytest.mark.parametrize(("value", "expected"), [("$a", True), ("$$", True), ("5$", False), (5, False), ("", False)])
def test_has_names(value: object, expected: bool) -> None:
    assert has_names(value) is expected


@pytest.mark.parametrize(
    ("described", "content"),
    [
        ("hé", "hé".encode()),
        (5, b"5"),
        ("", b""),
        ({"base64": "AAE="}, b"\0\1"),
        ({"size": 0}, b""),
        ({"size": "3B"}, pattern(3)),
        ({"size": "3B", "seed": "x"}, pattern(3, "x")),
    ],
)
def test_bodies(described: object, content: bytes) -> None:
    assert body(described) == content


@pytest.mark.parametrize(
    "described", [None, True, [1], {}, {"size": "x"}, {"base64": "%"}, {"base64": "AAE=", "size": 1}, {"seed": "x"}]
)
def test_no_bodies(described: object) -> None:
    with pytest.raises(ScenarioError, match="Body"):
        body(described)


@given(st.binary(max_size=200))
def test_base64_bodies(content: bytes) -> None:
    assert body({"base64": base64.b64encode(content).decode()}) == content


@given(st.integers(0, 200_000), st.text(max_size=4))
def test_a_pattern_is_as_long_as_asked_and_always_the_same(length: int, seed: str) -> None:
    content = pattern(length, seed)
    assert len(content) == length
    assert content == pattern(200_000, seed)[:length]


def test_patterns_differ_by_seed_and_from_block_to_block() -> None:
    assert pattern(64, "a") != pattern(64, "b")
    assert pattern(2**17)[: 2**16] != pattern(2**17)[2**16 :]
