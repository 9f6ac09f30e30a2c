"""``docs/conformance.md`` names a test for every line, and every test it names is there."""

from __future__ import annotations

import ast
import dataclasses
import functools
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "conformance.md"
SIGNATURES = ROOT / "tests" / "unit" / "fake" / "auth" / "recorded_signatures.jsonl"

_ITEM = re.compile(r"(?:(\d+)\.|-) (.+)")
_TEST = re.compile(r" +- `(tests/[^`:]+\.py)::([^`\[]+)(?:\[([^`]+)\])?`")
_SCENARIO = re.compile(r" +- `(scenarios/[^`:]+\.yaml)`")
_UNCOVERED = re.compile(r" +- not covered: (.{20,})")
_BACKBEAT = "Replication engine: what Backbeat's own tests assert"


@dataclasses.dataclass
class Item:
    """One line of the document, what belongs to it, and where it stands."""

    section: str
    number: int | None
    text: str
    tests: list[tuple[str, str, str]]
    scenarios: list[str] = dataclasses.field(default_factory=list)
    reason: str = ""


def items() -> list[Item]:
    found: list[Item] = []
    section = ""
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif match := _ITEM.match(line):
            found.append(Item(section, int(match[1]) if match[1] else None, match[2], []))
        elif match := _TEST.fullmatch(line):
            found[-1].tests.append((match[1], match[2], match[3] or ""))
        elif match := _SCENARIO.fullmatch(line):
            found[-1].scenarios.append(match[1])
        elif match := _UNCOVERED.fullmatch(line):
            found[-1].reason = match[1]
        else:
            assert "::" not in line, f"this line is not understood: {line}"
    return found


ITEMS = items()


@functools.cache
def names_in(path: str) -> frozenset[str]:
    """``test_…`` and ``Test…::test_…`` of a module."""
    tree = ast.parse((ROOT / path).read_text())
    groups = [("", tree.body)] + [(f"{node.name}::", node.body) for node in tree.body if isinstance(node, ast.ClassDef)]
    return frozenset(
        prefix + node.name
        for prefix, body in groups
        for node in body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@functools.cache
def words_of(path: str) -> str:
    """Where the ids of a module's parameters come from: its text, and that of the data beside it."""
    module = ROOT / path
    return "\n".join(file.read_text() for file in (module, *module.parent.glob("*.jsonl")))


@pytest.mark.parametrize("section", sorted({item.section for item in ITEMS}))
def test_every_line_names_tests_that_exist(section: str) -> None:
    wrong: list[str] = []
    for item in (item for item in ITEMS if item.section == section):
        if not item.tests and not item.scenarios and not (item.reason and section == _BACKBEAT):
            wrong.append(f"no test: {item.text}")
        wrong += [f"no such scenario: {path}" for path in item.scenarios if not (ROOT / path).is_file()]
        for path, name, parameters in item.tests:
            if not (ROOT / path).is_file() or name not in names_in(path):
                wrong.append(f"no such test: {path}::{name}")
            elif parameters not in words_of(path):
                wrong.append(f"no such parameters: {path}::{name}[{parameters}]")
    assert wrong == []


def test_the_points_are_complete() -> None:
    assert [item.number for item in ITEMS if item.section == "Easy to get wrong"] == list(range(1, 67))


def test_every_behaviour_that_backbeat_asserts_has_a_line() -> None:
    assert [item.number for item in ITEMS if item.section == _BACKBEAT] == list(range(1, 228))


def test_what_is_covered_gives_no_reason() -> None:
    assert [item.text for item in ITEMS if item.reason and (item.tests or item.scenarios)] == []


def test_every_recorded_signature_has_a_line() -> None:
    cases = [json.loads(line).get("case") for line in SIGNATURES.read_text().splitlines()[1:]]
    assert [item.tests[0][2] for item in ITEMS if item.section == "Signatures"] == cases
    assert len(cases) == 58
