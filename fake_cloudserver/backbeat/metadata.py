"""An object's metadata document, read and written as it is: GET and PUT ``/_/backbeat/metadata/<bucket>/<key>``."""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any, Final

from fake_cloudserver.backbeat.documents import json_answer, parse_body, to_text
from fake_cloudserver.backbeat.target import Target
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.document_shape import is_well_formed
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.versioning import NULL_VERSION, get_stored_version

#: What a metadata-only replication keeps of the target.
_KEPT: Final = (
    "location",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
)


def get_metadata(server: CloudServer, request: Request, target: Target) -> Answer:  # noqa: ARG001  (a route's shape)
    """The document as a JSON text inside a JSON document; raises ObjNotFound."""
    # cloudserver lib/routes/routeBackbeat.js (getMetadata)
    if target.md is None:
        raise S3Error("ObjNotFound")
    return json_answer({"Body": to_text(target.md)})


def put_metadata(server: CloudServer, request: Request, target: Target) -> Answer:
    """Store the body verbatim; the answer is the internal version id that was written, or ``null`` for none.

    A writer that read the document before may say so (``x-scal-replaced-metadata-md5``, the MD5 of what it read):
    then nothing that others wrote meanwhile is replaced. The released CloudServer has no such condition.

    Raises:
        S3Error: MalformedPOSTRequest; ObjNotFound for a metadata-only write without a target; InternalError for a
            body without ``replicationInfo``; PreconditionFailed when it is another document that would be replaced.
    """
    # cloudserver lib/routes/routeBackbeat.js (putMetadata)
    md = parse_body(request)
    metadata_only = request.headers.get("x-scal-replication-content") == "METADATA"
    bucket = target.bucket.name
    with server.metadata.locked(bucket, target.key):
        stored = get_stored_version(server, bucket, target.key, target.version_id)
        if metadata_only and stored is None:
            raise S3Error("ObjNotFound")  # Backbeat then replicates the whole object
        if not isinstance(md, dict) or md.get("replicationInfo") is None:
            raise S3Error("InternalError")
        if not is_well_formed(md):
            raise S3Error("InternalError")  # stored by the real one, which answers nobody who asks for it then
        _check_replaced(request.headers.get("x-scal-replaced-metadata-md5"), stored)
        if metadata_only and stored is not None:
            _keep_data(md, stored)
        version_id, versioning = _versioning_options(target, md, stored)
        written = server.metadata.put_object(bucket, target.key, md, versioning=versioning, version_id=version_id)
    if stored is not None and not metadata_only and version_id:
        _delete_replaced_data(server, stored.get("location"), md.get("location"))
    return json_answer(None if written is None else {"versionId": written})


def _check_replaced(expected: str | None, stored: dict[str, Any] | None) -> None:
    if expected is None:
        return
    found = None if stored is None else hashlib.md5(to_text(stored).encode(), usedforsecurity=False).hexdigest()
    if found != expected:
        raise S3Error("PreconditionFailed")


def _keep_data(md: dict[str, Any], stored: dict[str, Any]) -> None:
    for name in _KEPT:
        if name in stored:
            md[name] = stored[name]
        else:
            md.pop(name, None)


def _versioning_options(target: Target, md: dict[str, Any], stored: dict[str, Any] | None) -> tuple[str | None, bool]:
    """Which version to write, as the metadata layer takes it: ``version_id`` and ``versioning``.

    Sets in ``md`` what the choice entails.
    """
    if target.version_id is None:
        return None, _becomes_version(md["replicationInfo"])
    if target.version_id != NULL_VERSION:
        return target.version_id, False
    if stored is not None and stored.get("versionId"):
        return stored["versionId"], False
    md["isNull"] = True
    md.pop("versionId", None)
    return ("" if target.bucket.versioning_status == "Suspended" else None), False


def _becomes_version(info: Any) -> bool:
    """An object replicated from an NFS bucket becomes a version here, and is no NFS object any more."""
    if isinstance(info, dict) and info.get("isNFS") and info.get("status") == "REPLICA":
        info["isNFS"] = False
        return True
    return False


def _delete_replaced_data(server: CloudServer, old: Any, new: Any) -> None:
    """Delete the old location when the new one shares nothing with it; failures are nobody's concern."""
    # cloudserver lib/routes/routeBackbeat.js: locationKeysHaveChanged, then dataWrapper.data.batchDelete
    if not isinstance(old, list) or not isinstance(new, list):
        return
    if {_identity(element) for element in old} & {_identity(element) for element in new}:
        return
    with contextlib.suppress(S3Error):
        server.gateway.delete([element for element in old if isinstance(element, dict)], with_version=False)


def _identity(element: Any) -> tuple[str, str]:
    if not isinstance(element, dict):
        return "", ""
    return to_text(element.get("dataStoreType")), to_text(element.get("key"))
