"""Messages of the metrics topic: what was queued, done and failed.

Source: Backbeat lib/models/MetricsModel.js, lib/MetricsProducer.js, lib/MetricsConsumer.js.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeGuard

from harness.engine.javascript import stringify

EXTENSION = "crr"

QUEUED = "queued"
COMPLETED = "completed"
FAILED = "failed"
PENDING_ONLY = "pendingOnly"

_TYPES = frozenset({QUEUED, COMPLETED, FAILED, PENDING_ONLY})


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectName:
    """One version of an object; ``version_id`` in the form that S3 users see, ``null`` for a null version."""

    bucket: str
    key: str
    version_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class MetricsMessage:
    """About a site (``name`` None) or about one object on its way to a site.

    Attributes:
        type: ``queued``, ``completed``, ``failed``, or ``pendingOnly``: what waits changed, for no result of its own.
        size: bytes.
        ops: objects; None where the message is about one object. Negative only with ``pendingOnly``.
        timestamp: milliseconds since the epoch.
    """

    type: str
    site: str
    size: int
    timestamp: int
    ops: int | None = None
    name: ObjectName | None = None

    def to_json(self) -> bytes:
        """The value of the Kafka message; it has no key."""
        members: dict[str, Any] = {"timestamp": self.timestamp}
        if self.ops is not None:
            members["ops"] = self.ops
        members |= {"bytes": self.size, "extension": EXTENSION, "type": self.type, "site": self.site}
        if self.name is not None:
            members |= {"bucketName": self.name.bucket, "objectKey": self.name.key, "versionId": self.name.version_id}
        return stringify(members).encode()


def parse(value: bytes) -> MetricsMessage | None:
    """The message; None for another extension's, and for what cannot be counted.

    Backbeat takes a message that names an object without its version for one about the site, and counts an
    undefined number of operations. Such a message is passed over here, and none is sent.
    """
    try:
        members = json.loads(value)
    except ValueError:
        return None
    if not isinstance(members, dict) or members.get("extension") != EXTENSION or members.get("type") not in _TYPES:
        return None
    site, size, timestamp = members.get("site"), members.get("bytes"), members.get("timestamp")
    if not _is_text(site) or not _is_count(size) or not _is_count(timestamp):
        return None
    bucket, key, version_id = (members.get(one) for one in ("bucketName", "objectKey", "versionId"))
    if _is_text(bucket) and _is_text(key) and _is_text(version_id):
        return MetricsMessage(members["type"], site, size, timestamp, name=ObjectName(bucket, key, version_id))
    ops = members.get("ops")
    if bucket or key or version_id or not _is_count(ops):
        return None
    return MetricsMessage(members["type"], site, size, timestamp, ops=ops)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
