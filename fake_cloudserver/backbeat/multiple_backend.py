"""Writing to a cloud location for Backbeat: ``/_/backbeat/multiplebackenddata/<bucket>/<key>?operation=…``.

The path names the source object; neither it nor its bucket is looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from fake_cloudserver.backbeat.multiple_backend_headers import check_headers
from fake_cloudserver.backbeat.multiple_backend_put import delete_object, put_object
from fake_cloudserver.backbeat.multiple_backend_tagging import delete_tagging, put_tagging
from fake_cloudserver.backbeat.multiple_backend_upload import abort_upload, complete_upload, initiate_upload, put_part
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.request import Answer, Request

#: What answers, given the name of the location that the headers ask for.
Operation: TypeAlias = Callable[[CloudServer, Request, str], Answer]

#: By method and ``operation`` (cloudserver lib/routes/routeBackbeat.js, backbeatRoutes).
OPERATIONS: Final[Mapping[tuple[str, str | None], Operation]] = {
    ("PUT", "putobject"): put_object,
    ("PUT", "putpart"): put_part,
    ("POST", "initiatempu"): initiate_upload,
    ("POST", "completempu"): complete_upload,
    ("POST", "puttagging"): put_tagging,
    ("DELETE", "deleteobject"): delete_object,
    ("DELETE", "deleteobjecttagging"): delete_tagging,
    ("DELETE", "abortmpu"): abort_upload,
}


def answer_operation(server: CloudServer, request: Request) -> Answer:
    """Check the headers, then do what ``operation`` asks; the route table has made sure that it exists."""
    operation = request.query["operation"]
    location = check_headers(server, request, operation)
    return OPERATIONS[request.method, operation](server, request, location)
