"""Metrics messages on their way to Kafka: gathered at once, sent by a part of their own, never waited for.

Source: Backbeat lib/MetricsProducer.js.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Sequence

from fake_cloudserver import Clock, get_logger
from harness.engine.metrics.message import MetricsMessage, ObjectName
from harness.queue.base import Outgoing, Producer, QueueClosed
from harness.queue.interruption import Interrupted, Interruption

log = get_logger(__name__)

_CAPACITY = 10_000
_BATCH = 500
_HOUR_MS = 3_600_000


class MetricsReports:
    """Holds messages until they are taken. Safe to use from several threads; nobody waits here for Kafka.

    Beyond ``capacity`` messages (Kafka is gone) those about objects are dropped, and those about sites are added up
    by site, type and hour: a site's figures stay right, and the memory small.
    """

    def __init__(self, clock: Clock, capacity: int = _CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._filled = threading.Condition()
        self._messages: deque[MetricsMessage] = deque()
        self._summed: dict[tuple[str, str, int], MetricsMessage] = {}
        self.dropped = 0

    def about_site(self, kind: str, site: str, ops: int, size: int) -> None:
        self._add(MetricsMessage(kind, site, size, self._now(), ops=ops))

    def about_object(self, kind: str, site: str, name: ObjectName, size: int) -> None:
        self._add(MetricsMessage(kind, site, size, self._now(), name=name))

    def take(self, limit: int) -> list[MetricsMessage]:
        """At most ``limit`` messages, oldest first; they are not held any more."""
        with self._filled:
            taken = [self._messages.popleft() for _ in range(min(limit, len(self._messages)))]
            if not self._messages:
                taken += [self._summed.pop(key) for key in list(self._summed)[: limit - len(taken)]]
            return taken

    def give_back(self, messages: Sequence[MetricsMessage]) -> None:
        """These were taken, and not sent."""
        with self._filled:
            self._messages.extendleft(reversed(messages))

    def wait(self, timeout: float) -> None:
        """Return when there is something to take, or after ``timeout`` seconds."""
        with self._filled:
            if timeout and not self._messages and not self._summed:
                self._clock.wait(self._filled, timeout)

    @property
    def is_empty(self) -> bool:
        with self._filled:
            return not self._messages and not self._summed

    def _now(self) -> int:
        return int(self._clock.now() * 1000)

    def _add(self, message: MetricsMessage) -> None:
        with self._filled:
            if len(self._messages) < self._capacity:
                self._messages.append(message)
            elif message.ops is None:
                self.dropped += 1
            else:
                self._add_up(message, message.ops)
            self._filled.notify_all()

    def _add_up(self, message: MetricsMessage, ops: int) -> None:
        key = message.type, message.site, message.timestamp // _HOUR_MS
        before = self._summed.get(key)
        if before is not None:
            ops += before.ops or 0
            message = dataclasses.replace(message, size=message.size + before.size)
        self._summed[key] = dataclasses.replace(message, ops=ops)


class MetricsProducer:
    """Sends reports to the metrics topic, in rounds. Whatever goes wrong here disturbs nobody else.

    What is lost: with the process, what it had not sent yet (as a rule less than a second's worth), so that pending
    counters may be off by as much; in an outage beyond the buffer, progress of single objects.
    """

    name = "metrics"

    def __init__(
        self, reports: MetricsReports, producer: Producer, topic: str, interruption: Interruption, clock: Clock
    ) -> None:
        self._reports = reports
        self._producer = producer
        self._topic = topic
        self._interruption = interruption
        self._clock = clock

    def step(self, timeout: float = 0.0) -> int:
        """Send what there is, waiting up to ``timeout`` seconds for it; how many messages were sent.

        Raises Interrupted when it was told to let go while Kafka was gone, and QueueClosed.
        """
        self._reports.wait(timeout)
        messages = self._reports.take(_BATCH)
        if not messages:
            return 0
        try:
            self._producer.send_all(
                [Outgoing(self._topic, None, one.to_json()) for one in messages], self._interruption
            )
        except (Interrupted, QueueClosed):
            self._reports.give_back(messages)
            raise
        except Exception:
            log.exception("metrics are lost", messages=len(messages))
        return len(messages)

    def stop(self, timeout: float = 30.0) -> bool:
        """Send what is left, as far as Kafka takes it at once."""
        deadline = self._clock.monotonic() + timeout
        try:
            while self.step() and self._clock.monotonic() < deadline:
                pass
        except (Interrupted, QueueClosed):
            log.info("the last metrics are lost: Kafka is gone")
        return True

    def idle(self) -> bool:
        return self._reports.is_empty
