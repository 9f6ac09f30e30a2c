"""What the engine is told: in the names of Backbeat's ``extensions.replication``, in Python spelling.

Every name is understood in camel case too, as Backbeat writes it. Shipped values are those of Backbeat's own
conf/config.json.
"""

from harness.engine.settings.backbeat import config_path, load_backbeat
from harness.engine.settings.circuit_breaker import (
    CircuitBreakerSettings,
    ConsumerLagProbe,
    NoopProbe,
    ProbeSettings,
    PrometheusProbe,
)
from harness.engine.settings.kafka import KafkaClusterSettings
from harness.engine.settings.model import Dialect, EngineSettings
from harness.engine.settings.processes import (
    ApiSettings,
    BucketdSettings,
    GcSettings,
    ProbeServerSettings,
    QueuePopulatorSettings,
    QueueProcessorSettings,
    ReplayTopicSettings,
    StatusProcessorSettings,
)
from harness.engine.settings.retry import DEFAULT_RETRY, BackoffSettings, RetrySettings
from harness.engine.settings.sites import (
    CLOUD_TYPES,
    AuthSettings,
    DestinationSettings,
    SiteSettings,
    SourceSettings,
    VaultSettings,
)

__all__ = [
    "CLOUD_TYPES",
    "DEFAULT_RETRY",
    "ApiSettings",
    "AuthSettings",
    "BackoffSettings",
    "BucketdSettings",
    "CircuitBreakerSettings",
    "ConsumerLagProbe",
    "DestinationSettings",
    "Dialect",
    "EngineSettings",
    "GcSettings",
    "KafkaClusterSettings",
    "NoopProbe",
    "ProbeServerSettings",
    "ProbeSettings",
    "PrometheusProbe",
    "QueuePopulatorSettings",
    "QueueProcessorSettings",
    "ReplayTopicSettings",
    "RetrySettings",
    "SiteSettings",
    "SourceSettings",
    "StatusProcessorSettings",
    "VaultSettings",
    "config_path",
    "load_backbeat",
]
