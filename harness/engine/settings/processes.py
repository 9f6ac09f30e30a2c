"""What each role is told."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from harness.engine.settings.base import ListeningPort, Model, Port, Positive, url_of
from harness.engine.settings.circuit_breaker import CircuitBreakerSettings
from harness.engine.settings.retry import SHIPPED_RETRY, RetrySettings


class ProbeServerSettings(Model):
    """Where a role says whether it is alive and ready; ``port`` 0 takes a free one."""

    bind_address: str = "localhost"
    port: ListeningPort


class ReplayTopicSettings(Model):
    """Failed entries go through it ``retries`` times."""

    topic_name: str
    retries: Positive


class QueueProcessorSettings(Model):
    """``min_mpu_size_mb`` is in millions of bytes. ``retry`` goes by the type of the destination.

    ``verify_parts`` compares the ETag of each part with its MD5, which Backbeat does not; a destination that encrypts
    with keys of its own (SSE-KMS) gives other ETags, and needs this off.
    """

    group_id: str = "backbeat-replication-group"
    concurrency: Positive = 10
    mpu_parts_concurrency: Positive = 10
    min_mpu_size_mb: float = pydantic.Field(
        default=20, validation_alias=pydantic.AliasChoices("minMPUSizeMB", "min_mpu_size_mb")
    )
    verify_parts: bool = True
    retry: dict[str, RetrySettings] = SHIPPED_RETRY
    probe_server: ProbeServerSettings | None = None
    circuit_breaker: CircuitBreakerSettings = CircuitBreakerSettings()

    def retry_for(self, site_type: str | None) -> RetrySettings:
        """The parameters for a destination of this type.

        QUIRK of Backbeat: without any retry configuration every task of its breaks; here the shipped one applies.
        """
        for name in (site_type, "scality"):
            if name in self.retry:
                return self.retry[name]
        return SHIPPED_RETRY["scality"]


class StatusProcessorSettings(Model):
    """``retry`` is read and has no effect, as with Backbeat."""

    group_id: str = "backbeat-replication-group"
    concurrency: Positive = 10
    probe_server: ProbeServerSettings | None = None


class BucketdSettings(Model):
    """Where the journal is read over HTTP."""

    host: str
    port: Port
    raft_session: int = 1

    @property
    def url(self) -> str:
        return url_of("http", self.host, self.port)


class QueuePopulatorSettings(Model):
    """``start`` says where to begin without a saved position.

    Attributes:
        log_source: ``in_process``: the journal of a CloudServer in this process. The last three are Backbeat's, and no
            populator of ours can read them; the other roles do not care.
        position_topic: a compacted topic of its own that keeps how far the journal was published.
        poll_interval_s: how often to ask a journal that cannot wake us.
        takeover_s: how long another populator may let work lie before this one, which stands by, publishes.
    """

    log_source: Literal["in_process", "bucketd", "mongo", "kafka", "dmd"] = "in_process"
    bucketd: BucketdSettings | None = None
    batch_max_read: Positive = 10_000
    poll_interval_s: Annotated[float, pydantic.Field(gt=0)] = 1.0
    takeover_s: Annotated[float, pydantic.Field(gt=0)] = 10.0
    position_topic: str = "backbeat-queue-populator-positions"
    start: Literal["earliest", "latest"] = "earliest"
    probe_server: ProbeServerSettings | None = None
    circuit_breaker: CircuitBreakerSettings = CircuitBreakerSettings()


class GcSettings(Model):
    """Where copies to be removed from a transient source are announced (``extensions.gc``)."""

    topic: str = "backbeat-gc"
    group_id: str = "backbeat-gc-consumer-group"


class ApiSettings(Model):
    """Backbeat's HTTP API (``server`` in its configuration); ``port`` 0 takes a free one, None starts none.

    ``allow_from``: networks that may ask; this machine always may.
    """

    host: str = "127.0.0.1"
    port: ListeningPort | None = None
    allow_from: tuple[str, ...] = ()
