"""Dates in metadata."""

from __future__ import annotations

import datetime
from typing import Any

from fake_cloudserver import Clock


def age_of(metadata: dict[str, Any], clock: Clock) -> float:
    """Seconds since the object was last modified; 0 when the metadata do not say when that was."""
    modified = seconds_of(metadata.get("last-modified"))
    return 0.0 if modified is None else max(0.0, clock.now() - modified)


def seconds_of(date: object) -> float | None:
    """Seconds since the epoch; None for what is no ISO date."""
    try:
        return datetime.datetime.fromisoformat(date).timestamp() if isinstance(date, str) else None
    except ValueError:
        return None
