"""Which journal entries are published, entry kind by entry kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_helpers import SITE, VERSION, metadata, pending

from harness.engine.filter import Dropped, Publication, decide
from harness.engine.journal import JournalEntry

MASTER, VERSIONED = "dir/obj", f"dir/obj\0{VERSION}"


def entry(document: Any, key: str | None = VERSIONED, bucket: str = "src", kind: str = "put") -> JournalEntry:
    value = document if isinstance(document, str | None) else json.dumps(document)
    return JournalEntry(bucket, kind, key, value, commit_timestamp="2026-01-01T00:00:00.000Z")


def without_version() -> dict[str, Any]:
    document = metadata()
    del document["versionId"]
    return document


@pytest.mark.parametrize(
    ("document", "key"),
    [
        (metadata(), VERSIONED),
        (without_version(), MASTER),
        (metadata(isNull=True), MASTER),
        (metadata(replicationInfo={"isNFS": True}), MASTER),
        (metadata(isDeleteMarker=True), VERSIONED),
        (metadata(isNull=True), VERSIONED),
    ],
    ids=["version", "before versioning", "null version", "nfs", "delete marker", "null version with an id"],
)
def test_published(document: dict[str, Any], key: str) -> None:
    published = decide(entry(document, key))
    assert isinstance(published, Publication)
    assert published.key == b"src%2Fdir%2Fobj"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (entry(metadata(), MASTER), "the version has an entry of its own"),
        (entry(metadata(), kind="del"), "not a put"),
        (entry(metadata(), kind="delete"), "not a put"),
        (entry(None, kind="del"), "no key or no value"),
        (entry(metadata(), key=None), "no key or no value"),
        (entry(metadata(replicationInfo={"status": ""})), "nothing to replicate, or replicated already"),
        (entry(metadata(replicationInfo={"status": "COMPLETED"})), "nothing to replicate, or replicated already"),
        (entry(metadata(replicationInfo={"status": "PROCESSING"})), "nothing to replicate, or replicated already"),
        (entry(metadata(replicationInfo={"status": "FAILED"})), "nothing to replicate, or replicated already"),
        (entry(metadata(replicationInfo={"status": "REPLICA"})), "nothing to replicate, or replicated already"),
        (entry(metadata(dataStoreName="tape")), "its data is in a cold location"),
        (entry({"isPHD": True, "versionId": VERSION}, MASTER), "no object metadata"),
        (entry([1]), "no object metadata"),
        (entry({"attributes": "{}"}, bucket="__metastore"), "no object metadata"),
        (entry({}, key="me..|..b", bucket="users..bucket", kind="del"), "not a put"),
        (entry({}, key="mpuShadowBucketb", bucket="users..bucket"), "a bucket of multipart uploads"),
    ],
)
def test_dropped(given: JournalEntry, reason: str) -> None:
    assert decide(given, cold_locations={"tape"}) == Dropped(reason)


def test_a_value_that_is_no_json_is_dropped_and_says_so() -> None:
    dropped = decide(entry("{broken"))
    assert isinstance(dropped, Dropped)
    assert dropped.reason.startswith("malformed: ")


def test_an_entry_of_the_index_of_buckets() -> None:
    published = decide(entry({"creationDate": 1}, key="me..|..b", bucket="users..bucket"))
    assert isinstance(published, Publication)
    assert published.key == b"users..bucket"
    assert published.pending_sites == ()


def test_the_message_to_the_byte() -> None:
    text = '{"content-length":11, "x":"é", "replicationInfo":{"status":"PENDING","backends":[],"content":["DATA"]}}'
    published = decide(
        JournalEntry("src", "put", VERSIONED, text, "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:01.000Z", "v")
    )
    assert isinstance(published, Publication)
    assert published.value.decode() == (
        '{"type":"put","bucket":"src","key":"dir/obj\\u000098498980852335999999RG001  ",'
        '"value":"{\\"content-length\\":11, \\"x\\":\\"é\\", \\"replicationInfo\\":{\\"status\\":\\"PENDING\\",'
        '\\"backends\\":[],\\"content\\":[\\"DATA\\"]}}",'
        '"overheadFields":{"commitTimestamp":"2026-01-01T00:00:00.000Z","opTimestamp":"2026-01-01T00:00:01.000Z",'
        '"versionId":"v"}}'
    )
    bare = decide(JournalEntry("src", "put", VERSIONED, text))
    assert isinstance(bare, Publication)
    assert bare.value.endswith(b',"overheadFields":{}}')


def test_every_pending_site_is_counted_with_the_bytes_it_is_sent() -> None:
    backends = [pending(), pending("COMPLETED", site="done"), pending(site="third")]
    published = decide(entry(metadata(replicationInfo={"backends": backends})))
    assert isinstance(published, Publication)
    assert (published.pending_sites, published.replicated_bytes) == ((SITE, "third"), 11)
    update = decide(entry(metadata(replicationInfo={"content": ["METADATA", "PUT_TAGGING"]})))
    assert isinstance(update, Publication)
    assert update.replicated_bytes == 0
