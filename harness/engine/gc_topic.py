"""The topic of data that may go: objects of a transient location that are replicated everywhere.

Source: Backbeat extensions/replication/tasks/UpdateReplicationStatus.js, lib/models/ActionQueueEntry.js.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine.javascript import stringify
from harness.engine.queue_entry import ObjectQueueEntry
from harness.queue.base import MessageTooLarge, Outgoing, Producer
from harness.queue.interruption import Interruption

log = get_logger(__name__)

DELETE_DATA = "deleteData"


class GcTopic:
    """Tells the garbage collector what it may delete."""

    def __init__(
        self, producer: Producer, topic: str, transient: Collection[str], clock: Clock, randomness: Randomness
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._transient = transient
        self._clock = clock
        self._randomness = randomness

    def announce(self, entry: ObjectQueueEntry, metadata: dict[str, Any], interruption: Interruption) -> None:
        """Return when Kafka has it; does nothing for an object of another location. Raises Interrupted."""
        if metadata.get("dataStoreName") not in self._transient or not metadata.get("location"):
            return
        action = delete_action(entry, metadata, self._randomness.uuid4(), int(self._clock.now() * 1000))
        try:
            self._producer.send_all([Outgoing(self._topic, None, action)], interruption)
        except MessageTooLarge as error:
            log.exception("transient data stay", key=entry.canonical_key, reason=str(error))


def delete_action(entry: ObjectQueueEntry, metadata: dict[str, Any], action_id: str, now_ms: int) -> bytes:
    """A ``deleteData`` action about the object's data.

    QUIRK of Backbeat: it names one element for each part, so that parts that were copied in pieces leave data behind.
    Here all elements are named.
    """
    return stringify(
        {
            "actionId": action_id,
            "action": DELETE_DATA,
            "startTime": now_ms,
            "contextInfo": {
                "origin": "transientSource",
                "ruleType": "transient",
                "bucketName": entry.bucket,
                "objectKey": entry.object_key,
                "versionId": entry.encoded_version_id,
            },
            # ours: under role authentication the collector has to know whose data these are
            "auth": {"roleArn": (entry.roles or [""])[0]},
            "source": {
                "bucket": entry.bucket,
                "objectKey": entry.object_key,
                "storageClass": metadata["dataStoreName"],
                "lastModified": metadata.get("last-modified"),
            },
            "target": {
                "owner": metadata.get("owner-id"),
                "locations": [
                    {
                        name: part[name]
                        for name in ("key", "dataStoreName", "size", "dataStoreVersionId")
                        if part.get(name) is not None
                    }
                    for part in metadata["location"]
                ],
            },
        }
    ).encode()
