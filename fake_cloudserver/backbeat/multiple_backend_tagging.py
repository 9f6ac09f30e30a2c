"""Tags of a replica on a cloud location: ``operation=puttagging`` and ``operation=deleteobjecttagging``."""

from __future__ import annotations

import contextlib

from fake_cloudserver.backbeat.arrivals import may_be_repeated
from fake_cloudserver.backbeat.documents import json_answer, parse_json
from fake_cloudserver.backbeat.multiple_backend_headers import tag_set
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.resolve import find_bucket


def put_tagging(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Replace the tags of a remote version; the answer names the version.

    Raises:
        S3Error: NoSuchKey, NoSuchBucket for a source that has to be looked up; MalformedPOSTRequest for the tags;
            ServiceUnavailable with the remote's text.
    """
    # cloudserver lib/routes/routeBackbeat.js (putObjectTagging)
    version_id = _remote_version(server, request)
    tags = tag_set(parse_json(request.headers.get("x-scal-tags")))
    _write(server, request, location_name, version_id or "", tags)
    return _answer(version_id)


def delete_tagging(server: CloudServer, request: Request, location_name: str) -> Answer:
    """Remove the tags of a remote version, of the latest where none is named; else as :func:`put_tagging`."""
    # cloudserver lib/routes/routeBackbeat.js (deleteObjectTagging)
    version_id = _remote_version(server, request)
    _write(server, request, location_name, version_id or "", {})
    return _answer(version_id)


def _write(server: CloudServer, request: Request, location_name: str, version_id: str, tags: dict[str, str]) -> None:
    """Make the remote's tags these; none of them removes what is there.

    In the designed dialect they are those that the source has at this moment: a request that comes late, from an
    engine that stood still, must not bring old ones back.
    """
    bucket, key = request.bucket or "", request.key or ""
    source_version_id = request.headers.get("x-scal-source-version-id", "")
    designed = may_be_repeated(request, source_version_id)
    with server.gateway.turns.of((location_name, bucket, key)) if designed else contextlib.nullcontext():
        if designed:
            tags = _current_tags(server, request, source_version_id, tags)
        if tags or (not designed and request.method == "POST"):
            server.gateway.put_tags(location_name, bucket, key, version_id, tags)
        else:
            server.gateway.delete_tags(location_name, bucket, key, version_id)


def _current_tags(
    server: CloudServer, request: Request, source_version_id: str, otherwise: dict[str, str]
) -> dict[str, str]:
    try:
        md = server.metadata.get_object(request.bucket or "", request.key or "", source_version_id)
    except S3Error:
        return otherwise
    return otherwise if md is None else dict(md.get("tags") or {})


def _answer(version_id: str | None) -> Answer:
    return json_answer({} if version_id is None else {"versionId": version_id})


def _remote_version(server: CloudServer, request: Request) -> str | None:
    """The remote's version id as the header says it; an empty header sends to the source's metadata.

    Tagging may overtake the replication of the data: then Backbeat does not know the id yet, but the source may.
    """
    named = request.headers.get("x-scal-data-store-version-id")
    if named != "":
        return named
    bucket = find_bucket(server, request.headers.get("x-scal-source-bucket", ""))
    # an internal version id, unlike everywhere else
    source_version_id = request.headers.get("x-scal-source-version-id") or None
    md = server.metadata.get_object(bucket.name, request.key or "", source_version_id)
    if md is None:
        raise S3Error("NoSuchKey")
    site = request.headers.get("x-scal-replication-endpoint-site")
    for backend in (md.get("replicationInfo") or {}).get("backends") or []:
        if backend.get("site") == site:
            version_id: str | None = backend.get("dataStoreVersionId")
            return version_id
    raise S3Error("InternalError")
