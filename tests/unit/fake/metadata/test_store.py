from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import threading
from typing import Any

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.store import MetadataStore

BUCKET = BucketInfo("bkt", "79a59df9", "Bart", "2026-11-22T20:51:28.538Z", "1d2f5b0c-7d3e-4d31-9f3b-111111111111")
INFINITE = "99999999999999999999RG001  "


def log(store: MetadataStore, after: int = 0) -> list[tuple[str, str, str, Any]]:
    """Journal records after a sequence: db, type, key, parsed value."""
    records = store.journal.read(after + 1, 10_000)
    return [(r.db, r.type, r.key, None if r.value is None else json.loads(r.value)) for r in records]


def operations(store: MetadataStore, after: int) -> list[tuple[str, str]]:
    return [(kind, key) for _, kind, key, _ in log(store, after)]


# Buckets


def test_a_bucket_is_logged_as_transient_then_in_its_owners_list_then_for_good(store: MetadataStore) -> None:
    store.create_bucket(BUCKET)
    document = BUCKET.to_json()
    assert log(store) == [
        ("__metastore", "put", "bkt", {**document, "transient": True}),
        ("users..bucket", "put", "79a59df9..|..bkt", {"creationDate": BUCKET.creation_date, "ingestion": None}),
        ("__metastore", "put", "bkt", {**document, "transient": False}),
    ]
    assert store.find_bucket("bkt") == BUCKET
    assert store.find_bucket("other") is None


def test_a_changed_bucket_replaces_the_old_one_and_shares_nothing_with_the_caller(store: MetadataStore) -> None:
    store.create_bucket(BUCKET)
    configuration = {"Status": "Enabled"}
    store.put_bucket(dataclasses.replace(BUCKET, versioning_configuration=configuration))
    configuration["Status"] = "Suspended"
    found = store.find_bucket("bkt")
    assert found is not None
    assert found.versioning_status == "Enabled"
    assert operations(store, 3) == [("put", "bkt")]


def test_an_account_sees_its_own_buckets_by_name_and_no_shadow_buckets(store: MetadataStore) -> None:
    for name, owner in [("zzz", "o1"), ("aaa", "o1"), ("bbb", "o2"), ("ccc", "o1x")]:
        store.create_bucket(dataclasses.replace(BUCKET, name=name, owner=owner))
    store.put_bucket(dataclasses.replace(BUCKET, name="mpuShadowBucketaaa", owner="o1"))
    assert store.list_buckets("o1") == [("aaa", BUCKET.creation_date), ("zzz", BUCKET.creation_date)]
    assert store.list_buckets("o3") == []
    assert store.bucket_names() == ["aaa", "bbb", "ccc", "mpuShadowBucketaaa", "zzz"]


def test_a_deleted_bucket_is_gone_with_its_keys(store: MetadataStore) -> None:
    store.create_bucket(BUCKET)
    store.put_object("bkt", "k", {})
    before = store.journal.last_sequence
    store.delete_bucket("bkt")
    assert log(store, before) == [
        ("__metastore", "put", "bkt", {**BUCKET.to_json(), "deleted": True}),
        ("users..bucket", "del", "79a59df9..|..bkt", None),
        ("__metastore", "del", "bkt", None),
    ]
    assert store.find_bucket("bkt") is None
    assert store.list_buckets(BUCKET.owner) == []
    store.create_bucket(BUCKET)
    assert not store.has_entries("bkt")


def test_deleting_what_is_not_there_changes_nothing(store: MetadataStore) -> None:
    store.delete_bucket("bkt")
    assert store.journal.last_sequence == 0


def test_a_shadow_bucket_has_no_list_entry_to_delete(store: MetadataStore) -> None:
    store.put_bucket(dataclasses.replace(BUCKET, name="mpuShadowBucketbkt"))
    store.delete_bucket("mpuShadowBucketbkt")
    assert [kind for kind, _ in operations(store, 1)] == ["put", "del"]


# Objects


def test_a_plain_object_is_one_key(store: MetadataStore) -> None:
    assert store.put_object("bkt", "k", {"a": "é"}) is None
    assert list(store.entries("bkt")) == [("k", '{"a":"é"}')]
    assert store.get_object("bkt", "k") == {"a": "é"}
    assert store.get_object("bkt", "other") is None
    assert store.get_object("no bucket", "k") is None


def test_a_new_version_is_logged_master_first(store: MetadataStore, clock: VirtualClock) -> None:
    version_id = store.put_object("bkt", "k", {"v": 1}, versioning=True)
    text = f'{{"v":1,"versionId":"{version_id}"}}'
    assert list(store.entries("bkt")) == [("k", text), (f"k\0{version_id}", text)]
    assert operations(store, 0) == [("put", "k"), ("put", f"k\0{version_id}")]
    assert {record.timestamp for record in store.journal.read(1, 2)} == {"2026-01-01T00:00:00.000Z"}
    clock.advance(1.5)
    store.put_object("bkt", "k", {}, versioning=True)
    assert store.journal.read(3, 1)[0].timestamp == "2026-01-01T00:00:01.500Z"


