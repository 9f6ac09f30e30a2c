"""What a step expects: JMESPath over the output, a literal or operators on the right; no IO."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from harness.errors import ScenarioError
from harness.scenario.values import body

_LONGEST_SHOWN = 300


@dataclasses.dataclass(frozen=True, slots=True)
class Unmet:
    """One expectation that does not hold."""

    path: str
    expected: Any
    seen: Any

    def __str__(self) -> str:
        return f"{self.path}: expected {describe(self.expected)}, seen {brief(self.seen)}"


def brief(value: Any) -> str:
    """A value as it is shown to people: long ones are cut."""
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(text)} characters)"


def describe(expected: Any) -> str:
    """An expectation in words."""
    if is_operators(expected):
        return " and ".join(_describe_operator(name, value) for name, value in expected.items())
    return brief(expected)


def _describe_operator(name: str, value: Any) -> str:
    if name == "absent":
        return "nothing" if value else "anything"
    if name == "equals":
        return brief(value)
    return f"{name.replace('_', ' ')} {brief(value)}"


def _equal(seen: Any, wanted: Any) -> bool:
    return bool(seen == wanted) and isinstance(seen, bool) == isinstance(wanted, bool)


def _matches(seen: Any, wanted: Any) -> bool:
    return isinstance(seen, str) and re.search(str(wanted), seen) is not None


def _contains(seen: Any, wanted: Any) -> bool:
    if isinstance(seen, str):
        return str(wanted) in seen
    return isinstance(seen, list | tuple | Mapping) and wanted in seen


def _same_body(seen: Any, wanted: Any) -> bool:
    """A digest (SHA-256 or MD5, quoted or not) is compared with that of the body that is meant; a text with itself."""
    content = body(wanted)
    text = str(seen).strip('"')
    if re.fullmatch("[0-9a-f]{64}", text):
        return text == hashlib.sha256(content).hexdigest()
    if re.fullmatch("[0-9a-f]{32}", text):
        return text == hashlib.md5(content, usedforsecurity=False).hexdigest()
    return isinstance(seen, str) and seen.encode() == content


def _length(seen: Any, wanted: Any) -> bool:
    return isinstance(seen, str | list | tuple | Mapping) and len(seen) == wanted


#: operator -> does it hold for (seen, wanted)?
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "absent": lambda seen, wanted: (seen is None) == bool(wanted),
    "contains": _contains,
    "equals": _equal,
    "gte": lambda seen, wanted: seen is not None and bool(seen >= wanted),
    "length": _length,
    "lte": lambda seen, wanted: seen is not None and bool(seen <= wanted),
    "matches": _matches,
    "not": lambda seen, wanted: not _equal(seen, wanted),
    "one_of": lambda seen, wanted: any(_equal(seen, item) for item in wanted),
    "same_as": _same_body,
}


def is_operators(expected: Any) -> bool:
    """Whether the right side of an expectation is a mapping of operators; any other mapping is a literal."""
    return isinstance(expected, Mapping) and bool(expected) and all(name in OPERATORS for name in expected)


@functools.lru_cache(maxsize=4096)
def compile_path(path: str) -> Any:
    """A JMESPath; names with a dash need no quotes (``Metadata.scal-version-id``). ScenarioError when malformed."""
    try:
        return jmespath.compile(quote_dashes(path))
    except JMESPathError as error:
        raise ScenarioError(f"{path!r} is no JMESPath: {_first_line(error)}") from None


def _first_line(error: JMESPathError) -> str:
    return str(error).splitlines()[0].removeprefix("Invalid jmespath expression: ").rstrip(":")


def quote_dashes(path: str) -> str:
    """Put names with a dash in the quotes that JMESPath wants; a path with quotes or calls of its own stays."""
    if any(sign in path for sign in "\"'`&|?@()"):
        return path
    return re.sub(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_-]+)+", lambda match: f'"{match[0]}"', path)


def look(path: str, output: Any) -> Any:
    """What the path finds; None where it finds nothing. ScenarioError when a function of it does not fit."""
    try:
        return compile_path(path).search(output)
    except JMESPathError as error:
        raise ScenarioError(f"{path!r}: {_first_line(error)}") from None


def unmet(expect: Mapping[str, Any], output: Any) -> list[Unmet]:
    """The expectations that do not hold, in order."""
    failures = []
    for path, wanted in expect.items():
        seen = look(path, output)
        if not holds(seen, wanted):
            failures.append(Unmet(path, wanted, seen))
    return failures


def holds(seen: Any, wanted: Any) -> bool:
    """A literal is compared as it is; a mapping of operators asks each of them.

    Raises:
        ScenarioError: the values cannot be compared with that operator.
    """
    if not is_operators(wanted):
        return _equal(seen, wanted)
    try:
        return all(OPERATORS[name](seen, value) for name, value in wanted.items())
    except (TypeError, re.error) as error:
        raise ScenarioError(f"cannot compare {brief(seen)} with {describe(wanted)}: {error}") from None
