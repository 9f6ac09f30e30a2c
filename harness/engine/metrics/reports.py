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
#: Seconds that others may join a message before all are sent: one by one they would cost more than the replication
#: itself, since each wakes the producer, its broker and all who follow the topic.
_GATHERING = 0.2
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
        self._hurried = False
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
        """Return when something was there to take for a while, or after ``timeout`` seconds without anything.

        The while is over at once when there is a whole batch, or somebody is in a hurry.
        """
        with self._filled:
            if self._is_empty:
                self._clock.wait(self._filled, timeout)
            over = self._clock.monotonic() + _GATHERING
            while not self._is_due and (left := over - self._clock.monotonic()) > 0:
                self._clock.wait(self._filled, left)
            self._hurried = False

    def hurry(self) -> None:
        """Whoever waits for more messages goes on without them."""
        with self._filled:
            self._hurried = True
            self._filled.notify_all()

    @property
    def is_empty(self) -> bool:
        with self._filled:
            return self._is_empty

    @property
    def _is_empty(self) -> bool:
        return not self._messages and not self._summed

    @property
    def _is_due(self) -> bool:
        return self._is_empty or self._hurried or len(self._messages) >= _BATCH

    def _now(self) -> int:
        return int(self._clock.now() * 1000)

    def _add(self, message: MetricsMessage) -> None:
        with self._filled:
            begins = self._is_empty
            if len(self._messages) < self._capacity:
                self._messages.append(message)
            elif message.ops is None:
                self.dropped += 1
            else:
                self._add_up(message, message.ops)
            if begins or len(self._messages) == _BATCH:
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
        """Send what there is; how many messages were sent. With a ``timeout``, wait so many seconds for the first one,
        and a moment for others.

        Raises Interrupted when it was told to let go while Kafka was gone, and QueueClosed.
        """
        if timeout:
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
        """Whether nothing waits to be sent; whoever asks waits for that, and it is sent at once."""
        if self._reports.is_empty:
            return True
        self._reports.hurry()
        return False
