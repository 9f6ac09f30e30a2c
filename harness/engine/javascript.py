"""What JavaScript does to texts that end up on the wire: Kafka keys and values, paths."""

from __future__ import annotations

import decimal
import json
import re
import urllib.parse
from typing import Any

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def encode_uri_component(text: str) -> str:
    """``encodeURIComponent``: all but ``A-Z a-z 0-9 - _ . ! ~ * ' ( )`` becomes percent-encoded UTF-8.

    Kafka keys are made with it (Backbeat lib/models/ObjectQueueEntry.js). Raises UnicodeEncodeError for a lone
    surrogate, where JavaScript throws URIError.
    """
    return urllib.parse.quote(text, safe="!~*'()")


def escape_path(text: str) -> str:
    """The AWS SDK's escaping of a path, slashes kept: ``! ' ( ) *`` are encoded too."""
    return urllib.parse.quote(text, safe="/~")


def stringify(value: Any) -> str:
    """``JSON.stringify``: no spaces, nothing escaped but what JSON demands and lone surrogates."""
    text = json.dumps(_whole_numbers(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def to_fixed(number: float, digits: int = 0) -> str:
    """``Number.prototype.toFixed``: rounds the number as it is stored, and halves away from 0."""
    exact = decimal.Decimal(number).quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP)
    return f"{exact:f}"


def _whole_numbers(value: Any) -> Any:
    """JavaScript has one kind of number: 1.0 is written as 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(member) for member in value]
    return value
