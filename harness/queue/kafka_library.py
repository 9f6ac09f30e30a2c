"""The names of kafka-python that the Kafka twin uses, imported without the library's own deprecation warnings.

Some users run with warnings as errors, and the library reads its message schemas in a way that Python 3.11 deprecates.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
    from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
    from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError, TopicAlreadyExistsError
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
]
