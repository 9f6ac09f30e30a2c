"""The HTTP server by which an orchestrator learns whether a role is alive, and Prometheus what it counts.

Source: Arsenal lib/network/probe/ProbeServer.ts, Utils.ts; Backbeat extensions/replication/queueProcessor/task.js.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fake_cloudserver import Clock, HttpServer, get_logger
from harness.engine.health import Conditions, Problem, populator_problems, processor_problems, status_problems
from harness.engine.parts import Means, Service
from harness.engine.replay import replay_topic_names
from harness.engine.settings import ProbeServerSettings
from harness.errors import UsageError

log = get_logger(__name__)

LIVE, READY, READINESS, METRICS = "/_/live", "/_/ready", "/_/health/readiness", "/metrics"

_STATUS = {200: "200 OK", 400: "400 Bad Request", 405: "405 Method Not Allowed", 500: "500 Internal Server Error"}
_INVALID_URI = "Could not parse the specified URI. Check your restEndpoints configuration."
_JSON = "application/json"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class ProbeApp:
    """The WSGI application.

    Args:
        problems: what is wrong at present.
        render: the metrics in Prometheus's text form.
        health_paths: which paths tell about problems.
    """

    def __init__(
        self,
        problems: Callable[[], Sequence[Problem]],
        render: Callable[[], bytes],
        health_paths: Iterable[str] = (LIVE, READY),
    ) -> None:
        self._problems = problems
        self._render = render
        self._health_paths = frozenset(health_paths)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        status, kind, body = self._answer(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        start_response(_STATUS[status], [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        if method != "GET":
            return _error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if path == METRICS:
            return 200, _TEXT, self._render()
        if path not in self._health_paths:
            return _error(
                400, "InvalidURI", "Could not parse the specified URI. Check your restEndpoints configuration."
            )
        problems = list(self._problems())
        if not problems:
            return 200, "text/plain", b"OK"
        return 500, _JSON, json.dumps(problems, separators=(",", ":")).encode()


def _error(status: int, kind: str, message: str) -> tuple[int, str, bytes]:
    return status, _JSON, json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()


class ProbeServer:
    """A service of the engine (see :class:`harness.engine.parts.Service`) that answers even before the parts exist."""

    def __init__(self, role: str, settings: ProbeServerSettings, app: ProbeApp, clock: Clock) -> None:
        self.name = f"probe-{role}"
        self._role = role
        self._settings = settings
        self._app = app
        self._clock = clock
        self._server: HttpServer | None = None

    def start(self) -> None:
        """Raises UsageError when the port is taken."""
        host, port = self._settings.bind_address, self._settings.port
        try:
            self._server = HttpServer(self._app, host, port, self._clock).start()
        except OSError as error:
            raise UsageError(f"probe server of {self._role}: {host}:{port}: {error.strerror or error}") from error

    def stop(self, timeout: float = 30.0) -> bool:
        if self._server is not None:
            self._server.stop(grace=min(timeout, 1.0))
            self._server = None
        return True

    def facts(self) -> dict[str, object]:
        return {} if self._server is None else {f"{self._role}_probes": self._server.url}


def probe_servers(roles: frozenset[str], means: Means, conditions: Conditions) -> list[Service]:
    """One for each role that has a port for it."""
    settings, sites = means.settings, [site.site for site in means.sites]
    replays = replay_topic_names(settings.replay_topics)
    health: dict[str, tuple[ProbeServerSettings | None, Callable[[], list[Problem]], tuple[str, ...]]] = {
        "populator": (
            settings.queue_populator.probe_server,
            lambda: populator_problems(settings, conditions),
            (LIVE, READY),
        ),
        "processor": (
            settings.queue_processor.probe_server,
            lambda: processor_problems(sites, replays, conditions),
            (LIVE, READY, READINESS),
        ),
        "status": (
            settings.replication_status_processor.probe_server,
            lambda: status_problems(settings, replays, conditions),
            (LIVE, READY),
        ),
    }
    return [
        ProbeServer(role, where, ProbeApp(problems, means.metrics.render, paths), means.clock)
        for role, (where, problems, paths) in health.items()
        if role in roles and where is not None
    ]
