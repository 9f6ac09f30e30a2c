"""What a message on the replication, replay and status topics is, and how it is written.

Source: Backbeat lib/models/QueueEntry.js, ObjectQueueEntry.js.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from harness.engine import object_metadata, status
from harness.engine.errors import MalformedEntryError
from harness.engine.javascript import encode_uri_component, stringify

USERS_BUCKET = "users..bucket"

#: Members that travel with an entry from topic to topic, in the order in which they are written.
_CARRIED = ("replayCount", "accountId", "workflowId", "workflowVersion", "nodeId", "uniqueId")


@dataclasses.dataclass(frozen=True, slots=True)
class CanaryEntry:
    """Only there so that a consumer group has an offset; to be ignored."""


@dataclasses.dataclass(frozen=True, slots=True)
class BucketEntry:
    """A bucket was created: an entry of the index of all buckets."""

    owner: str
    bucket: str


@dataclasses.dataclass(frozen=True, slots=True)
class BucketMetadataEntry:
    """Metadata of a bucket; replication does nothing with it."""

    bucket: str


@dataclasses.dataclass(frozen=True, slots=True)
class DeleteOperationEntry:
    """Something was deleted for good; replication does nothing with it."""

    bucket: str
    key: str


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectQueueEntry:
    """One version of an object, with its metadata as they were when the entry was made.

    Methods that change something return an entry that shares nothing with this one.

    Attributes:
        object_versioned_key: the key as in the journal; a version's raw id follows a NUL.
        metadata: normalised; not to be changed in place.
        site: the site that a result is about.
        ignore: the value is not worth anything.
        carried: further members of the message, by the names of ``_CARRIED``; present ones only, null is present.
    """

    bucket: str
    object_versioned_key: str
    metadata: dict[str, Any]
    site: str | None = None
    ignore: bool = False
    carried: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def object_key(self) -> str:
        return self.object_versioned_key.split("\0", 1)[0]

    @property
    def canonical_key(self) -> str:
        return f"{self.bucket}/{self.object_key}"

    @property
    def replication_info(self) -> dict[str, Any]:
        info: dict[str, Any] = self.metadata["replicationInfo"]
        return info

    @property
    def raw_version_id(self) -> str | None:
        return object_metadata.raw_version_id(self.metadata)

    @property
    def encoded_version_id(self) -> str | None:
        return object_metadata.encoded_version_id(self.metadata)

    @property
    def version_or_null(self) -> str:
        """The encoded version id, or the text ``null`` where there is none: what cloud tasks ask for."""
        return self.encoded_version_id or "null"

    @property
    def content_length(self) -> int:
        return int(self.metadata["content-length"])

    @property
    def content_md5(self) -> str:
        return str(self.metadata["content-md5"])

    @property
    def content(self) -> list[str]:
        return list(self.replication_info.get("content") or [])

    @property
    def is_delete_marker(self) -> bool:
        return bool(self.metadata.get("isDeleteMarker"))

    @property
    def is_nfs(self) -> bool:
        return bool(self.replication_info.get("isNFS"))

    @property
    def roles(self) -> list[str] | None:
        """The roles, split on commas; None when there is no role at all (an empty text is one role)."""
        role = self.replication_info.get("role")
        return None if role is None else str(role).split(",")

    @property
    def sites(self) -> list[str]:
        return object_metadata.sites(self.replication_info.get("storageClass") or "")

    @property
    def target_bucket(self) -> str:
        return str(self.replication_info.get("destination") or "").rsplit(":", 1)[-1]

    @property
    def replay_count(self) -> int | None:
        return self.carried.get("replayCount")

    def with_replay_count(self, count: int | None) -> ObjectQueueEntry:
        carried = {name: value for name, value in self.carried.items() if name != "replayCount"}
        return dataclasses.replace(self, carried=carried if count is None else carried | {"replayCount": count})

    def with_status(self, site: str, new_status: str, version_id: str = "") -> ObjectQueueEntry:
        """``toCompletedEntry``, ``toFailedEntry`` and ``toPendingEntry`` of Backbeat, by ``new_status``."""
        return dataclasses.replace(self, metadata=status.with_status(self.metadata, site, new_status, version_id))

    def to_replica_entry(self, site: str) -> ObjectQueueEntry:
        """What the target is to hold: its bucket, and REPLICA as status of the site and of all."""
        metadata = copy.deepcopy(self.metadata)
        info = metadata["replicationInfo"]
        backend = status.backend_of(info, site)
        if backend is not None:
            backend["status"] = status.REPLICA
        info["status"] = status.REPLICA
        return dataclasses.replace(self, bucket=self.target_bucket, metadata=metadata)

    def to_retry_entry(self, site: str) -> ObjectQueueEntry:
        """Another try for one site: the only one the entry knows then, PENDING."""
        metadata = copy.deepcopy(self.metadata)
        info = metadata["replicationInfo"]
        info["backends"] = [backend for backend in info.get("backends", []) if backend.get("site") == site]
        for backend in info["backends"]:
            backend["status"] = status.PENDING
        info["storageClass"] = site
        info["status"] = status.PENDING
        return dataclasses.replace(self, site=site, metadata=metadata)

    def to_kafka(self, site: str | None = None) -> tuple[bytes, bytes]:
        """Key and value of the message. Status messages carry a ``site``, replay messages do not."""
        value: dict[str, Any] = {
            "bucket": self.bucket,
            "key": self.object_versioned_key,
            "value": "{}" if self.ignore else stringify(self.metadata),
        }
        if site is not None:
            value["site"] = site
        value["ignore"] = self.ignore
        value.update({name: self.carried[name] for name in _CARRIED if name in self.carried})
        return encode_uri_component(self.canonical_key).encode(), stringify(value).encode()


Entry = CanaryEntry | BucketEntry | BucketMetadataEntry | DeleteOperationEntry | ObjectQueueEntry


def parse(value: bytes) -> Entry:
    """The entry of a message's value; raises MalformedEntryError for what is none."""
    message = _object(_json(value))
    if message.get("bootstrapId"):
        raise MalformedEntryError("bootstrap entry")
    if message.get("canary"):
        return CanaryEntry()
    bucket, key = message.get("bucket"), message.get("key")
    if message.get("type") == "del":
        return DeleteOperationEntry(_text(bucket), _text(key))
    if bucket == USERS_BUCKET:
        owner, _, name = _text(key).partition("..|..")
        return BucketEntry(owner, name)
    if not isinstance(message.get("value"), str):
        raise MalformedEntryError("unknown kafka entry format")
    document = _object(_json(message["value"]))
    if "mdBucketModelVersion" in document or "attributes" in document:
        return BucketMetadataEntry(_text(bucket))
    return ObjectQueueEntry(
        bucket=_text(bucket),
        object_versioned_key=_text(key),
        metadata=_checked(object_metadata.normalised(document)),
        site=message.get("site"),
        ignore=bool(message.get("ignore", False)),
        carried={name: message[name] for name in _CARRIED if name in message},
    )


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedEntryError(f"malformed JSON in kafka entry: {error}") from error


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedEntryError("unknown kafka entry format")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedEntryError("missing bucket or key")
    return value


def _checked(metadata: dict[str, Any]) -> dict[str, Any]:
    """What cannot be worked with must not come as far as to break the work of others."""
    info = metadata["replicationInfo"]
    if not isinstance(info, dict):
        raise MalformedEntryError("replicationInfo is no object")
    backends = info.get("backends", [])
    if not isinstance(backends, list) or not all(isinstance(backend, dict) for backend in backends):
        raise MalformedEntryError("backends are no list of objects")
    for name in ("destination", "role", "storageClass"):
        if not isinstance(info.get(name, ""), str | None):
            raise MalformedEntryError(f"{name} is no text")
    if not isinstance(info.get("content") or [], list) or not isinstance(metadata["content-md5"], str):
        raise MalformedEntryError("content or content-md5 is malformed")
    return metadata
