from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from location_helpers import Body

from fake_cloudserver.locations.base import LocationError
from fake_cloudserver.locations.streams import BodyReader, ChunkReader


@given(st.lists(st.binary(min_size=1, max_size=5)), st.integers(1, 7))
def test_body_reader_counts_and_hashes_what_passes(pieces: list[bytes], limit: int) -> None:
    content = b"".join(pieces)
    reader = BodyReader(Body.of(*pieces), len(content))
    assert b"".join(iter(lambda: reader.read(limit), b"")) == content
    reader.check_complete()
    assert reader.received == len(content)
    assert reader.hexdigest() == hashlib.md5(content).hexdigest()


def test_body_reader_refuses_more_than_announced() -> None:
    reader = BodyReader(Body.of(b"abc", b"d"), 3)
    assert reader.read() == b"abc"
    with pytest.raises(LocationError, match="more than the announced 3 bytes"):
        reader.read()


def test_body_reader_knows_what_is_missing() -> None:
    reader = BodyReader(Body.of(b"abc"), 5)
    assert list(reader.chunks()) == [b"abc"]
    assert reader.missing() == 2
    with pytest.raises(LocationError, match="3 of 5 bytes") as caught:
        reader.check_complete()
    assert caught.value.code == "IncompleteBody"


def test_body_reader_takes_any_length_when_none_is_announced() -> None:
    reader = BodyReader(Body.of(b"abc", b"de"), None)
    assert b"".join(reader.chunks()) == b"abcde"
    assert reader.missing() == 0
    reader.check_complete()


@given(st.lists(st.binary(max_size=5)), st.integers(1, 7))
def test_chunk_reader_gives_all_bytes_in_order(chunks: list[bytes], limit: int) -> None:
    reader = ChunkReader(iter(chunks))
    assert b"".join(iter(lambda: reader.read(limit), b"")) == b"".join(chunks)


def test_chunk_reader_reads_the_rest_at_once() -> None:
    reader = ChunkReader(iter([b"abc", b"", b"de"]))
    assert reader.readable()
    assert reader.read(1) == b"a"
    assert reader.read() == b"bcde"
    assert reader.read() == b""
