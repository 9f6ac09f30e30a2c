"""The page about scenarios tells of every word of the language, and its examples are scenarios."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.faults.description import EFFECTS, RULE
from harness.scenario import bucket_loader
from harness.scenario.expectations import OPERATORS
from harness.scenario.loader import FILE, STACK, load_text
from harness.scenario.model import ACCOUNTS, BUILT_IN_NAMES
from harness.scenario.step_loader import MODIFIERS
from harness.scenario.verbs import VERBS

PAGE = (Path(__file__).parents[4] / "docs/scenarios.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def table(heading: str) -> dict[str, str]:
    """The table whose head begins with ``heading``: words of the first column -> the rest of the line."""
    _, _, rest = PAGE.partition(f"\n| {heading} ")
    assert rest, heading
    rows = {}
    for line in rest.splitlines()[2:]:
        if not line.startswith("|"):
            break
        first, _, others = line.removeprefix("| ").partition(" | ")
        rows |= dict.fromkeys(re.findall(r"`([^`]+)`", first), others)
    return rows


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Key | Says", FILE.members),
        ("Key of a bucket", bucket_loader.BUCKET.members),
        ("Key of `stack`", STACK.members),
        ("Word", MODIFIERS),
        ("Operator", OPERATORS),
        ("Name", [f"${name}" for name in BUILT_IN_NAMES]),
        ("Verb", VERBS),
        ("Key of a fault", RULE.members.keys() - set(EFFECTS)),
        ("Effect", EFFECTS),
    ],
)
def test_every_word_is_told_of_and_no_other(heading: str, words: object) -> None:
    assert set(table(heading)) == set(words)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", VERBS)
def test_every_argument_of_a_verb_is_told_of(name: str) -> None:
    told = table("Verb")[name]
    if name == "backbeat":
        told += table("Verb")["http"]
    assert [member for member in VERBS[name].arguments.members if f"`{member}`" not in told] == []


def test_every_account_is_told_of() -> None:
    assert [account for account in ACCOUNTS if f"`{account}`" not in table("Word")["as"]] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: re.search(r"scenario: (.*)", text)[1])  # type: ignore[index]
def test_every_example_is_a_scenario(example: str) -> None:
    assert load_text(example, "docs/scenarios.md").steps
