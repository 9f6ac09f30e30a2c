"""Status arithmetic: what becomes of an object's ``replicationInfo`` when one site has a result.

Source: Backbeat lib/models/ObjectQueueEntry.js, extensions/replication/tasks/UpdateReplicationStatus.js.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from harness.engine import object_metadata

PENDING = "PENDING"
PROCESSING = "PROCESSING"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
REPLICA = "REPLICA"

ORIGIN_OP = {
    COMPLETED: "s3:Replication:OperationCompletedReplication",
    FAILED: "s3:Replication:OperationFailedReplication",
    PENDING: "s3:Replication:OperationPendingReplication",
}

#: Changes of these come with a journal entry of their own, and are replicated by it.
_REPLICATED_UPDATES = ("legalHold", "retentionMode", "retentionDate")


def aggregate(backends: list[dict[str, Any]]) -> str:
    """The global status: FAILED wins over PENDING, PENDING gives PROCESSING, else COMPLETED.

    It is never PENDING: that is CloudServer's to write, and would send the object round once more.
    """
    statuses = {backend.get("status") for backend in backends}
    if FAILED in statuses:
        return FAILED
    return PROCESSING if PENDING in statuses else COMPLETED


def backend_of(info: dict[str, Any], site: str) -> dict[str, Any] | None:
    """The entry of ``site`` in ``info``; None when it has none."""
    return next((backend for backend in info.get("backends", ()) if backend.get("site") == site), None)


def site_status(metadata: dict[str, Any], site: str) -> str | None:
    backend = backend_of(metadata["replicationInfo"], site)
    return None if backend is None else backend.get("status")


def data_store_version_id(metadata: dict[str, Any], site: str) -> str:
    """The version id that ``site`` gave to its copy; ``""`` when there is none."""
    backend = backend_of(metadata["replicationInfo"], site)
    return "" if backend is None else backend.get("dataStoreVersionId") or ""


def with_status(metadata: dict[str, Any], site: str, status: str, version_id: str = "") -> dict[str, Any]:
    """A copy in which ``site`` has ``status`` (COMPLETED, FAILED or PENDING), and all that follows from it.

    A ``version_id`` is noted; without one the site keeps the one it has. A site that the object does not know
    changes only the global status.
    """
    changed = copy.deepcopy(metadata)
    info = changed["replicationInfo"]
    backend = backend_of(info, site)
    if backend is not None:
        backend["status"] = status
        if version_id:
            backend["dataStoreVersionId"] = version_id
    info["status"] = FAILED if status == FAILED else aggregate(info.get("backends", []))
    changed["originOp"] = ORIGIN_OP[status]
    return changed


@dataclasses.dataclass(frozen=True, slots=True)
class SiteResult:
    """What one site has to say about one object.

    Attributes:
        status: COMPLETED, FAILED, or PENDING (somebody asked for another try).
        version_id: the version id that the site gave to its copy, ``""`` when it gave none.
        replicated: the metadata as they were when the replication began.
    """

    site: str
    status: str
    version_id: str
    replicated: dict[str, Any]


def merged(current: dict[str, Any], result: SiteResult) -> dict[str, Any] | None:
    """The metadata to write, given the ``current`` ones; None when there is nothing to write.

    A site's COMPLETED is final. A result about an object that changed meanwhile does not complete it: the change has
    a journal entry of its own, which comes after. Backbeat looks for that on NFS buckets only, and elsewhere
    completes an object that still waits for its newest tags.
    """
    if site_status(current, result.site) == COMPLETED or not current["replicationInfo"].get("status"):
        return None
    status = result.status
    if status != PENDING and was_replaced(result.replicated, current):
        return with_status(current, result.site, PENDING) if _is_nfs(current) else None
    if status != PENDING and was_updated(result.replicated, current, result.site):
        known = data_store_version_id(current, result.site)
        if status == FAILED or (result.version_id in {"", known} and not _is_nfs(current)):
            return None
        status = PENDING
    return with_status(current, result.site, status, result.version_id)


def was_replaced(replicated: dict[str, Any], current: dict[str, Any]) -> bool:
    """Whether another object took the place of this one, under the same version id (null versions do that)."""
    return any(replicated.get(name) != current.get(name) for name in ("content-md5", "last-modified"))


def was_updated(replicated: dict[str, Any], current: dict[str, Any], site: str) -> bool:
    """Whether the same object got other tags, retention or legal hold, that wait to be replicated themselves."""
    if site_status(current, site) != PENDING:
        return False
    before, now = replicated["replicationInfo"], current["replicationInfo"]
    return (
        before.get("content") != now.get("content")
        or object_metadata.tags(replicated) != object_metadata.tags(current)
        or any(replicated.get(name) != current.get(name) for name in _REPLICATED_UPDATES)
    )


def _is_nfs(metadata: dict[str, Any]) -> bool:
    return bool(metadata["replicationInfo"].get("isNFS"))
