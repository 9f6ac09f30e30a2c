"""Which journal entries are published on the replication topic, and as what.

Source: Backbeat extensions/replication/ReplicationQueuePopulator.js, lib/queuePopulator/LogReader.js.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection
from typing import Any

from harness.engine.javascript import encode_uri_component, stringify
from harness.engine.journal import JournalEntry
from harness.engine.queue_entry import USERS_BUCKET

_MPU_BUCKET_PREFIX = "mpuShadowBucket"


@dataclasses.dataclass(frozen=True, slots=True)
class Publication:
    """A message for the replication topic.

    Attributes:
        pending_sites: the sites that wait for the object, for the counters.
        replicated_bytes: bytes that each of them has to be sent: 0 when only metadata changed.
    """

    key: bytes
    value: bytes
    pending_sites: tuple[str, ...] = ()
    replicated_bytes: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Dropped:
    """Why an entry is not published."""

    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Candidate:
    """An entry of an object with its metadata, as far as the rules want to see them."""

    entry: JournalEntry
    metadata: dict[str, Any]
    info: dict[str, Any]
    cold_locations: Collection[str]

    @property
    def is_master(self) -> bool:
        return "\0" not in (self.entry.key or "")


#: Reason to drop an entry, and when it applies; in order, the first one counts.
_RULES: tuple[tuple[str, Callable[[_Candidate], bool]], ...] = (
    (
        "the version has an entry of its own",
        lambda one: (
            one.is_master
            and not one.info.get("isNFS")
            and bool(one.metadata.get("versionId"))
            and not one.metadata.get("isNull")
        ),
    ),
    ("nothing to replicate, or replicated already", lambda one: one.info.get("status") != "PENDING"),
    ("its data is in a cold location", lambda one: one.metadata.get("dataStoreName") in one.cold_locations),
)


def decide(entry: JournalEntry, cold_locations: Collection[str] = frozenset()) -> Publication | Dropped:
    """What becomes of ``entry``.

    Backbeat ends its process at a value that is no JSON, and meets it again at every restart; such an entry can
    never be replicated and is dropped here.
    """
    if entry.key is None or entry.value is None:
        return Dropped("no key or no value")
    if entry.bucket == USERS_BUCKET:
        return _bucket(entry, entry.key)
    if entry.type != "put":
        return Dropped("not a put")
    try:
        metadata = json.loads(entry.value)
    except ValueError as error:
        return Dropped(f"malformed: {error}")
    info = metadata.get("replicationInfo") if isinstance(metadata, dict) else None
    if not isinstance(info, dict):
        return Dropped("no object metadata")
    candidate = _Candidate(entry, metadata, info, cold_locations)
    for reason, applies in _RULES:
        if applies(candidate):
            return Dropped(reason)
    return _publication(candidate)


def _bucket(entry: JournalEntry, key: str) -> Publication | Dropped:
    if entry.type != "put":
        return Dropped("not a put")
    if key.startswith(_MPU_BUCKET_PREFIX):
        return Dropped("a bucket of multipart uploads")
    return Publication(USERS_BUCKET.encode(), _value(entry))


def _publication(candidate: _Candidate) -> Publication:
    entry, info = candidate.entry, candidate.info
    object_key = (entry.key or "").split("\0", 1)[0]
    key = encode_uri_component(f"{entry.bucket}/{object_key}").encode()
    pending = tuple(backend["site"] for backend in info.get("backends") or () if backend.get("status") == "PENDING")
    length = candidate.metadata.get("content-length") or 0
    return Publication(key, _value(entry), pending, int(length) if "DATA" in (info.get("content") or ()) else 0)


def _value(entry: JournalEntry) -> bytes:
    """The entry as JSON; what the journal did not say is left out."""
    overhead = {
        "commitTimestamp": entry.commit_timestamp,
        "opTimestamp": entry.op_timestamp,
        "versionId": entry.version_id,
    }
    message = {
        "type": entry.type,
        "bucket": entry.bucket,
        "key": entry.key,
        "value": entry.value,
        "overheadFields": {name: value for name, value in overhead.items() if value is not None},
    }
    return stringify(message).encode()
