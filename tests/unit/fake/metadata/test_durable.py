"""What is special about metadata that outlive the process; that they are metadata, the store's own tests say."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_cloudserver import DataFolderError
from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.databases import Change
from fake_cloudserver.metadata.durable import _RECENT, DurableMetadata
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.metadata.versioning_request import Operation

BUCKET = BucketInfo("bkt", "79a59df9", "Bart", "2026-11-22T20:51:28.538Z", "1d2f5b0c-7d3e-4d31-9f3b-111111111111")
PLACE = ("aws", "bkt", "k")


class Opened:
    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.version_ids = VersionIdGenerator(clock, "RG001")
        self.durable = DurableMetadata(folder / "metadata.sqlite3", clock, self.version_ids)
        self.store = MetadataStore(clock, self.version_ids, self.durable.journal, self.durable)

    def put(self, key: str, status: str | None, *, version_id: str | None = None) -> str:
        info = {} if status is None else {"replicationInfo": {"status": status, "backends": []}}
        known = {} if version_id is None else {"versionId": version_id}
        written = self.store.put_object("bkt", key, info | known, versioning=version_id is None, version_id=version_id)
        assert written is not None
        return written


@contextlib.contextmanager
def opened(folder: Path, clock: VirtualClock) -> Iterator[Opened]:
    one = Opened(folder, clock)
    try:
        yield one
    finally:
        one.durable.close()


def test_buckets_objects_and_the_journal_are_there_again(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path, clock) as one:
        one.store.create_bucket(BUCKET)
        version_id = one.put("k", "PENDING")
        records = one.store.journal.read(1, 100)
    with opened(tmp_path, clock) as one:
        assert one.store.find_bucket("bkt") == BUCKET
        assert one.store.list_buckets(BUCKET.owner) == [("bkt", BUCKET.creation_date)]
        found = one.store.get_object("bkt", "k", version_id)
        assert found is not None
        assert found["replicationInfo"]["status"] == "PENDING"
        journal = one.store.journal
        assert journal.read(1, 100) == records
        assert (journal.first_sequence, journal.last_sequence) == (1, 5)
        assert journal.read(2, 2) == records[1:3]
        assert journal.read(2, 100, end=3) == records[1:3]
        assert journal.read(6, 100) == []


def test_reading_goes_from_the_disk_into_what_was_written_since(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path, clock) as one:
        one.put("a", None)
    with opened(tmp_path, clock) as one:
        one.put("b", None)
        journal = one.store.journal
        assert [record.sequence for record in journal.read(1, 100)] == [1, 2, 3, 4]
        assert [record.key.partition("\0")[0] for record in journal.read(3, 100)] == ["b", "b"]
        assert journal.wait(3, 0.0)
        assert not journal.wait(4, 0.0)


def test_the_oldest_records_are_read_when_memory_has_let_them_go(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path, clock) as one:
        count = _RECENT * 2
        one.durable.apply("t", [Change("bkt", [Operation("put", str(number)) for number in range(count)])])
        one.durable.journal.append("t", "bkt", [Operation("put", str(number)) for number in range(count)])
        read = one.durable.journal.read(1, 3)
        assert [(record.sequence, record.key) for record in read] == [(1, "0"), (2, "1"), (3, "2")]


def test_version_ids_get_newer_over_a_restart_even_when_the_clock_went_back(tmp_path: Path) -> None:
    with opened(tmp_path, VirtualClock(2_000_000_000.0)) as one:
        before = one.put("k", None)
    with opened(tmp_path, VirtualClock(1_000_000_000.0)) as one:
        after = one.put("k", None)
        assert after < before
        found = one.store.get_object("bkt", "k")
        assert found is not None
        assert found["versionId"] == after


def test_an_engine_without_a_position_begins_at_the_oldest_work_that_is_not_done(
    tmp_path: Path, clock: VirtualClock
) -> None:
    with opened(tmp_path, clock) as one:
        assert one.durable.unfinished_since is None
        one.put("never", None)  # records 1 and 2
        first = one.put("first", "PENDING")  # 3, 4
        second = one.put("second", "PENDING")  # 5, 6
        one.put("third", "PENDING")  # 7, 8
        assert one.durable.unfinished_since == 3
        one.put("first", "COMPLETED", version_id=first)
        assert one.durable.unfinished_since == 5
        one.put("second", "PROCESSING", version_id=second)
        assert one.durable.unfinished_since == 5
    with opened(tmp_path, clock) as one:
        assert one.durable.unfinished_since == 5
        one.put("second", "FAILED", version_id=second)
        assert one.durable.unfinished_since == 7
        again = one.store.journal.last_sequence + 1
        one.put("first", "PENDING", version_id=first)
        one.store.delete_object("bkt", "third")
        one.store.drop("bkt")
        assert one.durable.unfinished_since is None
        one.put("first", "PENDING", version_id=first)
        assert (one.durable.unfinished_since or 0) > again


def test_metadata_of_users_that_look_like_a_status_are_no_work(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path, clock) as one:
        one.store.put_object("bkt", "k", {"x-amz-meta-a": '"status":"PENDING"'})
        assert one.durable.unfinished_since is None


def test_a_change_that_cannot_be_written_leaves_neither_keys_nor_records(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path, clock) as one:
        bad = [Change("bkt", [Operation("put", "k", "{}"), Operation("put", "lone \ud800", "{}")])]
        with pytest.raises(UnicodeEncodeError):
            one.durable.apply("t", bad)
        assert one.durable.get("bkt", "k") is None
        one.put("k", None)
        assert [record.sequence for record in one.store.journal.read(1, 10)] == [1, 2]
    with opened(tmp_path, clock) as one:
        assert [record.sequence for record in one.store.journal.read(1, 10)] == [1, 2]


def test_delete_markers_are_remembered(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path, clock) as one:
        markers = one.durable.markers
        assert markers.get(PLACE) is None
        markers[PLACE] = "v1", "r1"
        markers[PLACE] = "v2", "r2"
        markers[("aws", "bkt", "other")] = "v1", ""
        del markers[("aws", "bkt", "other")]
    with opened(tmp_path, clock) as one:
        assert dict(one.durable.markers) == {PLACE: ("v2", "r2")}
        assert len(one.durable.markers) == 1


def test_keys_come_in_the_order_of_their_code_points(tmp_path: Path, clock: VirtualClock) -> None:
    names = ["", "a", "a\0", "a\0b", "a\x01", "aa", "é", "\uffff", "\U00010000", "\U0001f600"]
    with opened(tmp_path, clock) as one:
        for name in reversed(names):
            one.durable.apply("t", [Change("bkt", [Operation("put", name, "{}")])])
        found = one.durable.span("bkt", "", None, inclusive=True, size=100)
        assert [name for name, _ in found] == names == sorted(names)
        assert [name for name, _ in one.durable.span("bkt", "a", "é", inclusive=False, size=3)] == names[2:5]


@pytest.mark.parametrize(
    "content", [b"no database at all, though long enough to be one" * 40, b"SQLite format 3\0" * 400]
)
def test_a_damaged_file_is_named(tmp_path: Path, clock: VirtualClock, content: bytes) -> None:
    file = tmp_path / "metadata.sqlite3"
    file.write_bytes(content)
    with pytest.raises(DataFolderError, match=rf"{file} is damaged \(.*\): put a copy of its folder back"):
        opened(tmp_path, clock).__enter__()
    assert file.read_bytes() == content


def test_damage_inside_the_file_is_found_after_a_crash(tmp_path: Path, clock: VirtualClock) -> None:
    file = tmp_path / "metadata.sqlite3"
    with opened(tmp_path, clock) as one:
        for number in range(200):
            one.put(f"key {number}", "PENDING")
    content = bytearray(file.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(content)
    file.with_name("metadata.sqlite3-wal").touch()
    with pytest.raises(DataFolderError, match="is damaged"):
        opened(tmp_path, clock).__enter__()


def test_reads_of_a_closed_file_say_so(tmp_path: Path, clock: VirtualClock) -> None:
    with opened(tmp_path, clock) as one:
        pass
    with pytest.raises(sqlite3.ProgrammingError):
        one.durable.get("bkt", "k")
