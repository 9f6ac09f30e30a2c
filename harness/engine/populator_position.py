"""How far the journal was published, kept in a compacted topic of its own."""

from __future__ import annotations

from fake_cloudserver import get_logger
from harness.queue.base import Message, Outgoing, Producer, Queue
from harness.queue.interruption import Interruption

log = get_logger(__name__)

#: The position is nearly always among the last few messages.
_TAIL = 100


class PopulatorPosition:
    """The next position to read, by journal. Key: ``<logId>/logOffset``; value: the number as text.

    Key and value are those of the ZooKeeper node in which Backbeat keeps it (Backbeat lib/queuePopulator/LogReader.js).
    """

    def __init__(self, queue: Queue, topic: str, log_id: str) -> None:
        self._queue = queue
        self._producer: Producer | None = None
        self._topic = topic
        self._key = f"{log_id}/logOffset".encode()

    def load(self) -> int | None:
        """The saved position; None when there is none."""
        position = self._last(self._queue.read(self._topic, tail=_TAIL))
        return position if position is not None else self._last(self._queue.read(self._topic))

    def save(self, position: int, interruption: Interruption | None = None) -> None:
        """Return when Kafka has acknowledged it."""
        if self._producer is None:
            self._producer = self._queue.producer()
        self._producer.send_all([Outgoing(self._topic, self._key, str(position).encode())], interruption)

    def _last(self, messages: list[Message]) -> int | None:
        for message in reversed(messages):
            if message.key == self._key and message.value.isdigit():
                return int(message.value)
            if message.key == self._key:
                log.error("saved position is no number", topic=self._topic, value=message.value)
        return None
