"""Values in scenarios: ``$name`` substitution, durations, sizes, bodies; no IO."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.errors import ScenarioError

_NAME = re.compile(r"\$(?:\$|([A-Za-z_][A-Za-z0-9_]*))")
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"([0-9]{1,12})\s?(B|KB|KiB|MB|MiB|GB|GiB)?")
_BYTES = {"": 1, "B": 1, "KB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}
_LARGEST_BODY = 2**31
_PATTERN_BLOCK = 2**16


def duration(value: Any) -> float:
    """``10s``, ``250ms``, ``1.5m``, ``1h``, ``1d`` as seconds; ValueError for anything else."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration; write a number with ms, s, m, h or d, such as 10s")
    return float(match[1]) * _SECONDS[match[2]]


def size(value: Any) -> int:
    """``0``, ``512B``, ``5MiB`` as bytes; ValueError for anything else."""
    match = None if isinstance(value, bool | float) else _SIZE.fullmatch(str(value))
    if match is None:
        raise ValueError(f"{value!r} is no size; write a number with B, KB, KiB, MB, MiB, GB or GiB, such as 5MiB")
    result = int(match[1]) * _BYTES[match[2] or ""]
    if result > _LARGEST_BODY:
        raise ValueError(f"{value!r} is more than a scenario may send (2 GiB)")
    return result


def substitute(value: Any, names: Mapping[str, Any]) -> Any:
    """``value`` with each ``$name`` replaced; a text that is nothing but a name takes its value as it is.

    ``$$`` is a dollar sign; a dollar sign with no name behind it is itself.

    Raises:
        ScenarioError: a name that nothing has set.
    """
    if isinstance(value, str):
        return _substitute_text(value, names)
    if isinstance(value, Mapping):
        return {str(substitute(name, names)): substitute(item, names) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(item, names) for item in value]
    return value


def _substitute_text(text: str, names: Mapping[str, Any]) -> Any:
    whole = _NAME.fullmatch(text)
    if whole is not None and whole[1]:
        return _look_up(whole[1], names)
    return _NAME.sub(lambda match: str(_look_up(match[1], names)) if match[1] else "$", text)


def _look_up(name: str, names: Mapping[str, Any]) -> Any:
    if name not in names:
        known = ", ".join(sorted(f"${known}" for known in names)) or "none"
        raise ScenarioError(f"${name} is not set; known here: {known}")
    return names[name]


def names_in(text: str) -> Iterator[str]:
    """The names that ``text`` asks for."""
    return (match[1] for match in _NAME.finditer(text) if match[1])


def has_names(value: Any) -> bool:
    """Whether ``value`` is a text that :func:`substitute` would change."""
    return isinstance(value, str) and _NAME.search(value) is not None


def body(value: Any) -> bytes:
    """The bytes that a Body means: a text, ``{size: 5MiB}`` (a fixed pattern, ``seed`` varies it), ``{base64: …}``.

    Raises:
        ScenarioError: anything else.
    """
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value).encode()
    if isinstance(value, Mapping):
        try:
            return _described_body(value)
        except (ValueError, binascii.Error) as error:
            raise ScenarioError(f"Body {dict(value)!r}: {error}") from None
    raise ScenarioError(f"Body {value!r}: a text, {{size: 5MiB}} or {{base64: …}} is allowed")


def _described_body(value: Mapping[str, Any]) -> bytes:
    names = set(value)
    if names == {"base64"}:
        return base64.b64decode(str(value["base64"]), validate=True)
    if "size" in names and names <= {"size", "seed"}:
        return pattern(size(value["size"]), str(value.get("seed", "")))
    raise ValueError("write {size: 5MiB}, {size: 5MiB, seed: x} or {base64: …}")


def pattern(length: int, seed: str = "") -> bytes:
    """``length`` bytes that are the same for the same seed, and unlike each other from block to block."""
    pieces: list[bytes] = []
    made = 0
    while made < length:
        block = hashlib.sha256(f"{seed}:{made}".encode()).digest() * (_PATTERN_BLOCK // 32)
        pieces.append(block)
        made += len(block)
    return b"".join(pieces)[:length]
