"""The queue processor of one site: takes entries from the replication topic and runs a task for each.

Source: Backbeat extensions/replication/queueProcessor/QueueProcessor.js, taskSchedulerHelpers.js.
"""

from __future__ import annotations

from typing import Protocol

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine import queue_entry, status
from harness.engine.checkpoints import PROCESSOR_CONSUMED, PROCESSOR_COPIED, PROCESSOR_PUBLISHED, Checkpoints
from harness.engine.clients import SourceClients, TargetClients
from harness.engine.errors import MalformedEntryError
from harness.engine.metrics import EngineMetrics
from harness.engine.publishing import Publisher
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.recent import RecentlyCompleted
from harness.engine.result_gate import ResultGate
from harness.engine.settings import EngineSettings, SiteSettings
from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.engine.tasks.cloudserver_replication import CloudServerReplicationTask
from harness.engine.tasks.context import Outcome, TaskContext
from harness.engine.topics import processor_group
from harness.queue.base import Message, Queue
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.ordered import OrderedConsumption

log = get_logger(__name__)


class Task(Protocol):
    """Replicates one entry."""

    def run(self) -> Outcome: ...


class QueueProcessor:
    """One consumer group for one site; several processors of a site share the work through the group.

    Args:
        targets: how to reach a CloudServer site; None for a cloud site.
    """

    def __init__(
        self,
        settings: EngineSettings,
        site: SiteSettings,
        queue: Queue,
        clients: SourceClients,
        publisher: Publisher,
        *,
        clock: Clock,
        randomness: Randomness,
        metrics: EngineMetrics,
        checkpoints: Checkpoints,
        targets: TargetClients | None = None,
        threaded: bool = True,
    ) -> None:
        self.site = site
        self.name = f"processor-{site.site}"
        self.group = processor_group(settings, site.site)
        self.topics = (settings.topic,)
        self._settings = settings
        self._queue = queue
        self._clients = clients
        self._targets = targets
        self._publisher = publisher
        self._clock = clock
        self._randomness = randomness
        self._metrics = metrics
        self._checkpoints = checkpoints
        self._threaded = threaded
        self._recent = RecentlyCompleted()
        # a designed task writes its result itself; and without threads nobody else could
        released = threaded and settings.dialect == "release"
        self._gate = ResultGate(settings, queue, clock) if released else None
        # all versions of a key, and all updates of them, have the same message key: they are handled in order
        self._consumption = OrderedConsumption(
            queue,
            self.group,
            self.topics,
            self._handle,
            clock=clock,
            concurrency=settings.queue_processor.concurrency,
            threaded=threaded,
            on_assigned=self._gate.shut if self._gate else None,
        )

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
        return self._consumption.in_flight

    def _handle(self, message: Message, interruption: Interruption) -> None:
        self._checkpoints.reach(PROCESSOR_CONSUMED)
        entry = self._entry_of(message)
        if entry is None:
            return
        if self._recent.knows(entry, message.value):
            log.info("published twice, completed once", key=entry.canonical_key, site=self.site.site)
            self._metrics.skipped(entry, self.site.site)
            return
        if self._gate is not None:
            self._gate.pass_through(interruption)
        client = self._clients.new(entry.roles[0] if entry.roles else None)
        context = TaskContext(
            settings=self._settings,
            site=self.site,
            client=client,
            clock=self._clock,
            randomness=self._randomness,
            interruption=interruption,
            metrics=self._metrics,
            threaded=self._threaded,
        )
        outcome = self._run(context, entry)
        self._checkpoints.reach(PROCESSOR_COPIED)
        self._publisher.publish(client, entry, self.site.site, outcome, interruption)
        self._checkpoints.reach(PROCESSOR_PUBLISHED)
        if outcome.status is not None:
            self._metrics.result(self.site.site, outcome.status, with_data="DATA" in entry.content)
        else:
            self._metrics.skipped(entry, self.site.site)
        if outcome.status == status.COMPLETED:
            self._recent.add(entry, message.value)

    def _entry_of(self, message: Message) -> ObjectQueueEntry | None:
        """The entry to work on; None when there is nothing for this site to do."""
        try:
            entry = queue_entry.parse(message.value)
        except MalformedEntryError as error:
            # it will never get better: it is skipped, and committed
            log.warning("malformed queue entry", key=message.key, offset=message.offset, reason=str(error))
            return None
        if not isinstance(entry, ObjectQueueEntry) or self.site.site not in entry.sites:
            return None
        return entry

    def _run(self, context: TaskContext, entry: ObjectQueueEntry) -> Outcome:
        try:
            return self._task(context, entry).run()
        except Interrupted:
            raise
        except Exception as error:
            # a defect, or metadata that no CloudServer writes: the object shows it, and the others go on
            log.exception("task broke", key=entry.canonical_key, site=self.site.site)
            return Outcome(status.FAILED, reason=repr(error))

    def _task(self, context: TaskContext, entry: ObjectQueueEntry) -> Task:
        """What replicates to this kind of site."""
        if self._targets is not None:
            return CloudServerReplicationTask(context, entry, self._targets)
        return AWSReplicationTask(context, entry)
