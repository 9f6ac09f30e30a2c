"""An HTTP exchange as it stands in a tape's line."""

from __future__ import annotations

import re
from typing import Any

from harness.tape import bodies
from harness.tape.bodies import body_of
from harness.tape.checking import Fields
from harness.tape.model import Body, HeaderList, HttpEvent, HttpRequest, HttpResponse, Signature

MAX_NUMBER = 2**53
MAX_HEADERS = 1000
MAX_TEXT = 1024 * 1024

_METHOD = re.compile(r"[A-Za-z-]{1,20}")
_PATH = re.compile(r"/[!-~]{0,65535}")
_QUERY = re.compile(r"[!-~]{0,65535}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,1000}")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]{0,1048576}")
_ACCOUNT = re.compile(r"[ -~]{1,200}")


def http_event(fields: Fields) -> HttpEvent:
    """The event of a line whose other fields are checked by the caller. Raises ValueError."""
    return HttpEvent(
        n=fields.integer("n", 1, MAX_NUMBER),
        at=fields.name("at"),
        name=fields.text("name", 1000, default=""),
        by=fields.name("by", "client"),
        t=fields.seconds("t"),
        request=_request(fields.inner("req")),
        response=_response(fields.inner("res")),
    )


def http_event_document(event: HttpEvent) -> dict[str, Any]:
    """What stands in the line of an exchange; defaults are left out."""
    document: dict[str, Any] = {"n": event.n}
    if event.t is not None:
        document["t"] = event.t
    document |= {"k": "http", "at": event.at}
    if event.by != "client":
        document["by"] = event.by
    if event.name:
        document["name"] = event.name
    document["req"] = _request_document(event.request)
    document["res"] = {"unanswered": True} if event.response is None else _response_document(event.response)
    return document


def _request(fields: Fields) -> HttpRequest:
    request = HttpRequest(
        method=fields.matching("method", _METHOD, "method"),
        path=fields.matching("path", _PATH, "path"),
        query=fields.matching("query", _QUERY, "query", ""),
        headers=_headers(fields),
        body=body_of(fields, "body"),
        sign=_signature(fields.inner("sign")) if fields.has("sign") else None,
    )
    fields.any("sign", None)
    fields.end()
    return request


def _request_document(request: HttpRequest) -> dict[str, Any]:
    document: dict[str, Any] = {"method": request.method, "path": request.path}
    if request.query:
        document["query"] = request.query
    if request.sign is not None:
        document["sign"] = _signature_document(request.sign)
    return document | _content_document(request.headers, request.body)


def _signature(fields: Fields) -> Signature:
    signature = Signature(
        account=fields.matching("as", _ACCOUNT, "name of an account"),
        wrong=fields.flag("wrong"),
        unsigned=tuple(_header_name(name, fields) for name in fields.items("unsigned", MAX_HEADERS)),
        payload=fields.matching("payload", _HEADER_VALUE, "value of a header", None),
    )
    fields.end()
    return signature


def _signature_document(signature: Signature) -> dict[str, Any]:
    document: dict[str, Any] = {"as": signature.account}
    if signature.wrong:
        document["wrong"] = True
    if signature.unsigned:
        document["unsigned"] = list(signature.unsigned)
    if signature.payload is not None:
        document["payload"] = signature.payload
    return document


def _response(fields: Fields) -> HttpResponse | None:
    if fields.flag("unanswered"):
        fields.end()
        return None
    response = HttpResponse(fields.integer("status", 100, 999), _headers(fields), body_of(fields, "body"))
    fields.end()
    return response


def _response_document(response: HttpResponse) -> dict[str, Any]:
    return {"status": response.status} | _content_document(response.headers, response.body)


def _content_document(headers: HeaderList, body: Body) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if headers:
        document["headers"] = [list(header) for header in headers]
    if not body.is_empty:
        document["body"] = bodies.document(body)
    return document


def _headers(fields: Fields) -> HeaderList:
    return tuple(_one_header(item, fields) for item in fields.items("headers", MAX_HEADERS))


def _one_header(item: object, fields: Fields) -> tuple[str, str]:
    if not isinstance(item, list) or len(item) != 2 or not isinstance(item[1], str):
        raise fields.refuse("headers", "not a list of pairs of texts")
    if _HEADER_VALUE.fullmatch(item[1]) is None:
        raise fields.refuse("headers", f"{item[1]!r:.60} is no value of a header")
    return _header_name(item[0], fields), item[1]


def _header_name(value: object, fields: Fields) -> str:
    if not isinstance(value, str) or _HEADER_NAME.fullmatch(value) is None:
        raise fields.refuse("headers", f"{value!r:.60} is no name of a header")
    return value
