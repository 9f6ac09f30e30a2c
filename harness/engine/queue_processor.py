"""The queue processor of one site: takes entries from the replication topic and runs a task for each.

A replay processor is the same for entries that failed before, which come by a topic of their own.

Source: Backbeat extensions/replication/queueProcessor/QueueProcessor.js, taskSchedulerHelpers.js.
"""

from __future__ import annotations

from typing import Protocol

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine import queue_entry, status
from harness.engine.checkpoints import PROCESSOR_CONSUMED, PROCESSOR_COPIED, PROCESSOR_PUBLISHED, Checkpoints
from harness.engine.clients import SourceClients, TargetClients
from harness.engine.consuming import ConsumingPart
from harness.engine.errors import MalformedEntryError
from harness.engine.metrics import EngineMetrics
from harness.engine.publishing import Publisher
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.recent import RecentlyCompleted
from harness.engine.result_gate import ResultGate
from harness.engine.settings import EngineSettings, SiteSettings
from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.engine.tasks.cloudserver_replication import CloudServerReplicationTask
from harness.engine.tasks.context import QUEUE_PROCESSOR, REPLAY_PROCESSOR, Outcome, TaskContext
from harness.engine.tasks.injection import NO_ERRORS, ErrorInjection
from harness.engine.topics import processor_group, processor_topics
from harness.queue.base import Message, Queue, QueueError
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.ordered import OrderedConsumption
from harness.queue.turns import Turns

log = get_logger(__name__)

#: Why nothing is begun: results of earlier work are not written yet.
_RESULTS = "results"

#: Nothing is left to do for these: the object is gone, replicated already, or another one by now.
_SETTLED = frozenset({"InvalidObjectState", "ObjNotFound"})


class Task(Protocol):
    """Replicates one entry."""

    def run(self) -> Outcome: ...


class SiteState:
    """What all processors of a site in this process have in common: a key is handled by one of them at a time."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.recent = RecentlyCompleted()


class QueueProcessor(ConsumingPart):
    """One consumer group for one site; several processors of a site share the work through the group.

    QUIRK of Backbeat: its main and its replay processors know nothing of each other. Those of one process here take
    turns, key by key, and know what the others have copied.

    Args:
        targets: how to reach a CloudServer site; None for a cloud site.
        replay_topic: the only topic to read; None reads the replication topic.
        shared: with the other processors of the site.
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
        replay_topic: str | None = None,
        shared: SiteState | None = None,
        injection: ErrorInjection = NO_ERRORS,
    ) -> None:
        shared = shared or SiteState()
        self.site = site
        self.service = QUEUE_PROCESSOR if replay_topic is None else REPLAY_PROCESSOR
        self.name = f"processor-{site.site}" if replay_topic is None else f"processor-{site.site}-{replay_topic}"
        self._settings = settings
        self._clients = clients
        self._targets = targets
        self._publisher = publisher
        self._clock = clock
        self._randomness = randomness
        self._metrics = metrics
        self._checkpoints = checkpoints
        self._threaded = threaded
        self._recent = shared.recent
        self._injection = injection
        # a designed task writes its result itself
        self._gate = ResultGate(settings, queue, clock) if settings.dialect == "release" else None
        self._held = False
        # all versions of a key, and all updates of them, have the same message key: they are handled in order
        consumption = OrderedConsumption(
            queue,
            processor_group(settings, site.site),
            [replay_topic or settings.topic],
            self._handle,
            clock=clock,
            concurrency=settings.queue_processor.concurrency,
            threaded=threaded,
            on_assigned=self._assigned,
            turns=shared.turns,
            beside=processor_topics(settings) if settings.replay_topics else (),
        )
        super().__init__(queue, consumption)

    def step(self, timeout: float = 0.0) -> int:
        """As of every part; without threads nothing is begun before earlier results are written."""
        taken = super().step(timeout)
        if self._held and self._gate is not None and self._gate.is_open():
            self._held = False
            self._consumption.resume(_RESULTS)
            taken += super().step()
        return taken

    def _assigned(self) -> None:
        if self._gate is not None:
            self._gate.shut()
            if not self._threaded:
                self._held = True
                self._consumption.pause(_RESULTS)

    def pause(self) -> None:
        """Begin nothing new, until :meth:`resume`; what runs finishes, and is committed."""
        self._consumption.pause()

    def resume(self) -> None:
        self._consumption.resume()

    def hold(self) -> None:
        """As :meth:`pause`, on the circuit breaker's part; what is left is still to be done."""
        self._consumption.pause("circuit breaker")

    def release(self) -> None:
        """The circuit breaker is content; somebody else may have paused all the same."""
        self._consumption.resume("circuit breaker")

    def idle(self) -> bool:
        """As of every part; a paused processor has nothing to do with what is left."""
        return not self._consumption.running if self._consumption.paused else super().idle()

    def _handle(self, message: Message, interruption: Interruption) -> None:
        self._checkpoints.reach(PROCESSOR_CONSUMED)
        entry = self._entry_of(message)
        if entry is None:
            return
        if self._recent.knows(entry, message.value):
            log.info("published twice, completed once", key=entry.canonical_key, site=self.site.site)
            self._metrics.skipped(entry, self.site.site)
            return
        if self._gate is not None and self._threaded:
            self._gate.pass_through(interruption)
        try:
            self._replicate(entry, message, interruption)
        except (Interrupted, QueueError):
            raise
        except Exception:
            # a defect, or metadata that no CloudServer writes: the others go on
            log.exception("the object stays as it is", key=entry.canonical_key, site=self.site.site)
            self._metrics.left_pending(self.site.site, "Defect")
            self._metrics.skipped(entry, self.site.site)

    def _replicate(self, entry: ObjectQueueEntry, message: Message, interruption: Interruption) -> None:
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
            service=self.service,
            injection=self._injection,
            recent=self._recent,
        )
        outcome = self._run(context, entry)
        self._checkpoints.reach(PROCESSOR_COPIED)
        self._publisher.publish(client, entry, self.site.site, outcome, interruption)
        self._checkpoints.reach(PROCESSOR_PUBLISHED)
        if outcome.status is not None:
            self._metrics.result(self.site.site, outcome.status, with_data="DATA" in entry.content)
        else:
            self._metrics.skipped(entry, self.site.site)
            self._note_skipped(entry, outcome)
        if outcome.status == status.COMPLETED:
            self._recent.add(entry, message.value, outcome.version_id)

    def _note_skipped(self, entry: ObjectQueueEntry, outcome: Outcome) -> None:
        """As with Backbeat there is nobody to tell; an operator is to see it."""
        if outcome.cause not in _SETTLED:
            site = self.site.site
            log.warning("the object stays as it is", key=entry.canonical_key, site=site, reason=outcome.reason)
            self._metrics.left_pending(site, outcome.cause)

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
