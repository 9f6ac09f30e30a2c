"""Which partition a message goes to: the choice that librdkafka makes, so that mixed deployments agree."""

from __future__ import annotations

import zlib

from fake_cloudserver import Randomness


def partition_for(key: bytes | None, partitions: int, randomness: Randomness) -> int:
    """The partition of a topic of ``partitions`` that a message with ``key`` belongs to.

    Backbeat names no partitioner, so that librdkafka's default decides (consistent_random): the CRC-32 of the key,
    and chance for a message without one.
    """
    if not key:
        return randomness.below(partitions)
    return zlib.crc32(key) % partitions
