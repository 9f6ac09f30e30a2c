"""A queue and a clock that are recorded."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from fake_cloudserver import Clock
from harness.queue.base import Consumer, Message, Outgoing, Producer, Queue, RebalanceListener, TopicPartition
from harness.queue.interruption import Interruption
from harness.queue.wrapped import WrappedQueue
from harness.tape.recorder import Recorder


class RecordedQueue(WrappedQueue):
    """Any queue, its messages and commits recorded; a Queue itself."""

    def __init__(self, queue: Queue, recorder: Recorder) -> None:
        super().__init__(queue)
        self._recorder = recorder

    def producer(self) -> Producer:
        return _RecordedProducer(self._queue.producer(), self._recorder)

    def consumer(
        self, group: str, topics: Sequence[str], listener: RebalanceListener, beside: Sequence[str] = ()
    ) -> Consumer:
        return _RecordedConsumer(self._queue.consumer(group, topics, listener, beside), self._recorder, group)


class _RecordedProducer:
    def __init__(self, producer: Producer, recorder: Recorder) -> None:
        self._producer = producer
        self._recorder = recorder

    def send_all(self, messages: Sequence[Outgoing], interruption: Interruption | None = None) -> None:
        self._producer.send_all(messages, interruption)
        for message in messages:
            self._recorder.fact("send", topic=message.topic, value=message.value or b"", **_key(message.key))


class _RecordedConsumer:
    def __init__(self, consumer: Consumer, recorder: Recorder, group: str) -> None:
        self._consumer = consumer
        self._recorder = recorder
        self._group = group

    def poll(self, limit: int, timeout: float) -> list[Message]:
        messages = self._consumer.poll(limit, timeout)
        for one in messages:
            place = {"topic": one.topic, "partition": one.partition, "offset": one.offset}
            self._recorder.fact("take", group=self._group, **place, **_key(one.key))
        return messages

    def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        stored = self._consumer.commit(offsets)
        if stored and offsets:
            told = {f"{one.topic}/{one.partition}": offset for one, offset in sorted(offsets.items())}
            self._recorder.fact("commit", group=self._group, offsets=told)
        return stored

    def close(self) -> None:
        self._consumer.close()


def _key(key: bytes | None) -> dict[str, str]:
    return {} if key is None else {"key": key.decode("utf-8", "replace")}


class MovedClock(Clock, Protocol):
    """A clock that can be put forward."""

    def advance(self, seconds: float) -> None: ...


class RecordedClock:
    """Any clock that can be put forward, and that being recorded. What sleeps on it shows in the times of events."""

    def __init__(self, clock: MovedClock, recorder: Recorder) -> None:
        self._clock = clock
        self._recorder = recorder

    def now(self) -> float:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def wait(self, condition: threading.Condition, timeout: float) -> bool:
        return self._clock.wait(condition, timeout)

    def advance(self, seconds: float) -> None:
        """Put it forward; raises ValueError for a negative amount."""
        self._clock.advance(seconds)
        self._recorder.fact("clock", seconds=round(float(seconds), 6))
