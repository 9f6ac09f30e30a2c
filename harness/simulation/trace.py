"""What happened in a run, a line of JSON each: the same from the same script, byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any


class Trace:
    """Grows while the run goes on.

    Args:
        now: seconds since the run began.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lines: list[str] = []

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, kind: str, /, **fields: Any) -> None:
        """Something happened now."""
        event = {"n": len(self._lines) + 1, "t": round(self._now(), 6), "k": kind} | fields
        self._lines.append(json.dumps(event, ensure_ascii=False, separators=(",", ":")))

    def text(self) -> str:
        """JSON Lines."""
        return "".join(f"{line}\n" for line in self._lines)

    def digest(self) -> str:
        """The same for equal runs, another one for others."""
        return hashlib.sha256(self.text().encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(content: bytes | None) -> str:
    """Of a body; short."""
    return "" if content is None else hashlib.sha256(content).hexdigest()[:16]
