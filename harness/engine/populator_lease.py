"""Which one of several populators publishes a journal; the others stand by.

Backbeat's populators elect a leader in ZooKeeper (Backbeat lib/provisioning/ProvisionDispatcher.js). Here the topic of
positions decides: the last one that wrote its name there leads. A populator that starts does so at once, so that one
that was killed is replaced without delay; one that stands by does so when the position has stood still for a while
although there is something to publish. Two may be at it for the moment in which a new name is not seen yet: what both
publish is published twice, which the promise of at least once allows, and which shows nowhere (the processors know what
they have just copied).
"""

from __future__ import annotations

from fake_cloudserver import Clock, get_logger
from harness.queue.base import Follower, Message, Outgoing, Queue
from harness.queue.interruption import Interruption

log = get_logger(__name__)

_BATCH = 1_000
_ROUND = 0.2
#: Seconds between two looks at who leads.
_LOOK = 0.5


class PopulatorLease:
    """One populator's view of it; used by one thread.

    Key of a name: ``<logId>/owner``, beside ``<logId>/logOffset``, which has the position.

    Args:
        owner: a name that no other populator has.
        takeover: seconds that the position may stand still.

    Attributes:
        position: the saved position, as far as it was seen; None when there is none.
    """

    def __init__(
        self, queue: Queue, topic: str, log_id: str, owner: str, clock: Clock, *, takeover: float = 10.0
    ) -> None:
        self._queue = queue
        self._topic = topic
        self._owner_key = f"{log_id}/owner".encode()
        self._position_key = f"{log_id}/logOffset".encode()
        self._owner = owner.encode()
        self._clock = clock
        self._takeover = takeover
        self._follower: Follower | None = None
        self._leader: bytes | None = None
        self._claimed = False
        self._looked = self._moved = clock.monotonic()
        self.position: int | None = None

    def holds(self, interruption: Interruption) -> bool:
        """Whether it is ours to publish; a populator that has just started makes it so.

        Raises Interrupted when it was told to let go while Kafka was gone.
        """
        if self._follower is None:
            self._read_all(interruption)
        elif self._clock.monotonic() - self._looked >= _LOOK:
            self._look()
        if not self._claimed:
            self._claim(interruption)
        return self._leader == self._owner

    def take_over(self, end: int, interruption: Interruption) -> bool:
        """Whether it became ours: who leads has let work lie for too long. ``end``: where the journal ends."""
        now = self._clock.monotonic()
        if self.position is not None and self.position >= end:
            self._moved = now
        if now - self._moved < self._takeover:
            return False
        log.warning("the position stands still, taking over", position=self.position, end=end)
        self._claim(interruption)
        return True

    def close(self) -> None:
        if self._follower is not None:
            self._follower.close()

    def _read_all(self, interruption: Interruption) -> None:
        follower = self._queue.follower(self._topic)
        self._follower = follower
        while True:
            self._take(follower.poll(_BATCH, 0.0 if follower.caught_up else _ROUND))
            if follower.caught_up:
                return
            interruption.check()

    def _look(self) -> None:
        assert self._follower is not None
        while messages := self._follower.poll(_BATCH, 0.0):
            self._take(messages)
        self._looked = self._clock.monotonic()

    def _take(self, messages: list[Message]) -> None:
        for message in messages:
            if message.key == self._owner_key:
                self._leader = message.value
            elif message.key == self._position_key and message.value.isdigit():
                self.position = int(message.value)
                self._moved = self._clock.monotonic()

    def _claim(self, interruption: Interruption) -> None:
        self._queue.producer().send_all([Outgoing(self._topic, self._owner_key, self._owner)], interruption)
        self._claimed = True
        self._moved = self._clock.monotonic()
        # what was saved, and who else wrote a name, before ours
        self._look()
