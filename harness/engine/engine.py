"""The replication engine: populator, queue processors and status processor, started and stopped together."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Protocol

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine.checkpoints import Checkpoints
from harness.engine.clients import SourceClients
from harness.engine.errors import ReplicationError
from harness.engine.failed_topic import FailedTopic
from harness.engine.journal import BucketdJournal, InProcessJournal, Journal, JournalSource
from harness.engine.metrics import EngineMetrics
from harness.engine.publishing import MetadataPublisher, Publisher, StatusTopicPublisher
from harness.engine.queue_populator import QueuePopulator
from harness.engine.queue_processor import QueueProcessor
from harness.engine.settings import EngineSettings
from harness.engine.status_processor import ReplicationStatusProcessor
from harness.engine.status_writer import StatusWriter
from harness.engine.topics import all_topics
from harness.errors import StackError, UsageError
from harness.queue.base import Queue, QueueClosed
from harness.queue.interruption import Interrupted, Interruption
from harness.transport import RequestsTransport, Transport

log = get_logger(__name__)

#: What an engine can do; Backbeat has a process for each.
ROLES = frozenset({"populator", "processor", "status"})

#: Seconds that a part waits for something to do before it looks whether it is to stop.
_ROUND = 0.2


class Role(Protocol):
    """A part of the engine that works in rounds."""

    def step(self, timeout: float = 0.0) -> int: ...


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
        threaded: bool = True,
    ) -> None:
        self.settings = settings
        self.metrics = EngineMetrics()
        self.roles = frozenset(roles)
        self._check(journal)
        self._queue = queue
        self._clock = clock
        self._randomness = randomness
        self._checkpoints = checkpoints or Checkpoints()
        self._threaded = threaded
        self._owns_transport = transport is None
        self._transport: Transport = transport or RequestsTransport(pool=_pool_size(settings))
        self._journal = journal
        self._stopping = Interruption(clock)
        self._threads: list[threading.Thread] = []
        self._failure: BaseException | None = None
        self.source: JournalSource | None = None
        self.populator: QueuePopulator | None = None
        self.processors: list[QueueProcessor] = []
        self.status_processor: ReplicationStatusProcessor | None = None

    def start(self) -> None:
        """Create the topics and begin. Waits while Kafka is gone."""
        self._build()
        if not self._threaded:
            return
        for name, role in self._named_roles():
            thread = threading.Thread(target=self._run, args=(name, role), name=f"engine-{name}", daemon=True)
            self._threads.append(thread)
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what is in flight, commit, and end. Waits for nothing but requests that are under way.

        Raises what made a part of the engine fail, or StackError when something still ran after ``timeout`` seconds;
        what that was will be done again by the next engine.
        """
        self._stopping.order()
        deadline = self._clock.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - self._clock.monotonic()))
        finished = not any(thread.is_alive() for thread in self._threads)
        if finished:
            for role in self._consumers():
                finished = role.stop(max(0.1, deadline - self._clock.monotonic())) and finished
            self._save_position()
        if self._owns_transport:
            self._transport.close()
        self.check()
        if not finished:
            raise StackError(f"the engine was still at work {timeout:g} s after it was told to stop")

    def check(self) -> None:
        """Raises what made a part of the engine fail, if one did."""
        if self._failure is not None:
            raise self._failure

    def step(self) -> int:
        """Single-threaded: one round of every part; how much there was to do."""
        if self._threaded:
            raise UsageError("step() is for an engine without threads")
        if self.populator is None and not self._consumers():
            self._build()
        return sum(role.step() for _, role in self._named_roles())

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
            end = None if self.source is None else self.source.bounds()[1]
            if self.populator is not None and self.populator.position != end:
                return False
            for consumer in self._consumers():
                if consumer.in_flight or self._queue.backlog(consumer.group, consumer.topics):
                    return False
            return self.source is None or self.source.bounds()[1] == end
        except ReplicationError as error:
            log.info("cannot tell whether there is anything to do", reason=str(error))
            return False

    def settle(self, timeout: float = 30.0) -> bool:
        """Wait until the engine is idle; False when it was not within ``timeout`` seconds."""
        deadline = self._clock.monotonic() + timeout
        while not self.idle():
            if self._clock.monotonic() >= deadline:
                return False
            if self._threaded:
                self._clock.sleep(0.01)
            else:
                self.step()
        return True

    # construction

    def _check(self, journal: Journal | None) -> None:
        unknown = self.roles - ROLES
        if unknown:
            known = ", ".join(sorted(ROLES))
            raise UsageError(f"there is no engine role {', '.join(sorted(unknown))}; there are {known}")
        for site in self.settings.bootstrap_list:
            if site.type is None:
                raise UsageError(f"site {site.site} has no cloud type: this engine replicates to clouds only")
        if "populator" in self.roles and self.settings.queue_populator.log_source == "in_process" and journal is None:
            raise UsageError("queuePopulator.logSource is in_process, but there is no journal in this process")

    def _build(self) -> None:
        self._queue.ensure_topics(all_topics(self.settings))
        clients = SourceClients(self.settings.source, self._transport, self._clock, self._randomness)
        if "populator" in self.roles:
            self.source = self._journal_source()
            self.populator = QueuePopulator(
                self.settings,
                self.source,
                self._queue,
                metrics=self.metrics,
                checkpoints=self._checkpoints,
                interruption=self._stopping,
            )
        writer = self._status_writer()
        if "processor" in self.roles:
            self.processors = [
                QueueProcessor(
                    self.settings,
                    site,
                    self._queue,
                    clients,
                    self._publisher(writer),
                    clock=self._clock,
                    randomness=self._randomness,
                    metrics=self.metrics,
                    checkpoints=self._checkpoints,
                    threaded=self._threaded,
                )
                for site in self.settings.bootstrap_list
            ]
        if "status" in self.roles:
            self.status_processor = ReplicationStatusProcessor(
                self.settings,
                self._queue,
                clients,
                writer,
                clock=self._clock,
                checkpoints=self._checkpoints,
                threaded=self._threaded,
            )

    def _journal_source(self) -> JournalSource:
        populator = self.settings.queue_populator
        if populator.log_source == "in_process" and self._journal is not None:
            return InProcessJournal(self._journal)
        assert populator.bucketd is not None
        return BucketdJournal(
            self._transport,
            populator.bucketd.url,
            self._clock,
            session=populator.bucketd.raft_session,
            poll_interval=populator.poll_interval_s,
        )

    def _status_writer(self) -> StatusWriter:
        failed_topic = None
        if self.settings.monitor_replication_failures:
            topic = self.settings.replication_failed_topic
            failed_topic = FailedTopic(self._queue.producer(), topic, self._clock)
        return StatusWriter(self._clock, self._randomness, self.metrics, self._checkpoints, failed_topic)

    def _publisher(self, writer: StatusWriter) -> Publisher:
        if self.settings.dialect == "design":
            return MetadataPublisher(writer)
        return StatusTopicPublisher(self._queue.producer(), self.settings.replication_status_topic)

    # running

    def _consumers(self) -> list[QueueProcessor | ReplicationStatusProcessor]:
        return [*self.processors, *([self.status_processor] if self.status_processor else [])]

    def _named_roles(self) -> list[tuple[str, Role]]:
        roles: list[tuple[str, Role]] = [("populator", self.populator)] if self.populator else []
        roles += [(f"processor-{processor.site.site}", processor) for processor in self.processors]
        roles += [("status", self.status_processor)] if self.status_processor else []
        return roles

    def _run(self, name: str, role: Role) -> None:
        try:
            while not self._stopping.ordered and self._failure is None:
                role.step(_ROUND)
        except (Interrupted, QueueClosed) as end:
            log.info("engine part ends", part=name, reason=repr(end))
        except BaseException as error:
            log.exception("engine part failed", part=name)
            self._failure = error

    def _save_position(self) -> None:
        """So that the next engine need not read again what was of no interest; nothing depends on it."""
        if self.populator is None:
            return
        try:
            self.populator.save()
        except (Interrupted, QueueClosed):
            log.info("position not saved")


def _pool_size(settings: EngineSettings) -> int:
    tasks = len(settings.bootstrap_list) * settings.queue_processor.concurrency
    # a task that copies parts uses two connections for each
    return 2 * tasks * min(4, settings.queue_processor.mpu_parts_concurrency) + 10
