"""Indexes of a bucket: GET and POST ``/_/backbeat/index/<bucket>``.

Only MongoDB has indexes; this fake follows the file back end, which knows none.
"""

from __future__ import annotations

from typing import Any, NoReturn

from fake_cloudserver.backbeat.documents import parse_body
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request


def get_indexes(server: CloudServer, request: Request) -> Answer:  # noqa: ARG001  (the shape of every route)
    """NotImplemented, whatever is asked."""
    return _refuse()


def change_indexes(server: CloudServer, request: Request) -> Answer:  # noqa: ARG001  (the shape of every route)
    """NotImplemented for a well-formed request, BadRequest for any other."""
    # cloudserver lib/routes/routeBackbeat.js (routeIndexingAPIs)
    if request.query.get("operation") not in {"add", "delete"}:
        raise S3Error("BadRequest")
    try:
        document = parse_body(request)
    except S3Error:
        raise S3Error("BadRequest") from None
    if not (isinstance(document, list) and document and all(_is_index(item) for item in document)):
        raise S3Error("BadRequest")
    return _refuse()


def _refuse() -> NoReturn:
    # Arsenal lib/storage/metadata/MetadataWrapper.js: the client has no such method
    raise S3Error("NotImplemented")


def _is_index(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() == {"name", "keys"}
        and _is_name(item["name"])
        and isinstance(item["keys"], list)
        and all(_is_index_key(key) for key in item["keys"])
    )


def _is_index_key(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() == {"key", "order"}
        and _is_name(item["key"])
        and type(item["order"]) in {int, float}
        and item["order"] in {1, -1}
    )


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""
