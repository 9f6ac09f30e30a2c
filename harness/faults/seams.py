"""Faults at the engine's own seams: its checkpoints and its queue."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from fake_cloudserver import Clock
from harness.engine.checkpoints import Checkpoints
from harness.faults.rules import FaultBoard, Occasion
from harness.queue.base import Consumer, Message, Outgoing, Producer, Queue, RebalanceListener, TopicPartition
from harness.queue.interruption import Interruption
from harness.queue.wrapped import WrappedQueue

SITE = "kafka"
PRODUCE, CONSUME = "Produce", "Consume"


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class FaultyCheckpoints(Checkpoints):
    """Ends the process where a rule for site ``engine`` says so.

    Args:
        inner: reached first.
        end: how it ends; for tests.
    """

    def __init__(self, board: FaultBoard, clock: Clock, inner: Checkpoints, end: Callable[[], None] = _kill) -> None:
        self._board = board
        self._clock = clock
        self._inner = inner
        self._end = end

    def reach(self, name: str) -> None:
        self._inner.reach(name)
        if self._board.concerns("engine"):
            effect = self._board.decide(Occasion("engine", name), self._clock.now())
            if effect is not None and effect.kill:
                self._end()


class FaultyQueue(WrappedQueue):
    """Any queue, with messages that are sent more than once, and messages that come late; a Queue itself."""

    def __init__(self, queue: Queue, board: FaultBoard, clock: Clock) -> None:
        super().__init__(queue)
        self._board = board
        self._clock = clock

    def producer(self) -> Producer:
        return _FaultyProducer(self._queue.producer(), self._board, self._clock)

    def consumer(
        self, group: str, topics: Sequence[str], listener: RebalanceListener, beside: Sequence[str] = ()
    ) -> Consumer:
        return _FaultyConsumer(self._queue, group, topics, listener, beside, self._board, self._clock)


def _occasion(operation: str, topic: str, key: bytes | None) -> Occasion:
    return Occasion(SITE, operation, bucket=topic, key=(key or b"").decode("utf-8", "replace"))


class _FaultyProducer:
    """Sends what was sent once more, as a producer does whose acknowledgement got lost; or sends late."""

    def __init__(self, producer: Producer, board: FaultBoard, clock: Clock) -> None:
        self._producer = producer
        self._board = board
        self._clock = clock

    def send_all(self, messages: Sequence[Outgoing], interruption: Interruption | None = None) -> None:
        if not self._board.concerns(SITE):
            self._producer.send_all(messages, interruption)
            return
        again: list[Outgoing] = []
        for message in messages:
            effect = self._board.decide(_occasion(PRODUCE, message.topic, message.key), self._clock.now())
            if effect is not None and effect.delay is not None:
                self._board.hold(self._clock, effect)
            if effect is not None and effect.duplicate:
                again += [message] * effect.duplicate
        self._producer.send_all([*messages, *again], interruption)


class _FaultyConsumer:
    """Holds messages back, with all that come after them in their partition: order stays."""

    def __init__(
        self,
        queue: Queue,
        group: str,
        topics: Sequence[str],
        listener: RebalanceListener,
        beside: Sequence[str],
        board: FaultBoard,
        clock: Clock,
    ) -> None:
        self._listener = listener
        self._board = board
        self._clock = clock
        self._late: dict[TopicPartition, deque[tuple[float, Message]]] = {}
        self._consumer = queue.consumer(group, topics, self, beside)

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """What was held back is taken last: partitions may go away while the consumer is asked, and it with them."""
        if self._late:
            timeout = min(timeout, 0.02)
        fresh = self._consumer.poll(max(0, limit - self._count_due()), timeout)
        due = self._due(limit - len(fresh))
        if not self._late and not self._board.concerns(SITE):
            return due + fresh
        return due + [message for message in fresh if not self._is_late(message)]

    def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        return self._consumer.commit(offsets)

    def close(self) -> None:
        self._consumer.close()

    # the rebalance listener, in front of the real one

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        self._listener.assigned(partitions)

    def revoked(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """What was held back was never taken: the group goes on before it."""
        gone = list(partitions)
        resume = dict(self._listener.revoked(gone))
        for one in gone:
            held = self._late.pop(one, None)
            if held:
                resume[one] = min(resume.get(one, held[0][1].offset), held[0][1].offset)
        return resume

    def lost(self, partitions: Iterable[TopicPartition]) -> None:
        gone = list(partitions)
        for one in gone:
            self._late.pop(one, None)
        self._listener.lost(gone)

    def _is_late(self, message: Message) -> bool:
        effect = self._board.decide(_occasion(CONSUME, message.topic, message.key), self._clock.now())
        wait = effect.delay if effect is not None and effect.delay is not None else 0.0
        held = self._late.get(message.topic_partition)
        if not wait and not held:
            return False
        due = self._clock.monotonic() + wait
        self._late.setdefault(message.topic_partition, deque()).append((due, message))
        return True

    def _now(self) -> float:
        """Once no rule is about Kafka any more, the time of everything has come."""
        return self._clock.monotonic() if self._board.concerns(SITE) else float("inf")

    def _count_due(self) -> int:
        now = self._now()
        return sum(due <= now for held in self._late.values() for due, _ in held)

    def _due(self, limit: int) -> list[Message]:
        """Those whose time has come."""
        now = self._now()
        found: list[Message] = []
        for one, held in list(self._late.items()):
            while held and held[0][0] <= now and len(found) < limit:
                found.append(held.popleft()[1])
            if not held:
                del self._late[one]
        return found
