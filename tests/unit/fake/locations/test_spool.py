from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from location_helpers import unlinked_files

from fake_cloudserver.locations.spool import Spool


def filled(chunks: list[bytes], limit: int = 8) -> Spool:
    spool = Spool(limit)
    for chunk in chunks:
        spool.write(chunk)
    spool.finish()
    return spool


def read(spool: Spool, first: int = 0, last: int | None = None) -> bytes:
    return b"".join(spool.read(first, last))


@given(st.lists(st.binary(max_size=6), max_size=6), st.integers(0, 40), st.none() | st.integers(0, 40))
def test_any_range_of_what_was_written_comes_back(chunks: list[bytes], first: int, last: int | None) -> None:
    content = b"".join(chunks)
    spool = filled(chunks)
    end = len(content) if last is None else last + 1
    assert read(spool, first, last) == content[first:end]
    assert spool.size == len(content)
    spool.close()


def test_small_content_opens_no_file() -> None:
    before = unlinked_files()
    spool = filled([b"12345678"])
    assert unlinked_files() == before
    assert read(spool) == b"12345678"


def test_big_content_is_in_a_file_that_nobody_can_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = unlinked_files()
    spool = filled([b"12345678", b"9"])
    assert unlinked_files() == before + 1
    assert list(tmp_path.iterdir()) == []
    assert read(spool, 7, 8) == b"89"
    spool.close()
    assert unlinked_files() == before


def test_a_reading_that_has_begun_outlives_the_spool() -> None:
    content = bytes(range(256)) * 4096
    spool = filled([content], limit=1024)
    reading = spool.read(0, None)
    start = next(reading)
    spool.close()
    assert start + b"".join(reading) == content


def test_a_closed_spool_is_empty() -> None:
    for limit in (2, 100):
        spool = filled([b"content"], limit)
        spool.close()
        spool.close()
        assert read(spool) == b""


def test_padding_appends_zeros() -> None:
    spool = Spool(1000)
    spool.write(b"x")
    spool.pad(200_000)
    spool.finish()
    assert read(spool) == b"x" + bytes(200_000)
    spool.close()
