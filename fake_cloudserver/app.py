"""The application: one Flask app for one :class:`~fake_cloudserver.cloudserver.CloudServer`.

Flask carries the request; which operation is meant is decided as CloudServer decides it (first the internal routes,
then S3), and whatever an operation raises is rendered here, once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import flask
from werkzeug.routing import Rule

from fake_cloudserver.backbeat import router as internal_router
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.http_body import BrokenBodyError
from fake_cloudserver.logs import get_logger
from fake_cloudserver.metrics import ACTION
from fake_cloudserver.request import Answer, Request, from_environ
from fake_cloudserver.s3 import router as s3_router
from fake_cloudserver.s3.cors import cors_headers

log = get_logger(__name__)


_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNFIT_IN_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


class _RawResponse(flask.Response):
    """Headers exactly as given: no content length, no content type of Werkzeug's own making."""

    automatically_set_content_length = False
    default_mimetype = None


class _Application(flask.Flask):
    """Flask with a short way through it.

    Contexts, routing, the response object and signals cost as much again as an answer itself. A request passes through
    them only when somebody has registered something with Flask that would see it there: a route or a hook.
    """

    response_class = _RawResponse

    def __init__(self, server: CloudServer) -> None:
        super().__init__("fake_cloudserver", static_folder=None)
        self.url_map.merge_slashes = False
        self.config["PROPAGATE_EXCEPTIONS"] = True
        self._server = server
        # methods=None: every method reaches CloudServer's own decision, also those that HTTP does not know
        for rule in ("/", "/<path:path>"):
            self.url_map.add(Rule(rule, endpoint="any", methods=None))
        self.view_functions["any"] = self._view

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Flask calls it for each request; middleware may be put around it, as Flask documents."""
        if self._is_extended():
            extended: Iterable[bytes] = super().wsgi_app(environ, start_response)
            return extended
        given, body = self._answer(environ)
        start_response(_STATUS_LINES.get(given.status, str(given.status)), given.headers)
        return body

    def _is_extended(self) -> bool:
        return bool(
            self.before_request_funcs
            or self.after_request_funcs
            or self.teardown_request_funcs
            or self.teardown_appcontext_funcs
            or len(self.view_functions) > 1
        )

    def _view(self, path: str = "") -> flask.Response:  # noqa: ARG002  (the path is read as sent, not as decoded)
        given, body = self._answer(flask.request.environ)
        response = _RawResponse(body, status=given.status)
        response.headers.clear()
        response.headers.extend(given.headers)
        return response

    def _answer(self, environ: dict[str, Any]) -> tuple[Answer, Iterable[bytes]]:
        """The answer, and its body as WSGI takes it."""
        request = from_environ(environ, new_request_id(self._server))
        given = answer(self._server, request)
        environ[ACTION] = request.action
        if request.method == "HEAD" or given.body is None:
            return given, ()
        return given, [given.body] if isinstance(given.body, bytes) else given.body


def create_app(server: CloudServer) -> flask.Flask:
    """A WSGI application that answers for ``server``."""
    return _Application(server)


def new_request_id(server: CloudServer) -> str:
    """werelogs: 20 hexadecimal characters, the eleventh is ``4``."""
    digits = server.randomness.hex(19)
    return f"{digits[:10]}4{digits[10:]}"


def answer(server: CloudServer, request: Request) -> Answer:
    """The answer to any request, errors included; never raises."""
    internal = request.raw_path.startswith("/_/")
    if internal and hasattr(request.stream, "refuse_continue"):
        request.stream.refuse_continue()
    try:
        if internal:
            return _with_common_headers(request, internal_router.handle(server, request), server_name=False)
        return _with_common_headers(request, s3_router.route(server, request))
    except S3Error as error:
        return _error(request, error)
    except BrokenBodyError:
        raise  # the client went away in the middle of its body: nobody is left to answer
    except Exception:
        # a defect of ours: the client gets what CloudServer's own defects give, the log gets the traceback
        log.exception("request failed", method=request.method, path=request.raw_path, request_id=request.request_id)
        return _error(request, S3Error("InternalError"))


def _error(request: Request, error: S3Error) -> Answer:
    is_json = internal_router.is_json_route(request.raw_path, request.raw_query)
    if error.status == 304:
        return _with_common_headers(request, Answer(304, error.headers))
    body = error.to_json(request.request_id) if is_json else error.to_xml(request.request_id)
    rendered = Answer(error.status, error.headers, body)
    rendered = _with_common_headers(request, rendered)
    rendered.headers += [
        ("Content-Type", "application/json" if is_json else "application/xml"),
        ("Content-Length", str(len(body))),
    ]
    return rendered


def _with_common_headers(request: Request, given: Answer, *, server_name: bool = True) -> Answer:
    """Arsenal lib/s3routes/routesUtils.ts (setCommonResponseHeaders); internal successes carry no server name."""
    if given.relayed:
        return given
    cors = cors_headers(request)
    common = [("x-amz-id-2", request.request_id), ("x-amz-request-id", request.request_id)]
    if server_name:
        content_type = [header for header in given.headers if header[0] == "Content-type"]
        others = [header for header in given.headers if header[0] != "Content-type"]
        headers = [*cors, *others, ("server", "S3 Server"), *common, *content_type]
    else:
        headers = [*common, *given.headers]
    return Answer(given.status, _sendable(headers), given.body)


def _sendable(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without the headers that Node refuses to set; nobody is told that they are missing.

    Source: Arsenal lib/s3routes/routesUtils.ts (setCommonResponseHeaders), nodejs/node lib/_http_common.js.
    """
    names, values = zip(*headers, strict=True)
    if _HEADER_NAME.fullmatch("".join(names)) and not _UNFIT_IN_VALUE.search("".join(values)):
        return headers
    return [header for header in headers if _HEADER_NAME.fullmatch(header[0]) and not _UNFIT_IN_VALUE.search(header[1])]
