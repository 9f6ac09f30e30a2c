"""Pausing and resuming a site of a stack's engine, by the same commands that Backbeat's API sends."""

from __future__ import annotations

from fake_cloudserver import Clock
from harness.engine.pause_state import PAUSE, RESUME, Command, PauseState, channel, state_key
from harness.engine.settings import EngineSettings
from harness.errors import StackError
from harness.queue.base import Outgoing, Queue
from harness.queue.table import TopicTable

_PATIENCE = 60.0
_ROUND = 0.2


def pause_site(settings: EngineSettings, queue: Queue, clock: Clock, site: str) -> None:
    """Return when the site's processors begin nothing new. StackError when they do not obey."""
    _tell(settings, queue, clock, site, PAUSE)


def resume_site(settings: EngineSettings, queue: Queue, clock: Clock, site: str) -> None:
    """Return when the site's processors go on. StackError when they do not obey."""
    _tell(settings, queue, clock, site, RESUME)


def _tell(settings: EngineSettings, queue: Queue, clock: Clock, site: str, action: str) -> None:
    message = Outgoing(settings.control_topic, channel(settings.topic, site).encode(), Command(action).to_json())
    queue.producer().send_all([message])
    sent = max(one.offset for one in queue.read(settings.control_topic, tail=1))
    deadline = clock.monotonic() + _PATIENCE
    table = TopicTable(queue, settings.state_topic)
    try:
        while clock.monotonic() < deadline:
            table.follow(_ROUND)
            state = PauseState.parse(table.get(state_key(site)))
            if state is not None and state.next_command > sent:
                return
    finally:
        table.close()
    raise StackError(f"no processor of {site} obeyed {action} within {_PATIENCE:g} s")
