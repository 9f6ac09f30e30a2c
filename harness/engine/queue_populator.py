"""The queue populator: follows the metadata journal and publishes what is to be replicated.

Source: Backbeat lib/queuePopulator/QueuePopulator.js, LogReader.js, ReplicationQueuePopulator.js.
"""

from __future__ import annotations

from fake_cloudserver import get_logger
from harness.engine.checkpoints import POPULATOR_PRODUCED, POPULATOR_READ, POPULATOR_SAVED, Checkpoints
from harness.engine.errors import ReplicationError
from harness.engine.filter import Dropped, Publication, decide
from harness.engine.journal import JournalBatch, JournalSource
from harness.engine.metrics import EngineMetrics
from harness.engine.populator_lease import PopulatorLease
from harness.engine.populator_position import PopulatorPosition
from harness.engine.settings import EngineSettings
from harness.engine.times import seconds_of
from harness.queue.base import MessageTooLarge, Outgoing, Queue, QueueClosed
from harness.queue.interruption import Interrupted, Interruption

log = get_logger(__name__)

#: A position that nothing was published for is saved after so many records, or as soon as there is nothing to read.
_SAVE_AFTER = 1_000


class QueuePopulator:
    """At least once: the position is saved only after Kafka has acknowledged all entries before it.

    Backbeat ends at any error and is restarted; here a journal that cannot be read is asked again, and Kafka is
    waited for. A message that Kafka refuses for its size can never be published: it is logged, counted and left.

    Args:
        lease: says whether this populator publishes or another one; without, it always does.
    """

    name = "populator"

    def __init__(
        self,
        settings: EngineSettings,
        source: JournalSource,
        queue: Queue,
        *,
        metrics: EngineMetrics,
        checkpoints: Checkpoints,
        interruption: Interruption,
        lease: PopulatorLease | None = None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._log = source.log_name, source.log_id
        self._producer = queue.producer()
        self._saved = PopulatorPosition(queue, settings.queue_populator.position_topic, source.log_id)
        self._metrics = metrics
        self._checkpoints = checkpoints
        self._interruption = interruption
        self._position: int | None = None
        self._last_saved: int | None = None
        self._complained = False
        self._held = False
        self._lease = lease
        self._stands_by = False

    @property
    def position(self) -> int | None:
        """All records before it are in Kafka, as far as they belong there; None before the first step."""
        return self._position

    def hold(self) -> None:
        """Publish nothing until :meth:`release`; a batch that is under way is finished."""
        self._held = True

    def release(self) -> None:
        self._held = False

    def step(self, timeout: float = 0.0) -> int:
        """Read and publish one batch, waiting up to ``timeout`` seconds for it; how many records were read.

        Raises Interrupted when it was told to let go while Kafka was gone; nothing is lost by that.
        """
        if self._held:
            self._interruption.pause(timeout)
            return 0
        try:
            count = self._step(timeout) if self._leads() else self._stand_by(timeout)
        except ReplicationError as error:
            self._complain(error)
            self._interruption.sleep(self._settings.queue_populator.poll_interval_s if timeout else 0.0)
            return 0
        self._complained = False
        return count

    def stop(self, timeout: float = 30.0) -> bool:
        """So that the next one need not read again what was of no interest; nothing depends on it."""
        del timeout  # nothing is waited for
        try:
            self.save()
        except (Interrupted, QueueClosed):
            log.info("position not saved")
        if self._lease is not None:
            self._lease.close()
        return True

    def idle(self) -> bool:
        """Whether the whole journal is published. Raises ReplicationError when the journal cannot be asked."""
        position = self._lease.position if self._lease is not None and self._stands_by else self._position
        return position == self._source.bounds()[1]

    def save(self) -> None:
        """Save the position if it is ahead of the saved one."""
        if self._position is not None and self._position != self._last_saved:
            self._saved.save(self._position, self._interruption)
            self._last_saved = self._position

    def _leads(self) -> bool:
        stood_by = self._stands_by
        self._stands_by = self._lease is not None and not self._lease.holds(self._interruption)
        if self._stands_by != stood_by:
            log.info("standing by" if self._stands_by else "publishing", log_id=self._source.log_id)
        return not self._stands_by

    def _stand_by(self, timeout: float) -> int:
        """Another populator publishes this journal; look whether it does."""
        self._position = self._last_saved = None
        assert self._lease is not None
        if not self._lease.take_over(self._source.bounds()[1], self._interruption):
            self._interruption.pause(timeout)
        return 0

    def _step(self, timeout: float) -> int:
        position = self._load() if self._position is None else self._position
        batch = self._source.read(position, self._settings.queue_populator.batch_max_read)
        if not batch.records:
            self.save()
            if timeout:
                self._source.wait(position, timeout)
            return 0
        self._checkpoints.reach(POPULATOR_READ)
        if batch.next - position > batch.records:
            log.warning("the journal lost records", expected=position, next=batch.next, records=batch.records)
        published = self._publish(batch)
        self._position = batch.next
        self._metrics.journal_read(*self._log, batch.next, end=batch.end, written=seconds_of(batch.written))
        if published or batch.next - (self._last_saved or 0) >= _SAVE_AFTER:
            self.save()
        if published:
            self._checkpoints.reach(POPULATOR_SAVED)
        return batch.records

    def _load(self) -> int:
        first, end = self._source.bounds()
        saved = self._saved.load() if self._lease is None else self._lease.position
        start = first if self._settings.queue_populator.start == "earliest" else end
        if saved is not None and saved > end:
            log.warning("the journal is younger than the saved position, starting anew", saved=saved, end=end)
            saved = None
        self._position = start if saved is None else saved
        self._last_saved = saved
        self._metrics.journal_read(*self._log, self._position, end=end - 1)
        log.info("following the journal", log_id=self._source.log_id, position=self._position, saved=saved)
        return self._position

    def _publish(self, batch: JournalBatch) -> int:
        publications: list[Publication] = []
        for entry in batch.entries:
            decision = decide(entry, self._settings.cold_locations)
            if isinstance(decision, Publication):
                publications.append(decision)
            else:
                self._note(decision, entry.bucket, entry.key)
        if publications:
            self._send(publications)
            self._checkpoints.reach(POPULATOR_PRODUCED)
            self._metrics.populated(*self._log, publications)
        return len(publications)

    def _note(self, dropped: Dropped, bucket: str, key: str | None) -> None:
        if dropped.reason.startswith("malformed"):
            log.error("journal entry is not replicated", bucket=bucket, key=key, reason=dropped.reason)

    def _send(self, publications: list[Publication]) -> None:
        messages = [Outgoing(self._settings.topic, one.key, one.value) for one in publications]
        try:
            self._producer.send_all(messages, self._interruption)
        except MessageTooLarge:
            # what came before it may be in Kafka already: everything once more, one by one
            for message in messages:
                self._send_alone(message)

    def _send_alone(self, message: Outgoing) -> None:
        try:
            self._producer.send_all([message], self._interruption)
        except MessageTooLarge as error:
            log.exception("object is not replicated", key=message.key, reason=str(error))
            self._metrics.not_published(*self._log)

    def _complain(self, error: ReplicationError) -> None:
        if not self._complained:
            log.warning("the journal cannot be read, trying on", reason=str(error))
            self._complained = True
