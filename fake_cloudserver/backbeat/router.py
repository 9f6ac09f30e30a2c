"""Internal routes: every request whose URL begins with ``/_/``.

Which service is meant comes first, then, for Backbeat's own routes, the shape of the path and the route table, and
only then who asks.

Source: Arsenal lib/s3routes/routes.ts; cloudserver lib/routes/routeBackbeat.js.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.backbeat.api_proxy import proxy_api
from fake_cloudserver.backbeat.batch_delete import batch_delete
from fake_cloudserver.backbeat.data import put_data
from fake_cloudserver.backbeat.expiration import delete_expired
from fake_cloudserver.backbeat.index import change_indexes, get_indexes
from fake_cloudserver.backbeat.lifecycle import list_lifecycle
from fake_cloudserver.backbeat.metadata import get_metadata, put_metadata
from fake_cloudserver.backbeat.metadata_proxy import proxy_metadata
from fake_cloudserver.backbeat.multiple_backend import OPERATIONS, answer_operation
from fake_cloudserver.backbeat.multiple_backend_metadata import head_data
from fake_cloudserver.backbeat.other_services import report, veeam, workflow_engine_operator
from fake_cloudserver.backbeat.path import InternalPath, is_json_route, parse_path, service_name
from fake_cloudserver.backbeat.target import Target, decode_version_id, load_target
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request

__all__ = ["handle", "is_json_route"]

Handler: TypeAlias = Callable[[CloudServer, Request], Answer]
TargetHandler: TypeAlias = Callable[[CloudServer, Request, Target], Answer]

#: Routes on the metadata of one object: bucket and object are loaded and authorised first.
_OBJECT_ROUTES: Final[Mapping[tuple[str, str], TargetHandler]] = {
    ("PUT", "data"): put_data,
    ("PUT", "metadata"): put_metadata,
    ("GET", "metadata"): get_metadata,
}
#: Routes for any account.
_ACCOUNT_ROUTES: Final[Mapping[tuple[str, str], Handler]] = {
    ("POST", "batchdelete"): batch_delete,
    ("DELETE", "expiration"): delete_expired,
    ("GET", "lifecycle"): list_lifecycle,
    ("GET", "index"): get_indexes,
    ("POST", "index"): change_indexes,
}
_MULTIPLE_BACKEND_DATA: Final = "multiplebackenddata"
_MULTIPLE_BACKEND_METADATA: Final = "multiplebackendmetadata"
_NEED_BUCKET_AND_KEY: Final = frozenset({"data", "metadata", _MULTIPLE_BACKEND_DATA, _MULTIPLE_BACKEND_METADATA})


def handle(server: CloudServer, request: Request) -> Answer:
    """Answer one internal request; raises S3Error."""
    service = service_name(request.raw_path, request.raw_query)
    if service is None:
        raise S3Error("InvalidURI")
    request.action = _ACTIONS[service]
    return _SERVICES[service](server, request)


def _backbeat(server: CloudServer, request: Request) -> Answer:
    path = parse_path(request.raw_path)
    if path.resource == "api":
        return proxy_api(server, request, "/_/backbeat/api", server.settings.backbeat)
    answer = _find_route(request, path)
    request.bucket, request.key = path.bucket or None, path.key or None
    authenticate(server, request)
    return answer(server, request)


def _find_route(request: Request, path: InternalPath) -> Handler:
    """What answers once the requester is known; raises MethodNotAllowed."""
    route = (request.method, path.resource)
    complete = bool(path.bucket and path.key)
    if path.resource in _NEED_BUCKET_AND_KEY and not complete:
        raise S3Error("MethodNotAllowed")
    if route in _OBJECT_ROUTES:
        return _on_target(_OBJECT_ROUTES[route])
    if route in _ACCOUNT_ROUTES:
        return _for_account(_ACCOUNT_ROUTES[route])
    if path.resource == _MULTIPLE_BACKEND_DATA and (request.method, request.query.get("operation")) in OPERATIONS:
        return _for_anybody(answer_operation)
    if route == ("GET", _MULTIPLE_BACKEND_METADATA):
        return _for_anybody(head_data)
    raise S3Error("MethodNotAllowed")


def _on_target(handler: TargetHandler) -> Handler:
    def answer(server: CloudServer, request: Request) -> Answer:
        target = load_target(server, request, decode_version_id(request))
        return handler(server, request, target)

    return answer


def _for_account(handler: Handler) -> Handler:
    def answer(server: CloudServer, request: Request) -> Answer:
        if request.requester.is_anonymous:
            raise S3Error("AccessDenied")
        return handler(server, request)

    return answer


def _for_anybody(handler: Handler) -> Handler:
    """No bucket is looked up and nobody is refused; a version id is still checked."""

    def answer(server: CloudServer, request: Request) -> Answer:
        decode_version_id(request)
        return handler(server, request)

    return answer


#: what the real one counts each service's requests under
_ACTIONS: Final[Mapping[str, str]] = {
    "backbeat": "routeBackbeat",
    "metadata": "routeMetadata",
    "report": "report",
    "veeam": "routeVeeam",
    "workflow-engine-operator": "routeWorkflowEngineOperator",
}
_SERVICES: Final[Mapping[str, Handler]] = {
    "backbeat": _backbeat,
    "metadata": proxy_metadata,
    "report": report,
    "veeam": veeam,
    "workflow-engine-operator": workflow_engine_operator,
}
