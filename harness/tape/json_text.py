"""JSON as Node writes it, read with limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

MAX_DEPTH = 64
#: What a double holds exactly; a number beyond it is nobody's size, count or time.
MAX_NUMBER = 2**53

_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def parse(text: str) -> Any:
    """The value.

    Raises:
        ValueError: no JSON (or JSON's NaN and Infinity), nested more than 64 deep, or a number beyond 2^53.
    """
    depth = 0
    for part in _STRUCTURE.finditer(text):
        mark = part.group()
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError("nested too deeply")
        elif mark in "]}":
            depth -= 1
    try:
        return json.loads(text, parse_int=_whole, parse_float=_fraction, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg} at character {error.pos + 1}") from None


def compact(value: Any) -> str:
    """As ``JSON.stringify`` writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def spaced(value: Any) -> str:
    """With a space after each comma and colon, as Python and many tools write it."""
    return json.dumps(value, ensure_ascii=False)


def like(text: str, value: Any) -> Callable[[Any], str]:
    """What writes JSON as ``text`` is written, which says ``value``; compact when nothing does."""
    ways: tuple[Callable[[Any], str], ...] = (compact, spaced, json.dumps, _compact_ascii)
    return next((way for way in ways if way(value) == text), compact)


def _compact_ascii(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _whole(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > MAX_NUMBER:
        raise ValueError("a number that is too big")
    return number


def _fraction(text: str) -> float:
    if len(text) > 40 or abs(number := float(text)) > MAX_NUMBER:
        raise ValueError("a number that is too big")
    return number


def _constant(text: str) -> NoReturn:
    raise ValueError(f"no JSON: {text}")
