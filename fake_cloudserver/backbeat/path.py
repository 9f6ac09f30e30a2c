"""Paths of internal routes, taken apart as CloudServer takes them apart."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from typing import Final

from fake_cloudserver.errors import S3Error

#: What may follow ``/_/`` (cloudserver lib/server.js, internalHandlers).
SERVICES: Final = frozenset({"backbeat", "report", "metadata", "workflow-engine-operator", "veeam"})
_JSON_SERVICES: Final = frozenset({"backbeat", "metadata", "workflow-engine-operator"})
_PREFIX: Final = "/_/"
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclasses.dataclass(frozen=True, slots=True)
class InternalPath:
    """``/_/<service>/<resource>/<bucket>/<key>``, decoded; what the path lacks is empty."""

    resource: str
    bucket: str
    key: str


def service_name(raw_path: str, raw_query: str = "") -> str | None:
    """The known service that a raw URL names, None for any other.

    The name ends at the next slash of the whole URL, so a query glued to it is part of it
    (Arsenal lib/s3routes/routes.ts).
    """
    url = f"{raw_path}?{raw_query}" if raw_query else raw_path
    if not url.startswith(_PREFIX):
        return None
    name = url[len(_PREFIX) :].partition("/")[0]
    return name if name in SERVICES else None


def is_json_route(raw_path: str, raw_query: str = "") -> bool:
    """Whether errors of this URL are rendered as JSON; all others are XML."""
    return service_name(raw_path, raw_query) in _JSON_SERVICES


def parse_path(raw_path: str) -> InternalPath:
    """Every ``+`` is a space, then the whole is percent-decoded, then split: ``%2F`` is an ordinary slash.

    Raises:
        S3Error: InternalError for a malformed percent sequence, on which the real one throws.
    """
    # cloudserver lib/routes/routeBackbeat.js (_normalizeBackbeatRequest)
    text = raw_path.replace("+", " ")
    if _BAD_PERCENT.search(text):
        raise S3Error("InternalError")
    try:
        elements = urllib.parse.unquote(text, errors="strict").split("/")
    except UnicodeDecodeError:
        raise S3Error("InternalError") from None
    resource, bucket = (*elements[3:5], "", "")[:2]
    return InternalPath(resource, bucket, "/".join(elements[5:]))
