"""DELETE object."""

from __future__ import annotations

from typing import Any

import pytest
from object_client import AWS, FOREIGN_VERSION, REPLICATION, Client

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
FUTURE, PAST = "2090-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("plain")
    client.create_bucket("versioned", versioning="Enabled")
    client.create_bucket("suspended", versioning="Suspended")
    client.create_bucket("locked", versioning="Enabled", object_lock_enabled=True)
    client.create_bucket("remote", versioning="Enabled", location_constraint=AWS)
    client.put("plain/k")
    return client


def test_without_versioning(client: Client) -> None:
    element = client.md("plain/k")["location"][0]
    reply = client.delete("plain/k")
    assert (reply.status, reply.headers, reply.body) == (204, [], b"")
    assert client.stored("plain") == {}
    assert client.data_of(element) is None
    assert client.delete("plain/k").status == 204


def test_without_versioning_a_version_id_deletes_nothing_but_null(client: Client) -> None:
    reply = client.delete("plain/k", versionId=FOREIGN_VERSION)
    assert (reply.status, reply.headers) == (204, [("x-amz-version-id", FOREIGN_VERSION)])
    assert client.get("plain/k").status == 200
    reply = client.delete("plain/k", versionId="null")
    assert (reply.status, reply.headers) == (204, [("x-amz-version-id", "null")])
    assert client.stored("plain") == {}


def test_bad_version_id_comes_before_the_bucket(client: Client) -> None:
    reply = client.delete("missing/k", versionId="badid")
    assert (reply.code, reply.message, reply.headers) == ("InvalidArgument", "Invalid version id specified", [])


def test_delete_marker(client: Client) -> None:
    client.put("versioned/k")
    creation_time = client.md("versioned/k")["last-modified"]
    reply = client.delete(
        "versioned/k", headers={"x-amz-website-redirect-location": "/x", "x-amz-meta-a": "b", "x-amz-acl": "nope"}
    )
    md = client.md("versioned/k")
    assert reply.headers == [("x-amz-delete-marker", "true"), ("x-amz-version-id", md["versionId"].encode().hex())]
    assert md["isDeleteMarker"] is True
    assert md["originOp"] == "s3:ObjectRemoved:DeleteMarkerCreated"
    assert md["creation-time"] == creation_time
    assert (md["owner-id"], md["owner-display-name"]) == (BART, "Bart")
    assert (md["content-length"], md["content-md5"], md["location"], md["tags"]) == (0, EMPTY_MD5, None, {})
    assert md["x-amz-website-redirect-location"] == ""
    assert "x-amz-meta-a" not in md
    assert "content-type" not in md


def test_delete_marker_of_nothing_has_no_origin(client: Client) -> None:
    client.delete("versioned/never")
    md = client.md("versioned/never")
    assert "originOp" not in md
    assert "creation-time" not in md


def test_delete_marker_is_replicated(client: Client) -> None:
    client.change_bucket("versioned", replication_configuration=REPLICATION)
    client.put("versioned/k")
    client.delete("versioned/k")
    info = client.md("versioned/k")["replicationInfo"]
    assert (info["status"], info["content"]) == ("PENDING", ["METADATA"])
    client.delete("versioned/k", as_="Lifecycle")
    md = client.md("versioned/k")
    assert md["replicationInfo"]["status"] == ""
    assert md["owner-display-name"] == "Lifecycle"


def test_bad_redirect_of_a_delete_marker(client: Client) -> None:
    headers = {"x-amz-website-redirect-location": "x"}
    assert client.delete("versioned/k", headers=headers).code == "InvalidRedirectLocation"
    assert client.delete("plain/k", headers=headers).status == 204


def test_version(client: Client) -> None:
    first, second = client.put("versioned/k", b"one").version_id, client.put("versioned/k", b"two").version_id
    element = client.md("versioned/k")["location"][0]
    reply = client.delete("versioned/k", versionId=second)
    assert reply.headers == [("x-amz-version-id", second)]
    assert client.data_of(element) is None
    reply = client.get("versioned/k")
    assert (reply.body, reply.version_id) == (b"one", first)
    reply = client.delete("versioned/k", versionId=second)
    assert (reply.status, reply.headers) == (204, [("x-amz-version-id", second)])
    assert client.get("versioned/k").body == b"one"


def test_removing_a_marker_brings_the_object_back(client: Client) -> None:
    client.put("versioned/k", b"one")
    marker = client.delete("versioned/k").version_id
    other = client.delete("versioned/k").version_id
    for version_id in (other, marker):
        reply = client.delete("versioned/k", versionId=version_id)
        assert reply.headers == [("x-amz-version-id", version_id), ("x-amz-delete-marker", "true")]
    assert client.get("versioned/k").body == b"one"


def test_version_of_another_key(client: Client) -> None:
    version_id = client.put("versioned/k").version_id
    assert client.delete("versioned/other", versionId=version_id).status == 204
    assert client.get("versioned/k").status == 200


def test_suspended(client: Client) -> None:
    client.put("suspended/k")
    element = client.md("suspended/k")["location"][0]
    reply = client.delete("suspended/k")
    assert reply.headers == [("x-amz-delete-marker", "true"), ("x-amz-version-id", "null")]
    assert client.data_of(element) is None
    md = client.md("suspended/k")
    assert (md["isNull"], md["isDeleteMarker"]) == (True, True)
    assert list(client.stored("suspended")) == ["k"]
    assert client.delete("suspended/k").headers == reply.headers
    reply = client.delete("suspended/k", versionId="null")
    assert reply.headers == [("x-amz-version-id", "null"), ("x-amz-delete-marker", "true")]
    assert client.get("suspended/k").code == "NoSuchKey"
    assert client.delete("suspended/k", versionId="null").headers == [("x-amz-version-id", "null")]


