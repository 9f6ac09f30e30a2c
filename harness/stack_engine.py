"""The engine of a stack in threads of this process; harness.stack_roles has the one in processes of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fake_cloudserver import Clock, Randomness
from harness.engine.engine import Engine
from harness.engine.journal import Journal
from harness.engine.settings import EngineSettings
from harness.errors import StackError
from harness.faults.control import Board
from harness.faults.rules import FaultBoard
from harness.faults.seams import FaultyQueue
from harness.queue.base import Queue
from harness.queue.kafka import KafkaQueue

if TYPE_CHECKING:
    from harness.tape.recorder import Recorder


class RunningEngine(Protocol):
    """What a stack asks of its engine, wherever it runs."""

    def check(self) -> None:
        """Raises what made it fail."""

    def settle(self, timeout: float) -> bool:
        """Wait until no work is left; False when some was after ``timeout`` seconds."""

    def stop(self) -> None:
        """In order: what is in flight is finished and committed."""

    def kill(self) -> None:
        """As SIGKILL does."""

    def ended(self, timeout: float) -> int:
        """Wait until it ends by itself; its exit status."""

    def boards(self) -> list[Board]:
        """Where faults of the engine and its queue are set, if it has places of its own for that."""


class EngineInThreads:
    """Shares this process with the fake and follows its journal directly."""

    def __init__(
        self,
        settings: EngineSettings,
        clock: Clock,
        randomness: Randomness,
        journal: Journal,
        board: FaultBoard,
        recorder: Recorder | None = None,
    ) -> None:
        populator = settings.queue_populator.model_copy(update={"log_source": "in_process"})
        settings = settings.model_copy(update={"queue_populator": populator})
        self._queue = KafkaQueue(settings.kafka.client_settings(), clock, randomness)
        queue: Queue = self._queue
        if recorder is not None:
            from harness.tape.seams import RecordedQueue

            queue = RecordedQueue(queue, recorder)
        self._engine = Engine(settings, FaultyQueue(queue, board, clock), clock, randomness, journal)
        self._engine.start()

    def check(self) -> None:
        self._engine.check()

    def settle(self, timeout: float) -> bool:
        return self._engine.settle(timeout)

    def stop(self) -> None:
        try:
            self._engine.stop()
        finally:
            self._queue.close()

    def kill(self) -> None:
        raise StackError("an engine in this process cannot be killed without it; give it a process of its own")

    def ended(self, timeout: float) -> int:
        raise StackError(f"an engine in this process does not end by itself (waited for {timeout:g} s)")

    def boards(self) -> list[Board]:
        return []
