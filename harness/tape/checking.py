"""Take fields out of an untrusted JSON object, each with its type and its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

_T = TypeVar("_T")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class _Required:
    """Marks a field that has to be there."""


REQUIRED: Any = _Required()


class Fields:
    """One object; every method takes a field, :meth:`end` makes sure that none is left.

    All methods raise ValueError with the path of the field: ``req.method: ...``.

    Args:
        where: the object's own path, empty for the outermost.
    """

    def __init__(self, document: Mapping[str, Any], where: str) -> None:
        self._document = document
        self._where = where
        self._left = set(document)

    def path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def refuse(self, name: str, reason: str) -> ValueError:
        return ValueError(f"{self.path(name)}: {reason}")

    def has(self, name: str) -> bool:
        return name in self._document

    def end(self) -> None:
        for name in sorted(self._left):
            raise self.refuse(f"{name:.40}", "not a field that a tape has")

    def any(self, name: str, default: Any = REQUIRED) -> Any:
        self._left.discard(name)
        if name in self._document:
            return self._document[name]
        if default is REQUIRED:
            raise self.refuse(name, "missing")
        return default

    def text(self, name: str, limit: int, *, default: Any = REQUIRED) -> Any:
        value = self._typed(name, str, "a text", default)
        if isinstance(value, str) and len(value) > limit:
            raise self.refuse(name, f"longer than {limit} characters")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], what: str, default: Any = REQUIRED) -> Any:
        value = self._typed(name, str, "a text", default)
        if self.has(name) and pattern.fullmatch(value) is None:
            raise self.refuse(name, f"{value!r:.60} is no {what}")
        return value

    def name(self, name: str, default: Any = REQUIRED) -> Any:
        """A plain name: nothing that could be a path to somewhere else."""
        return self.matching(name, _NAME, "plain name", default)

    def integer(self, name: str, low: int, high: int, default: Any = REQUIRED) -> Any:
        value = self._typed(name, int, "a whole number", default)
        if self.has(name) and not low <= value <= high:
            raise self.refuse(name, f"not between {low} and {high}")
        return value

    def seconds(self, name: str) -> float | None:
        value = self.any(name, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise self.refuse(name, "not a time in seconds")
        return None if value is None else float(value)

    def flag(self, name: str) -> bool:
        return bool(self._typed(name, bool, "true or false", default=False))

    def items(self, name: str, limit: int) -> Sequence[Any]:
        value: list[Any] = self._typed(name, list, "a list", default=[])
        if len(value) > limit:
            raise self.refuse(name, f"more than {limit} items")
        return value

    def inner(self, name: str) -> Fields:
        """A field that is an object of its own."""
        return Fields(self._typed(name, dict, "an object", REQUIRED), self.path(name))

    def texts(self, name: str, limit: int) -> dict[str, str]:
        """An object whose properties are texts; empty when it is not there."""
        document: dict[str, Any] = self._typed(name, dict, "an object", default={})
        inner = Fields(document, self.path(name))
        return {key: inner.text(key, limit) for key in document}

    def names(self, name: str, allowed: Sequence[str]) -> dict[str, str]:
        """An object of plain names, each with one of the allowed words."""
        table = self.texts(name, 100)
        for key, value in table.items():
            if _NAME.fullmatch(key) is None:
                raise self.refuse(name, f"{key!r:.60} is no plain name")
            if value not in allowed:
                raise self.refuse(f"{name}.{key}", f"{value!r:.60} is none of {', '.join(allowed)}")
        return table

    def tables(self, name: str, allowed: Sequence[str]) -> dict[str, dict[str, str]]:
        """An object of such objects."""
        document: dict[str, Any] = self._typed(name, dict, "an object", default={})
        inner = Fields(document, self.path(name))
        return {key: inner.names(key, allowed) for key in document}

    def _typed(self, name: str, kind: type[_T], what: str, default: Any) -> Any:
        value = self.any(name, default)
        if name in self._document and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            raise self.refuse(name, f"not {what}")
        return value
