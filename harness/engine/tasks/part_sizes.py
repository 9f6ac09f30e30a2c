"""How an object is cut into parts.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js.
"""

from __future__ import annotations

import math

MIB = 1024 * 1024
_MINIMUM = 16 * MIB
_USUAL_MAXIMUM = 512 * MIB
_USUAL_PARTS = 1000
_MAX_PARTS = 10_000
_MAX_PARTS_GCP = 1024


def part_size(length: int, destination_type: str | None = None) -> int:
    """Bytes of every part but the last: 16 MiB, doubled while there would be more than a thousand parts, up to
    512 MiB, and further only where ten thousand do not suffice. Google allows 1024 parts."""
    if length <= _MINIMUM:
        size = length
    else:
        size = _MINIMUM
        while length / size > _USUAL_PARTS and size < _USUAL_MAXIMUM:
            size *= 2
        while length / size > _MAX_PARTS:
            size *= 2
    if destination_type == "gcp" and size and length / size > _MAX_PARTS_GCP:
        size = math.ceil(2 ** math.ceil(math.log2(length)) / _MAX_PARTS_GCP)
    return size


def ranges(length: int, destination_type: str | None = None) -> list[tuple[int, int] | None]:
    """First and last byte of each part, in order; a single None for an object without any."""
    if length == 0:
        return [None]
    size = part_size(length, destination_type)
    return [(start, min(start + size, length) - 1) for start in range(0, length, size)]
