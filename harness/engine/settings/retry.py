"""How often, how long and with what pauses something is tried again."""

from __future__ import annotations

from harness.engine.settings.base import Model


class BackoffSettings(Model):
    """Milliseconds, and what they are multiplied with from one pause to the next.

    Without any of this Backbeat waits 100 ms, doubling up to 10 s, as its library does by default.
    """

    min: float = 1_000
    max: float = 300_000
    jitter: float = 0.1
    factor: float = 1.5


#: What applies when a retry configuration has no ``backoff`` at all (npm backo's defaults).
_LIBRARY_BACKOFF = BackoffSettings(min=100, max=10_000, jitter=0, factor=2)


class RetrySettings(Model):
    """``max_retries`` None: as many as fit in ``timeout_s``."""

    max_retries: int | None = 5
    timeout_s: float = 300
    backoff: BackoffSettings = _LIBRARY_BACKOFF


#: Where nothing is configured (Backbeat lib/tasks/BackbeatTask.js).
DEFAULT_RETRY = RetrySettings(max_retries=None, timeout_s=300, backoff=BackoffSettings())
_CLOUD_RETRY = RetrySettings(timeout_s=900, backoff=BackoffSettings(min=60_000, max=900_000))
#: By type of destination, as Backbeat's own conf/config.json has it.
SHIPPED_RETRY = {
    "aws_s3": _CLOUD_RETRY,
    "azure": _CLOUD_RETRY,
    "gcp": _CLOUD_RETRY,
    "scality": RetrySettings(timeout_s=300, backoff=BackoffSettings(min=1_000, max=300_000)),
}
