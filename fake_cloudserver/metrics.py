"""What a fake counts of its own work, in Prometheus's terms and under CloudServer's names.

Every fake has a registry of its own: several of them in one process do not mix.

Source: cloudserver lib/utilities/monitoringHandler.js, lib/server.js.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric

from fake_cloudserver.clock import Clock
from fake_cloudserver.http_connection import WsgiApp

#: Key of the WSGI environment under which the application leaves the action that the request turned out to be.
ACTION = "cloudserver.action"

_LABELS = ("method", "action", "code")
_SECONDS = (0.0001, 0.001, 0.005, 0.015, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0, 60.0)
# a client may call its method anything: what is counted stays small
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT"})
_OTHER_METHOD = "OTHER"


class Metrics:
    """Counts the requests of one application.

    ``action`` is CloudServer's name of the operation (``objectPut``, ``routeBackbeat``), empty where the request was
    refused before it was known; ``code`` is the HTTP status.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "s3_cloudserver_http_requests_total", "Total number of HTTP requests", _LABELS, registry=self._registry
        )
        self._durations = Histogram(
            "s3_cloudserver_http_request_duration_seconds",
            "Duration of HTTP requests in seconds",
            _LABELS,
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._active = Gauge(
            "s3_cloudserver_http_active_requests", "Number of in-flight HTTP requests", registry=self._registry
        )
        self._received = Summary(
            "s3_cloudserver_http_request_size_bytes", "Size of HTTP requests in bytes", _LABELS, registry=self._registry
        )
        self._sent = Summary(
            "s3_cloudserver_http_response_size_bytes",
            "Size of HTTP responses in bytes",
            _LABELS,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, str], tuple[Counter, Histogram, Summary, Summary]] = {}

    def counting(self, app: WsgiApp) -> WsgiApp:
        """``app``, every request of which is counted once its answer has gone out."""

        def counted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            running = _Running(self, environ, start_response)
            try:
                return running.answer(app(environ, running.start))
            except BaseException:
                running.close()
                raise

        return counted

    def exposition(self) -> tuple[bytes, str]:
        """The Prometheus text and its content type."""
        return generate_latest(_WithoutCreationTimes(self._registry)), CONTENT_TYPE_LATEST

    def started(self) -> float:
        """A request begins; gives the moment to hand to :meth:`ended`."""
        self._active.inc()
        return self._clock.monotonic()

    def ended(self, labels: tuple[str, str, str], began: float, received: int, sent: int) -> None:
        """A request that :meth:`started` is over; ``labels`` are method, action and code, sizes are in bytes."""
        self._active.dec()
        requests, durations, received_bytes, sent_bytes = self._labelled(labels)
        requests.inc()
        durations.observe(max(0.0, self._clock.monotonic() - began))
        received_bytes.observe(received)
        sent_bytes.observe(sent)

    def _labelled(self, labels: tuple[str, str, str]) -> tuple[Counter, Histogram, Summary, Summary]:
        """The four metrics with these labels; looked up once, for the look-up is dearer than the counting."""
        found = self._children.get(labels)
        if found is None:
            found = self._children[labels] = (
                self._requests.labels(*labels),
                self._durations.labels(*labels),
                self._received.labels(*labels),
                self._sent.labels(*labels),
            )
        return found


class _Running:
    """One request on its way, and the bytes of its answer."""

    def __init__(self, metrics: Metrics, environ: dict[str, Any], start_response: Callable[..., Any]) -> None:
        self._metrics = metrics
        self._environ = environ
        self._start_response = start_response
        self._began = metrics.started()
        self._code = ""
        self._sent = 0
        self._result: Iterable[bytes] = ()
        self._is_open = True

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self._code = status[:3]
        return self._start_response(status, headers, exc_info)

    def answer(self, result: Iterable[bytes]) -> Iterable[bytes]:
        self._result = result
        return self

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._result:
            self._sent += len(piece)
            yield piece

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        try:
            close = getattr(self._result, "close", None)
            if close is not None:
                close()
        finally:
            method = self._environ["REQUEST_METHOD"]
            method = method if method in _METHODS else _OTHER_METHOD
            length = self._environ.get("CONTENT_LENGTH") or ""
            received = int(length) if length.isascii() and length.isdigit() else 0
            labels = (method, self._environ.get(ACTION, ""), self._code)
            self._metrics.ended(labels, self._began, received, self._sent)


class _WithoutCreationTimes:
    """What a registry collects, less the ``_created`` samples that only the Python library has."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


@functools.cache  # there are as many as there are operations
def action_of(operation: str) -> str:
    """CloudServer's spelling of an operation's name: ``bucket_put_acl`` is ``bucketPutACL``."""
    # cloudserver lib/api/api.js
    first, *others = operation.split("_")
    return first + "".join("ACL" if word == "acl" else word.capitalize() for word in others)
