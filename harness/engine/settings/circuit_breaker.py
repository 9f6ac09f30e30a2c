"""When to stop for a while because something else is overloaded.

Source: breakbeat src/; Backbeat lib/CircuitBreaker.js.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

from harness.engine.settings.base import Model, Positive


class NoopProbe(Model):
    """Answers the same for ever."""

    type: Literal["noop"]
    return_constant_value: bool


class PrometheusProbe(Model):
    """Well while the last value of a query is below a threshold."""

    type: Literal["prometheusQuery"]
    prometheus: dict[str, Any]
    query: str
    threshold: float
    averaged_over_interval: str | None = None


class ConsumerLagProbe(Model):
    """Well while a consumer group lags by fewer messages than this, as Prometheus knows it."""

    type: Literal["kafkaConsumerLag"]
    prometheus: dict[str, Any]
    consumer_group_name: str
    topic_name: str | None = None
    want_total_lag_less_than: int


ProbeSettings = Annotated[NoopProbe | PrometheusProbe | ConsumerLagProbe, pydantic.Field(discriminator="type")]


class CircuitBreakerSettings(Model):
    """Without probes it never trips."""

    probes: tuple[ProbeSettings, ...] = ()
    nominal_evaluate_interval_ms: Positive = 60_000
    stabilizing_evaluate_interval_ms: Positive = 60_000
    tripped_evaluate_interval_ms: Positive = 60_000
    stabilize_after_n_successes: Positive = pydantic.Field(
        default=2, validation_alias=pydantic.AliasChoices("stabilizeAfterNSuccesses", "stabilize_after_n_successes")
    )
