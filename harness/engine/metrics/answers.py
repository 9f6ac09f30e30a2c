"""Answers of the metrics routes of Backbeat's HTTP API.

Source: Arsenal lib/backbeat/Metrics.ts; Backbeat lib/api/routes.js.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fake_cloudserver import Clock
from harness.engine.javascript import to_fixed
from harness.engine.metrics.message import ObjectName
from harness.engine.metrics.statistics import DAY_INTERVALS, INTERVAL_MS, THROUGHPUT_INTERVALS, Statistics

_DAY = DAY_INTERVALS * INTERVAL_MS // 1000
_RECENT = THROUGHPUT_INTERVALS * INTERVAL_MS // 1000

_DESCRIPTIONS = {
    "backlog": "Number of incomplete replication operations (count) and number of incomplete bytes transferred (size)",
    "completions": "Number of completed replication operations (count) and number of bytes transferred (size) "
    f"in the last {_DAY} seconds",
    "failures": f"Number of failed replication operations (count) and bytes (size) in the last {_DAY} seconds",
    "throughput": "Current throughput for replication operations in ops/sec (count) and bytes/sec (size) "
    f"in the last {_RECENT} seconds",
    "pending": "Number of pending replication operations (count) and bytes (size)",
}
_PROGRESS = (
    "Number of bytes to be replicated (pending), number of bytes transferred to the destination (completed), "
    "and percentage of the object that has completed replication (progress)"
)
_THROUGHPUT = "Current throughput for object replication in bytes/sec (throughput)"

#: What may be asked of a site, in the order in which ``all`` answers.
SITE_METRICS = tuple(_DESCRIPTIONS)


class MetricsAnswers:
    """What the routes answer, as JSON values.

    Args:
        failures: how many failed objects of a site are listed.
    """

    def __init__(self, statistics: Statistics, clock: Clock, failures: Callable[[str], int]) -> None:
        self._statistics = statistics
        self._clock = clock
        self._failures = failures

    def of_sites(self, metrics: Sequence[str], sites: Sequence[str]) -> dict[str, Any]:
        """The ``metrics`` (see SITE_METRICS), each summed over ``sites``."""
        return {
            name: {"description": _DESCRIPTIONS[name], "results": dict(zip(("count", "size"), numbers, strict=True))}
            for name in metrics
            for numbers in [self._numbers(name, sites)]
        }

    def progress(self, site: str, name: ObjectName) -> dict[str, Any]:
        """How far one version of an object has come on its way to ``site``."""
        total, done = self._statistics.object_bytes(site, name, self._now())
        percent = to_fixed(done / total * 100) if total else "0"
        return {"description": _PROGRESS, "pending": total - done, "completed": done, "progress": f"{percent}%"}

    def throughput(self, site: str, name: ObjectName) -> dict[str, Any]:
        """How fast one version of an object is on its way to ``site``."""
        value = self._statistics.object_throughput(site, name, self._now())
        return {"description": _THROUGHPUT, "throughput": to_fixed(value, 2)}

    def _numbers(self, metric: str, sites: Sequence[str]) -> tuple[float | str, float | str]:
        if metric == "failures":
            return sum(self._failures(site) for site in sites), 0
        if metric == "completions":
            done = self._statistics.completions(sites, self._now())
            return done.ops, done.size
        if metric == "throughput":
            speed = self._statistics.throughput(sites, self._now())
            return to_fixed(speed.ops, 2), to_fixed(speed.size, 2)
        pending = self._statistics.pending(sites)
        lowest = 0 if metric == "backlog" else float("-inf")
        return max(lowest, pending.ops), max(lowest, pending.size)

    def _now(self) -> int:
        return int(self._clock.now() * 1000)
