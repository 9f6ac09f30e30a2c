"""When to stop for a while because something else is overloaded.

Source: breakbeat src/; Backbeat lib/CircuitBreaker.js.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from harness.engine.settings.base import Model, Positive


class NoopProbe(Model):
    """Answers the same for ever."""

    type: Literal["noop"]
    return_constant_value: bool


class PrometheusSettings(Model):
    """Where Prometheus answers, such as ``http://127.0.0.1:9090``."""

    endpoint: Annotated[str, pydantic.Field(min_length=1)]


class PrometheusProbe(Model):
    """Well while the last value of a query is below a threshold; ``averaged_over_interval`` as in ``5m``."""

    type: Literal["prometheusQuery"]
    prometheus: PrometheusSettings
    query: str
    threshold: float
    averaged_over_interval: str | None = None


class ConsumerLagProbe(Model):
    """Well while a consumer group lags by fewer messages than this: as Prometheus knows it, else as Kafka does.

    Kafka itself knows the lag of a group in a topic only.
    """

    type: Literal["kafkaConsumerLag"]
    prometheus: PrometheusSettings | None = None
    consumer_group_name: str
    topic_name: str | None = None
    want_total_lag_less_than: float

    @pydantic.model_validator(mode="after")
    def _check_topic(self) -> ConsumerLagProbe:
        if self.prometheus is None and self.topic_name is None:
            raise ValueError("without prometheus, Kafka is asked, and topicName is needed")
        return self


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
