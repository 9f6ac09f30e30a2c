"""What Backbeat counts of objects that move between locations (transitions, for example).

Source: Backbeat extensions/replication/ReplicationMetrics.js.
"""

from __future__ import annotations

import dataclasses

from harness.engine.metrics.registry import MetricsRegistry

_RANGES = (
    (10**4, "<10KB"),
    (10**5, "10KB..100KB"),
    (10**6, "100KB..1MB"),
    (10**7, "1MB..10MB"),
    (10**8, "10MB..100MB"),
    (10**9, "100MB..1GB"),
    (10**10, "1GB..10GB"),
    (10**11, "10GB..100GB"),
    (10**12, "100GB..1TB"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """From where to where, by whose order (``origin``)."""

    origin: str
    from_location: str
    from_type: str
    to_location: str
    to_type: str

    def labels(self) -> dict[str, str]:
        return {
            "origin": self.origin,
            "fromLocation": self.from_location,
            "fromLocationType": self.from_type,
            "toLocation": self.to_location,
            "toLocationType": self.to_type,
        }


def content_length_range(length: int) -> str:
    """The size class of ``length`` bytes."""
    return next((name for bound, name in _RANGES if length < bound), ">1TB")


class DataMoverMetrics:
    """``length`` in bytes, as number or as text, the way it stands in metadata or in a header."""

    def __init__(self, registry: MetricsRegistry) -> None:
        self._registry = registry

    def queued(self, move: Move, length: int | str, partition: int) -> None:
        """An action was published."""
        labels = move.labels() | {"partition": str(partition)}
        self._registry.count("s3_replication_queued_objects_total", **labels)
        self._registry.count("s3_replication_queued_bytes_total", int(length), **labels)

    def processed(self, move: Move, length: int | str, status: str, elapsed_seconds: float) -> None:
        """An action ended; ``status``: ``success`` or ``error``."""
        labels = move.labels() | {"status": status}
        size = int(length)
        self._registry.count("s3_replication_processed_bytes_total", size, **labels)
        ranged = labels | {"contentLengthRange": content_length_range(size)}
        self._registry.observe("s3_replication_elapsed_seconds", elapsed_seconds, **ranged)
