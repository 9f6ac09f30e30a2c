"""AWSReplicationTask: one version of an object to a cloud location, by way of its own CloudServer.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js, ReplicateObject.js.
"""

from __future__ import annotations

from typing import Any

from harness.engine import object_metadata, status
from harness.engine.backbeat_client import SourceStream, streamed
from harness.engine.errors import ReplicationError
from harness.engine.tasks import headers
from harness.engine.tasks.injection import COPY_OBJECT, DELETE_OBJECT, DELETE_TAG, PUT_TAG
from harness.engine.tasks.multipart import MultipartCopy
from harness.engine.tasks.replication import ReplicationTask
from harness.engine.tasks.source import open_source
from harness.transport import Body


class AWSReplicationTask(ReplicationTask):
    """Every request goes to the source CloudServer."""

    def _are_roles(self, roles: list[str]) -> bool:
        return len(roles) <= 2

    def _is_same_role(self, roles: list[str], configured: list[str]) -> bool:
        return configured[0] == roles[0]

    def _is_skipped(self, error: ReplicationError) -> bool:
        # whoever says so: the source relays what the cloud says
        return error.name == "ObjNotFound" or super()._is_skipped(error)

    # what is to be done

    def _replicate(self, current: dict[str, Any]) -> str:
        """Choose and go; the version id that the destination gives to its copy.

        In four things this is not Backbeat. A delete marker whose site is COMPLETED is not sent again: that would hide
        what came after it. An update of metadata (but of tags) to an object that the destination has changes nothing
        there, and sends nothing; Backbeat uploads the object once more. An entry that was published twice (a populator
        died before it noted that) may come when its data are there and newer tags are on their way: its data are not
        sent once more behind newer versions, and the tags that are sent are those of now.
        """
        entry, site = self._entry, self._site.site
        copied = self._context.recent.copy_of(entry)
        # a version's data never change; who wants them sent again says so in an entry that knows the copy
        then, now = (status.data_store_version_id(document, site) for document in (entry.metadata, current))
        if "DATA" in entry.content and now and not then and not entry.is_delete_marker:
            raise ReplicationError("InvalidObjectState", "the destination has the data already")
        known = (
            status.data_store_version_id(entry.metadata, site)
            or status.data_store_version_id(current, site)
            or copied
            or ""
        )
        tagging = {"PUT_TAGGING", "DELETE_TAGGING"} & set(entry.content)
        done = status.site_status(current, site) == status.COMPLETED
        if done and (entry.is_delete_marker or "DATA" in entry.content or not tagging):
            raise ReplicationError("InvalidObjectState", "the object is replicated already")
        if copied is not None and entry.replay_count is not None and not tagging:
            return copied  # by a newer entry while this one waited; its status is not written yet
        if entry.is_delete_marker:
            self._context.retry(self._delete)
            return known
        if tagging and known:
            return self._context.retry(lambda: self._tag(known, object_metadata.tags(current)))
        if known and "DATA" not in entry.content:
            return known
        if self._is_big():
            return MultipartCopy(self._context, entry).run()
        self._context.metrics.copy_begins(entry, site)
        return self._context.retry(self._put)

    def _is_big(self) -> bool:
        # in millions of bytes, not in MiB
        threshold = self._context.settings.queue_processor.min_mpu_size_mb
        return self._entry.content_length / 1_000_000 >= threshold or object_metadata.is_multipart(self._entry.metadata)

    # how it is done

    def _put(self) -> str:
        """Read and write once, the one flowing into the other."""
        self._context.inject(COPY_OBJECT)
        length = self._entry.content_length
        if length == 0:
            return self._put_body(b"")
        begun = self._context.clock.monotonic()
        source = open_source(self._context, self._entry, length)
        try:
            return self._put_body(streamed(source, length))
        finally:
            self._finish(source, length, begun)

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
        context.metrics.written(context.service, self._site.site, entry.content_length, elapsed)
        context.metrics.copied(entry, self._site.site, entry.content_length)
        return str(version_id)

    def _finish(self, source: SourceStream, length: int, begun: float) -> None:
        source.close()
        elapsed = self._context.clock.monotonic() - begun
        self._context.metrics.source_read(self._context.service, self._site.site, length, elapsed)

    def _delete(self) -> None:
        self._context.inject(DELETE_OBJECT)
        dialect = self._context.settings.dialect
        sent = headers.common(self._entry, self._site, dialect)
        if dialect == "design":
            sent |= headers.version(self._entry)  # so that a repeat can be told from another marker
        self._operate("DELETE", "deleteobject", sent)

    def _tag(self, known: str, tags: dict[str, Any]) -> str:
        entry = self._entry
        puts = bool(tags) or "PUT_TAGGING" in entry.content
        self._context.inject(PUT_TAG if puts else DELETE_TAG)
        sent = headers.common(entry, self._site, self._context.settings.dialect)
        sent |= headers.tagging(entry, self._site, known)
        try:
            if puts:
                answer = self._operate("POST", "puttagging", sent | {"X-Scal-Tags": headers.as_json(tags)})
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
