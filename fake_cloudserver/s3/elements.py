"""Reading what :func:`fake_cloudserver.s3.xml.parse` gives: elements in xml2js' shape.

An element is its text when it has neither children nor attributes, else a dict whose values are lists. Asking a text
for a child gives nothing, as asking a JavaScript string for an unknown property does.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request
from fake_cloudserver.s3.xml import parse

Element: TypeAlias = dict[str, Any] | str

#: Largest body that the router lets through for PUT requests without an object, in bytes.
_LARGEST_BODY = 524288


def body_of(request: Request) -> bytes:
    """The body of a bucket request, which the router has read already."""
    return request.read_body(_LARGEST_BODY)


def document_of(body: bytes) -> dict[str, Any]:
    """The XML in ``body`` as :func:`~fake_cloudserver.s3.xml.parse` gives it; a body of blanks holds nothing.

    For the operations that look whether there is a document at all; the others never answer a body of blanks.
    """
    return {} if body and not body.strip() else parse(body)


def children(element: Element | None, name: str) -> list[Element]:
    """All children of that name, in document order; an empty list when there is none."""
    if not isinstance(element, dict):
        return []
    found: list[Element] = element.get(name, [])
    return found


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that name; None when there is none."""
    return next(iter(children(element, name)), None)


def text(element: Element) -> str:
    """The element's own text.

    Raises:
        S3Error: InternalError when it has children or attributes: the real server calls a string's method on an
            object there and never answers.
    """
    if isinstance(element, dict):
        raise S3Error("InternalError")
    return element
