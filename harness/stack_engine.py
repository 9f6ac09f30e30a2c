"""The engine of a stack: in threads of this process, or in a process of its own that can be killed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Protocol

from fake_cloudserver import Clock, Randomness
from harness.engine.engine import Engine
from harness.engine.journal import BucketdJournal, Journal
from harness.engine.settings import EngineSettings
from harness.engine.settling import is_settled
from harness.errors import StackError
from harness.faults.control import Board, RemoteBoard
from harness.faults.rules import FaultBoard
from harness.faults.seams import FaultyQueue
from harness.processes import start_module
from harness.queue.base import Queue
from harness.queue.kafka import KafkaQueue
from harness.transport import RequestsTransport


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
    ) -> None:
        populator = settings.queue_populator.model_copy(update={"log_source": "in_process"})
        settings = settings.model_copy(update={"queue_populator": populator})
        self._queue = KafkaQueue(settings.kafka.client_settings(), clock, randomness)
        self._engine = Engine(settings, FaultyQueue(self._queue, board, clock), clock, randomness, journal)
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


class EngineInProcess:
    """``harness engine`` as a child; the journal reaches it through bucketd."""

    def __init__(self, settings: EngineSettings, queue: Queue, clock: Clock, kill_at: str | None = None) -> None:
        self._settings = settings
        self._queue = queue
        self._clock = clock
        assert settings.queue_populator.bucketd is not None
        self._transport = RequestsTransport()
        self._source = BucketdJournal(
            self._transport, settings.queue_populator.bucketd.url, clock, session=1, poll_interval=1.0
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "engine.json"
            file.write_text(settings.to_json(), encoding="utf-8")
            arguments = ["engine", "--settings", str(file), "--child"]
            arguments += ["--kill-at", kill_at] if kill_at else []
            self._child = start_module("engine", "harness.cli", arguments)
        self._board: Board = RemoteBoard(self._child.ask)

    def check(self) -> None:
        if not self._child.is_running:
            raise StackError(f"the engine ended unexpectedly; it said:\n{self._child.last_words()}")

    def settle(self, timeout: float) -> bool:
        deadline = self._clock.monotonic() + timeout
        while not is_settled(self._settings, self._queue, self._source):
            if self._clock.monotonic() >= deadline:
                return False
            self._clock.sleep(0.05)
        return True

    def stop(self) -> None:
        self._child.stop(grace=40.0)
        self._transport.close()

    def kill(self) -> None:
        self._child.kill()
        self._transport.close()

    def ended(self, timeout: float) -> int:
        status = self._child.wait(timeout)
        self._transport.close()
        return status

    def boards(self) -> list[Board]:
        return [self._board] if self._child.is_running else []