def test_what_is_read_and_what_was_written_can_be_changed_freely(store: MetadataStore) -> None:
    md: dict[str, Any] = {"tags": {}}
    version_id = store.put_object("bkt", "k", md, versioning=True)
    assert md == {"tags": {}}
    md["tags"]["x"] = "y"
    first = store.get_object("bkt", "k", version_id)
    assert first is not None
    first["tags"]["z"] = "z"
    assert store.get_object("bkt", "k", version_id) == {"tags": {}, "versionId": version_id}


def test_an_update_of_the_current_version_is_logged_version_first(store: MetadataStore) -> None:
    version_id = store.put_object("bkt", "k", {"v": 1}, versioning=True)
    assert store.put_object("bkt", "k", {"v": 2, "versionId": version_id}, version_id=version_id) == version_id
    assert operations(store, 2) == [("put", f"k\0{version_id}"), ("put", "k")]
    assert store.get_object("bkt", "k") == {"v": 2, "versionId": version_id}


def test_an_update_of_an_older_version_leaves_the_master(store: MetadataStore) -> None:
    old = store.put_object("bkt", "k", {"v": 1}, versioning=True)
    store.put_object("bkt", "k", {"v": 2}, versioning=True)
    store.put_object("bkt", "k", {"v": 3, "versionId": old}, version_id=old)
    assert operations(store, 4) == [("put", f"k\0{old}")]
    master = store.get_object("bkt", "k")
    assert master is not None
    assert master["v"] == 2


def test_deleting_an_older_version_is_one_record(store: MetadataStore) -> None:
    old = store.put_object("bkt", "k", {"v": 1}, versioning=True)
    new = store.put_object("bkt", "k", {"v": 2}, versioning=True)
    store.delete_object("bkt", "k", old)
    assert operations(store, 4) == [("del", f"k\0{old}")]
    assert store.get_object("bkt", "k", old) is None
    assert store.get_object("bkt", "k") == {"v": 2, "versionId": new}


def test_deleting_the_current_version_leaves_a_place_holder_that_the_next_read_repairs(store: MetadataStore) -> None:
    old = store.put_object("bkt", "k", {"v": 1}, versioning=True)
    new = store.put_object("bkt", "k", {"v": 2}, versioning=True)
    store.delete_object("bkt", "k", new)
    records = store.journal.read(5, 10)
    assert [(record.type, record.key) for record in records] == [("del", f"k\0{new}"), ("put", "k")]
    value = records[1].value or ""
    assert value.startswith('{ "isPHD": true, "versionId": "')
    assert json.loads(value)["versionId"] < str(new)
    assert store.get_object("bkt", "k") == {"v": 1, "versionId": old}
    assert log(store, 6) == [("bkt", "put", "k", {"v": 1, "versionId": old})]
    store.get_object("bkt", "k")
    assert store.journal.last_sequence == 7


def test_the_place_holder_of_the_last_version_goes_with_the_next_listing(store: MetadataStore) -> None:
    version_id = store.put_object("bkt", "k", {}, versioning=True)
    store.put_object("bkt", "l", {})
    store.delete_object("bkt", "k", version_id)
    assert [key for key, _ in store.entries("bkt")] == ["l"]
    assert operations(store, 5) == [("del", "k")]


def test_a_bucket_with_nothing_but_a_place_holder_is_empty(store: MetadataStore) -> None:
    version_id = store.put_object("bkt", "k", {}, versioning=True)
    assert store.has_entries("bkt")
    store.delete_object("bkt", "k", version_id)
    assert not store.has_entries("bkt")


def test_a_place_holder_among_the_versions_is_no_version_to_repair_with(store: MetadataStore) -> None:
    store.put_object("bkt", "k", {"isPHD": True}, versioning=True)
    assert store.get_object("bkt", "k") is None


def test_deleting_without_a_version_deletes_the_master(store: MetadataStore) -> None:
    store.put_object("bkt", "k", {})
    store.delete_object("bkt", "k")
    store.delete_object("bkt", "k")
    assert store.get_object("bkt", "k") is None
    assert operations(store, 1) == [("del", "k"), ("del", "k")]


# Null versions


def test_an_object_without_version_id_is_the_null_version(store: MetadataStore) -> None:
    store.put_object("bkt", "k", {"v": 1})
    assert store.get_null_version("bkt", "k") == {"v": 1}
    assert store.get_null_version("bkt", "other") is None


