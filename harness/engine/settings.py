"""What the engine is told: in the names of Backbeat's ``extensions.replication``, in Python spelling.

Every name is understood in camel case too, as Backbeat writes it. Shipped values are those of Backbeat's own
conf/config.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic.alias_generators import to_camel

from harness.errors import UsageError
from harness.queue.kafka_settings import MAX_REQUEST_SIZE, KafkaSettings

CLOUD_TYPES = frozenset({"aws_s3", "azure", "gcp"})

Dialect = Literal["design", "release"]
Port = Annotated[int, pydantic.Field(ge=1, le=65_535)]
Positive = Annotated[int, pydantic.Field(ge=1)]


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore"
    )


class BackoffSettings(_Model):
    """Milliseconds, and what they are multiplied with from one pause to the next.

    Without any of this Backbeat waits 100 ms, doubling up to 10 s, as its library does by default.
    """

    min: float = 1_000
    max: float = 300_000
    jitter: float = 0.1
    factor: float = 1.5


#: What applies when a retry configuration has no ``backoff`` at all (npm backo's defaults).
_LIBRARY_BACKOFF = BackoffSettings(min=100, max=10_000, jitter=0, factor=2)


class RetrySettings(_Model):
    """``max_retries`` None: as many as fit in ``timeout_s``."""

    max_retries: int | None = 5
    timeout_s: float = 300
    backoff: BackoffSettings = _LIBRARY_BACKOFF


#: Where nothing is configured (Backbeat lib/tasks/BackbeatTask.js).
DEFAULT_RETRY = RetrySettings(max_retries=None, timeout_s=300, backoff=BackoffSettings())
_CLOUD_RETRY = RetrySettings(timeout_s=900, backoff=BackoffSettings(min=60_000, max=900_000))
_SHIPPED_RETRY = {
    "aws_s3": _CLOUD_RETRY,
    "azure": _CLOUD_RETRY,
    "gcp": _CLOUD_RETRY,
    "scality": RetrySettings(timeout_s=300, backoff=BackoffSettings(min=1_000, max=300_000)),
}


class AuthSettings(_Model):
    """How the engine signs: so far with the keys of one account."""

    type: Literal["account", "service"] = "account"
    account: str = ""
    access_key: str
    secret_key: str


class SourceSettings(_Model):
    """The CloudServer that holds the originals."""

    transport: Literal["http", "https"] = "http"
    host: str
    port: Port
    auth: AuthSettings

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}://{host}:{self.port}"


class SiteSettings(_Model):
    """One item of the bootstrap list: a cloud site has a ``type``, a CloudServer site has ``servers``."""

    site: str
    type: Literal["aws_s3", "azure", "gcp"] | None = None
    servers: tuple[str, ...] = ()
    echo: bool = False
    default: bool = False


class ReplayTopicSettings(_Model):
    topic_name: str
    retries: Positive


class QueueProcessorSettings(_Model):
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
    retry: dict[str, RetrySettings] = _SHIPPED_RETRY

    def retry_for(self, site_type: str | None) -> RetrySettings:
        """The parameters for a destination of this type."""
        for name in (site_type, "scality"):
            if name in self.retry:
                return self.retry[name]
        return _SHIPPED_RETRY["scality"]


class StatusProcessorSettings(_Model):
    group_id: str = "backbeat-replication-group"
    concurrency: Positive = 10


class BucketdSettings(_Model):
    """Where the journal is read over HTTP."""

    host: str
    port: Port
    raft_session: int = 1

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class QueuePopulatorSettings(_Model):
    """``start`` says where to begin without a saved position.

    Attributes:
        position_topic: a compacted topic of its own that keeps how far the journal was published.
        poll_interval_s: how often to ask a journal that cannot wake us.
    """

    log_source: Literal["in_process", "bucketd"] = "in_process"
    bucketd: BucketdSettings | None = None
    batch_max_read: Positive = 10_000
    poll_interval_s: float = 1.0
    position_topic: str = "backbeat-queue-populator-positions"
    start: Literal["earliest", "latest"] = "earliest"


class KafkaClusterSettings(_Model):
    """``hosts`` is a comma list. ``profile`` embedded: short sessions and fetches, for the embedded broker."""

    hosts: str = ""
    profile: Literal["kafka", "embedded"] = "kafka"
    topic_prefix: str = ""
    partitions: Positive = 5
    replication_factor: int = -1
    max_request_size: Positive = MAX_REQUEST_SIZE
    session_timeout_ms: Positive | None = None

    def client_settings(self) -> KafkaSettings:
        """Raises UsageError when no host is named."""
        if not self.hosts:
            raise UsageError("kafka.hosts names no broker")
        if self.profile == "embedded":
            timeout = self.session_timeout_ms or 1_000
            return KafkaSettings.embedded(self.hosts, topic_prefix=self.topic_prefix, session_timeout_ms=timeout)
        timeout = self.session_timeout_ms or 45_000
        return KafkaSettings(
            bootstrap_servers=tuple(host.strip() for host in self.hosts.split(",")),
            topic_prefix=self.topic_prefix,
            replication_factor=self.replication_factor,
            max_request_size=self.max_request_size,
            session_timeout_ms=timeout,
            heartbeat_interval_ms=min(3_000, timeout // 3),
        )


class ApiSettings(_Model):
    """Backbeat's HTTP API (``server`` in its configuration); ``port`` 0 takes a free one, None starts none.

    ``allow_from``: networks that may ask; this machine always may.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, pydantic.Field(ge=0, le=65_535)] | None = None
    allow_from: tuple[str, ...] = ()


