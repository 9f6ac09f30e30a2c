"""What all tasks that replicate an entry have in common: whether it may be done, and what its outcome means.

Source: Backbeat extensions/replication/tasks/ReplicateObject.js.
"""

from __future__ import annotations

import abc
from typing import Any

from fake_cloudserver import get_logger
from harness.engine import object_metadata, status
from harness.engine.errors import ReplicationError
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks.context import Outcome, TaskContext
from harness.engine.times import age_of

log = get_logger(__name__)

_SKIPPED_FROM_SOURCE = frozenset({"NoSuchEntity", "AccessDenied", "ObjNotFound"})
_SKIPPED_FROM_ANYWHERE = frozenset({"BadRole", "InvalidObjectState"})


class ReplicationTask(abc.ABC):
    """Replicates ``entry`` to the site of ``context``."""

    def __init__(self, context: TaskContext, entry: ObjectQueueEntry) -> None:
        self._context = context
        self._client = context.client
        self._site = context.site
        self._entry = entry
        self._log = log.bind(
            bucket=entry.bucket, key=entry.object_key, version=entry.encoded_version_id, site=self._site.site
        )

    def run(self) -> Outcome:
        """Do it, with all the retries. Raises Interrupted when it was told to let go while it waited."""
        try:
            self._check_rules()
            version_id = self._replicate(self._refresh())
        except ReplicationError as error:
            return self._outcome_of(error)
        self._log.info("replicated", version_there=version_id)
        return Outcome(status.COMPLETED, version_id)

    @abc.abstractmethod
    def _replicate(self, current: dict[str, Any]) -> str:
        """Do it, given the object's ``current`` metadata; the version id that the destination gave to its copy."""

    @abc.abstractmethod
    def _are_roles(self, roles: list[str]) -> bool:
        """Whether there are as many roles as this kind of destination needs."""

    @abc.abstractmethod
    def _is_same_role(self, roles: list[str], configured: list[str]) -> bool:
        """Whether the bucket's roles are still the object's."""

    def _is_skipped(self, error: ReplicationError) -> bool:
        """Whether an error means that nothing is to be said about the object: it stays as it is."""
        return error.name in _SKIPPED_FROM_ANYWHERE or (error.origin == "source" and error.name in _SKIPPED_FROM_SOURCE)

    def _outcome_of(self, error: ReplicationError) -> Outcome:
        """What an error means once there is no retry left."""
        if self._is_skipped(error):
            self._log.info("replication skipped", reason=str(error))
            return Outcome(None, reason=str(error), cause=error.name)
        self._log.warning("replication failed", reason=str(error))
        known = status.data_store_version_id(self._entry.metadata, self._site.site)
        return Outcome(status.FAILED, known, reason=error.description or error.name)

    # what may be done

    def _check_rules(self) -> None:
        roles = self._entry.roles
        if roles is None or not self._are_roles(roles):
            raise ReplicationError("BadRole", "the object's metadata have the wrong number of roles")
        configuration = self._context.retry(lambda: self._client.get_bucket_replication(self._entry.bucket))
        if not any(
            rule.enabled and rule.prefix is not None and self._entry.object_key.startswith(rule.prefix)
            for rule in configuration.rules
        ):
            raise ReplicationError("PreconditionFailed", "replication disabled for this object")
        configured = configuration.role.split(",")
        if not self._are_roles(configured) or not self._is_same_role(roles, configured):
            raise ReplicationError("BadRole", "the bucket's role is not the object's")

    def _refresh(self) -> dict[str, Any]:
        """The metadata as they are now.

        Backbeat asks for them on the way to a cloud only. On the way to another CloudServer they keep a message that
        comes twice from copying twice, and one that comes late from bringing back old metadata.
        """
        entry = self._entry
        current = object_metadata.normalised(
            self._context.retry_by_default(
                lambda: self._client.get_metadata(entry.bucket, entry.object_key, entry.version_or_null)
            )
        )
        self._context.metrics.picked_up(self._context.service, self._site.site, age_of(current, self._context.clock))
        # An object that took its place has an entry of its own. Backbeat looks for that on NFS buckets only.
        if status.was_replaced(entry.metadata, current):
            raise ReplicationError("InvalidObjectState", "the object was overwritten")
        return current
