"""Backbeat's own config.json, read unchanged.

Its members that the engine has no use for (ZooKeeper, Redis, other extensions, …) are not looked at. What Backbeat has
no name for stands under ``harness`` at the top of the same file, in the form of our own settings file.

Source: Backbeat lib/Config.js, lib/config.joi.js, lib/config/configItems.joi.js, lib/queuePopulator/config.joi.js,
extensions/replication/ReplicationConfigValidator.js.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic.alias_generators import to_snake

from harness.engine.settings.accounts import Accounts
from harness.engine.settings.base import ListeningPort, Model, Port, Positive
from harness.engine.settings.circuit_breaker import CircuitBreakerSettings
from harness.engine.settings.model import EngineSettings
from harness.engine.settings.processes import (
    ApiSettings,
    ProbeServerSettings,
    QueueProcessorSettings,
    ReplayTopicSettings,
    StatusProcessorSettings,
)
from harness.engine.settings.reading import Location, read_json, validated
from harness.engine.settings.sites import SiteSettings, VaultSettings
from harness.errors import UsageError
from harness.queue.kafka_settings import MAX_REQUEST_SIZE

CONFIG_VARIABLE = "BACKBEAT_CONFIG_FILE"
#: Where Backbeat looks without it.
DEFAULT_CONFIG = Path("conf/config.json")
_LOG_SOURCE_VARIABLE = "BACKBEAT_QUEUEPOPULATOR_LOGSOURCE"
_PREFIX_VARIABLE = "KAFKA_TOPIC_PREFIX"

_OWN = "harness"
_REPLICATION = ("extensions", "replication")

Transport = Literal["http", "https"]
Text = Annotated[str, pydantic.Field(min_length=1)]


class _Address(Model):
    host: Text
    port: Port


class _Auth(Model):
    type: Literal["account", "role", "service"]
    account: Text | None = None
    vault: VaultSettings | None = None

    @pydantic.model_validator(mode="after")
    def _check_account(self) -> _Auth:
        if self.type != "role" and self.account is None:
            raise ValueError(f"type {self.type} needs account, the name of one")
        return self


class _Source(Model):
    transport: Transport = "http"
    s3: _Address
    auth: _Auth


class _Destination(Model):
    transport: Transport = "http"
    auth: _Auth
    bootstrap_list: tuple[SiteSettings, ...] = ()


class _QueueProcessor(QueueProcessorSettings):
    group_id: Text


class _StatusProcessor(StatusProcessorSettings):
    group_id: Text


class _Replication(Model):
    source: _Source
    destination: _Destination
    topic: Text
    data_mover_topic: Text
    replication_status_topic: Text
    replication_failed_topic: Text
    monitor_replication_failures: bool = True
    monitor_replication_failure_expiry_time_s: int = 86_400
    replay_topics: tuple[ReplayTopicSettings, ...] = ()
    queue_processor: _QueueProcessor
    replication_status_processor: _StatusProcessor
    object_size_metrics: tuple[int, ...] = (66_560, 8_388_608, 68_157_440)


class _GcConsumer(Model):
    group_id: Text = "backbeat-gc-consumer-group"


class _Gc(Model):
    topic: Text = "backbeat-gc"
    consumer: _GcConsumer = _GcConsumer()


class _Extensions(Model):
    replication: _Replication
    gc: _Gc = _Gc()


class _QueuePopulator(Model):
    log_source: Literal["bucketd", "mongo", "dmd", "kafka"]
    bucketd: _Address | None = None
    batch_max_read: Positive = 10_000
    probe_server: ProbeServerSettings | None = None
    circuit_breaker: CircuitBreakerSettings = CircuitBreakerSettings()

    @pydantic.model_validator(mode="after")
    def _check_bucketd(self) -> _QueuePopulator:
        if self.log_source == "bucketd" and self.bucketd is None:
            raise ValueError("logSource is bucketd, but bucketd, with host and port, is missing")
        return self


class _Kafka(Model):
    hosts: Text
    max_request_size: Positive = MAX_REQUEST_SIZE


class _Metrics(Model):
    topic: Text = "backbeat-metrics"
    group_id_prefix: Text = "backbeat-metrics-group"


class _HealthChecks(Model):
    allow_from: tuple[str, ...] = ()


class _Server(Model):
    host: str = ApiSettings().host
    port: ListeningPort = 8900
    health_checks: _HealthChecks = _HealthChecks()


class _Config(Model):
    kafka: _Kafka
    queue_populator: _QueuePopulator
    extensions: _Extensions
    metrics: _Metrics = _Metrics()
    server: _Server = _Server()
    replication_group_id: Annotated[str, pydantic.Field(min_length=7, max_length=7)] | None = None
    harness: dict[str, Any] = pydantic.Field(default_factory=dict)


def load_backbeat(path: Path, environ: Mapping[str, str]) -> EngineSettings:
    """Read a config.json of Backbeat's, with the accounts that it names.

    ``KAFKA_TOPIC_PREFIX``, ``BACKBEAT_QUEUEPOPULATOR_LOGSOURCE`` and ``S3AUTH_CONFIG`` count as they do for Backbeat.
    The dialect is ``release`` unless ``harness.dialect`` says otherwise: that is what Backbeat speaks.

    Raises:
        UsageError: a line for each wrong member: the file, the path of the key, and what is allowed there.
    """
    document = read_json(path)
    if not isinstance(document, dict):
        raise UsageError(f"{path}: is no JSON object")
    if log_source := environ.get(_LOG_SOURCE_VARIABLE):
        populator = document.get("queuePopulator")
        document["queuePopulator"] = {**(populator if isinstance(populator, dict) else {}), "logSource": log_source}
    config = validated(_Config, document, path)
    merged = _merged(_converted(config, Accounts(path, environ), environ), config.harness)
    return validated(EngineSettings, merged, path, _place(config.harness))


def config_path(environ: Mapping[str, str]) -> Path:
    """Where Backbeat would look."""
    return Path(environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)


def _converted(config: _Config, accounts: Accounts, environ: Mapping[str, str]) -> dict[str, Any]:
    replication, populator = config.extensions.replication, config.queue_populator
    kept = replication.model_dump(exclude={"source", "destination"})
    document = {
        **kept,
        "dialect": "release",
        "source": {
            "transport": replication.source.transport,
            **replication.source.s3.model_dump(),
            "auth": _auth(replication.source.auth, accounts, "source"),
        },
        "bootstrap_list": [site.model_dump() for site in replication.destination.bootstrap_list],
        "queue_populator": populator.model_dump(),
        "kafka": {**config.kafka.model_dump(), "topic_prefix": environ.get(_PREFIX_VARIABLE, "")},
        "metrics_topic": config.metrics.topic,
        "metrics_group_id_prefix": config.metrics.group_id_prefix,
        "gc": {"topic": config.extensions.gc.topic, "group_id": config.extensions.gc.consumer.group_id},
        "api": {
            "host": config.server.host,
            "port": config.server.port,
            "allow_from": config.server.health_checks.allow_from,
        },
    }
    # Backbeat wants the account in any case; where everything goes to clouds nothing is ever signed with it
    if any(site.type is None for site in replication.destination.bootstrap_list):
        document["destination"] = {
            "transport": replication.destination.transport,
            "auth": _auth(replication.destination.auth, accounts, "destination"),
        }
    return document


def _auth(auth: _Auth, accounts: Accounts, side: str) -> dict[str, Any]:
    """With keys; those of ``service``, which Backbeat has from its management layer, are in the same file here."""
    document = auth.model_dump(exclude_none=True)
    if auth.type != "role":
        assert auth.account is not None
        wanted_by = ".".join((*_REPLICATION, side, "auth", "account"))
        document |= accounts.find(auth.account, wanted_by).auth()
    return document


#: What of ours is not under ``extensions.replication`` in Backbeat's file.
_PLACES: dict[str, Location] = {
    "queue_populator": ("queuePopulator",),
    "kafka": ("kafka",),
    "api": ("server",),
    "gc": ("extensions", "gc"),
}


def _place(own: Mapping[str, Any]) -> Callable[[Location], Location]:
    """Where in the file something of our own form comes from, when ``own`` is what stands under ``harness``."""

    def place(location: Location) -> Location:
        if not location:
            return ()
        name, rest = str(location[0]), location[1:]
        snake = to_snake(name)
        if name in own or snake in own:
            return (_OWN, *location)
        return (*_PLACES.get(snake, (*_REPLICATION, name)), *rest)

    return place


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for name, value in over.items():
        known = name if name in base else to_snake(name)
        old = result.get(known)
        merged = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        result[known if known in base else name] = merged
    return result
