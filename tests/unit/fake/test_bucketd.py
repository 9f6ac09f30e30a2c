from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client

from fake_cloudserver.bucketd.app import create_app
from fake_cloudserver.clock import SystemClock, VirtualClock
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.metadata.versioning_request import Operation

BUCKET = BucketInfo("bkt", "79a59df9", "Bart", "2026-11-22T20:51:28.538Z", "1d2f5b0c-7d3e-4d31-9f3b-111111111111")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(clock: VirtualClock) -> MetadataStore:
    return MetadataStore(clock, VersionIdGenerator(clock, "RG001"), Journal(clock))


@pytest.fixture
def bucketd(store: MetadataStore, clock: VirtualClock) -> Client:
    return Client(create_app(store, clock))


def get(bucketd: Client, path: str) -> tuple[int, Any]:
    answer = bucketd.get(path)
    assert answer.mimetype == "application/json"
    return answer.status_code, answer.json


def test_the_log_holds_buckets_without_key_and_objects_with_theirs(store: MetadataStore, bucketd: Client) -> None:
    store.create_bucket(BUCKET)
    version_id = store.put_object("bkt", "k", {"a": "é"}, versioning=True)
    store.delete_object("bkt", "l")
    status, answer = get(bucketd, "/_/raft_sessions/1/log?begin=1&limit=100&targetLeader=false")
    assert status == 200
    assert answer["info"] == {"start": 1, "end": 6, "cseq": 6, "prune": 1}
    log = answer["log"]
    assert [(record["db"], record["method"]) for record in log] == [
        ("bkt", 0),
        ("users..bucket", 8),
        ("bkt", 7),
        ("bkt", 8),
        ("bkt", 8),
        ("bkt", 8),
    ]
    (created,) = log[0]["entries"]
    assert created.keys() == {"value"}
    value = json.loads(created["value"])
    assert value["raftSession"] == 1
    assert json.loads(value["attributes"]) == {**BUCKET.to_json(), "transient": True}
    text = f'{{"a":"é","versionId":"{version_id}"}}'
    assert [record["entries"] for record in log[3:]] == [
        [{"key": "k", "value": text}],
        [{"key": f"k\0{version_id}", "value": text}],
        [{"type": "del", "key": "l"}],
    ]
    assert {record["timestamp"] for record in log} == {"2026-01-01T00:00:00.000Z"}


def test_a_deleted_bucket_is_a_deletion_in_the_metastore(store: MetadataStore, bucketd: Client) -> None:
    store.create_bucket(BUCKET)
    store.delete_bucket("bkt")
    _, answer = get(bucketd, "/_/raft_sessions/1/log?begin=6")
    assert answer["log"][0]["db"] == "__metastore"
    assert answer["log"][0]["entries"] == [{"type": "del", "key": "bkt"}]


def test_a_reader_goes_on_at_start_plus_number_of_records(store: MetadataStore, bucketd: Client) -> None:
    for number in range(5):
        store.put_object("bkt", f"k{number}", {})
    begin, keys = 1, []
    while True:
        status, answer = get(bucketd, f"/_/raft_sessions/1/log?begin={begin}&limit=2")
        if status == 416:
            break
        keys += [record["entries"][0]["key"] for record in answer["log"]]
        assert answer["info"]["cseq"] == 5
        begin = answer["info"]["start"] + len(answer["log"])
    assert keys == ["k0", "k1", "k2", "k3", "k4"]
    assert begin == 6


def test_without_begin_the_log_starts_with_the_oldest_record_kept(clock: VirtualClock) -> None:
    journal = Journal(clock, capacity=2)
    store = MetadataStore(clock, VersionIdGenerator(clock, "RG001"), journal)
    for number in range(9):
        journal.append("now", "b", [Operation("put", f"k{number}", "{}")])
    bucketd = Client(create_app(store, clock))
    _, answer = get(bucketd, "/_/raft_sessions/1/log")
    assert answer["info"] == {"start": 8, "end": 9, "cseq": 9, "prune": 8}
    assert get(bucketd, "/_/raft_sessions/1/log?begin=1") == (200, answer)


def test_a_session_that_is_not_there_is_404_and_nothing_new_416(bucketd: Client) -> None:
    assert get(bucketd, "/_/raft_sessions/2/log?begin=1")[0] == 404
    assert get(bucketd, "/_/raft_sessions/0/log?begin=1")[0] == 404
    assert get(bucketd, "/_/raft_sessions/1/log?begin=1")[0] == 416


