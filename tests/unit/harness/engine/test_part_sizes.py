from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.tasks.part_sizes import MIB, part_size, ranges

GIB = 1024 * MIB
TIB = 1024 * GIB


@pytest.mark.parametrize(
    ("length", "size", "parts"),
    [
        (1, 1, 1),
        (5 * MIB, 5 * MIB, 1),
        (16 * MIB, 16 * MIB, 1),
        (16 * MIB + 1, 16 * MIB, 2),
        (20_000_000, 16 * MIB, 2),
        (100 * MIB, 16 * MIB, 7),
        (16_000 * MIB, 16 * MIB, 1000),
        (16_000 * MIB + 1, 32 * MIB, 501),
        (32_000 * MIB, 32 * MIB, 1000),
        (512_000 * MIB, 512 * MIB, 1000),
        (512_000 * MIB + 1, 512 * MIB, 1001),
        (5_120_000 * MIB, 512 * MIB, 10_000),
        (5_120_000 * MIB + 1, GIB, 5001),
        (5 * TIB, GIB, 5120),
    ],
)
def test_sizes_and_numbers_of_parts(length: int, size: int, parts: int) -> None:
    assert part_size(length) == size
    assert len(ranges(length)) == parts


@pytest.mark.parametrize(
    ("length", "size", "parts"),
    [
        (5 * MIB, 5 * MIB, 1),
        (512 * 1024 * MIB, 512 * MIB, 1024),
        (512 * 1024 * MIB + 1, GIB, 513),
        (5_120_000 * MIB, 8192 * MIB, 625),
    ],
)
def test_google_takes_1024_parts(length: int, size: int, parts: int) -> None:
    assert part_size(length, "gcp") == size
    assert len(ranges(length, "gcp")) == parts


def test_ranges_are_inclusive_and_an_empty_object_has_none() -> None:
    assert ranges(0) == [None]
    assert ranges(1) == [(0, 0)]
    assert ranges(16 * MIB) == [(0, 16 * MIB - 1)]
    assert ranges(16 * MIB + 1) == [(0, 16 * MIB - 1), (16 * MIB, 16 * MIB)]


@given(st.integers(min_value=1, max_value=5 * TIB), st.sampled_from([None, "aws_s3", "gcp"]))
def test_parts_cover_the_object_within_the_limits(length: int, destination: str | None) -> None:
    size = part_size(length, destination)
    count = -(-length // size)
    assert count <= (1024 if destination == "gcp" else 10_000)
    assert size <= (8 if destination == "gcp" else 5) * GIB
    assert count == 1 or size % 1024 == 0


@given(st.integers(min_value=1, max_value=2 * GIB))
def test_ranges_follow_one_another(length: int) -> None:
    parts = [part for part in ranges(length) if part is not None]
    assert parts[0][0] == 0
    assert parts[-1][1] == length - 1
    assert all(before[1] + 1 == after[0] for before, after in itertools.pairwise(parts))
