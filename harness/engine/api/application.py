"""The API as a WSGI application: checks, and an answer for each route.

Source: Backbeat lib/api/BackbeatServer.js, BackbeatAPI.js.
"""

from __future__ import annotations

import ipaddress
import json
import re
import urllib.parse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from fake_cloudserver import Clock, get_logger, iso
from harness.engine.api.errors import ApiError
from harness.engine.api.failed_objects import FailedObjects
from harness.engine.api.failed_versions import FailedVersions, RetryRequest
from harness.engine.api.healthcheck import healthcheck
from harness.engine.api.routes import Route, Router
from harness.engine.api.site_states import SiteStates
from harness.engine.javascript import stringify
from harness.engine.metrics.answers import MetricsAnswers
from harness.engine.metrics.message import ObjectName
from harness.engine.metrics.registry import CONTENT_TYPE
from harness.engine.parts import Means
from harness.engine.pause_state import CANCEL, PAUSE, RESUME, Command
from harness.engine.publishing import Publisher
from harness.errors import UsageError
from harness.queue.base import QueueError
from harness.queue.interruption import Deadline, Interrupted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = get_logger(__name__)

_ALWAYS_ALLOWED = ("127.0.0.1/8", "::1")
#: Seconds that a request waits for Kafka.
_PATIENCE = 10.0
#: Seconds that it waits for what is kept there to be read.
_READING = 5.0
_LARGEST_BODY = 10_000_000
_DEFAULT_HOURS = 6.0
_HOUR = 3_600.0
#: The last date that JavaScript knows, nearly.
_LATEST = 253_402_300_799.0
_NUMBER = re.compile(r"\s*[-+]?(\d+)")


