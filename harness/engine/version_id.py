"""Version ids between the form in metadata and the form that S3 users see.

Source: Arsenal lib/versioning/VersionID.ts.
"""

from __future__ import annotations

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHORT = 27
_ENCODED = 32


def encode(raw: str) -> str:
    """The encoded form. A raw id of 27 characters becomes 32 base-62 ones, any other length hexadecimal."""
    if len(raw) == _SHORT and raw[:20].isascii() and raw[:20].isdigit() and len(raw.encode()) == _SHORT:
        tail = int.from_bytes(raw[20:].encode(), "big")
        return _base62(int(raw[:10]), 6) + _base62(int(raw[10:20]), 6) + _base62(tail, 20)
    return raw.encode().hex()


def decode(encoded: str) -> str:
    """The raw form; raises ValueError for what is none."""
    if len(encoded) < _ENCODED:
        raise ValueError(f"not a version id: {encoded!r}")
    if len(encoded) == _ENCODED:
        head = f"{_number(encoded[:6]):010d}{_number(encoded[6:12]):010d}"
        tail = _number(encoded[12:])
        if len(head) != 20 or tail >= 2**56:
            raise ValueError(f"not a version id: {encoded!r}")
        raw = head + tail.to_bytes(7, "big").decode()
        if len(raw) != _SHORT:
            raise ValueError(f"not a version id: {encoded!r}")
        return raw
    return bytes.fromhex(encoded).decode()


def _base62(number: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits.rjust(width, "0")


def _number(text: str) -> int:
    number = 0
    for character in text:
        number = number * 62 + _ALPHABET.index(character)
    return number
