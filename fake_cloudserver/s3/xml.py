"""XML in and out, as CloudServer's own libraries read and write it.

Reading follows xml2js with its default options, which CloudServer uses everywhere: every child is a list, a leaf is
its text, attributes turn an element into an object. Untrusted input: no entities of its own, bounded depth.
"""

from __future__ import annotations

import xml.parsers.expat
from typing import Any
from xml.sax.saxutils import escape as _escape

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer
from fake_cloudserver.s3.javascript import to_utf8

#: The namespace attribute of most answers.
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

_DEEPEST = 100


def escape(text: str) -> str:
    """Arsenal lib/s3middleware/escapeForXml.ts: the five special characters."""
    return _escape(text, {'"': "&quot;", "'": "&apos;"})


def xml_answer(document: str, headers: list[tuple[str, str]] | None = None, status: int = 200) -> Answer:
    """A success with an XML body: no Content-Length, the content type spelt as the real one spells it.

    Source: Arsenal lib/s3routes/routesUtils.ts (responseXMLBody).
    """
    return Answer(status, [*(headers or []), ("Content-type", "application/xml")], to_utf8(document))


def parse(body: bytes) -> dict[str, Any]:
    """``<A x="1"><B>t</B></A>`` becomes ``{"A": {"$": {"x": "1"}, "B": ["t"]}}``.

    Raises:
        S3Error: MalformedXML for an empty or ill-formed body; InternalError for one of blanks only, which the real
            server never answers.
    """
    if not body:
        raise S3Error("MalformedXML")
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    if not text.strip():
        raise S3Error("InternalError")
    return _Builder().build(text)


class _Builder:
    """Turns expat's events into xml2js' shape."""

    def __init__(self) -> None:
        self._stack: list[tuple[str, dict[str, Any], list[str]]] = []
        self._root: dict[str, Any] = {}
        parser = xml.parsers.expat.ParserCreate(encoding="utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._refuse
        self._parser = parser

    def build(self, text: str) -> dict[str, Any]:
        try:
            self._parser.Parse(text.encode("utf-8", "surrogatepass"), True)
        except xml.parsers.expat.ExpatError as error:
            raise S3Error("MalformedXML") from error
        return self._root

    def _refuse(self, *_: Any) -> None:
        raise S3Error("MalformedXML")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) >= _DEEPEST:
            raise S3Error("MalformedXML")
        self._stack.append((name, {"$": attributes} if attributes else {}, []))

    def _text(self, text: str) -> None:
        self._stack[-1][2].append(text)

    def _end(self, _: str) -> None:
        name, children, pieces = self._stack.pop()
        text = "".join(pieces)
        value: dict[str, Any] | str = children
        if not children:
            value = text
        elif text.strip():
            children["_"] = text
        if self._stack:
            self._stack[-1][1].setdefault(name, []).append(value)
        else:
            self._root[name] = value
