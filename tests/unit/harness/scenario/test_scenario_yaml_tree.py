"""YAML 1.2 as a tree with lines; what is refused, and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ScenarioError
from harness.scenario.model import Place
from harness.scenario.yaml_tree import LARGEST_FILE, Node, parse_tree, read_tree


def plain(text: str) -> Any:
    return parse_tree(text, "f.yaml").plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: on", {"a": "on"}),
        ("a: no", {"a": "no"}),
        ("a: true", {"a": True}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        ("a: 12", {"a": 12}),
        ("a: -3", {"a": -3}),
        ("a: 0x1F", {"a": 31}),
        ("a: 0o17", {"a": 15}),
        ("a: 017", {"a": 17}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 1.5", {"a": 1.5}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: .inf", {"a": ".inf"}),
        ("a: 2026-01-01", {"a": "2026-01-01"}),
        ("a: 12:30", {"a": "12:30"}),
        ("a: '12'", {"a": "12"}),
        ('a: "true"', {"a": "true"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("1: {true: x}", {"1": {"true": "x"}}),
        ("- [a, {b: c}]\n- []\n", [["a", {"b": "c"}], []]),
        ("<<: x", {"<<": "x"}),
        ("# only\nscalar", "scalar"),
    ],
)
def test_core_schema(text: str, value: object) -> None:
    assert plain(text) == value


def test_every_node_and_key_knows_its_line() -> None:
    tree = parse_tree("a: 1\n\nb:\n  - x\n  - {c: d,\n     e: f}\n", "s.yaml")
    assert isinstance(tree.value, dict)
    assert tree.key_places["b"] == Place("s.yaml", 3)
    items = tree.value["b"].value
    assert isinstance(items, tuple)
    assert [str(item.place) for item in items] == ["s.yaml:4", "s.yaml:5"]
    assert items[1].key_places["e"].line == 6


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: &x [1]\nb: *x", 1, "anchors (&x)"),
        ("a: 1\nb: *x", 2, "aliases (*x)"),
        ("a: !!python/object/apply:os.system [ls]", 1, "tags ("),
        ("a: !custom 1", 1, "tags (!custom)"),
        ("a: 1\na: 2", 2, "'a' stands here twice, first in line 1"),
        ("[a, b]: 1", 1, "a key is a word, not a list"),
        ("a: 1\n---\nb: 2", 2, "a file holds one scenario"),
        ("# nothing\n", 1, "is empty"),
        ("", 1, "is empty"),
        ("a: [1", 1, "is no YAML"),
        ("a: 'x", 1, "is no YAML"),
        ("a: b: c", 1, "is no YAML"),
        ("a:\n\t- b", 2, "is no YAML"),
        ("a: \x00", 1, "is no YAML"),
        ("%YAML 9.x\n---\na", 1, "is no YAML"),
        ("[" * 100, 1, "nested more than 32 deep"),
        ("a: " * 3 + "{" * 40, 1, "is no YAML"),
        ("\n".join(" " * n + "a:" for n in range(60)), 33, "nested more than 32 deep"),
    ],
)
def test_refused(text: str, line: int, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_tree(text, "bad.yaml")
    assert str(caught.value).startswith(f"bad.yaml:{line}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_before_it_is_built() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 64))
    with pytest.raises(ScenarioError, match="anchors"):
        parse_tree(bomb, "bomb.yaml")


def test_files(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_bytes("\ufeffa: ä".encode())
    assert read_tree(good).plain() == {"a": "ä"}

    with pytest.raises(ScenarioError, match=r"missing\.yaml: cannot be read: No such file"):
        read_tree(tmp_path / "missing.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: \xe4")
    with pytest.raises(ScenarioError, match=r"latin\.yaml:2: is not UTF-8"):
        read_tree(latin)
    big = tmp_path / "big.yaml"
    big.write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(ScenarioError, match="larger than a scenario may be"):
        read_tree(big)
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_tree(tmp_path)


@given(st.text())
def test_any_text_is_a_tree_or_one_clear_line(text: str) -> None:
    told = ""
    try:
        tree = parse_tree(text, "any.yaml")
    except ScenarioError as error:
        told = str(error)
    assert told.startswith("any.yaml:") if told else isinstance(tree, Node)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(_PLAIN)
def test_a_tree_of_a_value_is_that_value(value: object) -> None:
    assert Node.of(value, Place("f", 1)).plain() == value


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "nothing"), (True, "true"), ("x", "'x'"), ([1], "a list"), ({"a": 1}, "a mapping"), (5, "5")],
)
def test_descriptions(value: object, words: str) -> None:
    assert Node.of(value, Place("f", 1)).describe() == words


def test_long_values_are_cut() -> None:
    assert len(Node.of("x" * 1000, Place("f", 1)).describe()) < 70
