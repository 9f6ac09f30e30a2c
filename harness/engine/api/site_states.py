"""Pause, resume, schedule and status of sites, as the API sees them.

Source: Backbeat lib/api/BackbeatAPI.js.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.engine.api.errors import ApiError
from harness.engine.pause_state import Command, PauseState, channel, state_key
from harness.engine.settings import EngineSettings
from harness.queue.base import Outgoing, Queue
from harness.queue.interruption import Interruption
from harness.queue.table import TopicTable


class SiteStates:
    """A part of the engine: follows the states that the processors keep, and tells them what to do.

    A command is not obeyed when it is sent; but it stays until it is. Only the main processors' states are told, as
    with Backbeat; those of the replay processors follow the same commands.
    """

    name = "site-states"

    def __init__(self, settings: EngineSettings, queue: Queue) -> None:
        self._settings = settings
        self._queue = queue
        self._table = TopicTable(queue, settings.state_topic)
        self._idle = False

    @property
    def is_ready(self) -> bool:
        """Whether everything was read once."""
        return self._table.loaded

    def step(self, timeout: float = 0.0) -> int:
        """Read what is new, waiting up to ``timeout`` seconds for it; how much it was."""
        count = self._table.follow(timeout)
        self._idle = not count and self._table.loaded
        return count

    def idle(self) -> bool:
        return self._idle

    def stop(self, timeout: float = 30.0) -> bool:  # noqa: ARG002  (the part's shape)
        self._table.close()
        return True

    def state(self, site: str) -> PauseState:
        """Raises ApiError (InternalError) for a site that no processor ever worked for: it has none."""
        state = PauseState.parse(self._table.get(state_key(site)))
        if state is None:
            raise ApiError("InternalError")
        return state

    def command(self, sites: Sequence[str], command: Command, interruption: Interruption) -> None:
        """Return when Kafka has it. Raises Interrupted while it waits."""
        value = command.to_json()
        keys = [channel(self._settings.topic, site).encode() for site in sites]
        messages = [Outgoing(self._settings.control_topic, key, value) for key in keys]
        self._queue.producer().send_all(messages, interruption)
