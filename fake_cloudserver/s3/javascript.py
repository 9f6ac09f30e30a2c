"""What CloudServer inherits from its language: how JavaScript reads numbers and dates, measures text, orders keys.

IO-free. Only what clients can observe is here. Dates follow ``Date.parse`` of V8: the ISO form first, then its
forgiving legacy grammar; a text without time zone is read as UTC.
"""

from __future__ import annotations

import base64
import datetime
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

Value = TypeVar("Value")

# more digits than these change nothing but the time it takes to read them
_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,300})")
_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_LARGEST_ARRAY_INDEX = 2**32 - 2
_ISO = re.compile(
    r"([+-][0-9]{6}|[0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {"utc": 0, "ut": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5}
_ZONES |= {"mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_TOKEN = re.compile(
    r"(?P<time>[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]+)?)?)"
    r"|(?P<offset>[+-][0-9]{2}:?[0-9]{2})(?![0-9])"
    r"|(?P<number>[0-9]+)|(?P<word>[A-Za-z]+)|(?P<remark>\([^)]*\)?)|(?P<mark>[\s,./-])"
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
# a number of more digits is Infinity to JSON.parse
_MOST_DIGITS = 309


def parse_int(text: str) -> int | None:
    """``Number.parseInt(text, 10)``: leading digits count, the rest is ignored; None for NaN."""
    match = _INTEGER.match(text)
    return int(match[1]) if match else None


def length(text: str) -> int:
    """``text.length``: UTF-16 code units."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def to_utf8(text: str) -> bytes:
    """The text as Node sends it: U+FFFD for half a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def decode_base64(text: str) -> bytes:
    """``Buffer.from(text, "base64")``: both alphabets, padding or none; what is neither is passed over."""
    digits = _NOT_BASE64.sub("", text.partition("=")[0].replace("-", "+").replace("_", "/"))
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return base64.b64decode(digits + "=" * (-len(digits) % 4))


def parse_json(text: str) -> Any:
    """``JSON.parse(text)``, where numbers beyond all bounds are null, as JSON.stringify would write them.

    Raises:
        ValueError: what it refuses, and what is nested too deeply to be read.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_json_integer, parse_float=_json_float)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _json_integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def _json_float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def object_order(items: Mapping[str, Value]) -> dict[str, Value]:
    """Keys in the order of a JavaScript object: array indices in numeric order, then the others as inserted."""
    indices = sorted((key for key in items if _is_array_index(key)), key=int)
    return {key: items[key] for key in [*indices, *(key for key in items if not _is_array_index(key))]}


def _is_array_index(key: str) -> bool:
    return _ARRAY_INDEX.fullmatch(key) is not None and int(key) <= _LARGEST_ARRAY_INDEX


def parse_date(text: str) -> int | None:
    """``Date.parse(text)``: milliseconds since the epoch; None for an invalid date."""
    match = _ISO.fullmatch(text.strip())
    try:
        return _milliseconds(*_iso_fields(match)) if match else _parse_legacy(text)
    except (ValueError, OverflowError):
        return None


def _iso_fields(match: re.Match[str]) -> tuple[list[int], int, int]:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    fields = [int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0)]
    return fields, int((fraction or "0").ljust(3, "0")[:3]), _offset(zone or "Z")


def _offset(zone: str) -> int:
    """Minutes east of UTC."""
    if zone == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:]))


def _milliseconds(fields: list[int], milliseconds: int, offset: int) -> int:
    """Raises ValueError for a field out of range; 24:00:00 is the next midnight."""
    year, month, day, hour, minute, second = fields
    next_day = hour == 24 and minute == second == milliseconds == 0
    moment = datetime.datetime(year, month, day, 0 if next_day else hour, minute, second, tzinfo=datetime.UTC)
    moment += datetime.timedelta(days=int(next_day), minutes=-offset)
    return (moment - _EPOCH) // datetime.timedelta(milliseconds=1) + milliseconds


class _Legacy:
    """The pieces of a date in V8's legacy grammar; raises ValueError for what it refuses."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.month: int | None = None
        self.time = [0, 0, 0]
        self.milliseconds = 0
        self.offset = 0

    def take(self, kind: str, text: str) -> None:
        match kind:
            case "time":
                hours, minutes, *seconds = text.split(":")
                whole, _, fraction = (seconds or ["0"])[0].partition(".")
                self.time = [int(hours), int(minutes), int(whole)]
                self.milliseconds = int(fraction.ljust(3, "0")[:3])
            case "offset" if len(self.numbers) + (self.month is not None) >= 3:
                self.offset = _offset(text)
            case "offset":
                self.numbers += [int(part) for part in re.findall("[0-9]+", text)]
            case "number":
                self.numbers.append(int(text))
            case "word":
                self._word(text.lower())

    def _word(self, word: str) -> None:
        if word[:3] in _MONTHS:
            self.month = _MONTHS.index(word[:3]) + 1
        elif word in ("am", "pm") and self.time[0] <= 12:
            self.time[0] = self.time[0] % 12 + (12 if word == "pm" else 0)
        elif word in _ZONES:
            self.offset = _ZONES[word] * 60
        elif self.numbers:
            raise ValueError(word)  # unknown words are forgiven before the first number only

    def fields(self) -> list[int]:
        numbers = self.numbers
        if self.month is not None:
            if len(numbers) == 1:
                numbers = [*numbers, 2001]
            day, year = numbers
            month = self.month
        elif len(numbers) == 3 and numbers[0] > 31:
            year, month, day = numbers
        elif len(numbers) == 3:
            month, day, year = numbers
        else:
            month, day, year = numbers[0], numbers[1], 2001
        if self.month is not None and day > 31:
            day, year = year, day
        return [_century(year), month, day, *self.time]


def _century(year: int) -> int:
    """Two digits mean 1950 to 2049."""
    if year > 99:
        return year
    return year + (2000 if year < 50 else 1900)


def _parse_legacy(text: str) -> int | None:
    pieces = _Legacy()
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        pieces.take(str(match.lastgroup), match[0])
        position = match.end()
    if not 1 <= len(pieces.numbers) <= 3 or (len(pieces.numbers) == 1 and pieces.month is None):
        return None
    return _milliseconds(pieces.fields(), pieces.milliseconds, pieces.offset)