class EngineSettings(_Model):
    """Everything that one engine needs to know.

    Attributes:
        dialect: ``design`` (the task writes the source's metadata) or ``release`` (the status processor does).
        metrics_topic: what was queued, done and failed, as Backbeat's metrics producer tells it.
        control_topic: commands to the processors of all sites (pause, resume), where Backbeat uses Redis.
        state_topic: compacted; whether a site is paused, where Backbeat uses ZooKeeper.
        cold_locations: names of locations whose objects are never published.
    """

    source: SourceSettings
    bootstrap_list: tuple[SiteSettings, ...]
    dialect: Dialect = "design"
    topic: str = "backbeat-replication"
    data_mover_topic: str = "backbeat-data-mover"
    replication_status_topic: str = "backbeat-replication-status"
    replication_failed_topic: str = "backbeat-replication-failed"
    replay_topics: tuple[ReplayTopicSettings, ...] = ()
    metrics_topic: str = "backbeat-metrics"
    control_topic: str = "backbeat-replication-control"
    state_topic: str = "backbeat-replication-state"
    monitor_replication_failures: bool = True
    queue_processor: QueueProcessorSettings = QueueProcessorSettings()
    replication_status_processor: StatusProcessorSettings = StatusProcessorSettings()
    queue_populator: QueuePopulatorSettings = QueuePopulatorSettings()
    kafka: KafkaClusterSettings = KafkaClusterSettings()
    api: ApiSettings = ApiSettings()
    cold_locations: frozenset[str] = frozenset()

    @pydantic.model_validator(mode="after")
    def _check_sites(self) -> EngineSettings:
        names = [site.site for site in self.bootstrap_list]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"bootstrapList names the site {name} more than once")
        if sum(site.default for site in self.bootstrap_list) > 1:
            raise ValueError("bootstrapList has more than one default site")
        if self.queue_populator.log_source == "bucketd" and self.queue_populator.bucketd is None:
            raise ValueError("queuePopulator.logSource is bucketd, but queuePopulator.bucketd does not say where it is")
        return self

    @classmethod
    def load(cls, path: Path) -> EngineSettings:
        """Read a JSON file. Raises UsageError, with every wrong member named."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from error
        except ValueError as error:
            raise UsageError(f"{path} is no JSON: {error}") from error
        try:
            return cls.model_validate(document)
        except pydantic.ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'settings'}: {problem['msg']}" for problem in error.errors()
            )
            raise UsageError(f"{path}: {problems}") from error

    def to_json(self) -> str:
        """What :meth:`load` reads back."""
        return self.model_dump_json(indent=2)
