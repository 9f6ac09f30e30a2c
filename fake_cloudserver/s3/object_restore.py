"""``POST ?restore``: asking for an archived object's data.

CloudServer itself only notes the request in the object's metadata; somebody else brings the data back, with a PUT that
names the version.

Source: cloudserver lib/api/objectRestore.js, lib/api/apiUtils/object/coldStorage.js; Arsenal
lib/s3middleware/objectRestore.ts.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from fake_cloudserver.clock import from_milliseconds
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.elements import child, document_of, text
from fake_cloudserver.s3.javascript import parse_date, parse_int
from fake_cloudserver.s3.resolve import load_bucket_and_object
from fake_cloudserver.s3.versioning import get_version, missing_object, update_metadata, version_id_from_query

_LARGEST_BODY = 1048576
_DEFAULT_TIER = "Standard"


@dataclasses.dataclass(frozen=True, slots=True)
class RestoreRequest:
    """For how many days the data is wanted, and how fast: Expedited, Standard or Bulk."""

    days: int
    tier: str = _DEFAULT_TIER


def object_restore(server: CloudServer, request: Request) -> Answer:
    """202 for a request that begins a restore, 200 for one that prolongs it."""
    version_id = version_id_from_query(request)
    bucket, md = load_bucket_and_object(server, request, ("objectRestore",), version_id)
    _check_found(md, version_id)
    wanted = parse_restore_request(request.read_body(_LARGEST_BODY))
    if wanted.tier != _DEFAULT_TIER:
        raise S3Error("NotImplemented")
    with server.metadata.locked(bucket.name, request.key or ""):
        current = _check_found(get_version(server, bucket.name, request.key or "", version_id), version_id)
        now = int(server.clock.now() * 1000)
        is_restored = _begin(server, current, wanted, now)
        update_metadata(server, bucket, request.key or "", current)
    return Answer(200 if is_restored else 202)


def parse_restore_request(body: bytes) -> RestoreRequest:
    """The ``RestoreRequest`` document; raises MalformedXML."""
    if not body:
        raise S3Error("MalformedXML", "request xml is undefined or empty")
    root = document_of(body).get("RestoreRequest")
    if not root:
        raise S3Error("MalformedXML", "request xml does not contain RestoreRequest")
    days_element = child(root, "Days")
    if days_element is None:
        raise S3Error("MalformedXML", "request xml does not contain RestoreRequest.Days")
    days = parse_int(text(days_element))
    if days is None:
        raise S3Error("MalformedXML", f"RestoreRequest.Days is invalid type. [{days_element}]")
    if days < 1:
        raise S3Error("MalformedXML", f"RestoreRequest.Days must be greater than 0. [{days_element}]")
    tier = child(root, "Tier") or child(child(root, "GlacierJobParameters"), "Tier")
    return RestoreRequest(days, text(tier) if tier else _DEFAULT_TIER)


def _check_found(md: dict[str, Any] | None, version_id: str | None) -> dict[str, Any]:
    if md is None:
        raise missing_object(version_id)
    if md.get("isDeleteMarker"):
        raise S3Error("MethodNotAllowed" if version_id else "NoSuchKey")
    return md


def _begin(server: CloudServer, md: dict[str, Any], wanted: RestoreRequest, now: int) -> bool:
    """Note the request in the document; whether the data is there already.

    Raises:
        S3Error: InvalidObjectState when the data is not archived, or its restore has expired; RestoreAlreadyInProgress;
            InternalError for a document in a cold location that knows nothing of its archive.
    """
    archive: dict[str, Any] = md.get("archive") or {}
    is_restored = bool(archive.get("restoreCompletedAt"))
    if is_restored:
        if (parse_date(str(archive.get("restoreWillExpireAt"))) or 0) < now:
            raise S3Error("InvalidObjectState")
    elif not server.settings.is_cold(str(md.get("dataStoreName"))):
        raise S3Error("InvalidObjectState")
    elif archive.get("restoreRequestedAt"):
        raise S3Error("RestoreAlreadyInProgress")
    elif not archive:
        raise S3Error("InternalError", "Archive metadata is missing.")
    md["archive"] = {**archive, "restoreRequestedAt": from_milliseconds(now), "restoreRequestedDays": wanted.days}
    md["originOp"] = "s3:ObjectRestore:Post"
    return is_restored
