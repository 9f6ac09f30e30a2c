"""Reading the data of an entry.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js, ReplicateObject.js.
"""

from __future__ import annotations

from harness.engine.backbeat_client import SourceStream
from harness.engine.errors import ReplicationError
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks.context import TaskContext
from harness.engine.tasks.locations import Part

_GONE = frozenset({"NoSuchKey", "NoSuchVersion"})


def open_source(
    context: TaskContext, entry: ObjectQueueEntry, length: int, byte_range: tuple[int, int] | None = None
) -> SourceStream:
    """The object's data (or an inclusive range of them), ``length`` bytes. Close it, whatever happens.

    Backbeat's client cannot read the XML error of this route and calls all of them UnknownError, which ends in
    FAILED. So they do here, with a reason that can be read; only a version that is gone is ObjNotFound.
    """
    try:
        source = context.client.get_object(
            entry.bucket,
            entry.object_key,
            entry.version_or_null,
            location=str(entry.metadata["dataStoreName"]),
            byte_range=byte_range,
        )
    except ReplicationError as error:
        error.origin = None
        if error.name in _GONE:
            error.name = "ObjNotFound"
        elif error.http_status is not None:
            error.name, error.description = "UnknownError", f"{error.name}: {error.description}"
        raise
    return _checked(source, length)


def open_part(context: TaskContext, entry: ObjectQueueEntry, part: Part) -> SourceStream:
    """One part on its way to another CloudServer. Close it, whatever happens.

    Backbeat takes a version that is gone for a failure here, whose status nobody can write; here it is ObjNotFound.
    Backbeat lets the bucket's preferred location be read, where the parts may be others; here the data are read from
    where the entry has them.
    """
    location = str(entry.metadata["dataStoreName"])
    headers = {"x-amz-location-constraint": location} if location else {}
    if part.number is None:
        headers["Range"] = part.byte_range
    try:
        source = context.client.get_part(entry.bucket, entry.object_key, entry.encoded_version_id, part.number, headers)
    except ReplicationError as error:
        if error.name in _GONE:
            error.name = "ObjNotFound"
        raise
    return _checked(source, part.size)


def _checked(source: SourceStream, length: int) -> SourceStream:
    if source.length not in {None, length}:
        source.close()
        raise ReplicationError("InvalidObjectState", f"the source has {source.length} bytes instead of {length}")
    return source
