"""What a verb's arguments look like: the one description from which checks, the JSON Schema and documents are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A text; ``enum`` lists the values that make sense (none: all do)."""

    enum: tuple[str, ...] = ()
    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Number:
    """A number; ``whole`` for integers."""

    whole: bool = True
    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Duration:
    """``10s``, ``250ms``."""

    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Literal:
    """One of a few values of different types."""

    values: tuple[str | int | bool, ...]
    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """Bytes: a text, ``{size: 5MiB}``, ``{base64: …}``."""

    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Anything:
    """Any value."""

    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Sequence:
    """A list of ``item``."""

    item: Shape
    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """A mapping of names that the author chooses to ``item``."""

    item: Shape
    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """A mapping of known names.

    Attributes:
        shorthand: the member that is meant when something other than a mapping is given.
    """

    members: Mapping[str, Shape]
    required: frozenset[str] = frozenset()
    shorthand: str | None = None
    about: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The first of ``shapes`` that takes this kind of value (mapping, list, other)."""

    shapes: tuple[Shape, ...]
    about: str = ""


Shape: TypeAlias = Text | Number | Flag | Duration | Literal | Body | Anything | Sequence | Names | Record | Choice
