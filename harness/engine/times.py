"""Dates in metadata."""

from __future__ import annotations

import datetime
from typing import Any

from fake_cloudserver import Clock


def age_of(metadata: dict[str, Any], clock: Clock) -> float:
    """Seconds since the object was last modified; 0 when the metadata do not say when that was."""
    try:
        modified = datetime.datetime.fromisoformat(metadata.get("last-modified", ""))
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, clock.now() - modified.timestamp())
