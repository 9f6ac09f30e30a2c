from __future__ import annotations

import gc
import hashlib
import os
import weakref
from collections.abc import Iterator

import pytest
from location_helpers import Body, stream, unlinked_files, upload_of
from moto.s3.models import FakeAcl, FakeBucket, FakeKey, S3Backend, s3_backends

from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import LocationError, NoSuchData
from fake_cloudserver.locations.memory import MemoryLocation, MemoryStore
from fake_cloudserver.locations.memory_keys import StreamedKey
from fake_cloudserver.locations.spool import MEMORY_LIMIT


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    store = MemoryStore()
    yield store
    store.close()


@pytest.fixture
def mem(store: MemoryStore) -> MemoryLocation:
    return MemoryLocation("us-east-1", store)


def put(location: MemoryLocation, content: bytes, **fields: object) -> dict[str, object]:
    return location.put(stream(content), upload_of(content, **fields)).element


def get(location: MemoryLocation, element: dict[str, object], first: int = 0, last: int | None = None) -> bytes:
    return b"".join(location.get(element, first, last))


def test_an_element_is_the_real_ones(mem: MemoryLocation) -> None:
    stored = mem.put(stream(b"hello"), upload_of(b"hello"))
    assert stored.element == {
        "key": 1,
        "size": 5,
        "dataStoreName": "us-east-1",
        "dataStoreETag": "1:5d41402abc4b2a76b9719d911017c592",
    }
    assert (stored.md5, stored.size, stored.version_id) == ("5d41402abc4b2a76b9719d911017c592", 5, "")


def test_keys_count_up_over_all_locations_of_a_gateway(mem: MemoryLocation, store: MemoryStore) -> None:
    other = MemoryLocation("us-east-2", store)
    keys = [put(mem, b"a")["key"], put(other, b"b")["key"], put(mem, b"c")["key"]]
    assert keys == [1, 2, 3]


def test_two_stores_do_not_meet(mem: MemoryLocation) -> None:
    other = MemoryLocation("us-east-1", MemoryStore())
    first, second = put(mem, b"mine"), put(other, b"yours")
    assert first["key"] == second["key"] == 1
    assert (get(mem, first), get(other, second)) == (b"mine", b"yours")


def test_ranges(mem: MemoryLocation) -> None:
    element = put(mem, b"0123456789")
    assert get(mem, element, 2, 4) == b"234"
    assert get(mem, element, 7) == b"789"
    assert get(mem, element, 0, 99) == b"0123456789"
    assert get(mem, element, 3, 2) == b""


def test_a_key_that_came_back_as_text_is_found(mem: MemoryLocation) -> None:
    put(mem, b"hello")
    assert get(mem, {"key": "1"}) == b"hello"


def test_a_deleted_key_is_gone(mem: MemoryLocation) -> None:
    element = put(mem, b"hello")
    mem.delete(element, with_version=True)
    with pytest.raises(NoSuchData):
        get(mem, element)
    with pytest.raises(NoSuchData):
        mem.delete(element, with_version=True)


@pytest.mark.parametrize("key", [99, "x", None, "../x"])
def test_an_unknown_key(mem: MemoryLocation, key: object) -> None:
    with pytest.raises(NoSuchData):
        get(mem, {"key": key})


def test_big_bodies_are_on_disk_and_hashed_on_the_way(mem: MemoryLocation) -> None:
    content = os.urandom(64 * 1024) * 40
    assert len(content) > MEMORY_LIMIT
    body = Body([content])
    stored = mem.put(body, upload_of(content))  # type: ignore[arg-type]
    assert stored.md5 == hashlib.md5(content).hexdigest()
    assert body.largest_read <= MEMORY_LIMIT
    assert get(mem, stored.element, MEMORY_LIMIT - 2, MEMORY_LIMIT + 1) == content[MEMORY_LIMIT - 2 : MEMORY_LIMIT + 2]


def test_delete_frees_disk(mem: MemoryLocation) -> None:
    before = unlinked_files()
    element = put(mem, bytes(MEMORY_LIMIT + 1))
    assert unlinked_files() == before + 1
    mem.delete(element, with_version=True)
    assert unlinked_files() == before


def test_delete_frees_memory(mem: MemoryLocation, store: MemoryStore) -> None:
    element = put(mem, b"hello")
    key = weakref.ref(store.find(element["key"]))
    mem.delete(element, with_version=True)
    gc.collect()
    assert key() is None


def test_moto_remembers_no_key(mem: MemoryLocation) -> None:
    def tracked() -> list[int]:
        return [len(getattr(kind, "instances_tracked")) for kind in (FakeKey, FakeAcl, StreamedKey)]  # noqa: B009

    before = tracked()
    for _ in range(3):
        put(mem, b"hello")
    assert tracked() == before


def test_moto_reset_by_somebody_else_loses_nothing(mem: MemoryLocation) -> None:
    element = put(mem, b"hello")
    s3_backends.reset()
    assert get(mem, element) == b"hello"
    assert not any("fake" in name for name in s3_backends.bucket_accounts)


def test_moto_reads_its_own_key(store: MemoryStore, mem: MemoryLocation) -> None:
    put(mem, b"hello")
    key = store.find(1)
    assert isinstance(key, FakeKey)
    assert (key.value, key.size, key.etag) == (b"hello", 5, '"5d41402abc4b2a76b9719d911017c592"')
    assert isinstance(store._backend, S3Backend)
    assert isinstance(store._bucket, FakeBucket)


def test_a_body_cut_off_leaves_nothing(mem: MemoryLocation, store: MemoryStore) -> None:
    with pytest.raises(LocationError) as caught:
        mem.put(stream(b"hell"), upload_of(b"hello"))
    assert caught.value.code == "IncompleteBody"
    assert list(store._bucket.keys) == []


def test_a_short_aws_chunked_body_is_filled_up(mem: MemoryLocation) -> None:
    stored = mem.put(stream(b"hell"), upload_of(b"", size=7, chunked=True))
    assert stored.size == stored.element["size"] == 7
    assert stored.md5 == hashlib.md5(b"hell").hexdigest()
    assert get(mem, stored.element) == b"hell\0\0\0"


@pytest.mark.parametrize("chunked", [False, True])
def test_more_than_announced_is_refused(mem: MemoryLocation, chunked: bool) -> None:
    with pytest.raises(LocationError):
        mem.put(stream(b"hello"), upload_of(b"", size=4, chunked=chunked))


def test_a_body_of_unknown_length(mem: MemoryLocation) -> None:
    stored = mem.put(stream(b"hello"), upload_of(b"", size=None))
    assert stored.size == 5


def test_what_reading_raises_passes_through(mem: MemoryLocation, store: MemoryStore) -> None:
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        mem.put(Body.of(b"he", end=S3Error("SignatureDoesNotMatch")), upload_of(b"hello"))
    assert list(store._bucket.keys) == []


def test_close_frees_everything(mem: MemoryLocation, store: MemoryStore) -> None:
    before = unlinked_files()
    for _ in range(3):
        put(mem, bytes(MEMORY_LIMIT + 1))
    mem.close()
    assert unlinked_files() == before + 3
    store.close()
    assert unlinked_files() == before
