from __future__ import annotations

from fake_cloudserver import SeededRandomness
from harness.queue.partitioner import partition_for

RANDOMNESS = SeededRandomness(1)


def test_the_choice_is_librdkafkas() -> None:
    # rdcrc32.c's own check value: CRC-32 of "123456789" is 0xCBF43926
    assert partition_for(b"123456789", 2**31, RANDOMNESS) == 0xCBF43926 % 2**31
    assert partition_for(b"source-bucket%2Fkey", 5, RANDOMNESS) == partition_for(b"source-bucket%2Fkey", 5, RANDOMNESS)


def test_no_key_is_chance_over_all_partitions() -> None:
    assert {partition_for(None, 3, RANDOMNESS) for _ in range(100)} == {0, 1, 2}
    assert {partition_for(b"", 3, RANDOMNESS) for _ in range(100)} == {0, 1, 2}
