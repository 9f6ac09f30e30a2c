"""What the headers of ``multiplebackenddata`` requests must hold, and the object they describe."""

from __future__ import annotations

from typing import Any, Final

from fake_cloudserver.backbeat.documents import parse_json
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Upload
from fake_cloudserver.locations.tag_query import tag_query
from fake_cloudserver.request import Request

#: Header, operations that need it (None: all), how its absence is worded; checked in this order. An empty one is there.
#: Tag deletion is spared, for the real check looks for an operation of another name
#: (cloudserver lib/routes/routeBackbeat.js, _checkMultipleBackendRequest).
_REQUIRED: Final[tuple[tuple[str, frozenset[str] | None, str], ...]] = (
    ("x-scal-storage-type", None, "x-scal-storage-type header"),
    ("x-scal-part-number", frozenset({"putpart"}), "part-number header"),
    ("x-scal-upload-id", frozenset({"putpart", "completempu", "abortmpu"}), "upload-id header"),
    ("x-scal-canonical-id", frozenset({"putobject"}), "x-scal-canonical-id header"),
    ("x-scal-data-store-version-id", frozenset({"puttagging"}), "x-scal-data-store-version-id header"),
    ("x-scal-source-bucket", frozenset({"puttagging"}), "x-scal-source-bucket header"),
    ("x-scal-replication-endpoint-site", frozenset({"puttagging"}), "x-scal-replication-endpoint-site"),
    ("content-md5", frozenset({"putobject"}), "content-md5 header"),
    ("x-scal-storage-class", None, "x-scal-storage-class header"),
)
#: Storage types without version ids: tagging there needs none of the headers that find one.
_VERSIONLESS: Final = frozenset({"azure", "gcp"})


def check_headers(server: CloudServer, request: Request, operation: str) -> str:
    """The name of the location that the request is for.

    Raises:
        S3Error: BadRequest for the first header that is missing, InvalidRequest for a location that does not exist
            or is not of the announced type.
    """
    headers = request.headers
    for name, operations, wording in _REQUIRED:
        if operations is not None and operation not in operations:
            continue
        if operation == "puttagging" and operations is not None and headers["x-scal-storage-type"] in _VERSIONLESS:
            continue
        if name not in headers:
            raise S3Error("BadRequest", f"bad request: missing {wording}")
    return check_location(server, headers["x-scal-storage-class"], headers["x-scal-storage-type"])


def check_location(server: CloudServer, name: str, types: str) -> str:
    """``name``, when it is a location of one of the comma-separated ``types``; InvalidRequest otherwise."""
    location = server.settings.locations.get(name)
    if location is None or location.type not in types.split(","):
        raise S3Error("InvalidRequest", "invalid request: invalid location constraint in request")
    return name


def describe_upload(request: Request, source_version_id: str) -> Upload:
    """The remote object that the ``x-scal-*`` headers describe: a replica.

    Raises:
        S3Error: MalformedPOSTRequest for user metadata or tags that are not JSON; ServiceUnavailable for user metadata
            that is no text, which the remote's client refuses.
    """
    headers = request.headers
    metadata, tags = parse_description(request)
    if not all(isinstance(value, str) for value in metadata.values()):
        raise S3Error("ServiceUnavailable")
    return Upload(
        bucket=request.bucket or "",
        key=request.key or "",
        size=request.content_length,
        content_type=headers.get("x-scal-content-type") or None,
        cache_control=headers.get("x-scal-cache-control") or None,
        content_disposition=headers.get("x-scal-content-disposition") or None,
        content_encoding=headers.get("x-scal-content-encoding") or None,
        metadata=metadata,
        tags=tag_query(tags),
        replica=True,
        source_version_id=source_version_id,
        owner_id=headers.get("x-scal-canonical-id", ""),
    )


def parse_description(request: Request) -> tuple[dict[str, Any], dict[str, str]]:
    """User metadata and tags; raises MalformedPOSTRequest for what is not JSON."""
    metadata = parse_json(request.headers.get("x-scal-user-metadata", "{}"))
    tags = parse_json(request.headers.get("x-scal-tags", "{}"))
    return metadata if isinstance(metadata, dict) else {}, tag_set(tags)


def tag_set(tags: Any) -> dict[str, str]:
    """Tags of a JSON document, as text; none in what is no object."""
    return {name: _text(value) for name, value in tags.items()} if isinstance(tags, dict) else {}


def _text(value: Any) -> str:
    # Node's querystring.stringify: what is neither text, number nor truth value becomes empty
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""
