"""Which question a request asks. No IO.

Source: Backbeat lib/api/BackbeatRequest.js, BackbeatServer.js, routes.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.engine.api.errors import ApiError

PREFIX = "/_/"
ALL = "all"
METHODS = frozenset({"GET", "POST", "DELETE"})
#: What a site may be asked; ``all`` of them together, too.
METRICS = ("backlog", "completions", "failures", "throughput", "pending")

#: Their method is checked after their path: with another one the answer is 405, not 404 as everywhere else.
_FIXED = {
    "healthcheck": ("GET", "healthcheck"),
    "monitoring/metrics": ("GET", "prometheus"),
    "configuration/workflows": ("POST", "workflows"),
}
#: ``crr/<word>``, by method.
_COMMANDS = {
    ("POST", "pause"): "pause",
    ("POST", "resume"): "resume",
    ("GET", "resume"): "schedules",
    ("GET", "status"): "status",
}
_SCHEDULE = {"POST": "schedule", "GET": "schedules", "DELETE": "cancel"}


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """A question, and what it is about.

    Attributes:
        name: of the handler.
        sites: those it is about, one or all.
        metrics: those that are asked for.
    """

    name: str
    sites: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    bucket: str = ""
    key: str = ""
    version_id: str = ""


class Router:
    """Knows the sites. Only replication (``crr``) is served; ingestion and lifecycle are not this engine's."""

    def __init__(self, sites: Sequence[str]) -> None:
        self._sites = tuple(sites)

    def route(self, method: str, path: str, version_id: str) -> Route:
        """The route of a decoded path; raises ApiError.

        A slash after the prefix is passed over: through CloudServer's ``/_/backbeat/api`` there are two.
        """
        if method not in METHODS:
            raise ApiError("MethodNotAllowed")
        if not path.startswith(PREFIX):
            raise ApiError("RouteNotFound")
        rest = path.removeprefix(PREFIX).removeprefix("/")
        if rest in _FIXED:
            allowed, name = _FIXED[rest]
            if method != allowed:
                raise ApiError("MethodNotAllowed")
            return Route(name)
        match rest.split("/"):
            case ["metrics", "crr", site, *what] if method == "GET":
                return self._metrics(site, what, version_id)
            case ["crr", "failed", *what]:
                return self._failed(method, what, version_id)
            case ["crr", *what]:
                return self._control(method, what)
        raise ApiError("RouteNotFound")

    def _failed(self, method: str, what: list[str], version_id: str) -> Route:
        match what:
            case [] if method in ("GET", "POST"):
                return Route("list_failed" if method == "GET" else "retry")
            case [bucket, *key] if method == "GET" and bucket and any(key):
                # QUIRK of Backbeat, kept: without a version the list without a site is answered, which is empty
                name = "one_failed" if version_id else "list_no_failed"
                return Route(name, self._sites, bucket=bucket, key="/".join(key), version_id=version_id)
        raise ApiError("RouteNotFound")

    def _control(self, method: str, what: list[str]) -> Route:
        match what:
            case ["resume", site, "schedule"]:
                return Route(_SCHEDULE[method], self._named(site))
            case [word] if (method, word) in _COMMANDS:
                return Route(_COMMANDS[method, word], self._sites)
            case [word, site] if (method, word) in _COMMANDS:
                return Route(_COMMANDS[method, word], self._named(site))
        raise ApiError("RouteNotFound")

    def _metrics(self, site: str, what: list[str], version_id: str) -> Route:
        match what:
            case [] | ["all"]:
                return Route("metrics", self._named(site), METRICS)
            case [metric] if metric in METRICS:
                return Route("metrics", self._named(site), (metric,))
            case ["progress" | "throughput" as metric, bucket, *key] if site != ALL and bucket and any(key):
                if not version_id:
                    raise ApiError("RouteNotFound")
                names = self._named(site)
                return Route(f"object_{metric}", names, bucket=bucket, key="/".join(key), version_id=version_id)
        raise ApiError("RouteNotFound")

    def _named(self, site: str) -> tuple[str, ...]:
        if site == ALL:
            return self._sites
        if site not in self._sites:
            raise ApiError("RouteNotFound")
        return (site,)
