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
#: Seconds between two questions: at once after news, then twice as long each time.
_SHORTEST, _LONGEST = 0.005, 0.5


class KafkaFetching:
    """Receives for one client of Kafka, which reads ``topics``.

    A broker that does not wake a waiting fetch (the embedded one) makes a message lie around until the fetch ends,
    and many short fetches keep a processor busy. There the client asks only now and then while nothing happens, and
    at once when ``bell`` says that this process wrote to one of the topics.
    """

    def __init__(self, client: Any, settings: KafkaSettings, clock: Clock, bell: Bell, topics: Collection[str]) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._bell = bell
        self._topics = tuple(topics)
        self._heard = 0
        #: How long it rested last; 0 after news.
        self._rest = 0.0

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """As soon as there are some: at most ``limit`` messages; none after ``timeout`` seconds. Raises KafkaError."""
        if self._settings.broker_wakes:
            return self.once(limit, timeout)
        deadline = self._clock.monotonic() + timeout
        while True:
            heard = self._bell.heard(self._topics)
            if heard != self._heard:
                self._heard, self._rest = heard, 0.0
            # after a rest the answer to the last question is taken, and the next one is on its way meanwhile
            left = max(0.0, deadline - self._clock.monotonic())
            messages = self.once(limit, 0.0 if self._rest else min(_QUESTION, left))
            self._rest = 0.0 if messages else min(max(2 * self._rest, _SHORTEST), _LONGEST)
            left = deadline - self._clock.monotonic()
            if messages or left <= 0 or self._bell.is_closed:
                return messages
            self._bell.wait(self._topics, heard, min(self._rest, left))

    def once(self, limit: int, timeout: float) -> list[Message]:
        """The same by a single question, which may take all the time that it has."""
        polled = self._client.poll(timeout_ms=int(timeout * 1000), max_records=limit)
        return [to_message(record, self._settings) for records in polled.values() for record in records]


#: Makes what receives for a client that reads these topics.
Fetching = Callable[[Any, Collection[str]], KafkaFetching]


def to_message(record: Any, settings: KafkaSettings) -> Message:
    """A record of the client as a message of the seam, its topic freed of the prefix."""
    topic = record.topic.removeprefix(settings.topic_prefix)
    return Message(topic, record.partition, record.offset, record.key, record.value or b"", record.timestamp)
