from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from engine_helpers import ENCODED, ROLE, SITE, VERSION, entry_of, metadata, pending

from harness.engine import queue_entry
from harness.engine.errors import MalformedEntryError
from harness.engine.object_metadata import encoded_version_id, normalised, sites
from harness.engine.queue_entry import (
    BucketEntry,
    BucketMetadataEntry,
    CanaryEntry,
    DeleteOperationEntry,
    ObjectQueueEntry,
)


def journal_message(document: dict[str, Any], **members: Any) -> bytes:
    message = {"type": "put", "bucket": "src", "key": f"dir/obj\0{VERSION}", "value": json.dumps(document)} | members
    return json.dumps(message).encode()


def parsed(document: dict[str, Any], **members: Any) -> ObjectQueueEntry:
    entry = queue_entry.parse(journal_message(document, **members))
    assert isinstance(entry, ObjectQueueEntry)
    return entry


def test_a_journal_message() -> None:
    entry = parsed(metadata(), overheadFields={})
    assert (entry.bucket, entry.object_key, entry.canonical_key) == ("src", "dir/obj", "src/dir/obj")
    assert entry.object_versioned_key == f"dir/obj\0{VERSION}"
    assert (entry.raw_version_id, entry.encoded_version_id) == (VERSION, ENCODED)
    assert (entry.content_length, entry.content_md5) == (11, "5eb63bbbe01eeed093cb22bb8f5acdc3")
    assert entry.content == ["DATA", "METADATA"]
    assert entry.roles == [ROLE]
    assert entry.sites == [SITE]
    assert entry.target_bucket == "target"
    assert (entry.site, entry.replay_count, entry.ignore, entry.is_delete_marker) == (None, None, False, False)


def test_the_key_ends_at_the_first_nul() -> None:
    assert parsed(metadata(), key="a\0b\0c").object_key == "a"


@pytest.mark.parametrize(
    ("change", "raw", "encoded"),
    [
        ({}, VERSION, ENCODED),
        ({"isNull": True}, "null", "null"),
        ({"versionId": None}, None, None),
        ({"versionId": f"{VERSION}0"}, f"{VERSION}0", f"{VERSION}0".encode().hex()),
    ],
)
def test_version_ids(change: dict[str, Any], raw: str | None, encoded: str | None) -> None:
    entry = parsed({name: value for name, value in (metadata() | change).items() if value is not None})
    assert (entry.raw_version_id, entry.encoded_version_id) == (raw, encoded)
    assert entry.version_or_null == (encoded or "null")
    assert encoded_version_id(entry.metadata) == encoded


@pytest.mark.parametrize(
    ("storage_class", "expected"),
    [("", []), ("a", ["a"]), ("a,b:preferred_read,c", ["a", "b", "c"]), ("a:preferred_read", ["a"])],
)
def test_sites_of_a_storage_class(storage_class: str, expected: list[str]) -> None:
    assert sites(storage_class) == expected


@pytest.mark.parametrize(("role", "roles"), [("", [""]), ("a,b", ["a", "b"]), (None, None)])
def test_roles(role: str | None, roles: list[str] | None) -> None:
    assert parsed(metadata(replicationInfo={"role": role})).roles == roles


def test_metadata_gain_their_defaults_and_keep_what_is_unknown() -> None:
    document = normalised({"last-modified": "2026-01-01T00:00:00.000Z", "location": "key", "x": {"y": 1}})
    assert document["creation-time"] == "2026-01-01T00:00:00.000Z"
    assert document["location"] == [{"key": "key"}]
    assert document["md-model-version"] == 6
    assert document["x-amz-storage-class"] == "STANDARD"
    assert document["x"] == {"y": 1}
    assert "versionId" not in document
    assert normalised({"replicationInfo": {"status": ""}})["replicationInfo"] == {"status": ""}
    assert normalised({})["acl"] is not normalised({})["acl"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"canary": True}, CanaryEntry()),
        ({"type": "del", "bucket": "b", "key": "k"}, DeleteOperationEntry("b", "k")),
        ({"type": "put", "bucket": "users..bucket", "key": "me..|..b", "value": "{}"}, BucketEntry("me", "b")),
        ({"bucket": "b", "key": "b", "value": '{"mdBucketModelVersion":1}'}, BucketMetadataEntry("b")),
        ({"bucket": "b", "key": "b", "value": '{"attributes":"{}"}'}, BucketMetadataEntry("b")),
    ],
)
def test_other_entries(message: dict[str, Any], expected: object) -> None:
    assert queue_entry.parse(json.dumps(message).encode()) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "malformed JSON in kafka entry"),
        (b"\xff", "malformed JSON in kafka entry"),
        (b'{"bootstrapId":"x"}', "bootstrap entry"),
        (b"[]", "unknown kafka entry format"),
        (b'{"bucket":"b","key":"k"}', "unknown kafka entry format"),
        (b'{"bucket":"b","key":"k","value":"nonsense"}', "malformed JSON in kafka entry"),
        (b'{"bucket":"b","key":"k","value":"[1]"}', "unknown kafka entry format"),
        (b'{"bucket":"b","value":"{}"}', "missing bucket or key"),
        (b'{"key":"k","value":"{}"}', "missing bucket or key"),
        (b'{"bucket":"b","key":"k","value":"{\\"replicationInfo\\":7}"}', "replicationInfo is no object"),
    ],
)
def test_what_is_no_entry(value: bytes, reason: str) -> None:
    with pytest.raises(MalformedEntryError, match=reason):
        queue_entry.parse(value)


