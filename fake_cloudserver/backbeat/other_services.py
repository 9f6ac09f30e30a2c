"""The internal services beside Backbeat's: the report, the workflow engine operator, Veeam."""

from __future__ import annotations

from fake_cloudserver.backbeat.api_proxy import proxy_api
from fake_cloudserver.backbeat.documents import json_answer
from fake_cloudserver.backbeat.path import parse_path
from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request

_VEEAM_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})


def report(server: CloudServer, request: Request) -> Answer:
    """What this server is, for who knows the report token and asks from an address that may ask for its health.

    Raises:
        S3Error: AccessDenied for anybody else. Without a configured token nobody knows it.
    """
    # cloudserver lib/utilities/reportHandler.js
    token = server.settings.report_token
    is_known = token is not None and request.headers.get("x-scal-report-token") == token
    if not is_known or not server.settings.may_ask_for_health(request.remote_address):
        raise S3Error("AccessDenied")
    locations = {
        name: {"type": location.type, "objectId": location.object_id}
        for name, location in server.settings.locations.items()
    }
    endpoints = [{"site": one.site, "type": one.type} for one in server.settings.replication_endpoints]
    return json_answer(
        {
            "utcTime": iso(server.clock.now()),
            "reportModelVersion": 1,
            "config": {"locationConstraints": locations, "replicationEndpoints": endpoints},
        }
    )


def workflow_engine_operator(server: CloudServer, request: Request) -> Answer:
    """Hand the request to the operator's API; raises MethodNotAllowed for anything but ``api``."""
    # cloudserver lib/routes/routeWorkflowEngineOperator.js
    if parse_path(request.raw_path).resource != "api":
        raise S3Error("MethodNotAllowed")
    prefix = "/_/workflow-engine-operator/api"
    return proxy_api(server, request, prefix, server.settings.workflow_engine_operator)


def veeam(server: CloudServer, request: Request) -> Answer:  # noqa: ARG001  (the shape of every service)
    """Veeam's Smart Object Storage API has nothing to do with replication and is not there.

    Raises:
        S3Error: MethodNotAllowed as the real one has it, NotImplemented for what the real one would serve.
    """
    # cloudserver lib/routes/routeVeeam.js
    raise S3Error("NotImplemented" if request.method in _VEEAM_METHODS else "MethodNotAllowed")
