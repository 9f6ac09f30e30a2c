"""Which seeds somebody asks for."""

from __future__ import annotations


def seeds(text: str) -> list[int]:
    """``10`` means the first ten, ``3-7`` those."""
    first, dash, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if dash else list(range(1, int(first) + 1))
