"""Obeys pause and resume: follows the control topic, keeps the state of each site, and holds its processors.

Source: Backbeat extensions/replication/queueProcessor/QueueProcessor.js, task.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

from fake_cloudserver import Clock, get_logger
from harness.engine.pause_state import Command, PauseState, channel, state_key
from harness.engine.settings import EngineSettings, SiteSettings
from harness.queue.base import Follower, Message, Queue
from harness.queue.interruption import Interruption
from harness.queue.table import TopicTable

log = get_logger(__name__)

_BATCH = 100
#: Seconds to wait for a command while the processors wait for those of the past.
_ROUND = 0.02


class Pausable(Protocol):
    """A processor as it is seen from here."""

    @property
    def site(self) -> SiteSettings: ...

    @property
    def topics(self) -> Sequence[str]:
        """The one topic that it reads."""

    def pause(self) -> None:
        """Begin nothing new; what runs finishes."""

    def resume(self) -> None: ...


@dataclasses.dataclass(slots=True)
class _Controlled:
    """A processor, its state as far as it is known, and the state that it obeys."""

    processor: Pausable
    key: str
    channel: bytes
    known: PauseState | None = None
    obeyed: PauseState | None = None


class PauseControl:
    """A part of the engine, beside the processors of one process. They stand still until their state is known.

    Backbeat sends commands through Redis, where nobody hears them later, and keeps the state in ZooKeeper. Here both
    are topics: commands stay until they are obeyed, and every process of a site comes to the same state by itself
    (see :class:`PauseState`). A paused processor stays a member of its group, so that a pause costs no rebalance.
    """

    name = "pause-control"

    def __init__(
        self,
        settings: EngineSettings,
        queue: Queue,
        processors: Sequence[Pausable],
        clock: Clock,
        interruption: Interruption,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._interruption = interruption
        self._topic = settings.control_topic
        self._table = TopicTable(queue, settings.state_topic)
        self._follower: Follower | None = None
        self._caught_up = False
        self._settled = False
        self._controlled = [_controlled(processor, settings.topic) for processor in processors]
        for processor in processors:
            processor.pause()

    def step(self, timeout: float = 0.0) -> int:
        """One round: states of others, commands, what is due; how much there was.

        Raises Interrupted while a state cannot be saved, and QueueClosed.
        """
        if not self._table.loaded:
            return self._table.follow(timeout) + 1
        changes = self._table.follow()
        messages = self._commands(timeout)
        for controlled in self._controlled:
            self._advance(controlled, messages)
        self._settled = self._caught_up
        return changes + len(messages)

    def idle(self) -> bool:
        return self._settled

    def stop(self, timeout: float = 30.0) -> bool:  # noqa: ARG002  (the part's shape)
        if self._follower is not None:
            self._follower.close()
        self._table.close()
        return True

    def _commands(self, timeout: float) -> list[Message]:
        if self._follower is None:
            saved = [PauseState.parse(self._table.get(one.key)) for one in self._controlled]
            start = min((state.next_command if state else 0 for state in saved), default=0)
            self._follower = self._queue.follower(self._topic, {0: start})
        messages = self._follower.poll(_BATCH, self._until_due(timeout if self._settled else min(timeout, _ROUND)))
        self._caught_up = self._follower.caught_up
        return messages

    def _until_due(self, timeout: float) -> float:
        due = [one.known.resume_at for one in self._controlled if one.known is not None]
        return min([timeout, *(max(0.0, at - self._clock.now()) for at in due if at is not None)])

    def _advance(self, controlled: _Controlled, messages: Sequence[Message]) -> None:
        saved = PauseState.parse(self._table.get(controlled.key))
        state = controlled.known or saved or PauseState()
        for message in messages:
            if message.key == controlled.channel and message.offset >= state.next_command:
                state = state.after(Command.parse(message.value), message.timestamp / 1000, message.offset)
        state = controlled.known = state.at(self._clock.now())
        # half of the past may say the opposite of the whole of it
        if self._caught_up and state != controlled.obeyed:
            self._obey(controlled, state, saved)

    def _obey(self, controlled: _Controlled, state: PauseState, saved: PauseState | None) -> None:
        """Save the state, then act on it. Another process of the site may be ahead, and have saved more."""
        if state != saved and (saved is None or saved.next_command <= state.next_command):
            self._table.put(controlled.key, state.to_json(), self._interruption)
        log.info("site state", key=controlled.key, paused=state.paused, scheduled_resume=state.scheduled_resume)
        controlled.obeyed = state
        if state.paused:
            controlled.processor.pause()
        else:
            controlled.processor.resume()


def _controlled(processor: Pausable, main_topic: str) -> _Controlled:
    (topic,) = processor.topics
    site = processor.site.site
    key = state_key(site, None if topic == main_topic else topic)
    return _Controlled(processor, key, channel(main_topic, site).encode())
