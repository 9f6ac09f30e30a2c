"""What a step expects: JMESPath over the output, a literal or one operator on the right; no IO."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from harness.errors import ScenarioError
from harness.scenario.values import body


@dataclasses.dataclass(frozen=True, slots=True)
class Unmet:
    """One expectation that does not hold."""

    path: str
    expected: Any
    seen: Any

    def __str__(self) -> str:
        return f"{self.path}: expected {describe(self.expected)}, seen {self.seen!r}"


def describe(expected: Any) -> str:
    """An expectation in words."""
    if isinstance(expected, Mapping):
        return ", ".join(f"{name} {value!r}" for name, value in expected.items())
    return repr(expected)


def _equal(seen: Any, wanted: Any) -> bool:
    return bool(seen == wanted) and isinstance(seen, bool) == isinstance(wanted, bool)


def _matches(seen: Any, wanted: Any) -> bool:
    return isinstance(seen, str) and re.search(str(wanted), seen) is not None


def _contains(seen: Any, wanted: Any) -> bool:
    return isinstance(seen, str | list | tuple | Mapping) and wanted in seen


def _same_body(seen: Any, wanted: Any) -> bool:
    digest = hashlib.sha256(body(wanted)).hexdigest()
    return bool(seen == digest)


#: operator -> does it hold for (seen, wanted)?
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "absent": lambda seen, wanted: (seen is None) == bool(wanted),
    "contains": _contains,
    "gte": lambda seen, wanted: seen is not None and seen >= wanted,
    "length": lambda seen, wanted: seen is not None and len(seen) == wanted,
    "lte": lambda seen, wanted: seen is not None and seen <= wanted,
    "matches": _matches,
    "not": lambda seen, wanted: not _equal(seen, wanted),
    "one_of": lambda seen, wanted: any(_equal(seen, item) for item in wanted),
    "same_as": _same_body,
}


def compile_path(path: str) -> Any:
    """A JMESPath; names with a dash need no quotes (``Metadata.scal-version-id``). ScenarioError when malformed."""
    try:
        return jmespath.compile(_quote_dashes(path))
    except JMESPathError as error:
        raise ScenarioError(f"{path!r} is no JMESPath: {str(error).splitlines()[0]}") from None


def _quote_dashes(path: str) -> str:
    if any(sign in path for sign in "\"'`&|?*@()"):
        return path
    return re.sub(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_-]+)+", lambda match: f'"{match[0]}"', path)


def look(path: str, output: Any) -> Any:
    """What the path finds; None where it finds nothing."""
    return compile_path(path).search(output)


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
    if isinstance(wanted, Mapping) and wanted and all(name in OPERATORS for name in wanted):
        try:
            return all(OPERATORS[name](seen, value) for name, value in wanted.items())
        except TypeError as error:
            raise ScenarioError(f"cannot compare {seen!r} with {describe(wanted)}: {error}") from None
    return _equal(seen, wanted)
