"""What an engine counts: for Prometheus, and on the metrics topic."""

from __future__ import annotations

from harness.engine.metrics.engine_metrics import EngineMetrics

__all__ = ["EngineMetrics"]
