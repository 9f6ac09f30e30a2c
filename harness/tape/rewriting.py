"""Exchange the values of the fields that hold ids, times and secrets, and nothing else.

Each function takes ``exchange(kind, value)``, which gives the new value of a field of that kind.
"""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Callable
from typing import Any

from harness.tape import fields, json_text, xml_text
from harness.tape.aliases import is_alias
from harness.tape.model import Body, HeaderList

Exchange = Callable[[str, Any], Any]

_UNRESERVED = "-_.~"


def query(raw: str, exchange: Exchange) -> str:
    """A raw query. A value stands percent-encoded in it, an alias as it is."""
    return "&".join(_parameter(part, exchange) for part in raw.split("&"))


def _parameter(part: str, exchange: Exchange) -> str:
    name, equals, value = part.partition("=")
    kind = fields.query_kind(urllib.parse.unquote(name))
    if kind is None or not value:
        return part
    plain = urllib.parse.unquote(value)
    new = exchange(kind, plain)
    if new == plain:
        return part
    return f"{name}{equals}{new if is_alias(new) else urllib.parse.quote(str(new), safe=_UNRESERVED)}"


def headers(items: HeaderList, exchange: Exchange) -> HeaderList:
    return tuple((name, _header(name.lower(), value, exchange)) for name, value in items)


def _header(name: str, value: str, exchange: Exchange) -> str:
    if name in fields.JSON_HEADERS:
        return _json_in_text(value, exchange)
    if name in fields.TARGET_HEADERS:
        path, mark, raw = value.partition("?")
        return f"{path}{mark}{query(raw, exchange)}"
    kind = fields.header_kind(name)
    return value if kind is None or not value else str(exchange(kind, value))


def body(content: Body, exchange: Exchange) -> Body:
    """A body whose form knows fields; another one is given back as it is."""
    if content.form in {"json", "spaced"}:
        return dataclasses.replace(content, content=json_value(content.content, exchange))
    if content.form == "xml":
        return dataclasses.replace(content, content=xml(content.content, exchange))
    return content


def xml(text: str, exchange: Exchange) -> str:
    """Raises ValueError for what is no XML."""

    def leaf(name: str, parent: str, value: str) -> str:
        kind = fields.xml_kind(name, parent)
        return value if kind is None else str(exchange(kind, value))

    return xml_text.rewrite(text, leaf)


def json_value(value: Any, exchange: Exchange) -> Any:
    if isinstance(value, list):
        return [json_value(item, exchange) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _property(name, inner, value, exchange) for name, inner in value.items()}


def _property(name: str, value: Any, siblings: dict[str, Any], exchange: Exchange) -> Any:
    if isinstance(value, list | dict):
        return json_value(value, exchange)
    if name in fields.NESTED_JSON and isinstance(value, str):
        return _json_in_text(value, exchange)
    if name in fields.KEYS_WITH_VERSION and isinstance(value, str) and "\0" in value:
        key, _, version = value.partition("\0")
        return f"{key}\0{exchange('version', version)}"
    kind = fields.json_kind(name, siblings)
    if kind is None or value == "" or isinstance(value, bool) or not isinstance(value, str | int):
        return value
    return exchange(kind, value)


def _json_in_text(text: str, exchange: Exchange) -> str:
    """JSON within a string keeps its spacing; what is no JSON stays."""
    try:
        value = json_text.parse(text)
    except ValueError:
        return text
    new = json_value(value, exchange)
    return text if new == value else json_text.like(text, value)(new)
