"""Version ids: how they are made, and the two forms in which clients see them.

Internal form (metadata, keys, journal): 14 digits that fall as time passes, 6 that fall within a millisecond, the
replication group id in 7 characters, and a counter when ids are encoded in hexadecimal. A newer id sorts before an
older one. Encoded form (headers, queries, listings): base62 in 32 characters for ids of exactly 27, else hexadecimal.

Source: Arsenal lib/versioning/VersionID.ts.
"""

from __future__ import annotations

import threading
from typing import Final

from fake_cloudserver.clock import Clock

_LARGEST_TIME: Final = 99_999_999_999_999
_LARGEST_SEQUENCE: Final = 999_999
_GROUP_LENGTH: Final = 7
_SHORT_LENGTH: Final = 27
_ENCODED_SHORT_LENGTH: Final = 32
_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _group(group_id: str) -> str:
    return group_id.ljust(_GROUP_LENGTH)[:_GROUP_LENGTH]


def infinite(group_id: str) -> str:
    """The id of an object written before its bucket had versioning: older than every other."""
    return f"{_LARGEST_TIME}{_LARGEST_SEQUENCE}{_group(group_id)}"


class VersionIdGenerator:
    """Makes internal ids, each newer (a smaller string) than all before it; safe to call from any thread.

    Args:
        clock: where the time in the id comes from. When it stands still the sequence falls; when it goes back the
            latest time seen is kept, so order never depends on the clock.
        group_id: the replication group id, padded with blanks or cut to 7 characters.
        encoding: ``hex`` adds the counter that makes ids longer than 27 characters, ``base62`` leaves it out.
    """

    def __init__(self, clock: Clock, group_id: str, encoding: str = "hex") -> None:
        if encoding not in {"hex", "base62"}:
            raise ValueError(f"unknown version id encoding: {encoding}")
        self._clock = clock
        self._group = _group(group_id)
        self._with_counter = encoding == "hex"
        self._lock = threading.Lock()
        self._milliseconds = -1
        self._sequence = 0
        self._counter = 0
        self.infinite: Final = infinite(group_id)

    @property
    def milliseconds(self) -> int:
        """The time in the latest id; -1 before the first."""
        return self._milliseconds

    def resume(self, milliseconds: int) -> None:
        """Go on after another generator, whose latest id has this time: the next id is newer than all of its ids."""
        with self._lock:
            self._milliseconds, self._sequence = max(self._milliseconds, milliseconds), _LARGEST_SEQUENCE

    def next(self) -> str:
        """A new internal id."""
        with self._lock:
            now = int(self._clock.now() * 1000)
            if now > self._milliseconds:
                self._milliseconds, self._sequence = now, 0
            elif self._sequence < _LARGEST_SEQUENCE:
                self._sequence += 1
            else:
                self._milliseconds, self._sequence = self._milliseconds + 1, 0
            counter = str(self._counter) if self._with_counter else ""
            self._counter += 1
            time, sequence = _LARGEST_TIME - self._milliseconds, _LARGEST_SEQUENCE - self._sequence
        return f"{time:014d}{sequence:06d}{self._group}{counter}"


def encode(internal: str) -> str:
    """The form that clients see."""
    if len(internal) == _SHORT_LENGTH and internal[:20].isascii() and internal[:20].isdigit():
        group = _base62(int.from_bytes(internal[20:].encode(), "big"))
        return _base62(int(internal[:10])).zfill(6) + _base62(int(internal[10:20])).zfill(6) + group.zfill(20)
    return internal.encode().hex()


def decode(encoded: str) -> str:
    """The internal form of what a client sent.

    Raises:
        ValueError: it cannot be an id; the text is the one CloudServer's version listing shows.
    """
    internal = ""
    if len(encoded) == _ENCODED_SHORT_LENGTH:
        internal = _decode_short(encoded)
    elif len(encoded) > _ENCODED_SHORT_LENGTH:
        internal = _decode_hexadecimal(encoded)
    if not internal:
        raise ValueError(f"cannot decode str {len(encoded)}")
    return internal


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits


def _decode_short(encoded: str) -> str:
    """27 characters, or nothing when the text is not their encoding."""
    octets = 0
    for character in encoded[12:]:
        if character not in _ALPHABET:
            return ""
        octets = octets * 62 + _digit(character)
    group = octets.to_bytes((octets.bit_length() + 7) // 8, "big").decode("utf-8", errors="replace")
    internal = f"{_number(encoded[:6]):>010}{_number(encoded[6:12]):>010}{group}"
    return internal if len(internal) == _SHORT_LENGTH else ""


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 62 + _digit(digit)
    return value


def _digit(character: str) -> int:
    """The value of a digit; a character outside the alphabet has one too, as in the base62 library of npm."""
    code = ord(character)
    if code <= ord("9"):
        return code - 48
    return code - 29 if code <= ord("Z") else code - 87


def _decode_hexadecimal(encoded: str) -> str:
    """As Node's ``Buffer.from(text, "hex")``: up to the first pair that is none, a half byte at the end ignored."""
    octets = bytearray()
    for position in range(0, len(encoded) - 1, 2):
        pair = encoded[position : position + 2]
        if any(digit not in "0123456789abcdefABCDEF" for digit in pair):
            break
        octets.append(int(pair, 16))
    return octets.decode("utf-8", errors="replace")
