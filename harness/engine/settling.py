"""Whether an engine in another process has come to rest, told from Kafka and the journal alone."""

from __future__ import annotations

from collections.abc import Callable

from fake_cloudserver import Clock
from harness.engine.errors import ReplicationError
from harness.engine.journal import JournalSource
from harness.engine.pause_state import PauseState, state_key
from harness.engine.populator_position import PopulatorPosition
from harness.engine.settings import EngineSettings
from harness.engine.topics import consumer_groups, processor_group, replay_ends
from harness.queue.base import Queue, QueueError


def await_rest(
    is_at_rest: Callable[[], bool],
    settings: EngineSettings,
    queue: Queue,
    clock: Clock,
    timeout: float,
    *,
    pause: float,
) -> bool:
    """Ask every ``pause`` seconds until it is so; False when it was not within ``timeout`` seconds.

    Nor when Kafka does not answer: without it nobody knows what is left, and asking would wait for it.
    """
    deadline = clock.monotonic() + timeout
    while _answers(queue, settings.topic, max(0.0, deadline - clock.monotonic())):
        if is_at_rest():
            return True
        if clock.monotonic() >= deadline:
            return False
        clock.sleep(pause)
    return False


def _answers(queue: Queue, topic: str, timeout: float) -> bool:
    try:
        queue.describe(topic, timeout)
    except QueueError:
        return False
    return True


def is_settled(settings: EngineSettings, queue: Queue, source: JournalSource) -> bool:
    """Everything in the journal was published, and every consumer group has committed all there is.

    What a paused site leaves lying is nobody's work. Looked at from upstream to downstream; whatever was in between
    wrote to the journal if it wrote at all.
    """
    position = PopulatorPosition(queue, settings.queue_populator.position_topic, source.log_id)
    try:
        end = source.bounds()[1]
        if (position.load() or 1) != end:
            return False
        ends = replay_ends(settings, queue)
        paused = _paused_groups(settings, queue)
        if any(queue.backlog(group, topics) for group, topics in consumer_groups(settings) if group not in paused):
            return False
        return replay_ends(settings, queue) == ends and source.bounds()[1] == end
    except ReplicationError:
        return False


def _paused_groups(settings: EngineSettings, queue: Queue) -> set[str]:
    states = {(one.key or b"").decode(): PauseState.parse(one.value) for one in queue.read(settings.state_topic)}
    paused = {key for key, state in states.items() if state is not None and state.paused}
    sites = [site.site for site in settings.bootstrap_list]
    return {processor_group(settings, site) for site in sites if state_key(site) in paused}
