"""A compacted topic as a table: the last value of every key is its value, a tombstone takes the key away."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from harness.queue.base import Follower, Message, Outgoing, Queue, QueueClosed
from harness.queue.interruption import Interruption

_BATCH = 1_000
#: Seconds to wait for a message while loading: there may be none at all.
_ROUND = 0.02

#: Told of what changes: the key, and its new value (None: it is gone).
Watcher = Callable[[str, bytes | None], None]


@dataclasses.dataclass(slots=True, eq=False)
class _Own:
    """A write of ours that was not seen in the topic yet; it counts as soon as Kafka has acknowledged it."""

    value: bytes | None
    acknowledged: bool = False


class TopicTable:
    """Keys are text, values bytes (never empty); state that survives every process that uses it.

    What one process puts, all others see when they :meth:`follow`; the order in the topic decides who wins. A process
    sees its own writes at once. :meth:`load` comes first, or :meth:`follow` until it is loaded.
    Safe to use from several threads.

    Args:
        topic: compacted; it exists.
        watcher: called under the table's lock, in the order of the changes; sometimes with what it knows already.
    """

    def __init__(self, queue: Queue, topic: str, watcher: Watcher | None = None) -> None:
        self.topic = topic
        self._queue = queue
        self._watcher = watcher or (lambda _key, _value: None)
        self._follower: Follower | None = None
        self._loaded = False
        self._closed = False
        self._following = threading.Lock()
        self._writing = threading.Lock()
        self._lock = threading.RLock()
        self._values: dict[str, bytes] = {}
        self._own: dict[str, deque[_Own]] = {}

    def load(self, interruption: Interruption | None = None) -> None:
        """Read all that is there. Waits while the broker is gone; raises QueueClosed, or Interrupted when told to."""
        while not self._loaded:
            self.follow(_ROUND)
            if interruption is not None and not self._loaded:
                interruption.check()

    @property
    def loaded(self) -> bool:
        """Whether everything was read once; what :meth:`get` says before that is worth nothing."""
        return self._loaded

    def follow(self, timeout: float = 0.0) -> int:
        """Take what was written meanwhile, waiting up to ``timeout`` seconds for it; how much it was.

        A table that is not loaded yet does not wait that long. Returns 0 at once when another thread is just doing so.
        Raises QueueClosed, also of a closed table.
        """
        if not self._following.acquire(blocking=False):
            return 0
        try:
            if self._closed:
                raise QueueClosed(f"the table of {self.topic} is closed")
            if self._follower is None:
                self._follower = self._queue.follower(self.topic)
            messages = self._follower.poll(_BATCH, timeout if self._loaded else min(timeout, _ROUND))
            self._take(messages)
            self._loaded = self._loaded or self._follower.caught_up
            return len(messages)
        finally:
            self._following.release()

    def get(self, key: str) -> bytes | None:
        """The value of ``key``; None when it has none."""
        with self._lock:
            own = self._acknowledged(key)
            return own.value if own else self._values.get(key)

    def items(self) -> dict[str, bytes]:
        """All that there is."""
        with self._lock:
            keys = self._values.keys() | self._own.keys()
            return {key: value for key in keys if (value := self.get(key)) is not None}

    def put(self, key: str, value: bytes, interruption: Interruption | None = None) -> None:
        """Return when Kafka has it. Raises ValueError for an empty value, Interrupted while it waits."""
        self.write({key: value}, interruption)

    def delete(self, *keys: str, interruption: Interruption | None = None) -> None:
        """Return when Kafka has the tombstones. Raises Interrupted while it waits."""
        self.write(dict.fromkeys(keys), interruption)

    def write(self, values: Mapping[str, bytes | None], interruption: Interruption | None = None) -> None:
        """Put many at once, and delete those with None; see :meth:`put`."""
        if b"" in values.values():
            raise ValueError("an empty value would be taken for a tombstone")
        messages = [Outgoing(self.topic, key.encode(), value) for key, value in values.items()]
        with self._writing:
            # known before they are sent: they may be seen in the topic before their acknowledgement is
            own = {key: _Own(value) for key, value in values.items()}
            with self._lock:
                for key, write in own.items():
                    self._own.setdefault(key, deque()).append(write)
            try:
                self._queue.producer().send_all(messages, interruption)
            except BaseException:
                self._forget(own)
                raise
            with self._lock:
                for key, write in own.items():
                    write.acknowledged = True
                    self._watcher(key, self.get(key))

    def close(self) -> None:
        """Stop following; the table itself stays."""
        with self._following:
            self._closed = True
            if self._follower is not None:
                self._follower.close()

    def _acknowledged(self, key: str) -> _Own | None:
        return next((own for own in reversed(self._own.get(key, ())) if own.acknowledged), None)

    def _take(self, messages: Iterable[Message]) -> None:
        with self._lock:
            for message in messages:
                key, value = (message.key or b"").decode(errors="replace"), message.value or None
                if value is None:
                    self._values.pop(key, None)
                else:
                    self._values[key] = value
                own = self._own.get(key)
                if own and own[0].value == value:
                    own.popleft()
                    if not own:
                        del self._own[key]
                self._watcher(key, self.get(key))

    def _forget(self, writes: Mapping[str, _Own]) -> None:
        """They may have been sent all the same; then they will be seen in the topic."""
        with self._lock:
            for key, write in writes.items():
                left = deque(own for own in self._own.get(key, ()) if own is not write)
                if left:
                    self._own[key] = left
                else:
                    self._own.pop(key, None)
