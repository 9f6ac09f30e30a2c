"""A whole engine against a CloudServer of a few lines that has a journal."""

from __future__ import annotations

import json
import threading
from typing import Any

from engine_helpers import VERSION, SmallCloudServer, metadata, settings

from fake_cloudserver import Clock, SeededRandomness
from harness.engine.engine import Engine
from harness.engine.settings import EngineSettings
from harness.queue.memory import MemoryQueue


class Record:
    def __init__(self, sequence: int, document: dict[str, Any]) -> None:
        self.sequence = sequence
        self.timestamp = "2026-01-01T00:00:00.000Z"
        self.db = "src"
        self.type = "put"
        self.key = f"dir/obj\0{VERSION}"
        self.value = json.dumps(document)


class JournalingServer(SmallCloudServer):
    """Its metadata writes go to its journal, as CloudServer's do."""

    first_sequence = 1

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.changed = threading.Condition()

    @property
    def last_sequence(self) -> int:
        return len(self.records)

    def read(self, start: int, limit: int, end: int | None = None) -> list[Record]:
        return self.records[start - 1 : start - 1 + limit]

    def wait(self, after: int, timeout: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.last_sequence > after, timeout)

    def put(self) -> None:
        """Somebody puts the object."""
        self._log(self.document or metadata(self.body))

    def _log(self, document: dict[str, Any]) -> None:
        with self.changed:
            self.records.append(Record(len(self.records) + 1, document))
            self.changed.notify_all()

    def _answer(self, call: Any) -> Any:
        answer = super()._answer(call)
        if call.name == "PUT metadata":
            assert self.document is not None
            self._log(self.document)
        return answer

    @property
    def status(self) -> str:
        assert self.document is not None
        return str(self.document["replicationInfo"]["status"])


class World:
    def __init__(self, clock: Clock, *, threaded: bool, **overrides: Any) -> None:
        self.server = JournalingServer()
        self.clock = clock
        self.queue = MemoryQueue(clock, SeededRandomness(1))
        self.settings: EngineSettings = settings(**overrides)
        self.threaded = threaded

    def engine(self, **options: Any) -> Engine:
        return Engine(
            self.settings,
            self.queue,
            self.clock,
            SeededRandomness(1),
            self.server,
            transport=self.server,
            threaded=self.threaded,
            **options,
        )