def test_a_suspended_put_has_an_id_but_no_version_key(store: MetadataStore) -> None:
    version_id = store.put_object("bkt", "k", {"isNull": True}, version_id="")
    assert [key for key, _ in store.entries("bkt")] == ["k"]
    assert store.get_null_version("bkt", "k") == {"isNull": True, "versionId": version_id}


def test_a_null_version_under_a_newer_one_is_found_by_the_masters_word(store: MetadataStore) -> None:
    store.put_object("bkt", "k", {"v": 1})
    store.put_object("bkt", "k", {"v": 1, "isNull": True, "versionId": INFINITE}, version_id=INFINITE)
    store.put_object("bkt", "k", {"v": 2, "nullVersionId": INFINITE}, versioning=True)
    assert store.get_null_version("bkt", "k") == {"v": 1, "isNull": True, "versionId": INFINITE}
    store.delete_object("bkt", "k", INFINITE)
    assert store.get_null_version("bkt", "k") is None


def test_without_null_version_there_is_none(store: MetadataStore) -> None:
    store.put_object("bkt", "k", {"v": 1}, versioning=True)
    assert store.get_null_version("bkt", "k") is None


def test_the_null_version_of_a_place_holder_is_that_of_the_repaired_master(store: MetadataStore) -> None:
    store.put_object("bkt", "k", {"isNull": True, "versionId": INFINITE}, version_id=INFINITE)
    newest = store.put_object("bkt", "k", {"nullVersionId": INFINITE}, versioning=True)
    store.delete_object("bkt", "k", newest)
    assert store.get_null_version("bkt", "k") == {"isNull": True, "versionId": INFINITE}


def test_a_version_replicated_over_a_null_master_keeps_it(store: MetadataStore) -> None:
    null_id = store.put_object("bkt", "k", {"v": 1, "isNull": True}, version_id="")
    newer = "00000000000000000000RG001  "
    store.put_object("bkt", "k", {"v": 2, "versionId": newer}, version_id=newer)
    assert operations(store, 1) == [("put", f"k\0{newer}"), ("put", f"k\0{null_id}"), ("put", "k")]
    assert store.get_object("bkt", "k") == {"v": 2, "versionId": newer, "nullVersionId": null_id}
    assert store.get_null_version("bkt", "k") == {"v": 1, "isNull": True, "versionId": null_id}


# Raw access


def test_entries_start_and_end_where_they_are_told(store: MetadataStore) -> None:
    for key in "abcde":
        store.put_object("bkt", key, {})
    assert [key for key, _ in store.entries("bkt", "b")] == ["b", "c", "d", "e"]
    assert [key for key, _ in store.entries("bkt", "b", inclusive=False)] == ["c", "d", "e"]
    assert [key for key, _ in store.entries("bkt", "b", end="d")] == ["b", "c"]
    assert list(store.entries("bkt", "f")) == []


def test_entries_go_on_while_others_write(store: MetadataStore) -> None:
    for number in range(100):
        store.put_object("bkt", f"k{number:03d}", {})
    seen = []
    for key, _ in store.entries("bkt"):
        seen.append(key)
        if key == "k005":
            for number in range(40, 60):
                store.delete_object("bkt", f"k{number:03d}")
            store.put_object("bkt", "k0995", {})
            store.put_object("bkt", "a", {})
    assert seen == [f"k{number:03d}" for number in (*range(40), *range(60, 100))] + ["k0995"]


def test_dropped_keys_are_gone_without_records(store: MetadataStore) -> None:
    store.put_object("mpuShadowBucketbkt", "overview", {})
    store.drop("mpuShadowBucketbkt")
    store.drop("mpuShadowBucketbkt")
    assert not store.has_entries("mpuShadowBucketbkt")
    assert store.journal.last_sequence == 1


# Threads


def test_read_modify_write_under_the_lock_loses_nothing(store: MetadataStore) -> None:
    store.put_object("bkt", "k", {"n": 0})

    def count() -> None:
        for _ in range(100):
            with store.locked("bkt", "k"), store.locked("bkt", "k"):
                md = store.get_object("bkt", "k")
                assert md is not None
                store.put_object("bkt", "k", {"n": md["n"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    assert store.get_object("bkt", "k") == {"n": 400}


def test_the_journal_tells_the_same_story_as_the_keys_whoever_writes(store: MetadataStore) -> None:
    def write(number: int) -> None:
        for turn in range(60):
            key = f"k{turn % 3}"
            version_id = store.put_object("bkt", key, {"by": number}, versioning=True)
            if turn % 4 == 0:
                store.delete_object("bkt", key, version_id)
            sum(1 for _ in store.entries("bkt"))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    listed = dict(store.entries("bkt"))  # repairs what is left to repair, in the journal as well
    replayed: dict[str, str] = {}
    for record in store.journal.read(1, 100_000):
        if record.value is None:
            replayed.pop(record.key, None)
        else:
            replayed[record.key] = record.value
    assert listed == replayed
