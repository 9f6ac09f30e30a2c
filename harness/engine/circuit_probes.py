"""What a circuit breaker looks at.

Source: breakbeat src/probes/.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable

from fake_cloudserver import get_logger
from harness.engine.circuit_breaker import Probe
from harness.engine.settings import ConsumerLagProbe, NoopProbe, ProbeSettings, PrometheusProbe
from harness.queue.base import Queue
from harness.transport import Transport, TransportError

log = get_logger(__name__)

#: Gives a number, or None when there is none at present.
Observation = Callable[[], float | None]


class ConstantProbe:
    """Answers the same for ever."""

    def __init__(self, *, well: bool) -> None:
        self._well = well

    def is_well(self) -> bool:
        return self._well


class ThresholdProbe:
    """Well while the number observed last is below ``threshold``; before there was any it is 0.

    Args:
        failed: told when nothing could be observed.
    """

    def __init__(self, observe: Observation, threshold: float, failed: Callable[[], None]) -> None:
        self._observe = observe
        self._threshold = threshold
        self._failed = failed
        self._last = 0.0

    def is_well(self) -> bool:
        try:
            value = self._observe()
        except (TransportError, ValueError, LookupError, TypeError) as error:
            log.warning("circuit breaker: a probe cannot tell", reason=repr(error))
            self._failed()
            value = None
        if value is not None:
            self._last = value
        return self._last < self._threshold


class PrometheusQuery:
    """The first value that a query has now."""

    def __init__(self, transport: Transport, endpoint: str, query: str) -> None:
        self._transport = transport
        self._url = f"{endpoint.rstrip('/')}/api/v1/query?{urllib.parse.urlencode({'query': query})}"

    def __call__(self) -> float | None:
        """Raises TransportError, or ValueError for an answer that is none."""
        response = self._transport.send("GET", self._url, {})
        body = response.read()
        if response.status != 200:
            raise ValueError(f"Prometheus answered {response.status}")
        data = json.loads(body)["data"]
        if data["resultType"] == "scalar":
            return float(data["result"][1])
        return float(data["result"][0]["value"][1]) if data["result"] else None


def build_probe(settings: ProbeSettings, transport: Transport, queue: Queue, failed: Callable[[], None]) -> Probe:
    """The probe that ``settings`` describe."""
    match settings:
        case NoopProbe():
            return ConstantProbe(well=settings.return_constant_value)
        case PrometheusProbe():
            query = _averaged(settings.query, settings.averaged_over_interval)
            observe: Observation = PrometheusQuery(transport, settings.prometheus.endpoint, query)
            return ThresholdProbe(observe, settings.threshold, failed)
        case ConsumerLagProbe():
            observe = _lag(settings, transport, queue)
            return ThresholdProbe(observe, settings.want_total_lag_less_than, failed)


def _averaged(query: str, interval: str | None) -> str:
    return query if interval is None else f"avg_over_time(({query})[{interval}:])"


def _lag(settings: ConsumerLagProbe, transport: Transport, queue: Queue) -> Observation:
    group, topic = settings.consumer_group_name, settings.topic_name
    if settings.prometheus is not None:
        labels = f'group="{group}"' + (f',topic="{topic}"' if topic else "")
        # the series of kafka-lag-exporter
        query = f"sum(kafka_consumergroup_group_lag{{{labels}}})"
        return PrometheusQuery(transport, settings.prometheus.endpoint, query)
    assert topic is not None
    return lambda: queue.backlog(group, [topic])
