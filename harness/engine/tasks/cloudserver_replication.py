"""CloudServerReplicationTask: one version of an object to another CloudServer.

Source: Backbeat extensions/replication/tasks/ReplicateObject.js.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from harness.engine import object_metadata, status
from harness.engine.backbeat_client import BackbeatClient, streamed
from harness.engine.clients import TargetClients, TargetConnection
from harness.engine.errors import ReplicationError
from harness.engine.javascript import stringify
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks.context import TaskContext
from harness.engine.tasks.locations import Part, parts_of
from harness.engine.tasks.parallel import map_limited
from harness.engine.tasks.replica import replica_of, with_data
from harness.engine.tasks.replication import ReplicationTask
from harness.engine.tasks.source import open_part
from harness.queue.interruption import Interrupted
from harness.transport import StreamedBody

Result = TypeVar("Result")

#: Location element and headers of an answer.
Stored = tuple[dict[str, Any], Mapping[str, str]]

_NOT_SENT = "NetworkingError"


class CloudServerReplicationTask(ReplicationTask):
    """Reads from the source and writes to the target: the data part by part, then the metadata.

    The target keeps the version id, so that a repetition replaces the same version and does not show.
    """

    def __init__(self, context: TaskContext, entry: ObjectQueueEntry, targets: TargetClients) -> None:
        super().__init__(context, entry)
        self._targets = targets
        self._target: TargetConnection
        self._written: list[dict[str, Any]] = []

    def _are_roles(self, roles: list[str]) -> bool:
        return len(roles) == 2

    def _is_same_role(self, roles: list[str], configured: list[str]) -> bool:
        return configured == roles

    def _replicate(self, current: dict[str, Any]) -> str:
        """A target that lacks what was to be updated gets the whole object.

        It gets that once: Backbeat begins again for as long as the target says that the object is not there, and
        leaves the data of every round behind.
        """
        entry, site = self._entry, self._site.site
        if status.site_status(current, site) == status.COMPLETED:
            raise ReplicationError("InvalidObjectState", "the object is replicated already")
        if status.was_updated(entry.metadata, current, site):
            raise ReplicationError("InvalidObjectState", "the object was updated: that has an entry of its own")
        assert entry.roles is not None
        self._target = self._targets.connect(entry.roles[1], self._client.request_uids)
        owner = self._at_target(lambda _: self._target.owner())
        replica = replica_of(entry, site, owner)
        held = self._held_beside(replica)
        try:
            if self._is_update() and _is_same(replica, held):
                self._update(replica)
            else:
                self._copy(replica)
        except ReplicationError as error:
            if error.name != "ObjNotFound" or error.origin == "source":
                raise
            self._log.info("the target lacks the object: all of it is replicated")
            self._copy(replica)
        if entry.raw_version_id == "null":
            self._put_current_on_top(replica)
        return ""

    # what is to be done

    def _is_update(self) -> bool:
        """Whether the target is to keep its data.

        CloudServer calls objects without data updates, too. They are sent as they are: for Backbeat they are updates,
        which fail for the first time, and under a null version would keep the data of the object they replaced.
        """
        entry = self._entry
        return "DATA" not in entry.content and not entry.is_delete_marker and entry.content_length > 0

    def _held_beside(self, replica: ObjectQueueEntry) -> dict[str, Any] | None:
        """What the target has under a version id that does not say which object it is; None for nothing, or for a real
        version. The replica takes over the id that the target knows it by.

        Backbeat does not look. It lays the metadata of one null version over the data of another; and where the two
        CloudServers have replication groups of their own, it leaves a null version that cannot be deleted.
        """
        version = replica.encoded_version_id
        if version not in {None, "null"}:
            return None
        try:
            held = self._at_target(lambda client: client.get_metadata(replica.bucket, replica.object_key, version))
        except ReplicationError as error:
            if error.name == "ObjNotFound":
                return None
            raise
        if version == "null" and held.get("versionId"):
            replica.metadata["versionId"] = held["versionId"]
        return held

    def _put_current_on_top(self, replica: ObjectQueueEntry) -> None:
        """A null version that is new to the target becomes its current one, whatever was there; what is current at the
        source is written there again, so that it is current there, too.

        Backbeat does not, and readers of the target get an object that was replaced long ago.
        (cloudserver lib/routes/routeBackbeat.js, putMetadata)
        """
        entry, bucket, key = self._entry, replica.bucket, replica.object_key
        current = self._context.retry(lambda: self._client.get_metadata(entry.bucket, entry.object_key, None))
        version = object_metadata.encoded_version_id(current)
        if version in {None, "null"}:
            return
        on_top = self._at_target(lambda client: client.get_metadata(bucket, key, None))
        if object_metadata.encoded_version_id(on_top) not in {None, "null"}:
            return
        try:
            held = self._at_target(lambda client: client.get_metadata(bucket, key, version))
        except ReplicationError as error:
            if error.name != "ObjNotFound" or error.origin == "source":
                raise
            return  # it has an entry of its own, which comes
        self._at_target(lambda client: client.put_metadata(bucket, key, version, held))

    def _update(self, replica: ObjectQueueEntry) -> None:
        self._at_target(lambda client: self._put_metadata(client, replica, replica.metadata, content="METADATA"))

    def _copy(self, replica: ObjectQueueEntry) -> None:
        """Data, then metadata; data that no object refers to in the end are deleted."""
        self._written = []
        try:
            parts = [] if self._entry.is_delete_marker else parts_of(self._entry.metadata)
            stored = self._copy_parts(parts, replica)
        except (ReplicationError, Interrupted):
            self._delete_orphans(replica)
            raise
        metadata = with_data(replica, [element for element, _ in stored], stored[-1][1] if stored else {})
        self._put_all_metadata(replica, metadata)

    # data

    def _copy_parts(self, parts: list[Part], replica: ObjectQueueEntry) -> list[Stored]:
        if parts:
            self._context.inject(None)
            self._context.metrics.copy_begins(self._entry, self._site.site)
        return map_limited(
            lambda part: self._at_target(lambda client: self._copy_part(client, part, replica)),
            parts,
            self._context.settings.queue_processor.mpu_parts_concurrency,
            threaded=self._context.threaded,
        )

    def _copy_part(self, client: BackbeatClient, part: Part, replica: ObjectQueueEntry) -> Stored:
        """Read and write once, the one flowing into the other. The target refuses what has another MD5."""
        headers = {
            "Content-MD5": part.md5 or self._md5_of(part),
            "X-Scal-Canonical-Id": str(replica.metadata["owner-id"]),
        }
        metrics, site, clock = self._context.metrics, self._site.site, self._context.clock
        begun = clock.monotonic()
        with contextlib.ExitStack() as reading:
            body: bytes | StreamedBody = b""
            if part.size:
                source = open_part(self._context, self._entry, part)
                reading.callback(source.close)
                body = streamed(source, part.size)
            answer, answer_headers = client.put_replica_data(replica.bucket, replica.object_key, headers, body)
        element = part.stored_as(answer)
        self._written.append(element)
        elapsed = clock.monotonic() - begun
        if part.size:
            metrics.source_read(self._context.service, site, part.size, elapsed)
        metrics.written(self._context.service, site, part.size, elapsed)
        metrics.copied(self._entry, site, part.size)
        return element, answer_headers

    def _md5_of(self, part: Part) -> str:
        """Worked out by reading the part, where its location does not tell: the target wants to know beforehand."""
        md5 = hashlib.md5(usedforsecurity=False)
        if part.size:
            with contextlib.closing(open_part(self._context, self._entry, part)) as source:
                for chunk in source.chunks():
                    md5.update(chunk)
        return md5.hexdigest()

    # metadata

    def _put_all_metadata(self, replica: ObjectQueueEntry, metadata: dict[str, Any]) -> None:
        errors: list[ReplicationError] = []

        def put(client: BackbeatClient) -> None:
            try:
                self._put_metadata(client, replica, metadata)
            except ReplicationError as error:
                errors.append(error)
                raise

        try:
            self._at_target(put)
        except (ReplicationError, Interrupted) as error:
            if not self._is_in_doubt(errors):
                self._delete_orphans(replica)
                raise
            if self._has_arrived(replica, metadata) and not isinstance(error, Interrupted):
                return
            raise

    def _put_metadata(
        self,
        client: BackbeatClient,
        replica: ObjectQueueEntry,
        metadata: Mapping[str, Any],
        content: str | None = None,
    ) -> None:
        context, version = self._context, replica.encoded_version_id
        begun = context.clock.monotonic()
        client.put_metadata(replica.bucket, replica.object_key, version, metadata, content=content)
        elapsed = context.clock.monotonic() - begun
        size = len(stringify(metadata).encode())
        context.metrics.metadata_written(context.service, self._site.site, size, elapsed)

    def _is_in_doubt(self, errors: list[ReplicationError]) -> bool:
        """Whether the target may have written the metadata although it did not say so."""
        return bool(self._written) and any(
            error.name != _NOT_SENT and (error.http_status is None or error.http_status >= 500) for error in errors
        )

    def _has_arrived(self, replica: ObjectQueueEntry, metadata: dict[str, Any]) -> bool:
        """Whether the target has them; if it has not, the data go, and if nobody knows, they stay.

        Backbeat deletes the data whatever happened, under a replica that may well be there.
        """
        try:
            held = self._target.client.get_metadata(replica.bucket, replica.object_key, replica.encoded_version_id)
        except ReplicationError as error:
            if error.name != "ObjNotFound":
                self._log.warning("data may be left behind", locations=self._written, reason=str(error))
                return False
            held = {}
        ours = {element["key"] for element in metadata["location"]}
        if any(element.get("key") in ours for element in held.get("location") or []):
            return True
        self._delete_orphans(replica)
        return False

    def _delete_orphans(self, replica: ObjectQueueEntry) -> None:
        """Delete the data that were written; a failure is only logged."""
        if not self._written:
            return
        locations = [{"key": one["key"], "dataStoreName": one["dataStoreName"]} for one in self._written]
        try:
            self._target.client.batch_delete(replica.bucket, replica.object_key, locations)
        except ReplicationError as error:
            for location in locations:
                self._log.warning("orphan not deleted", location=location, reason=str(error))

    # plumbing

    def _at_target(self, action: Callable[[BackbeatClient], Result]) -> Result:
        """With retries; after the target's failure another host is asked."""

        def attempt() -> Result:
            client = self._target.client
            try:
                return action(client)
            except ReplicationError as error:
                if error.retryable and error.origin == "target":
                    self._target.fail_over(client)
                raise

        return self._context.retry(attempt)


def _is_same(replica: ObjectQueueEntry, held: dict[str, Any] | None) -> bool:
    """Whether the target has this object, as far as one can tell before it is asked to change it."""
    if replica.encoded_version_id not in {None, "null"}:
        return True
    return held is not None and bool(held.get("content-md5") == replica.metadata["content-md5"])