def test_anonymous_is_always_refused(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    client.put("open/k", as_=None)
    reply = client.delete("open/k", as_=None, versionId="badid")
    assert (reply.code, reply.headers) == ("AccessDenied", [])


def test_write_right_of_the_bucket_is_enough(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    client.put("open/k")
    assert client.delete("open/k", as_="Lisa").status == 204
    assert client.delete("plain/k", as_="Lisa").code == "AccessDenied"


def test_errors_about_a_version_name_it(client: Client) -> None:
    reply = client.delete("plain/k", as_="Lisa", versionId=FOREIGN_VERSION)
    assert (reply.code, reply.headers) == ("AccessDenied", [("x-amz-version-id", FOREIGN_VERSION)])
    assert client.delete("missing/k", versionId="null").headers == [("x-amz-version-id", "null")]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}, "NotModified"),
        ({"if-unmodified-since": "Tue, 01 Jan 2019 00:00:00 GMT"}, "PreconditionFailed"),
        ({"x-amz-copy-source-if-unmodified-since": "Tue, 01 Jan 2019 00:00:00 GMT"}, "PreconditionFailed"),
        ({"if-modified-since": "x"}, "InvalidArgument"),
        ({"if-match": '"x"', "if-none-match": "*"}, ""),
    ],
)
@pytest.mark.parametrize("bucket", ["plain", "versioned"])
def test_conditions(client: Client, bucket: str, headers: dict[str, str], code: str) -> None:
    client.put(f"{bucket}/k")
    assert client.delete(f"{bucket}/k", headers=headers).code == code
    assert client.get(f"{bucket}/k").status == (200 if code else 404)


def test_conditions_on_nothing(client: Client) -> None:
    headers = {"if-unmodified-since": "Tue, 01 Jan 2019 00:00:00 GMT"}
    assert client.delete("plain/nokey", headers=headers).status == 204
    assert client.delete("versioned/nokey", headers=headers).status == 204


@pytest.mark.parametrize(
    ("lock", "bypass", "allowed"),
    [
        ({"retentionMode": "GOVERNANCE", "retentionDate": FUTURE}, None, False),
        ({"retentionMode": "GOVERNANCE", "retentionDate": FUTURE}, "false", False),
        ({"retentionMode": "GOVERNANCE", "retentionDate": FUTURE}, "TRUE", True),
        ({"retentionMode": "GOVERNANCE", "retentionDate": PAST}, None, True),
        ({"retentionMode": "COMPLIANCE", "retentionDate": FUTURE}, "true", False),
        ({"retentionMode": "COMPLIANCE", "retentionDate": PAST}, None, True),
        ({"retentionMode": "COMPLIANCE", "retentionDate": "zz"}, None, False),
        ({"legalHold": True}, "true", False),
        ({"legalHold": False}, None, True),
        ({"legalHold": True, "retentionMode": "GOVERNANCE", "retentionDate": PAST}, "true", False),
    ],
)
def test_object_lock(client: Client, lock: dict[str, Any], bypass: str | None, allowed: bool) -> None:
    version_id = client.put("locked/k").version_id
    md = client.md("locked/k") | lock
    client.server.metadata.put_object("locked", "k", md, version_id=md["versionId"])
    headers = {} if bypass is None else {"x-amz-bypass-governance-retention": bypass}
    reply = client.delete("locked/k", headers=headers, versionId=version_id)
    assert reply.code == ("" if allowed else "AccessDenied")
    assert reply.headers == [("x-amz-version-id", version_id)]
    assert client.get("locked/k").status == (404 if allowed else 200)
    assert client.delete("locked/k").status == 204


def test_external_version_is_deleted_by_its_id(client: Client) -> None:
    version_id = client.put("remote/k").version_id
    client.remote.calls.clear()
    client.delete("remote/k", versionId=version_id)
    assert client.remote.calls == [("delete", "remote/k", "v1")]


def test_external_delete_marker(client: Client) -> None:
    client.put("remote/k")
    client.remote.calls.clear()
    client.delete("remote/k")
    assert client.remote.calls == [("delete_marker", "remote/k")]
    element = client.md("remote/k")["location"][0]
    assert (element["size"], element["start"], element["dataStoreVersionId"]) == (0, 0, "v2")


def test_external_object_without_versioning_is_deleted_without_version(client: Client) -> None:
    client.create_bucket("far", location_constraint=AWS)
    client.put("far/k")
    client.remote.calls.clear()
    client.delete("far/k")
    assert client.remote.calls == [("delete", "far/k", None)]


def test_external_failure(client: Client) -> None:
    client.put("remote/k")
    client.remote.broken = True
    assert client.delete("remote/k").code == "ServiceUnavailable"
    assert client.md("remote/k")["isDeleteMarker"] is False


def test_journal_of_a_deleted_current_version(client: Client) -> None:
    version_id = client.put("versioned/k").version_id
    start = client.journal.last_sequence
    client.delete("versioned/k", versionId=version_id)
    records = client.journal.read(start + 1, 10)
    internal = bytes.fromhex(version_id).decode()
    assert [(record.type, record.key) for record in records] == [("del", f"k\0{internal}"), ("put", "k")]
    assert "isPHD" in str(records[1].value)


def test_the_lock_comes_before_the_conditions(client: Client) -> None:
    version_id = client.put("locked/k").version_id
    md = client.md("locked/k") | {"legalHold": True}
    client.server.metadata.put_object("locked", "k", md, version_id=md["versionId"])
    headers = {"if-unmodified-since": "Tue, 01 Jan 2019 00:00:00 GMT"}
    assert client.delete("locked/k", headers=headers, versionId=version_id).code == "AccessDenied"
