"""The topic of objects that failed for good.

Source: Backbeat extensions/replication/failedCRR/FailedCRRProducer.js.
"""

from __future__ import annotations

from fake_cloudserver import Clock
from harness.engine.javascript import stringify
from harness.engine.queue_entry import ObjectQueueEntry
from harness.queue.base import Outgoing, Producer
from harness.queue.interruption import Interruption

_HOUR_MS = 3_600_000


class FailedTopic:
    """Tells of failures, so that they can be listed and tried again."""

    def __init__(self, producer: Producer, topic: str, clock: Clock) -> None:
        self._producer = producer
        self._topic = topic
        self._clock = clock

    def announce(self, entry: ObjectQueueEntry, site: str, interruption: Interruption) -> None:
        """Return when Kafka has it. Raises Interrupted while it waits."""
        value = failed_message(entry, site, int(self._clock.now() * 1000))
        self._producer.send_all([Outgoing(self._topic, None, value)], interruption)


def failed_message(entry: ObjectQueueEntry, site: str, now_ms: int) -> bytes:
    """A member of one of the site's hourly sets of failed objects, with its score."""
    member = f"{entry.bucket}:{entry.object_key}:{entry.encoded_version_id or ''}"
    key = f"bb:crr:failed:{site}:{now_ms - now_ms % _HOUR_MS}"
    return stringify({"key": key, "member": member, "score": now_ms}).encode()
