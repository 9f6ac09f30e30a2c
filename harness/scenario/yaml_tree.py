"""YAML 1.2, core schema, as a tree that knows the line of everything; untrusted input.

Aliases, anchors, tags, several documents, very big or very deep documents are refused: a scenario needs none of
them, and what they cost is not bounded by the length of the file.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from harness.errors import ScenarioError
from harness.scenario.model import Place

LARGEST_FILE = 2**20
DEEPEST = 32

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_OCTAL = re.compile(r"0o[0-7]{1,18}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}

Scalar: TypeAlias = "str | int | float | bool | None"


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands; ``key_places`` says where the keys of a mapping stand."""

    place: Place
    value: Scalar | tuple[Node, ...] | dict[str, Node]
    key_places: dict[str, Place] = dataclasses.field(default_factory=dict)

    def plain(self) -> Any:
        """The value without places: scalars, lists and dicts."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def describe(self) -> str:
        """The value in a few words, for messages."""
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, tuple):
            return "a list"
        if self.value is None:
            return "nothing"
        if isinstance(self.value, bool):
            return str(self.value).lower()
        text = repr(self.value)
        return text if len(text) <= 60 else f"{text[:57]}…"

    @classmethod
    def of(cls, value: Any, place: Place) -> Node:
        """A tree of a plain value, all of it at one place."""
        if isinstance(value, dict):
            nodes = {str(name): cls.of(item, place) for name, item in value.items()}
            return cls(place, nodes, dict.fromkeys(nodes, place))
        if isinstance(value, list | tuple):
            return cls(place, tuple(cls.of(item, place) for item in value))
        return cls(place, value)


def read_tree(path: Path) -> Node:
    """The one document of a file.

    Raises:
        ScenarioError: the file cannot be read, is no YAML, or uses what is refused; with file:line where there is one.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise ScenarioError(f"{path}: is larger than a scenario may be (1 MiB)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"{path}:{line}: is not UTF-8") from None
    return parse_tree(text, str(path))


def parse_tree(text: str, file: str) -> Node:
    """The one document in ``text``; ScenarioError as for :func:`read_tree`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _Composer(YAML(typ="safe", pure=True).parse(text), file).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise ScenarioError(f"{file}:{line}: is no YAML: {error.problem or error.context}") from None
    except YAMLError as error:
        raise ScenarioError(f"{file}:1: is no YAML: {str(error).splitlines()[0]}") from None
    except ValueError as error:  # the parser lets some malformed numbers of its directives through
        raise ScenarioError(f"{file}:1: is no YAML: {error}") from None


class _Composer:
    """Events of the parser to nodes; reads no further than the first thing that is refused."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events = events
        self._file = file

    def document(self) -> Node:
        event = self._next("StreamStart", "DocumentStart")
        if event == "StreamEnd":
            raise ScenarioError(f"{self._file}:1: is empty")
        node = self._node(next(self._events), depth=0)
        self._next("DocumentEnd")
        following = next(self._events)
        if _kind(following) != "StreamEnd":
            raise ScenarioError(
                f"{self._place(following)}: a file holds one scenario; put this one in a file of its own"
            )
        return node

    def _next(self, *kinds: str) -> str:
        """Skip events of these kinds; the kind of the last one, or StreamEnd."""
        kind = ""
        for wanted in kinds:
            kind = _kind(next(self._events))
            if kind != wanted:
                return kind
        return kind

    def _node(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        kind = _kind(event)
        if kind == "Alias":
            raise ScenarioError(f"{place}: aliases (*{event.anchor}) are not allowed in a scenario")
        if event.anchor is not None:
            raise ScenarioError(f"{place}: anchors (&{event.anchor}) are not allowed in a scenario")
        if event.tag is not None:
            raise ScenarioError(f"{place}: tags ({event.tag}) are not allowed in a scenario")
        if depth > DEEPEST:
            raise ScenarioError(f"{place}: is nested more than {DEEPEST} deep")
        if kind == "Scalar":
            return Node(place, _scalar(event))
        if kind == "SequenceStart":
            return Node(place, tuple(self._items(depth)))
        return self._mapping(place, depth)

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if _kind(event) == "SequenceEnd":
                return
            yield self._node(event, depth + 1)

    def _mapping(self, place: Place, depth: int) -> Node:
        values: dict[str, Node] = {}
        places: dict[str, Place] = {}
        for event in self._events:
            if _kind(event) == "MappingEnd":
                break
            key_node = self._node(event, depth + 1)
            if _kind(event) != "Scalar":
                raise ScenarioError(f"{key_node.place}: a key is a word, not {key_node.describe()}")
            key = str(event.value)
            if key in values:
                raise ScenarioError(f"{key_node.place}: {key!r} stands here twice, first in line {places[key].line}")
            places[key] = key_node.place
            values[key] = self._member(next(self._events), depth + 1, key_node.place)
        return Node(place, values, places)

    def _member(self, event: Any, depth: int, key_place: Place) -> Node:
        node = self._node(event, depth)
        # nothing at all stands where the parser looked for it, which is lines further down
        return dataclasses.replace(node, place=key_place) if node.value is None else node

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1)


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")


def _scalar(event: Any) -> Scalar:
    """The core schema of YAML 1.2: ``on`` and ``no`` are words, dates are texts."""
    text = str(event.value)
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in _WORDS:
        word: bool | None = _WORDS[text]
        return word
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text