def test_the_kafka_form_to_the_byte() -> None:
    document = {"b": "é", "a": 1}
    entry = ObjectQueueEntry("src", f"d/ø\0{VERSION}", document, carried={"accountId": None, "replayCount": 2})
    key, value = entry.to_kafka("aws")
    assert key == b"src%2Fd%2F%C3%B8"
    assert value.decode() == (
        '{"bucket":"src","key":"d/ø\\u000098498980852335999999RG001  ","value":"{\\"b\\":\\"é\\",\\"a\\":1}",'
        '"site":"aws","ignore":false,"replayCount":2,"accountId":null}'
    )
    _, plain = ObjectQueueEntry("src", "k", {"a": 1}, ignore=True).to_kafka()
    assert plain == b'{"bucket":"src","key":"k","value":"{}","ignore":true}'


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"versionId": "98498980852334999999RG001  "}, True),
        ({"isNull": True}, True),
        ({"content-md5": "another"}, True),
        ({"isDeleteMarker": True}, True),
        ({"key": "dir/other"}, False),
        ({"bucket": "another"}, False),
    ],
)
def test_all_versions_and_contents_of_a_key_are_handled_one_after_the_other(change: dict[str, Any], same: bool) -> None:
    # the message key is what lanes are made of
    names = {"bucket": "src", "key": "dir/obj"} | change
    one = ObjectQueueEntry("src", "dir/obj\0v", metadata())
    other = ObjectQueueEntry(names["bucket"], f"{names['key']}\0w", metadata(**change))
    assert (one.to_kafka()[0] == other.to_kafka()[0]) is same
    assert one.to_kafka("a site")[0] == one.to_retry_entry("a site").to_kafka()[0] == one.to_kafka()[0]


def test_what_is_written_is_what_is_read() -> None:
    entry = entry_of(metadata()).with_replay_count(3)
    back = queue_entry.parse(entry.to_kafka("aws")[1])
    assert isinstance(back, ObjectQueueEntry)
    assert back.metadata == entry.metadata
    assert (back.site, back.replay_count) == ("aws", 3)
    assert back.with_replay_count(None).replay_count is None


class TestConversions:
    """Each gives a copy that shares nothing: Backbeat's share replicationInfo with the original."""

    backends = (pending(version_id="known"), pending(site="other"))
    document = metadata(replicationInfo={"backends": list(backends), "storageClass": f"{SITE},other"})

    def converted(self, method: str, *arguments: str) -> ObjectQueueEntry:
        entry = entry_of(self.document)
        before = copy.deepcopy(entry.metadata)
        converted: ObjectQueueEntry = getattr(entry, method)(*arguments)
        converted.metadata["tags"]["changed"] = "yes"
        converted.replication_info["backends"].append({})
        assert entry.metadata == before
        del converted.metadata["tags"]["changed"], converted.replication_info["backends"][-1]
        return converted

    def test_replica(self) -> None:
        replica = self.converted("to_replica_entry", SITE)
        assert replica.bucket == "target"
        assert replica.replication_info["status"] == "REPLICA"
        assert [b["status"] for b in replica.replication_info["backends"]] == ["REPLICA", "PENDING"]
        assert replica.content == ["DATA", "METADATA"]

    def test_failed(self) -> None:
        failed = self.converted("with_status", SITE, "FAILED")
        assert failed.replication_info["status"] == "FAILED"
        assert [b["status"] for b in failed.replication_info["backends"]] == ["FAILED", "PENDING"]

    def test_completed(self) -> None:
        completed = self.converted("with_status", SITE, "COMPLETED", "v2")
        assert completed.replication_info["status"] == "PROCESSING"
        assert completed.replication_info["backends"][0]["dataStoreVersionId"] == "v2"
        assert completed.with_status("other", "COMPLETED").replication_info["status"] == "COMPLETED"

    def test_retry(self) -> None:
        retry = self.converted("to_retry_entry", SITE)
        assert retry.replication_info["backends"] == [pending(version_id="known")]
        assert (retry.replication_info["status"], retry.sites, retry.site) == ("PENDING", [SITE], SITE)
        assert retry.metadata["originOp"] == ""
