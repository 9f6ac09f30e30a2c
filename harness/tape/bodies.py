"""Bodies: how they stand in a tape, and the bytes they are."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from harness.tape import json_text, xml_text
from harness.tape.checking import Fields
from harness.tape.errors import TapeError
from harness.tape.model import Body

#: Bytes of a body that a tape holds; a longer one is recorded by its hash.
MAX_BODY = 64 * 1024 * 1024
#: Bytes of a hashed body.
MAX_LENGTH = 5 * 1024**4

_SHA256 = re.compile(r"[0-9a-f]{64}")


def body(fields: Fields) -> Body:
    """The body of an object in a tape. Raises ValueError."""
    form = next((form for form in _READERS if fields.has(form)), None)
    if form is None:
        raise ValueError(f"{fields.path('text')}: missing; a body is {', '.join(_READERS)}")
    found = _READERS[form](fields)
    fields.end()
    return found


def body_of(fields: Fields, name: str) -> Body:
    """The body that a field holds; an empty one when there is no such field. Raises ValueError."""
    if not fields.has(name):
        return Body()
    value = fields.any(name)
    if not isinstance(value, Mapping):
        raise fields.refuse(name, "not an object")
    return body(Fields(value, fields.path(name)))


def document(content: Body) -> dict[str, Any]:
    """The object that a body is in a tape."""
    if content.form == "spaced":
        return {"json": content.content, "spaced": True}
    if content.form == "repeat":
        return {"repeat": list(content.content)}
    if content.form == "sha256":
        return {"sha256": content.content, "length": content.length}
    if content.form == "unread":
        return {"unread": content.length}
    return {content.form: content.content}


def of_text(text: str) -> Body:
    """The body with the most telling form whose bytes are exactly this text."""
    first = text.lstrip()[:1]
    if first == "<":
        try:
            xml_text.parse(text)
        except ValueError:
            return Body("text", text)
        return Body("xml", text)
    if first in {"{", "["}:
        return _of_json(text)
    return Body("text", text)


def _of_json(text: str) -> Body:
    try:
        value = json_text.parse(text)
    except ValueError:
        return Body("text", text)
    for form, write in (("json", json_text.compact), ("spaced", json_text.spaced)):
        if write(value) == text:
            return Body(form, value)
    return Body("text", text)


def of_bytes(content: bytes) -> Body:
    try:
        return of_text(content.decode())
    except UnicodeDecodeError:
        return Body("base64", base64.b64encode(content).decode())


def content_of(stored: Body) -> bytes:
    """The bytes. Raises TapeError for a body that is only a hash."""
    if stored.form == "json":
        return json_text.compact(stored.content).encode("utf-8", "surrogatepass")
    if stored.form == "spaced":
        return json_text.spaced(stored.content).encode("utf-8", "surrogatepass")
    if stored.form == "repeat":
        text, times = stored.content
        return bytes(text.encode() * times)
    if stored.form == "base64":
        return base64.b64decode(stored.content)
    if stored.form in {"sha256", "unread"}:
        raise TapeError(f"the tape does not hold the content of a body of {stored.length} bytes")
    return bytes(stored.content.encode("utf-8", "surrogatepass"))


def _read_text(fields: Fields) -> Body:
    return Body("text", fields.text("text", MAX_BODY))


def _read_json(fields: Fields) -> Body:
    return Body("spaced" if fields.flag("spaced") else "json", fields.any("json"))


def _read_xml(fields: Fields) -> Body:
    text = fields.text("xml", MAX_BODY)
    try:
        xml_text.parse(text)
    except ValueError as error:
        raise fields.refuse("xml", str(error)) from None
    return Body("xml", text)


def _read_repeat(fields: Fields) -> Body:
    value = fields.any("repeat")
    pair = value if isinstance(value, list) and len(value) == 2 else [None, None]
    text, times = pair
    if not isinstance(text, str) or not isinstance(times, int) or isinstance(times, bool) or times < 0:
        raise fields.refuse("repeat", "not a pair of a text and a number")
    if len(text.encode()) * times > MAX_BODY:
        raise fields.refuse("repeat", f"more than {MAX_BODY} bytes")
    return Body("repeat", (text, times))


def _read_base64(fields: Fields) -> Body:
    text = fields.text("base64", MAX_BODY)
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise fields.refuse("base64", "no base64") from None
    return Body("base64", text)


def _read_sha256(fields: Fields) -> Body:
    digest = fields.matching("sha256", _SHA256, "SHA-256 in hex")
    return Body("sha256", digest, fields.integer("length", 0, MAX_LENGTH))


def _read_unread(fields: Fields) -> Body:
    return Body("unread", "", fields.integer("unread", 0, MAX_LENGTH))


_READERS = {
    "text": _read_text,
    "json": _read_json,
    "xml": _read_xml,
    "repeat": _read_repeat,
    "base64": _read_base64,
    "sha256": _read_sha256,
    "unread": _read_unread,
}