class Api:
    """Answers one request after another, from as many threads as there are.

    A request that Kafka keeps waiting is answered with 500; what it asked for may come to be nevertheless.
    """

    def __init__(self, means: Means, failed: FailedObjects, states: SiteStates, publisher: Publisher) -> None:
        self._settings = means.settings
        self._clock: Clock = means.clock
        self._queue = means.queue
        self._threaded = means.threaded
        self._metrics = means.metrics
        self._failed = failed
        self._states = states
        self._versions = FailedVersions(means, failed, publisher)
        self._answers = MetricsAnswers(means.metrics.statistics, means.clock, failed.count)
        self._router = Router([site.site for site in means.settings.bootstrap_list])
        self._allowed = [_network(text) for text in (*_ALWAYS_ALLOWED, *means.settings.api.allow_from)]
        self._handlers: dict[str, Callable[[Request, Route, Deadline], Any]] = {
            "healthcheck": lambda _request, _route, _deadline: healthcheck(self._queue, self._settings.topic),
            "workflows": self._workflows,
            "metrics": lambda _request, route, _deadline: self._answers.of_sites(route.metrics, route.sites),
            "object_progress": lambda _request, route, _deadline: self._answers.progress(*_object_of(route)),
            "object_throughput": lambda _request, route, _deadline: self._answers.throughput(*_object_of(route)),
            "list_failed": self._list_failed,
            "list_no_failed": lambda _request, _route, _deadline: {"IsTruncated": False, "Versions": []},
            "one_failed": lambda _request, route, _deadline: self._versions.one(
                route.bucket, route.key, route.version_id, route.sites
            ),
            "retry": lambda request, _route, deadline: self._versions.retry(
                RetryRequest.parse(_body(request)), deadline
            ),
            "pause": lambda _request, route, deadline: self._command(route, Command(PAUSE), deadline),
            "resume": lambda _request, route, deadline: self._command(route, Command(RESUME), deadline),
            "cancel": lambda _request, route, deadline: self._command(route, Command(CANCEL), deadline),
            "schedule": self._schedule,
            "schedules": lambda _request, route, _deadline: {
                site: self._states.state(site).scheduled_resume or "none" for site in route.sites
            },
            "status": lambda _request, route, _deadline: {
                site: "disabled" if self._states.state(site).paused else "enabled" for site in route.sites
            },
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            route = self._checked(request)
            if route.name == "prometheus":
                return Response(self._metrics.render(), content_type=CONTENT_TYPE)
            deadline = Deadline(self._clock, _PATIENCE)
            return _json(200, stringify(self._handlers[route.name](request, route, deadline)))
        except ApiError as error:
            return _json(error.status, error.body)
        except (Interrupted, QueueError) as error:
            log.warning("request without an answer of Kafka", path=request.path, reason=repr(error))
        except Exception:
            log.exception("request failed", path=request.path)
        failure = ApiError("InternalError")
        return _json(failure.status, failure.body)

    def _checked(self, request: Request) -> Route:
        """Backbeat's checks, in its order; raises ApiError for the first that fails."""
        if not self._is_allowed(request.remote_addr or ""):
            raise ApiError("AccessDenied")
        route = self._router.route(request.method, _path(request), request.args.get("versionId", ""))
        _check_query(request)
        # Backbeat asks whether ZooKeeper and its producers are there; here, whether what is kept was read
        if route.name != "healthcheck" and not self._comes_true(self._has_read):
            raise ApiError("InternalError")
        if route.metrics and not self._comes_true(lambda: self._metrics.statistics.is_complete):
            raise ApiError("InternalError")
        return route

    def _has_read(self) -> bool:
        return self._failed.is_ready and self._states.is_ready

    def _comes_true(self, condition: Callable[[], bool]) -> bool:
        """An engine that has just started reads what is kept; a request that comes meanwhile waits for it a little."""
        deadline = self._clock.monotonic() + _READING
        while self._threaded and not condition() and self._clock.monotonic() < deadline:
            self._clock.sleep(0.01)
        return condition()

    def _is_allowed(self, address: str) -> bool:
        try:
            client = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = client.ipv4_mapped if isinstance(client, ipaddress.IPv6Address) else None
        return any((mapped or client) in network for network in self._allowed)

    # handlers

    def _list_failed(self, request: Request, _route: Route, deadline: Deadline) -> Any:
        site = request.args.get("sitename")
        if site is None:
            return {"IsTruncated": False, "Versions": []}
        return self._versions.page(site, _marker(request), deadline)

    def _command(self, route: Route, command: Command, deadline: Deadline) -> dict[str, Any]:
        self._states.command(route.sites, command, deadline)
        return {}

    def _schedule(self, request: Request, route: Route, deadline: Deadline) -> dict[str, Any]:
        at = self._clock.now() + _hours(_body(request)) * _HOUR
        if at > _LATEST:
            raise ApiError("MalformedPOSTRequest")
        return self._command(route, Command(RESUME, iso(at)), deadline)

    def _workflows(self, request: Request, _route: Route, _deadline: Deadline) -> dict[str, Any]:
        """A management overlay is taken note of; the sites of this engine are those of its settings."""
        try:
            overlay = json.loads(_body(request))
        except ValueError:
            raise ApiError("MalformedPOSTRequest") from None
        if not isinstance(overlay, dict):
            raise ApiError("MalformedPOSTRequest")
        if overlay:
            log.warning("a management overlay changes nothing here", members=sorted(overlay))
        return {}


def _path(request: Request) -> str:
    """Decoded; from the target as it was sent where the server tells that, since ours leaves the decoding to us."""
    target = request.environ.get("REQUEST_URI")
    return request.path if target is None else urllib.parse.unquote(target.partition("?")[0], errors="replace")


def _check_query(request: Request) -> None:
    if "marker" in request.args and _marker(request) is None:
        raise ApiError("InvalidQueryParameter")
    if request.args.get("sitename") == "":
        raise ApiError("InvalidQueryParameter")


def _marker(request: Request) -> int | None:
    """As ``parseInt`` reads it; None when there is no number at the beginning."""
    match = _NUMBER.match(request.args.get("marker", ""))
    return int(match[0][:20]) if match else None


def _hours(body: bytes) -> float:
    """Of a schedule; raises ApiError (MalformedPOSTRequest)."""
    try:
        document = json.loads(body) if body.strip() else {}
        hours = document.get("hours") or _DEFAULT_HOURS
        number = float("nan") if isinstance(hours, bool) else float(hours)
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise ApiError("MalformedPOSTRequest") from None
    if not 0 <= number < float("inf"):
        raise ApiError("MalformedPOSTRequest")
    return number or _DEFAULT_HOURS


def _body(request: Request) -> bytes:
    """Read straight from the server, whose streams can do no more than WSGI asks for; raises ApiError for too much."""
    length = request.content_length
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return b""
    wanted = _LARGEST_BODY + 1 if length is None else min(length, _LARGEST_BODY + 1)
    body = b""
    while len(body) < wanted and (chunk := request.environ["wsgi.input"].read(wanted - len(body))):
        body += chunk
    if len(body) > _LARGEST_BODY:
        raise ApiError("MalformedPOSTRequest")
    return body


def _object_of(route: Route) -> tuple[str, ObjectName]:
    (site,) = route.sites
    return site, ObjectName(route.bucket, route.key, route.version_id)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise UsageError(f"api.allowFrom: {error}") from None


def _json(status: int, text: str) -> Response:
    return Response(text, status=status, content_type="application/json")
