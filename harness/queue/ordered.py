"""Ordered consumption: parallel over keys, in order for each key, committed only as far as everything is done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from fake_cloudserver import Clock
from harness.queue.base import Consumer, Message, Queue, Rebalance, TopicPartition
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.lanes import Delivery, Lanes
from harness.queue.ledger import OffsetLedger
from harness.queue.turns import Turns
from harness.queue.watch import Watch

log = logging.getLogger(__name__)

#: Processes one message. Returns when its result is durable; raises Interrupted when it let go of it.
Handler = Callable[[Message, Interruption], None]


class OrderedConsumption:
    """One member of a consumer group that hands messages to ``handler``.

    With ``threaded`` the handler runs in ``concurrency`` threads; without, inside :meth:`step`, one message after
    the other. In both cases messages with the same key are handled in order, a message's offset is committed only
    when it and all before it are done, and no more than ``max_messages`` and about ``max_bytes`` are held. Backbeat
    takes only as many messages as it has free slots, so that one busy key stalls all others; holding more lets the
    others pass.

    ``beside`` are topics that other members of the group read.
    Consumptions that share ``turns`` never handle the same key at the same time.

    An exception of the handler other than Interrupted is fatal: the next :meth:`step` raises it, and nothing of that
    message is committed.
    """

    def __init__(
        self,
        queue: Queue,
        group: str,
        topics: Sequence[str],
        handler: Handler,
        *,
        clock: Clock,
        concurrency: int = 10,
        threaded: bool = True,
        key_of: Callable[[Message], Hashable] = lambda message: message.key,
        max_messages: int = 1000,
        max_bytes: int = 64 * 1024 * 1024,
        commit_interval: float = 0.05,
        drain_timeout: float = 290.0,
        on_assigned: Callable[[], None] | None = None,
        turns: Turns | None = None,
        beside: Sequence[str] = (),
        slow_after: float = 300.0,
    ) -> None:
        self.group = group
        self.topics = tuple(topics)
        self._handler = handler
        self._clock = clock
        self._key_of = key_of
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._commit_interval = commit_interval
        self._drain_timeout = drain_timeout
        self._on_assigned = on_assigned
        self._turns = turns or Turns()
        self._changed = self._turns.changed
        self._queue = queue
        self._watch = Watch(queue, group, clock, slow_after)
        self._lanes = Lanes()
        self._ledger = OffsetLedger()
        self._committed: dict[TopicPartition, int] = {}
        self._last_commit = clock.monotonic()
        self._assigned: set[TopicPartition] = set()
        self._fatal: BaseException | None = None
        self._stopping = False
        self._stuck: list[Delivery] = []
        self._paused_by: set[str] = set()
        self._consumer: Consumer = queue.consumer(group, topics, self, beside)
        self._workers = [
            threading.Thread(target=self._work, name=f"{group}-{number}", daemon=True)
            for number in range(concurrency if threaded else 0)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def in_flight(self) -> int:
        """Messages taken and neither finished nor dropped."""
        with self._changed:
            return len(self._lanes)

    @property
    def is_healthy(self) -> bool:
        """False while something still runs that was given up: its partition went away, and it did not end in time.

        Backbeat disconnects then, so that it is restarted; here whoever asks about our health is told.
        """
        with self._changed:
            self._stuck = [delivery for delivery in self._stuck if delivery in self._lanes.running]
            return not self._stuck

    @property
    def running(self) -> int:
        """Messages that a handler is at work on."""
        with self._changed:
            return len(self._lanes.running)

    def pause(self, by: str = "") -> None:
        """Begin nothing new, until :meth:`resume`; what runs finishes, and is committed.

        The membership of the group stays, and what was taken already waits here, or elsewhere after a rebalance.
        Who pauses for different reasons, each with a name of its own, does not get in the other's way: work goes on
        when none of them is left.
        """
        with self._changed:
            self._paused_by.add(by)

    def resume(self, by: str = "") -> None:
        with self._changed:
            self._paused_by.discard(by)
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        """Whether somebody paused it for no particular reason."""
        with self._changed:
            return "" in self._paused_by

    @property
    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions that are ours at present."""
        with self._changed:
            return frozenset(self._assigned)

    def step(self, timeout: float = 0.0) -> int:
        """One round: take messages, let them be handled, commit. How many messages were taken.

        Waits up to ``timeout`` seconds for a message; less while something is in flight, whose end is to be
        committed soon. Raises what a handler raised.
        """
        with self._changed:
            self._raise_fatal()
            room = self._max_messages - len(self._lanes)
            if self._lanes.held_bytes >= self._max_bytes or self._paused_by:
                room = 0
            if len(self._lanes) and not self._paused_by:
                timeout = min(timeout, self._commit_interval)
        messages = self._consumer.poll(max(0, room), timeout)
        if messages:
            self._queue.observer.consumed(self.group, messages, self._clock.now())
        with self._changed:
            for message in messages:
                token = self._ledger.consumed(message.topic_partition, message.offset)
                delivery = Delivery(message, token, Interruption(self._clock))
                self._lanes.add(self._key_of(message), delivery)
            self._changed.notify_all()
        if not self._workers:
            while self._run_one(wait=False):
                pass
        self._commit_what_is_due()
        with self._changed:
            self._watch.look(self._assigned)
            self._raise_fatal()
        return len(messages)

    def stop(self, timeout: float = 30.0) -> bool:
        """Finish what runs, drop what waits, commit, and leave the group. False when something still ran then."""
        with self._changed:
            self._stopping = True
            self._lanes.drop()
            self._changed.notify_all()
        deadline = self._clock.monotonic() + timeout
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._clock.monotonic()))
        self._commit(self._due())
        self._consumer.close()
        return not any(worker.is_alive() for worker in self._workers)

    # the rebalance listener

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        if self._on_assigned is not None:
            self._on_assigned()
        with self._changed:
            self._assigned |= set(partitions)

    def revoked(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        gone = frozenset(partitions)
        deadline = self._clock.monotonic() + self._drain_timeout
        with self._changed:
            self._lanes.drop(gone)
            how: Rebalance = "drained" if self._lanes.running_of(gone) else "idle"
            while self._lanes.running_of(gone):
                left = deadline - self._clock.monotonic()
                if left <= 0 or not self._clock.wait(self._changed, left):
                    log.warning("%s: still busy with revoked partitions after %s s", self.group, self._drain_timeout)
                    self._stuck += self._lanes.running_of(gone)
                    how = "timeout"
                    break
            self._watch.rebalanced(gone, how)
            resume = self._ledger.all_committable(gone)
            due = {one: offset for one, offset in resume.items() if self._committed.get(one) != offset}
        self._commit(due)
        self._forget(gone)
        return resume

    def lost(self, partitions: Iterable[TopicPartition]) -> None:
        gone = frozenset(partitions)
        with self._changed:
            self._lanes.drop(gone)
        self._forget(gone)

    def _forget(self, gone: frozenset[TopicPartition]) -> None:
        with self._changed:
            self._ledger.forget(gone)
            self._assigned -= gone
            for partition in gone:
                self._committed.pop(partition, None)

    # commits

    def _due(self) -> dict[TopicPartition, int]:
        with self._changed:
            committable = self._ledger.all_committable()
            return {one: offset for one, offset in committable.items() if self._committed.get(one, 0) != offset}

    def _commit_what_is_due(self) -> None:
        now = self._clock.monotonic()
        if self._workers and now - self._last_commit < self._commit_interval:
            return
        self._last_commit = now
        self._commit(self._due())

    def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        if offsets and self._consumer.commit(offsets):
            with self._changed:
                self._committed.update(offsets)

    # work

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise self._fatal

    def _work(self) -> None:
        while self._run_one(wait=True):
            pass

    def _run_one(self, *, wait: bool) -> bool:
        """Handle one delivery; False when there is none (waiting: when all is over)."""
        with self._changed:
            while not self._stopping and self._fatal is None and (taken := self._take()) is None:
                if not wait:
                    return False
                self._changed.wait()
            if self._stopping or self._fatal is not None:
                return False
            assert taken is not None
            lane, delivery = taken
            self._turns.running.add(lane)
            self._watch.begin(delivery)
        finished = False
        try:
            self._handler(delivery.message, delivery.interruption)
            finished = True
        except Interrupted:
            log.debug("%s: let go of %s", self.group, delivery.message.topic_partition)
        except BaseException as error:  # noqa: BLE001  (kept, and raised by step())
            self._fatal = error
        with self._changed:
            if finished:
                message = delivery.message
                self._ledger.processed(message.topic_partition, message.offset, delivery.token)
            self._watch.end(delivery, failed=not finished)
            self._lanes.finish(lane)
            self._turns.running.discard(lane)
            self._changed.notify_all()
        return True

    def _take(self) -> tuple[Hashable, Delivery] | None:
        return None if self._paused_by else self._lanes.take(self._turns.running)
