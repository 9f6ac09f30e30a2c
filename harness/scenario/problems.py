"""What is wrong with a scenario file: collected, so that one look shows everything; no IO."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from harness.errors import ScenarioError
from harness.scenario.model import Place

_MOST_SHOWN = 20


class Problems:
    """Collects one line for each thing that is wrong."""

    def __init__(self) -> None:
        self._lines: dict[str, Place] = {}

    def add(self, place: Place, message: str) -> None:
        self._lines.setdefault(f"{place}: {message}", place)

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __str__(self) -> str:
        ordered = sorted(self._lines, key=lambda line: self._lines[line].line)
        shown = ordered[:_MOST_SHOWN]
        if len(ordered) > _MOST_SHOWN:
            shown.append(f"and {len(ordered) - _MOST_SHOWN} more")
        return "\n".join(shown)

    def first(self) -> str:
        """The first that was added, without its place."""
        line, place = next(iter(self._lines.items()))
        return line.removeprefix(f"{place}: ")

    def raise_if_any(self) -> None:
        """Raises ScenarioError with all of them, one line each."""
        if self:
            raise ScenarioError(str(self))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be; None when nothing is near."""
    by_lower: dict[str, str] = {}
    for name in known:
        by_lower.setdefault(name.lower(), name)
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """``unknown verb 'put_objet'; did you mean put_object?``, or what is allowed when nothing is near."""
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f"unknown {kind} {word!r}; did you mean {near}?"
    if not names:
        return f"unknown {kind} {word!r}; none is allowed here"
    listing = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"unknown {kind} {word!r}; allowed: {listing}"
