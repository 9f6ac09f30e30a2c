"""POST ``?delete``: many objects at once.

Source: cloudserver lib/api/multiObjectDelete.js.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Iterable
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata import version_id as version_ids
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.elements import child, children
from fake_cloudserver.s3.object_lock_rules import has_bypass
from fake_cloudserver.s3.object_removal import remove_object
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.versioning import decode_version_id
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, parse, xml_answer

_MOST = 1000
_LARGEST_BODY = 1048576


@dataclasses.dataclass(frozen=True, slots=True)
class _Entry:
    """One object of the request: its key, and the version id as sent; None without one."""

    key: str
    version_id: str | None

    @property
    def shown_version(self) -> str:
        return "" if self.version_id is None else f"<VersionId>{escape(self.version_id)}</VersionId>"


@dataclasses.dataclass(frozen=True, slots=True)
class _Result:
    """The element that answers an entry; ``is_error`` ones come last, and those that wrote after those that did not."""

    element: str
    is_error: bool = False
    wrote: bool = True


def multi_object_delete(server: CloudServer, request: Request) -> Answer:
    """Delete each object as DELETE object does; the answer is 200 whatever becomes of them."""
    body = request.read_body(_LARGEST_BODY)
    entries, quiet = _parse(request, body)
    try:
        bucket = load_bucket(server, request, ("objectDelete",))
    except S3Error as error:
        if error.code != "AccessDenied":
            raise
        results: Iterable[_Result] = [_failed(entry, error) for entry in entries]
    else:
        results = [_delete(server, request, bucket, entry) for entry in entries]
    # the real one answers in the order of completion: what needs no write comes first
    ordered = sorted(results, key=lambda result: (result.is_error, result.wrote))
    shown = "".join(result.element for result in ordered if result.is_error or not quiet)
    return xml_answer(f"{DECLARATION}<DeleteResult {NS}>{shown}</DeleteResult>")


def _parse(request: Request, body: bytes) -> tuple[list[_Entry], bool]:
    if not body:
        raise S3Error("MissingRequestBodyError")
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    if request.headers.get("content-md5") != base64.b64encode(digest).decode():
        raise S3Error("BadDigest")
    root = parse(body).get("Delete")
    entries = [_entry(element) for element in children(root, "Object")]
    if not 1 <= len(entries) <= _MOST:
        raise S3Error("MalformedXML")
    return entries, child(root, "Quiet") == "true"


def _entry(element: Any) -> _Entry:
    key, version_id = child(element, "Key"), child(element, "VersionId")
    if not key or not isinstance(key, str):
        raise S3Error("MalformedXML")
    return _Entry(key, version_id if version_id and isinstance(version_id, str) else None)


def _delete(server: CloudServer, request: Request, bucket: BucketInfo, entry: _Entry) -> _Result:
    try:
        version_id = decode_version_id(entry.version_id)
    except S3Error:
        return _failed(entry, S3Error("NoSuchVersion"))
    try:
        return _removed(server, request, bucket, entry, version_id)
    except S3Error as error:
        if error.code in {"NoSuchKey", "NoSuchVersion"}:
            return _Result(f"<Deleted><Key>{escape(entry.key)}</Key>{entry.shown_version}</Deleted>", wrote=False)
        return _failed(entry, error)


def _removed(
    server: CloudServer, request: Request, bucket: BucketInfo, entry: _Entry, version_id: str | None
) -> _Result:
    removal = remove_object(
        server,
        bucket,
        entry.key,
        request.requester,
        version_id,
        headers=request.headers,
        bypass=has_bypass(request.headers),
    )
    marker = ""
    if removal.marker_id is not None:
        # null is encoded like any other id here
        marker = _marker(version_ids.encode(removal.marker_id))
    elif removal.removed_marker:
        marker = _marker(escape(entry.version_id or ""))
    return _Result(f"<Deleted><Key>{escape(entry.key)}</Key>{entry.shown_version}{marker}</Deleted>")


def _marker(version_id: str) -> str:
    return f"<DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>{version_id}</DeleteMarkerVersionId>"


def _failed(entry: _Entry, error: S3Error) -> _Result:
    return _Result(
        f"<Error><Key>{escape(entry.key)}</Key><Code>{error.code}</Code>{entry.shown_version}"
        f"<Message>{escape(error.message)}</Message></Error>",
        is_error=True,
    )
