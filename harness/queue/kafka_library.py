"""The names of kafka-python that the Kafka twin uses, with two of the library's loose ends tied up.

Some users run with warnings as errors. The library reads its message schemas in a way that Python 3.11 deprecates,
and forgets the sockets of connections that came to nothing, or that were under way when a client was closed.
"""

from __future__ import annotations

import socket
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
    from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
    from kafka.errors import (
        KafkaError,
        MessageSizeTooLargeError,
        RecordListTooLargeError,
        TopicAlreadyExistsError,
        UnknownTopicOrPartitionError,
    )
    from kafka.net.inet import KafkaNetSocket
    from kafka.structs import OffsetAndMetadata, TopicPartition

__all__ = [
    "AsyncConsumerRebalanceListener",
    "KafkaAdminClient",
    "KafkaConsumer",
    "KafkaError",
    "KafkaProducer",
    "MessageSizeTooLargeError",
    "OffsetAndMetadata",
    "RecordListTooLargeError",
    "TopicAlreadyExistsError",
    "TopicPartition",
    "UnknownTopicOrPartitionError",
]


class _ForgottenSocket(socket.socket):
    """A socket that is closed, without a word, when nobody holds it any more."""

    def __del__(self) -> None:
        self.close()


def _new_socket(_: Any, family: int = -1, kind: int = -1, protocol: int = -1) -> socket.socket:
    return _ForgottenSocket(family, kind, protocol)


setattr(KafkaNetSocket, "socket", _new_socket)  # noqa: B010  (the library has no other seam for it)
