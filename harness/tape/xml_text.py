"""XML as a tree that remembers where its texts stand, so that a text can be exchanged and every other byte kept.

Only what S3 speaks: no document types, no entities but the built-in ones, no deep nesting.
"""

from __future__ import annotations

import dataclasses
import xml.parsers.expat
from collections.abc import Callable
from xml.parsers.expat import errors as expat_errors
from xml.sax.saxutils import escape

MAX_DEPTH = 64


@dataclasses.dataclass(slots=True)
class Element:
    """One element.

    Attributes:
        tag: local name after ``{namespace}``, if it has one.
        text: its own text, without its children's.
        span: first byte and byte after the last one of the text of an element that has no children.
    """

    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = dataclasses.field(default_factory=list)
    span: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The local name."""
        return self.tag.rpartition("}")[2]


class _Builder:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._stack: list[Element] = []
        self._starts: list[int] = []
        self.root: Element | None = None
        self._parser = xml.parsers.expat.ParserCreate("utf-8", "}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def parse(self) -> Element:
        try:
            self._parser.Parse(self._content, True)
        except xml.parsers.expat.ExpatError as error:
            raise ValueError(f"no XML: {expat_errors.messages[error.code]}") from None
        assert self.root is not None
        return self.root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise ValueError("XML nested too deeply")
        element = Element(_braced(name), {_braced(key): value for key, value in attributes.items()})
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self.root = element
        self._stack.append(element)
        self._starts.append(self._parser.CurrentByteIndex)

    def _end(self, _name: str) -> None:
        element, start = self._stack.pop(), self._starts.pop()
        end = self._parser.CurrentByteIndex
        if not element.children and end > start:
            element.span = (_after_tag(self._content, start), end)

    def _characters(self, text: str) -> None:
        self._stack[-1].text += text

    def _doctype(self, *_: object) -> None:
        raise ValueError("XML with a document type")


def parse(text: str) -> Element:
    """The root. Raises ValueError for what is not well-formed, has a document type, or is nested too deeply."""
    return _Builder(text.encode("utf-8", "surrogatepass")).parse()


def rewrite(text: str, exchange: Callable[[str, str, str], str]) -> str:
    """The same document with other texts in its leaves.

    Args:
        exchange: gives the new text of a leaf from its local name, its parent's and its text.

    Raises:
        ValueError: as :func:`parse`.
    """
    content = text.encode("utf-8", "surrogatepass")
    changes: list[tuple[int, int, bytes]] = []

    def visit(element: Element, parent: str) -> None:
        if element.span is not None and element.text:
            new = exchange(element.name, parent, element.text)
            if new != element.text:
                changes.append((*element.span, escape(new).encode()))
        for child in element.children:
            visit(child, element.name)

    visit(_Builder(content).parse(), "")
    done, parts = 0, []
    for start, end, new in changes:
        parts += [content[done:start], new]
        done = end
    return b"".join([*parts, content[done:]]).decode("utf-8", "surrogatepass")


def _braced(name: str) -> str:
    namespace, _, local = name.rpartition("}")
    return f"{{{namespace}}}{local}" if namespace else local


def _after_tag(content: bytes, start: int) -> int:
    """The byte after the ``>`` of the start tag at ``start``; one within quotes does not end it."""
    quote = 0
    for index in range(start, len(content)):
        byte = content[index]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return index + 1
    raise AssertionError("the parser saw the tag's end")
