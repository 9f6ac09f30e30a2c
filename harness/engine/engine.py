"""The replication engine: its parts are started, watched and stopped together."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TypeVar

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine.api.application import Api
from harness.engine.checkpoints import Checkpoints
from harness.engine.clients import SourceClients
from harness.engine.errors import ReplicationError
from harness.engine.health import Condition
from harness.engine.journal import Journal, JournalSource
from harness.engine.metrics import EngineMetrics
from harness.engine.parts import Means, Part, Service
from harness.engine.probe_server import probe_servers
from harness.engine.queue_populator import QueuePopulator
from harness.engine.queue_processor import QueueProcessor
from harness.engine.replay import replay_topic_names
from harness.engine.request_points import RequestPoints
from harness.engine.roles import (
    PARTS,
    ROLES,
    api_application,
    build_parts,
    build_services,
    check_settings,
    checked_roles,
    chosen_sites,
    journal_source,
)
from harness.engine.settings import EngineSettings
from harness.engine.settling import await_rest
from harness.engine.status_processor import ReplicationStatusProcessor
from harness.engine.topics import all_topics, replay_ends
from harness.errors import StackError, UsageError
from harness.http_transport import HttpTransport
from harness.queue.base import Queue, QueueClosed
from harness.queue.interruption import Interrupted, Interruption
from harness.transport import Transport

log = get_logger(__name__)

Kind = TypeVar("Kind")

#: Seconds that a part waits for something to do before it looks whether it is to stop.
_ROUND = 0.2


class Engine:
    """One engine against one CloudServer.

    In threads: :meth:`start`, then :meth:`settle` when everything is to be replicated, and :meth:`stop`.
    Single-threaded (``threaded`` False, with a queue in memory, a WSGI transport and a virtual clock):
    :meth:`run_until_idle`, then :meth:`stop`.

    Args:
        queue: not closed by the engine.
        journal: the journal to follow where ``settings.queue_populator.log_source`` is ``in_process``.
        transport: to the source CloudServer and bucketd; by default pooled HTTP of the engine's own.
        roles: what this engine does; by default everything.
        sites: those that it has a processor for; by default all.

    Raises:
        UsageError: settings, or a role, that make no sense.
    """

    def __init__(
        self,
        settings: EngineSettings,
        queue: Queue,
        clock: Clock,
        randomness: Randomness,
        journal: Journal | None = None,
        *,
        transport: Transport | None = None,
        checkpoints: Checkpoints | None = None,
        roles: Iterable[str] = ROLES,
        sites: Iterable[str] | None = None,
        threaded: bool = True,
    ) -> None:
        self.settings = settings
        self.metrics = EngineMetrics.of(settings, clock)
        queue.observer = self.metrics.queue
        self.roles = checked_roles(roles)
        self._sites = chosen_sites(settings, sites)
        check_settings(settings, self.roles, has_journal=journal is not None)
        self._clock = clock
        self._owns_transport = transport is None
        checkpoints = checkpoints or Checkpoints()
        transport = RequestPoints(transport or HttpTransport(pool=_pool_size(settings)), checkpoints)
        self._means = Means(
            settings=settings,
            sites=self._sites,
            queue=queue,
            transport=transport,
            clients=SourceClients(settings.source, transport, clock, randomness),
            clock=clock,
            randomness=randomness,
            metrics=self.metrics,
            checkpoints=checkpoints,
            interruption=Interruption(clock),
            threaded=threaded,
            journal=journal,
        )
        self._threads: list[threading.Thread] = []
        self._failure: BaseException | None = None
        self._source: JournalSource | None = None
        self.parts: list[Part] = []
        self.services: list[Service] = []
        self._working: set[str] = set()

    def start(self) -> None:
        """Create the topics and begin. Waits while Kafka is gone; the probe servers tell of that."""
        if self._means.threaded:
            self._serve(probe_servers(self.roles, self._means, self))
        self._build()
        if not self._means.threaded:
            return
        for part in self.parts:
            thread = threading.Thread(target=self._run, args=(part,), name=f"engine-{part.name}", daemon=True)
            self._threads.append(thread)
        for thread in self._threads:
            thread.start()
        self._serve(build_services(self.roles, self._means, self.parts))

    def condition(self, part_name: str) -> Condition:
        """How a part is: UNDEFINED before it is made, READY from its first round on, while nothing is stuck in it."""
        part = next((part for part in self.parts if part.name == part_name), None)
        if part is None:
            return "UNDEFINED"
        return "READY" if part_name in self._working and getattr(part, "is_healthy", True) else "NOT_READY"

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what is in flight, commit, and end. Waits for nothing but requests that are under way.

        Raises what made a part of the engine fail, or StackError when something still ran after ``timeout`` seconds;
        what that was will be done again by the next engine.
        """
        self._means.interruption.order()
        deadline = self._clock.monotonic() + timeout
        finished = True
        for service in self.services:
            finished = service.stop(self._left(deadline)) and finished
        for thread in self._threads:
            thread.join(max(0.0, deadline - self._clock.monotonic()))
        finished = finished and not any(thread.is_alive() for thread in self._threads)
        if finished:
            # from downstream to upstream, as the position is worth least
            for part in reversed(self.parts):
                finished = part.stop(self._left(deadline)) and finished
        if self._owns_transport:
            self._means.transport.close()
        self.check()
        if not finished:
            raise StackError(f"the engine was still at work {timeout:g} s after it was told to stop")

    def check(self) -> None:
        """Raises what made a part of the engine fail, if one did."""
        if self._failure is not None:
            raise self._failure

    def step(self) -> int:
        """Single-threaded: one round of every part; how much there was to do."""
        if self._means.threaded:
            raise UsageError("step() is for an engine without threads")
        if not self.parts:
            self._build()
        return sum(part.step() for part in self.parts)

    def run_until_idle(self, limit: int = 100_000) -> int:
        """Single-threaded: rounds until nothing is left to do; how many there were.

        Raises StackError after ``limit`` rounds: then something sends itself round and round.
        """
        for rounds in range(1, limit + 1):
            if self.step() == 0 and self.idle():
                return rounds
        raise StackError(f"the engine did not come to rest in {limit} rounds")

    def idle(self) -> bool:
        """Whether everything in the journal is handled and every queue is empty.

        Looked at from upstream to downstream; whatever was in between wrote to the journal if it wrote at all.
        """
        self.check()
        try:
            end = None if self._source is None else self._source.bounds()[1]
            replays = replay_ends(self.settings, self._means.queue)
            if not all(part.idle() for part in self.parts):
                return False
            if replay_ends(self.settings, self._means.queue) != replays:
                return False
            return self._source is None or self._source.bounds()[1] == end
        except ReplicationError as error:
            log.info("cannot tell whether there is anything to do", reason=str(error))
            return False

    def settle(self, timeout: float = 30.0) -> bool:
        """Wait until the engine is idle; False when it was not within ``timeout`` seconds, or Kafka did not answer."""
        if self._means.threaded:
            return await_rest(self.idle, self.settings, self._means.queue, self._clock, timeout, pause=0.01)
        deadline = self._clock.monotonic() + timeout
        while not self.idle():
            if self._clock.monotonic() >= deadline:
                return False
            self.step()
        return True

    def facts(self) -> dict[str, object]:
        """What a process says when it is ready."""
        facts: dict[str, object] = {
            "roles": [name for name in PARTS if name in self.roles],
            "sites": [site.site for site in self._sites],
        }
        for service in self.services:
            facts |= service.facts()
        return facts

    @property
    def api(self) -> Api | None:
        """The HTTP API as a WSGI application, for an engine whose server does not run; None without an API."""
        return api_application(self._means, self.parts)

    # particular parts

    @property
    def populator(self) -> QueuePopulator | None:
        return next(iter(self._of(QueuePopulator)), None)

    @property
    def processors(self) -> list[QueueProcessor]:
        return self._of(QueueProcessor)

    @property
    def status_processor(self) -> ReplicationStatusProcessor | None:
        return next(iter(self._of(ReplicationStatusProcessor)), None)

    def _of(self, kind: type[Kind]) -> list[Kind]:
        return [part for part in self.parts if isinstance(part, kind)]

    # running

    def _serve(self, services: Iterable[Service]) -> None:
        for service in services:
            service.start()
            self.services.append(service)

    def _build(self) -> None:
        self._means.queue.ensure_topics(all_topics(self.settings))
        if "populator" in self.roles:
            self._source = journal_source(self._means)
        self.parts = build_parts(self.roles, self._means)

    def _left(self, deadline: float) -> float:
        return max(0.1, deadline - self._clock.monotonic())

    def _run(self, part: Part) -> None:
        try:
            while not self._means.interruption.ordered and self._failure is None:
                part.step(_ROUND)
                self._working.add(part.name)
        except (Interrupted, QueueClosed) as end:
            log.info("engine part ends", part=part.name, reason=repr(end))
        except BaseException as error:
            log.exception("engine part failed", part=part.name)
            self._failure = error
        finally:
            self._working.discard(part.name)


def _pool_size(settings: EngineSettings) -> int:
    processors = len(settings.bootstrap_list) * (1 + len(replay_topic_names(settings.replay_topics)))
    tasks = processors * settings.queue_processor.concurrency
    # a task that copies parts uses two connections for each
    return 2 * tasks * min(4, settings.queue_processor.mpu_parts_concurrency) + 10
