"""Follows the metrics topic and keeps the statistics, over restarts too.

Source: Backbeat lib/MetricsConsumer.js, which adds to counters in Redis.
"""

from __future__ import annotations

import json
from typing import Any

from fake_cloudserver import Clock, get_logger
from harness.engine.javascript import stringify
from harness.engine.metrics.message import parse
from harness.engine.metrics.statistics import Statistics
from harness.queue.base import Follower, Message, MessageTooLarge, Outgoing, Queue, QueueClosed
from harness.queue.interruption import Interrupted, Interruption

log = get_logger(__name__)

_BATCH = 1_000
#: A snapshot is due after so many seconds, or messages.
_SAVE_SECONDS = 60.0
_SAVE_MESSAGES = 20_000
#: So many messages are read again at most, to know the progress of single objects.
_READ_AGAIN = 200_000
#: The snapshot is nearly always the last message.
_TAIL = 5


class Snapshots:
    """The sites' counters together with the offsets up to which they count, in one message: nothing is counted twice.

    Several processes that follow the same topic may write here; each of their snapshots is true.
    """

    _KEY = b"statistics"

    def __init__(self, queue: Queue, topic: str) -> None:
        self._queue = queue
        self._topic = topic

    def load(self) -> dict[str, Any] | None:
        """The latest one; None when there is none."""
        found = self._latest(self._queue.read(self._topic, tail=_TAIL))
        return found if found is not None else self._latest(self._queue.read(self._topic))

    def save(self, document: dict[str, Any], interruption: Interruption) -> None:
        """Return when Kafka has it. Raises Interrupted while it waits."""
        value = stringify(document).encode()
        self._queue.producer().send_all([Outgoing(self._topic, self._KEY, value)], interruption)

    def _latest(self, messages: list[Message]) -> dict[str, Any] | None:
        for message in reversed(messages):
            if message.key != self._KEY:
                continue
            try:
                found = json.loads(message.value)
            except ValueError:
                log.warning("no statistics", topic=self._topic, offset=message.offset)
                continue
            if isinstance(found, dict):
                return found
        return None


class MetricsConsumer:
    """Every process that answers questions has its own, and reads everything: there is no group to share with.

    What single objects have come to is not kept but read again, from their first message on.
    """

    name = "metrics-consumer"

    def __init__(
        self,
        queue: Queue,
        topic: str,
        snapshots_topic: str,
        *,
        clock: Clock,
        interruption: Interruption,
        statistics: Statistics | None = None,
    ) -> None:
        self.statistics = statistics or Statistics()
        self._queue = queue
        self._topic = topic
        self._snapshots = Snapshots(queue, snapshots_topic)
        self._clock = clock
        self._interruption = interruption
        self._follower: Follower | None = None
        self._begun: dict[int, int] = {}
        self._counted: dict[int, int] = {}
        self._unsaved = 0
        self._last_saved = clock.monotonic()

    def step(self, timeout: float = 0.0) -> int:
        """Count what there is, waiting up to ``timeout`` seconds for it; how many messages were read."""
        if self._follower is None:
            self._follower = self._begin()
        messages = self._follower.poll(_BATCH, timeout)
        now = self._now()
        for message in messages:
            self._count(message, now)
        if self._unsaved >= _SAVE_MESSAGES or self._clock.monotonic() - self._last_saved >= _SAVE_SECONDS:
            self._save(now)
        if not self.statistics.is_complete:
            self.statistics.is_complete = self._follower.caught_up
        return len(messages)

    def stop(self, timeout: float = 30.0) -> bool:  # noqa: ARG002  (the seam's shape)
        """Save what was counted; without that, it would only be read again."""
        try:
            self._save(self._now())
        except (Interrupted, QueueClosed):
            log.info("statistics not saved")
        if self._follower is not None:
            self._follower.close()
        return True

    def idle(self) -> bool:
        """Whether everything is counted that the topic held when the broker was last heard."""
        return self._follower is not None and self._follower.caught_up

    def _begin(self) -> Follower:
        kept = self._snapshots.load()
        if kept is not None:
            self._restore(kept)
        log.info("following the metrics", topic=self._topic, counted=self._counted, again_from=self._begun)
        return self._queue.follower(self._topic, self._begun)

    def _restore(self, kept: dict[str, Any]) -> None:
        try:
            counted = {int(partition): int(offset) for partition, offset in kept["counted"].items()}
            firsts = {int(partition): int(offset) for partition, offset in kept["objectsFrom"].items()}
            self.statistics.restore(kept["sites"])
        except (AttributeError, KeyError, TypeError, ValueError):
            log.exception("the kept statistics cannot be read: everything is counted anew")
            return
        self._counted = counted
        for partition, offset in counted.items():
            self._begun[partition] = max(min(firsts.get(partition, offset), offset), offset - _READ_AGAIN)

    def _count(self, message: Message, now: int) -> None:
        if message.offset < self._begun.get(message.partition, 0):
            log.warning("the metrics topic is younger than its statistics", partition=message.partition)
            self._begun.pop(message.partition)
            self._counted.pop(message.partition)
        is_new = message.offset >= self._counted.get(message.partition, 0)
        one = parse(message.value)
        if one is not None and (is_new or one.name is not None):
            self.statistics.add(one, now, (message.partition, message.offset))
        if is_new:
            self._counted[message.partition] = message.offset + 1
            self._unsaved += 1

    def _save(self, now: int) -> None:
        self.statistics.expire(now)
        self._last_saved = self._clock.monotonic()
        if not self._unsaved:
            return
        document = {
            "counted": {str(partition): offset for partition, offset in self._counted.items()},
            "objectsFrom": {str(partition): offset for partition, offset in self.statistics.objects_from().items()},
            "sites": self.statistics.to_document(),
        }
        try:
            self._snapshots.save(document, self._interruption)
        except MessageTooLarge as error:
            log.warning("statistics not saved: they will be counted anew", reason=str(error))
        self._unsaved = 0

    def _now(self) -> int:
        return int(self._clock.now() * 1000)