@pytest.mark.parametrize("query", ["begin=x", "begin=0", "begin=1&limit=0", "begin=1&limit=y", "wait=soon"])
def test_numbers_that_are_none_are_refused(bucketd: Client, query: str) -> None:
    assert get(bucketd, f"/_/raft_sessions/1/log?{query}") == (400, {"code": "BadRequest"})


@pytest.mark.parametrize(("wait", "passed"), [("0", 0.0), ("2.5", 2.5), ("1000", 30.0), ("nan", 0.0), ("-1", 0.0)])
def test_waiting_is_bounded(bucketd: Client, clock: VirtualClock, wait: str, passed: float) -> None:
    assert get(bucketd, f"/_/raft_sessions/1/log?begin=1&wait={wait}")[0] == 416
    assert clock.monotonic() == passed


def test_a_wait_ends_with_the_next_record() -> None:
    class WritingClock(SystemClock):
        """Writes when somebody starts to wait, as another thread would a moment later."""

        def wait(self, condition: Any, timeout: float) -> bool:
            assert timeout > 25
            journal.append("now", "b", [Operation("put", "k", "{}")])
            return True

    clock = WritingClock()
    journal = Journal(clock)
    store = MetadataStore(clock, VersionIdGenerator(clock, "RG001"), journal)
    status, answer = get(Client(create_app(store, clock)), "/_/raft_sessions/1/log?begin=1&wait=30")
    assert (status, answer["info"]["start"]) == (200, 1)


def test_sessions_and_their_buckets(store: MetadataStore, bucketd: Client) -> None:
    store.create_bucket(BUCKET)
    assert [session["id"] for session in get(bucketd, "/_/raft_sessions")[1]] == [1]
    assert get(bucketd, "/_/raft_sessions/1/info")[1]["id"] == 1
    assert get(bucketd, "/_/raft_sessions/1/bucket") == (200, ["bkt", "users..bucket"])
    assert get(bucketd, "/_/buckets/bkt/id") == (200, 1)
    assert get(bucketd, "/_/healthcheck")[0] == 200


def test_attributes_and_position_of_a_bucket(store: MetadataStore, bucketd: Client) -> None:
    store.create_bucket(BUCKET)
    assert get(bucketd, "/default/attributes/bkt") == (200, BUCKET.to_json())
    assert get(bucketd, "/default/informations/bkt") == (200, [{"cseq": 3}])


@pytest.mark.parametrize(
    "path",
    [
        "/_/buckets/none/id",
        "/default/attributes/none",
        "/default/attributes/users..bucket",
        "/default/bucket/none",
        "/default/informations/none",
        "/other",
    ],
)
def test_what_is_not_there_is_404(bucketd: Client, path: str) -> None:
    assert get(bucketd, path)[0] == 404


def test_keys_of_a_bucket_as_they_are_stored(store: MetadataStore, bucketd: Client) -> None:
    store.create_bucket(BUCKET)
    version_id = store.put_object("bkt", "a", {}, versioning=True)
    for key in ("b1", "b2", "c"):
        store.put_object("bkt", key, {})
    _, whole = get(bucketd, "/default/bucket/bkt")
    assert [entry["key"] for entry in whole["Contents"]] == ["a", f"a\0{version_id}", "b1", "b2", "c"]
    assert whole["Contents"][2]["value"] == "{}"
    assert whole["IsTruncated"] is False
    _, page = get(bucketd, "/default/bucket/bkt?maxKeys=1&prefix=b")
    assert (page["Contents"], page["IsTruncated"], page["NextMarker"]) == ([{"key": "b1", "value": "{}"}], True, "b1")
    _, rest = get(bucketd, "/default/bucket/bkt?prefix=b&marker=b1")
    assert [entry["key"] for entry in rest["Contents"]] == ["b2"]
    assert get(bucketd, "/default/bucket/users..bucket")[1]["Contents"][0]["key"] == "79a59df9..|..bkt"
    assert get(bucketd, "/default/bucket/bkt?maxKeys=x")[0] == 400


def test_nothing_can_be_written(bucketd: Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert bucketd.open("/default/bucket/bkt", method=method).status_code == 405
