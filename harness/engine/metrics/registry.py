"""Metrics by name, in a registry of their own, and their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric

from harness.engine.metrics.catalogue import ORIGIN, Definition

Kind = TypeVar("Kind", Counter, Gauge, Histogram)

#: Of the text that :meth:`MetricsRegistry.render` gives, as Backbeat's library names it.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsRegistry:
    """What was counted so far. The label ``origin`` is filled in where nobody gives it."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self.definitions = tuple(definitions)
        self._labels = {one.name: one.labels for one in self.definitions}
        self._children: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = {}
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._counters = {one.name: self._counter(one) for one in self.definitions if one.kind == "counter"}
        self._gauges = {one.name: self._gauge(one) for one in self.definitions if one.kind == "gauge"}
        self._histograms = {one.name: self._histogram(one) for one in self.definitions if one.kind == "histogram"}
        # the library ends the name of every counter in _total; some of Backbeat's do not
        self._renamed = [name.encode() for name in self._counters if not name.endswith("_total")]

    def count(self, name: str, amount: float = 1, /, **labels: str) -> None:
        self._child(self._counters, name, labels).inc(amount)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        self._child(self._gauges, name, labels).set(value)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        self._child(self._histograms, name, labels).observe(value)

    def render(self) -> bytes:
        """Prometheus's text form."""
        text = generate_latest(_WithoutCreationTimes(self._registry))
        for name in self._renamed:
            text = text.replace(name + b"_total", name)
        return text

    def _child(self, metrics: dict[str, Kind], name: str, labels: dict[str, str]) -> Kind:
        """The metric with these labels; looked up once, for the look-up is dearer than the counting."""
        key = name, tuple(labels.items())
        found: Kind | None = self._children.get(key)
        if found is None:
            origin = {"origin": ORIGIN} if "origin" in self._labels[name] else {}
            found = self._children[key] = metrics[name].labels(**(origin | labels))
        return found

    def _counter(self, one: Definition) -> Counter:
        return Counter(one.name, one.text, one.labels, registry=self._registry)

    def _gauge(self, one: Definition) -> Gauge:
        return Gauge(one.name, one.text, one.labels, registry=self._registry)

    def _histogram(self, one: Definition) -> Histogram:
        return Histogram(one.name, one.text, one.labels, registry=self._registry, buckets=one.buckets)


class _WithoutCreationTimes:
    """What a registry collects, less the ``_created`` samples that only the Python library has."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
