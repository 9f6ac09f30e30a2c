"""AWSReplicationTask: one version of an object to a cloud location, by way of its own CloudServer.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js, ReplicateObject.js.
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver import get_logger
from harness.engine import object_metadata, status
from harness.engine.backbeat_client import SourceStream, streamed
from harness.engine.errors import ReplicationError
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks import headers
from harness.engine.tasks.context import Outcome, TaskContext
from harness.engine.tasks.multipart import MultipartCopy
from harness.engine.tasks.source import open_source
from harness.engine.times import age_of
from harness.transport import Body

log = get_logger(__name__)

SERVICE = "ReplicationQueueProcessor"

_SKIPPED_FROM_SOURCE = frozenset({"NoSuchEntity", "AccessDenied"})
_SKIPPED_FROM_ANYWHERE = frozenset({"BadRole", "InvalidObjectState", "ObjNotFound"})


class AWSReplicationTask:
    """Replicates ``entry`` to the site of ``context``; every request goes to the source CloudServer."""

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
            current = self._refresh()
            version_id = self._replicate(current)
        except ReplicationError as error:
            return self._outcome_of(error)
        return Outcome(status.COMPLETED, version_id)

    def _outcome_of(self, error: ReplicationError) -> Outcome:
        """What an error means once there is no retry left."""
        skipped = error.name in _SKIPPED_FROM_ANYWHERE or (
            error.origin == "source" and error.name in _SKIPPED_FROM_SOURCE
        )
        if skipped:
            self._log.info("replication skipped", reason=str(error))
            return Outcome(None, reason=str(error))
        self._log.warning("replication failed", reason=str(error))
        known = status.data_store_version_id(self._entry.metadata, self._site.site)
        return Outcome(status.FAILED, known, reason=error.description or error.name)

    # what may be done

    def _check_rules(self) -> None:
        roles = self._entry.roles
        if roles is None or len(roles) > 2:
            raise ReplicationError("BadRole", "expecting one or two roles in the object's metadata")
        configuration = self._context.retry(lambda: self._client.get_bucket_replication(self._entry.bucket))
        if not any(
            rule.enabled and rule.prefix is not None and self._entry.object_key.startswith(rule.prefix)
            for rule in configuration.rules
        ):
            raise ReplicationError("PreconditionFailed", "replication disabled for this object")
        configured = configuration.role.split(",")
        if len(configured) > 2 or configured[0] != roles[0]:
            raise ReplicationError("BadRole", "the bucket's role is not the object's")

    def _refresh(self) -> dict[str, Any]:
        """The metadata as they are now."""
        entry = self._entry
        current = object_metadata.normalised(
            self._context.retry_by_default(
                lambda: self._client.get_metadata(entry.bucket, entry.object_key, entry.version_or_null)
            )
        )
        self._context.metrics.picked_up(SERVICE, self._site.site, age_of(current, self._context.clock))
        # An object that took its place has an entry of its own. Backbeat looks for that on NFS buckets only.
        if status.was_replaced(entry.metadata, current):
            raise ReplicationError("InvalidObjectState", "the object was overwritten")
        return current

    # what is to be done

    def _replicate(self, current: dict[str, Any]) -> str:
        """Choose and go; the version id that the destination gives to its copy.

        In two things this is not Backbeat. A delete marker whose site is COMPLETED is not sent again: that would hide
        what came after it. An update of metadata (but of tags) to an object that the destination has changes nothing
        there, and sends nothing; Backbeat uploads the object once more.
        """
        entry, site = self._entry, self._site.site
        known = status.data_store_version_id(entry.metadata, site) or status.data_store_version_id(current, site)
        tagging = {"PUT_TAGGING", "DELETE_TAGGING"} & set(entry.content)
        done = status.site_status(current, site) == status.COMPLETED
        if done and (entry.is_delete_marker or "DATA" in entry.content or not tagging):
            raise ReplicationError("InvalidObjectState", "the object is replicated already")
        if entry.is_delete_marker:
            self._context.retry(self._delete)
            return known
        if tagging and known:
            return self._context.retry(lambda: self._tag(known))
        if known and "DATA" not in entry.content:
            return known
        if self._is_big():
            return MultipartCopy(self._context, entry).run()
        return self._context.retry(self._put)

    def _is_big(self) -> bool:
        # in millions of bytes, not in MiB
        threshold = self._context.settings.queue_processor.min_mpu_size_mb
        return self._entry.content_length / 1_000_000 >= threshold or object_metadata.is_multipart(self._entry.metadata)

    # how it is done

    def _put(self) -> str:
        """Read and write once, the one flowing into the other."""
        length = self._entry.content_length
        if length == 0:
            return self._put_body(b"")
        source = open_source(self._context, self._entry, length)
        try:
            return self._put_body(streamed(source, length))
        finally:
            self._finish(source, length)

    def _put_body(self, body: bytes | Body) -> str:
        entry, context = self._entry, self._context
        described = headers.whole_object(entry) | headers.describe(entry)
        begun = context.clock.monotonic()
        if context.settings.dialect == "design":
            sent = headers.designed(self._site) | described
            answer = self._client.put_data(entry.bucket, entry.object_key, entry.version_or_null, sent, body)
            version_id = answer.get("x-amz-version-id", "")
        else:
            sent = headers.common(entry, self._site, "release") | described
            version_id = self._operate("PUT", "putobject", sent, body).get("versionId") or ""
        elapsed = context.clock.monotonic() - begun
        context.metrics.written(SERVICE, self._site.site, entry.content_length, elapsed)
        return str(version_id)

    def _finish(self, source: SourceStream, length: int) -> None:
        source.close()
        self._context.metrics.source_read(SERVICE, self._site.site, length)

    def _delete(self) -> None:
        dialect = self._context.settings.dialect
        sent = headers.common(self._entry, self._site, dialect)
        if dialect == "design":
            sent |= headers.version(self._entry)  # so that a repeat can be told from another marker
        self._operate("DELETE", "deleteobject", sent)

    def _tag(self, known: str) -> str:
        entry = self._entry
        sent = headers.common(entry, self._site, self._context.settings.dialect)
        sent |= headers.tagging(entry, self._site, known)
        try:
            if "PUT_TAGGING" in entry.content:
                tags = {"X-Scal-Tags": headers.as_json(object_metadata.tags(entry.metadata))}
                answer = self._operate("POST", "puttagging", sent | tags)
            else:
                answer = self._operate("DELETE", "deleteobjecttagging", sent)
        except ReplicationError as error:
            error.origin = None  # nobody is named for these, so that AccessDenied is a failure here
            raise
        return str(answer.get("versionId") or known)

    def _operate(
        self, method: str, operation: str, sent: dict[str, str], body: bytes | Body | None = None
    ) -> dict[str, Any]:
        entry = self._entry
        return self._client.multiple_backend(method, operation, entry.bucket, entry.object_key, sent, body)
