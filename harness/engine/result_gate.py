"""Holding back work until the results of earlier work are written."""

from __future__ import annotations

import threading

from fake_cloudserver import Clock, get_logger
from harness.engine.settings import EngineSettings
from harness.queue.base import Queue, TopicPartition
from harness.queue.interruption import Interruption

log = get_logger(__name__)

#: Seconds to wait at most: the status processor may be down, and replication is to go on without it.
_PATIENCE = 30.0
_PAUSE = 0.02
_MOST_LOOKS = 300


class ResultGate:
    """Opens when the status processor has written all results that were there when partitions were assigned to us.

    A processor that died may have published results and not have committed the entries they are about. Whoever takes
    these entries over finds the source's metadata silent about them, and would copy again.
    """

    def __init__(self, settings: EngineSettings, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._group = settings.replication_status_processor.group_id
        self._topics = (settings.replication_status_topic,)
        self._clock = clock
        self._open = threading.Event()
        self._looking = threading.Lock()
        self._awaited: dict[TopicPartition, int] | None = None
        self._deadline = 0.0
        self._looks = 0

    def shut(self) -> None:
        """Partitions were assigned: look anew."""
        self._awaited = None
        self._looks = 0
        self._open.clear()

    def is_open(self) -> bool:
        """Look once: for an engine without threads, which does not wait but comes again.

        It gives up after some hundred looks: nobody writes results in an engine without that role.
        """
        if not self._open.is_set():
            self._look()
            self._looks += 1
            if self._looks >= _MOST_LOOKS:
                self._open.set()
        return self._open.is_set()

    def pass_through(self, interruption: Interruption) -> None:
        """Return when it is open. Raises Interrupted while it is not."""
        while not self._open.is_set():
            if self._looking.acquire(blocking=False):
                try:
                    self._look()
                finally:
                    self._looking.release()
            if not self._open.is_set():
                interruption.sleep(_PAUSE)

    def _look(self) -> None:
        progress = self._queue.progress(self._group, self._topics)
        if self._awaited is None:
            self._awaited = {partition: one.end for partition, one in progress.items()}
            self._deadline = self._clock.monotonic() + _PATIENCE
        if all(progress[partition].committed >= end for partition, end in self._awaited.items()):
            self._open.set()
        elif self._clock.monotonic() >= self._deadline:
            log.warning("results are not written yet, going on without them", group=self._group)
            self._open.set()
