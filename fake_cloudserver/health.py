"""The second port of CloudServer: is it alive, is it ready, what has it done.

Source: cloudserver lib/server.js (routeAdminRequest), lib/utilities/healthcheckHandler.js,
lib/utilities/monitoringHandler.js.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from fake_cloudserver.locations.gateway import MultipleBackendGateway
    from fake_cloudserver.metrics import Metrics
    from fake_cloudserver.settings import Settings

_OK = {"code": 200, "message": "OK"}
# names of the other back ends: Arsenal lib/storage/metadata/MetadataWrapper.js, lib/auth/Vault.ts
_OTHER_BACK_ENDS = ("bucketfile", "vaultMem")


class HealthApp:
    """A WSGI application for ``/live``, ``/ready`` and ``/metrics``."""

    def __init__(self, settings: Settings, gateway: MultipleBackendGateway, metrics: Metrics) -> None:
        self._settings = settings
        self._gateway = gateway
        self._metrics = metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, content_type, body = self._answer(environ)
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[str, str, bytes]:
        method, url = environ["REQUEST_METHOD"], _url(environ)
        if url in {"/live", "/ready"}:
            return self._health(method, url, environ.get("REMOTE_ADDR", ""))
        if method != "GET":
            return _json("400 Bad Request", [])
        if url != "/metrics":
            return _json("405 Method Not Allowed", [])
        text, content_type = self._metrics.exposition()
        return "200 OK", content_type, text

    def _health(self, method: str, url: str, caller: str) -> tuple[str, str, bytes]:
        if method not in {"GET", "POST"}:
            return _json("400 Bad Request", [])
        if not self._settings.may_ask_for_health(caller):
            return _json("403 Forbidden", [])
        if url == "/live":
            # Arsenal lib/metrics/StatsClient.ts: the figures are kept in Redis, without which there are none
            return _json("200 OK", {})
        report = self._deep_report()
        return _json("500 Internal Server Error" if all_fail(report) else "200 OK", report)

    def _deep_report(self) -> dict[str, Any]:
        # Arsenal lib/storage/data/MultipleBackendGateway.js (healthcheck): local locations are always well
        local = {name: _OK for name, location in self._settings.locations.items() if _is_local(location.type)}
        others = dict.fromkeys(_OTHER_BACK_ENDS, _OK)
        remote = {
            name: self._gateway.healthcheck(name)
            for name, location in self._settings.locations.items()
            if location.is_external
        }
        return {**local, **remote, **others}


def all_fail(report: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a report stands for a server that is of no use: an external location's failure is not the server's."""
    return all(entry.get("error") and not entry.get("external") for entry in report.values())


def _is_local(location_type: str) -> bool:
    return location_type in {"mem", "file", "scality"}


def _url(environ: WSGIEnvironment) -> str:
    """The target as sent, with its query: CloudServer compares the whole of it."""
    target = environ.get("REQUEST_URI")
    if target is not None:
        return str(target)
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _json(status: str, document: Any) -> tuple[str, str, bytes]:
    return status, "application/json", json.dumps(document, separators=(",", ":")).encode()
