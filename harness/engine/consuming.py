"""A part that does nothing but handle what comes by its topics."""

from __future__ import annotations

from harness.queue.base import Queue
from harness.queue.ordered import OrderedConsumption


class ConsumingPart:
    """One member of a consumer group as a part of an engine (see :class:`harness.engine.parts.Part`)."""

    def __init__(self, queue: Queue, consumption: OrderedConsumption) -> None:
        self.group = consumption.group
        self.topics = consumption.topics
        self._queue = queue
        self._consumption = consumption

    def step(self, timeout: float = 0.0) -> int:
        """One round; how many messages were taken. Raises what no task may raise."""
        return self._consumption.step(timeout)

    def stop(self, timeout: float = 30.0) -> bool:
        """Finish what runs and commit; False when something still ran after ``timeout`` seconds."""
        return self._consumption.stop(timeout)

    def idle(self) -> bool:
        """Whether all of its topics is handled and committed."""
        return not self._consumption.in_flight and not self._queue.backlog(self.group, self.topics)

    @property
    def in_flight(self) -> int:
        """Messages taken and not finished."""
        return self._consumption.in_flight

    @property
    def is_healthy(self) -> bool:
        """False while something is stuck that was given up."""
        return self._consumption.is_healthy
