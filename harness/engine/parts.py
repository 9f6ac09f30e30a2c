"""What an engine is put together from, and what its parts are made with."""

from __future__ import annotations

import dataclasses
from typing import Protocol

from fake_cloudserver import Clock, Randomness
from harness.engine.checkpoints import Checkpoints
from harness.engine.clients import SourceClients
from harness.engine.journal import Journal
from harness.engine.metrics import EngineMetrics
from harness.engine.settings import EngineSettings, SiteSettings
from harness.queue.base import Queue
from harness.queue.interruption import Interruption
from harness.transport import Transport


class Part(Protocol):
    """Works in rounds; a thread of its own calls :meth:`step` again and again, or a test does."""

    @property
    def name(self) -> str:
        """For people; unique in an engine."""

    def step(self, timeout: float = 0.0) -> int:
        """One round, waiting up to ``timeout`` seconds for something to do; how much there was."""

    def stop(self, timeout: float = 30.0) -> bool:
        """After the last round: finish what runs and commit; False when something still ran after that time."""

    def idle(self) -> bool:
        """Whether everything that reached it is handled. Raises ReplicationError when that cannot be told."""


class Service(Protocol):
    """A part with threads of its own, such as an HTTP server. An engine without threads has none."""

    @property
    def name(self) -> str:
        """For people; unique in an engine."""

    def start(self) -> None: ...

    def stop(self, timeout: float = 30.0) -> bool:
        """Finish what runs; False when something still ran after ``timeout`` seconds."""

    def facts(self) -> dict[str, object]:
        """For the line that says the engine is ready, such as the port it listens on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Means:
    """What every part of one engine may use.

    Attributes:
        sites: those that this engine has processors for.
        queue: Kafka, or its twin; not a part's to close.
        transport: to the source CloudServer and everything else that speaks HTTP.
        clients: makes clients that speak to the source as the engine's own account.
        interruption: ordered when the engine is to stop.
        threaded: False: nothing may wait for another part.
        journal: the journal of a CloudServer in this process.
    """

    settings: EngineSettings
    sites: tuple[SiteSettings, ...]
    queue: Queue
    transport: Transport
    clients: SourceClients
    clock: Clock
    randomness: Randomness
    metrics: EngineMetrics
    checkpoints: Checkpoints
    interruption: Interruption
    threaded: bool
    journal: Journal | None = None
