"""The names of kafka-python that the Kafka twin uses, with four of the library's loose ends tied up.

Some users run with warnings as errors. The library reads its message schemas in a way that Python 3.11 deprecates,
and forgets the sockets of connections that came to nothing, or that were under way when a client was closed.

It makes the classes of its messages, and the functions that read and write them, when they are first used. When two
clients did so at once in their threads, one of them could enter a class that nobody kept: some garbage collection
later no client of the process could read answers of that kind any more, and each waited for ever. Now they take turns.

A member of a group that shares the partitions out anew, because it has heard of more of them meanwhile, forgets that it
does when a poll ends before the broker has answered: then it has no partitions, and sends no heartbeats, for good.
"""

from __future__ import annotations

import functools
import socket
import threading
import warnings
from collections.abc import Callable
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
    from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
    from kafka.coordinator.consumer import ConsumerCoordinator
    from kafka.errors import (
        KafkaError,
        MessageSizeTooLargeError,
        RecordListTooLargeError,
        UnknownTopicOrPartitionError,
    )
    from kafka.net.inet import KafkaNetSocket
    from kafka.protocol.api_message import VersionSubscriptable
    from kafka.protocol.schemas.fields.struct import StructField
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

_making = threading.RLock()


def _in_turn(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def alone(*arguments: Any, **named: Any) -> Any:
        with _making:
            return method(*arguments, **named)

    return alone


for _owner, _method in (
    (VersionSubscriptable, "__getitem__"),
    (StructField, "compiled_encode_into"),
    (StructField, "compiled_decode_from"),
):
    setattr(_owner, _method, _in_turn(getattr(_owner, _method)))

_asks_to_rejoin = ConsumerCoordinator.need_rejoin


def _need_rejoin(coordinator: Any) -> bool:
    """Also while joining is under way, whatever began it."""
    if _asks_to_rejoin(coordinator):
        return True
    subscription = coordinator._subscription  # noqa: SLF001
    return bool(coordinator.rejoining and subscription.partitions_auto_assigned() and coordinator.group_id is not None)


setattr(ConsumerCoordinator, "need_rejoin", _need_rejoin)  # noqa: B010  (as above)
