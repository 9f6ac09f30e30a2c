"""Asking Kafka for messages: a broker that holds back empty answers is left to it, another one is asked in rounds."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from fake_cloudserver import Clock
from harness.queue.base import Message
from harness.queue.bell import Bell
from harness.queue.kafka_settings import KafkaSettings

#: Seconds that a question waits for its answer when there should be one.
_QUESTION = 0.012
#: Seconds between two questions while there is no news; each rest is twice as long as the one before.
_SHORTEST, _LONGEST = 0.02, 0.25


class KafkaFetching:
    """Receives for one client of Kafka, which reads ``topics``.

    A broker that does not wake a waiting fetch (the embedded one) makes a message lie around until the fetch ends,
    and many short fetches keep a processor busy. There the client asks only now and then while nothing happens, and
    at once when ``bell`` says that this process wrote to one of the topics. After news it rests, too: what was received
    is worked on then, and asking would take the processor from that.
    """

    def __init__(self, client: Any, settings: KafkaSettings, clock: Clock, bell: Bell, topics: Collection[str]) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._bell = bell
        self._topics = tuple(topics)
        #: How often it had rung when the last question was asked.
        self._heard = 0
        #: When to ask next, and how long it rests until then; without a rest a question waits for its answer.
        self._due = 0.0
        self._rest = 0.0

    @property
    def has_heard_all(self) -> bool:
        """False while an answer is still to come to a question about what this process wrote."""
        return self._settings.broker_wakes or self._heard == self._bell.heard(self._topics)

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """As soon as there are some: at most ``limit`` messages; none after ``timeout`` seconds. Raises KafkaError."""
        if self._settings.broker_wakes or not timeout:
            return self.once(limit, timeout)
        deadline = self._clock.monotonic() + timeout
        while self._rested(deadline):
            heard = self._bell.heard(self._topics)
            left = max(0.0, deadline - self._clock.monotonic())
            # after a rest the answer to the last question is taken, and the next one is on its way meanwhile
            messages = self.once(limit, 0.0 if self._rest else min(_QUESTION, left))
            self._heard = heard
            if messages:
                return messages
        return []

    def once(self, limit: int, timeout: float) -> list[Message]:
        """The same by a single question, which may take all the time that it has."""
        polled = self._client.poll(timeout_ms=int(timeout * 1000), max_records=limit)
        is_behind = any(self._client.highwater(one) > records[-1].offset + 1 for one, records in polled.items())
        pause = 0.0 if is_behind else _SHORTEST if polled else min(max(2 * self._rest, _SHORTEST), _LONGEST)
        self._rest = 0.0 if polled else pause
        self._due = self._clock.monotonic() + pause
        return [to_message(record, self._settings) for records in polled.values() for record in records]

    def _rested(self, deadline: float) -> bool:
        """Wait until it is time to ask; False when the deadline comes before, or nobody is to wait any longer."""
        while not self._bell.is_closed:
            if self._heard != self._bell.heard(self._topics):
                self._rest = 0.0
                return True
            now = self._clock.monotonic()
            if now >= self._due:
                return True
            if now >= deadline:
                return False
            self._bell.wait(self._topics, self._heard, min(self._due, deadline) - now)
        return False


#: Makes what receives for a client that reads these topics.
Fetching = Callable[[Any, Collection[str]], KafkaFetching]


def to_message(record: Any, settings: KafkaSettings) -> Message:
    """A record of the client as a message of the seam, its topic freed of the prefix."""
    topic = record.topic.removeprefix(settings.topic_prefix)
    return Message(topic, record.partition, record.offset, record.key, record.value or b"", record.timestamp)
