"""The replication status processor: takes results from the status topic and writes them into the source's metadata.

Source: Backbeat extensions/replication/replicationStatusProcessor/ReplicationStatusProcessor.js,
tasks/UpdateReplicationStatus.js.
"""

from __future__ import annotations

from fake_cloudserver import Clock, get_logger
from harness.engine import queue_entry, status
from harness.engine.checkpoints import STATUS_CONSUMED, Checkpoints
from harness.engine.clients import SourceClients
from harness.engine.errors import MalformedEntryError
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.settings import EngineSettings
from harness.engine.status import SiteResult
from harness.engine.status_writer import StatusWriter
from harness.queue.base import Message, Queue
from harness.queue.interruption import Interruption
from harness.queue.ordered import OrderedConsumption

log = get_logger(__name__)

_RESULTS = frozenset({status.COMPLETED, status.FAILED, status.PENDING})


class ReplicationStatusProcessor:
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
        checkpoints: Checkpoints,
        threaded: bool = True,
    ) -> None:
        self.group = settings.replication_status_processor.group_id
        self.topics = (settings.replication_status_topic,)
        self._queue = queue
        self._clients = clients
        self._writer = writer
        self._checkpoints = checkpoints
        self._consumption = OrderedConsumption(
            queue,
            self.group,
            self.topics,
            self._handle,
            clock=clock,
            concurrency=settings.replication_status_processor.concurrency,
            threaded=threaded,
        )

    def step(self, timeout: float = 0.0) -> int:
        """One round; how many messages were taken."""
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
        self._writer.write(self._clients.new(entry.roles[0] if entry.roles else None), entry, result, interruption)

    def _result_of(self, entry: ObjectQueueEntry, site: str) -> SiteResult | None:
        """What the message says about its site; None, without any request, for what cannot be a result."""
        roles = entry.roles
        said = status.site_status(entry.metadata, site)
        if roles is None or len(roles) > 2 or said not in _RESULTS:
            log.error("no valid result", key=entry.canonical_key, site=site, status=said, roles=roles)
            return None
        version_id = status.data_store_version_id(entry.metadata, site)
        return SiteResult(site, said, version_id, entry.metadata)
