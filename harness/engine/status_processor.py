"""The replication status processor: takes results from the status topic and writes them into the source's metadata.

Source: Backbeat extensions/replication/replicationStatusProcessor/ReplicationStatusProcessor.js,
tasks/UpdateReplicationStatus.js.
"""

from __future__ import annotations

from fake_cloudserver import Clock, get_logger
from harness.engine import queue_entry, status
from harness.engine.checkpoints import STATUS_CONSUMED, Checkpoints
from harness.engine.clients import SourceClients
from harness.engine.consuming import ConsumingPart
from harness.engine.errors import MalformedEntryError, Postponed
from harness.engine.metrics import EngineMetrics
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.settings import EngineSettings
from harness.engine.status import SiteResult
from harness.engine.status_writer import StatusWriter
from harness.queue.base import Message, Outgoing, Queue, QueueError
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.ordered import OrderedConsumption

log = get_logger(__name__)

_RESULTS = frozenset({status.COMPLETED, status.FAILED, status.PENDING})


class ReplicationStatusProcessor(ConsumingPart):
    """One consumer group for the results of all sites."""

    name = "status"

    def __init__(
        self,
        settings: EngineSettings,
        queue: Queue,
        clients: SourceClients,
        writer: StatusWriter,
        *,
        clock: Clock,
        metrics: EngineMetrics,
        checkpoints: Checkpoints,
        threaded: bool = True,
    ) -> None:
        self._clients = clients
        self._producer = queue.producer()
        self._writer = writer
        self._metrics = metrics
        self._checkpoints = checkpoints
        consumption = OrderedConsumption(
            queue,
            settings.replication_status_processor.group_id,
            [settings.replication_status_topic],
            self._handle,
            clock=clock,
            concurrency=settings.replication_status_processor.concurrency,
            threaded=threaded,
        )
        super().__init__(queue, consumption)

    def _handle(self, message: Message, interruption: Interruption) -> None:
        self._checkpoints.reach(STATUS_CONSUMED)
        try:
            entry = queue_entry.parse(message.value)
        except MalformedEntryError as error:
            log.warning("malformed status entry", key=message.key, offset=message.offset, reason=str(error))
            return
        if not isinstance(entry, ObjectQueueEntry) or entry.site is None:
            log.warning("no result of a site", key=message.key, offset=message.offset)
            return
        result = self._result_of(entry, entry.site)
        if result is None:
            return
        client = self._clients.new(entry.roles[0] if entry.roles else None)
        try:
            self._writer.write(client, entry, result, interruption, may_postpone=True)
        except Postponed as postponed:
            # one object must not hold up all others: its result goes to the end of the line
            log.warning("result postponed", key=entry.canonical_key, site=entry.site, reason=str(postponed))
            self._producer.send_all([Outgoing(message.topic, message.key, message.value)], interruption)
        except (Interrupted, QueueError):
            raise
        except Exception:
            # a defect, or metadata that no CloudServer writes: the others go on
            log.exception("the object stays as it is", key=entry.canonical_key, site=entry.site)
            self._metrics.left_pending(entry.site, "Defect")
            if result.status != status.PENDING:
                self._metrics.superseded(entry, entry.site)

    def _result_of(self, entry: ObjectQueueEntry, site: str) -> SiteResult | None:
        """What the message says about its site; None, without any request, for what cannot be a result."""
        roles = entry.roles
        said = status.site_status(entry.metadata, site)
        if roles is None or len(roles) > 2 or said not in _RESULTS:
            log.error("no valid result", key=entry.canonical_key, site=site, status=said, roles=roles)
            return None
        version_id = status.data_store_version_id(entry.metadata, site)
        return SiteResult(site, said, version_id, entry.metadata)
