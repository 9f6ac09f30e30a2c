"""Deliveries sorted into lanes: one lane for each key, worked off in order; lanes are worked off in parallel."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Collection, Hashable

from harness.queue.base import Message, TopicPartition
from harness.queue.interruption import Interruption


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One message on its way through the engine.

    Attributes:
        token: what the offset ledger wants back with the offset.
        interruption: ordered when the message is no longer ours to finish, or everything stops.
    """

    message: Message
    token: int
    interruption: Interruption


class Lanes:
    """Which delivery may run next. Not thread-safe: whoever uses it holds a lock.

    Tasks with the same key run one at a time in arrival order, across partitions and topics; different keys run in
    parallel. (Backbeat lib/tasks/TaskScheduler.js)
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[Delivery]] = {}
        self._ready: deque[Hashable] = deque()
        self._running: dict[Hashable, Delivery] = {}
        self.waiting_messages = 0
        self.held_bytes = 0

    def __len__(self) -> int:
        """Deliveries waiting and running."""
        return self.waiting_messages + len(self._running)

    @property
    def running(self) -> Collection[Delivery]:
        return self._running.values()

    def add(self, key: Hashable, delivery: Delivery) -> None:
        """``key`` None is a lane of its own: run at once, unordered."""
        lane: Hashable = delivery if key is None else key
        waiting = self._waiting.setdefault(lane, deque())
        waiting.append(delivery)
        self.waiting_messages += 1
        self.held_bytes += len(delivery.message.value)
        if len(waiting) == 1 and lane not in self._running:
            self._ready.append(lane)

    def take(self, busy: Collection[Hashable] = ()) -> tuple[Hashable, Delivery] | None:
        """The next delivery that may run, with its lane; None when every waiting one is behind a running one.

        Lanes in ``busy`` are left out: somebody else is at work there.
        """
        lane = next((lane for lane in self._ready if lane not in busy), None)
        if lane is None:
            return None
        self._ready.remove(lane)
        delivery = self._waiting[lane].popleft()
        self.waiting_messages -= 1
        self._running[lane] = delivery
        return lane, delivery

    def finish(self, lane: Hashable) -> None:
        """What ran in ``lane`` is over; the next one there may run."""
        delivery = self._running.pop(lane)
        self.held_bytes -= len(delivery.message.value)
        if self._waiting[lane]:
            self._ready.append(lane)
        else:
            del self._waiting[lane]

    def drop(self, partitions: Collection[TopicPartition] | None = None) -> None:
        """Forget what waits (of ``partitions``), and order what runs of it to let go."""
        for lane in list(self._waiting):
            waiting = self._waiting[lane]
            kept = deque(one for one in waiting if partitions is not None and not _of(one, partitions))
            self.waiting_messages -= len(waiting) - len(kept)
            self.held_bytes -= sum(len(one.message.value) for one in waiting) - sum(
                len(one.message.value) for one in kept
            )
            self._waiting[lane] = kept
            if not kept and lane not in self._running:
                del self._waiting[lane]
        self._ready = deque(lane for lane in self._ready if lane in self._waiting)
        for delivery in self._running.values():
            if partitions is None or _of(delivery, partitions):
                delivery.interruption.order()

    def running_of(self, partitions: Collection[TopicPartition]) -> list[Delivery]:
        return [delivery for delivery in self._running.values() if _of(delivery, partitions)]


def _of(delivery: Delivery, partitions: Collection[TopicPartition]) -> bool:
    return delivery.message.topic_partition in partitions
