"""Where Kafka is, and what its topics are like."""

from __future__ import annotations

from typing import Literal

from harness.engine.settings.base import Model, Positive
from harness.errors import UsageError
from harness.queue.kafka_settings import MAX_REQUEST_SIZE, KafkaSettings


class KafkaClusterSettings(Model):
    """``hosts`` is a comma list. ``profile`` embedded: short sessions and fetches, for the embedded broker.

    The prefixes are put before the names of all topics and of all consumer groups.
    """

    hosts: str = ""
    profile: Literal["kafka", "embedded"] = "kafka"
    topic_prefix: str = ""
    group_prefix: str = ""
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
            group_prefix=self.group_prefix,
            replication_factor=self.replication_factor,
            max_request_size=self.max_request_size,
            session_timeout_ms=timeout,
            heartbeat_interval_ms=min(3_000, timeout // 3),
        )
