"""What a task works with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from fake_cloudserver import Clock, Randomness
from harness.engine.backbeat_client import BackbeatClient
from harness.engine.errors import ReplicationError
from harness.engine.metrics import EngineMetrics
from harness.engine.recent import RecentlyCompleted
from harness.engine.retry import Retry
from harness.engine.settings import DEFAULT_RETRY, EngineSettings, SiteSettings
from harness.engine.tasks.injection import NO_ERRORS, ErrorInjection
from harness.queue.interruption import Interruption

Result = TypeVar("Result")

#: What reads the replication topic, and what reads a replay topic.
QUEUE_PROCESSOR = "ReplicationQueueProcessor"
REPLAY_PROCESSOR = "ReplicationReplayProcessor"


@dataclasses.dataclass(frozen=True, slots=True)
class TaskContext:
    """Everything around one entry at one site.

    Attributes:
        threaded: whether parts may be copied side by side.
        service: whose work it is, as metrics name it.
        injection: errors on purpose.
        recent: what was completed lately at this site.
    """

    settings: EngineSettings
    site: SiteSettings
    client: BackbeatClient
    clock: Clock
    randomness: Randomness
    interruption: Interruption
    metrics: EngineMetrics
    threaded: bool = True
    service: str = QUEUE_PROCESSOR
    injection: ErrorInjection = NO_ERRORS
    recent: RecentlyCompleted = dataclasses.field(default_factory=RecentlyCompleted)

    def retry(
        self,
        action: Callable[[], Result],
        *,
        no_timeout: bool = False,
        on_retry: Callable[[ReplicationError], None] | None = None,
    ) -> Result:
        """``action``, again and again as configured for the type of the destination."""
        parameters = self.settings.queue_processor.retry_for(self.site.type)
        return self._retry().call(action, parameters, no_timeout=no_timeout, on_retry=on_retry)

    def retry_by_default(self, action: Callable[[], Result]) -> Result:
        """The same with the parameters that Backbeat's metadata proxy uses, whatever is configured."""
        return self._retry().call(action, DEFAULT_RETRY)

    def inject(self, operation: str | None) -> None:
        """Raises an error when one was asked for; for None, whatever the operation."""
        self.injection.strike(operation, self.randomness)

    def _retry(self) -> Retry:
        return Retry(self.clock, self.randomness, self.interruption)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task.

    Attributes:
        status: COMPLETED, FAILED, or None: nothing is to be published, the object stays as it is.
        version_id: the version id that the destination gave to its copy.
        reason: for people; empty when all went well.
        cause: the name of the error that ended it where nothing is published.
    """

    status: str | None
    version_id: str = ""
    reason: str = ""
    cause: str = ""
