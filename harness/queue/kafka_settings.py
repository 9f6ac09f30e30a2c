"""How to reach a Kafka cluster. Apart from ``kafka.py``, so that settings do not load a Kafka client."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

#: Backbeat's default for kafka.maxRequestSize (Backbeat lib/config/configItems.joi.js).
MAX_REQUEST_SIZE = 5_000_020


@dataclasses.dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Times in milliseconds, sizes in bytes.

    Attributes:
        bootstrap_servers: ``host:port`` of some brokers.
        topic_prefix: put before every topic name on the wire (environment variable KAFKA_TOPIC_PREFIX).
        group_prefix: put before every consumer group's name, for several engines that share nothing but the brokers.
        replication_factor: of topics that the harness creates; -1 leaves it to the broker.
        fetch_max_wait_ms: how long a broker may hold back an empty answer. The embedded broker reads for an answer no
            longer than that: with less than some milliseconds it would find nothing.
        broker_wakes: whether it answers before that when there is news. The embedded broker does not.
        leaves_groups: whether a member that closes tells the broker, so that the others need not wait until its session
            is over. The embedded broker takes a leader that left while others were joining for the leader for ever:
            nobody gets partitions any more. Joining takes it a session's length anyway.
        max_poll_interval_ms: how long revoked work may take to finish before the group goes on without us.
        client_options: passed on to the Kafka client (security, for example).
    """

    bootstrap_servers: tuple[str, ...]
    topic_prefix: str = ""
    group_prefix: str = ""
    replication_factor: int = -1
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 300_000
    fetch_max_wait_ms: int = 500
    broker_wakes: bool = True
    leaves_groups: bool = True
    request_timeout_ms: int = 5_000
    max_request_size: int = MAX_REQUEST_SIZE
    client_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def embedded(
        cls, bootstrap_servers: str, *, topic_prefix: str = "", session_timeout_ms: int = 1_000
    ) -> KafkaSettings:
        """What suits the embedded broker: short sessions, since joining a group takes about as long as one."""
        return cls(
            (bootstrap_servers,),
            topic_prefix=topic_prefix,
            replication_factor=1,
            session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=session_timeout_ms // 5,
            fetch_max_wait_ms=10,
            broker_wakes=False,
            leaves_groups=False,
        )
