"""?tagging of objects."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from object_client import AWS, FOREIGN_VERSION, REPLICATION, Client, Reply

TAGS = (
    b"<Tagging><TagSet><Tag><Key>b</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>x&amp;y</Value></Tag>"
    b"<Tag><Key>10</Key><Value>n</Value></Tag><Tag><Key>2</Key><Value></Value></Tag></TagSet></Tagging>"
)
START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Tagging> <TagSet>'
END = "</TagSet> </Tagging>"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("plain")
    client.create_bucket("versioned", versioning="Enabled")
    client.create_bucket("replicated", versioning="Enabled", replication_configuration=REPLICATION)
    client.create_bucket("remote", versioning="Enabled", location_constraint=AWS)
    client.put("plain/k")
    return client


def put(client: Client, path: str, body: bytes = TAGS, **options: str) -> Reply:
    return client.ask("object_put_tagging", path, body, **options)


def get(client: Client, path: str, **options: str) -> Reply:
    return client.ask("object_get_tagging", path, **options)


def remove(client: Client, path: str, **options: str) -> Reply:
    return client.ask("object_delete_tagging", path, **options)


def test_put_get_delete(client: Client) -> None:
    before = client.md("plain/k")
    reply = put(client, "plain/k")
    assert (reply.status, reply.headers, reply.body) == (200, [], b"")
    reply = get(client, "plain/k")
    assert reply.headers == [("Content-type", "application/xml")]
    assert reply.body.decode() == (
        f"{START}<Tag><Key>2</Key><Value></Value></Tag><Tag><Key>10</Key><Value>n</Value></Tag>"
        f"<Tag><Key>b</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>x&amp;y</Value></Tag>{END}"
    )
    assert client.get("plain/k").header("x-amz-tagging-count") == "4"
    md = client.md("plain/k")
    assert md["originOp"] == "s3:ObjectTagging:Put"
    assert md["last-modified"] == before["last-modified"]
    reply = remove(client, "plain/k")
    assert (reply.status, reply.headers) == (204, [])
    assert get(client, "plain/k").body.decode() == f"{START}{END}"
    md = client.md("plain/k")
    assert (md["tags"], md["originOp"]) == ({}, "s3:ObjectTagging:Delete")
    assert remove(client, "plain/k").status == 204


def test_emptied_set_is_stored_as_a_list(client: Client) -> None:
    put(client, "plain/k")
    put(client, "plain/k", b"<Tagging><TagSet></TagSet></Tagging>")
    assert client.md("plain/k")["tags"] == []
    assert get(client, "plain/k").body.decode() == f"{START}{END}"
    assert client.get("plain/k").header("x-amz-tagging-count") is None


def test_version_in_place(client: Client) -> None:
    first = client.put("versioned/k", b"one").version_id
    second = client.put("versioned/k", b"two").version_id
    assert put(client, "versioned/k", versionId=first).version_id == first
    assert get(client, "versioned/k", versionId=first).version_id == first
    assert client.get("versioned/k").header("x-amz-tagging-count") is None
    assert client.get("versioned/k", versionId=first).header("x-amz-tagging-count") == "4"
    assert put(client, "versioned/k").version_id == second
    assert remove(client, "versioned/k", versionId=first).version_id == first
    assert len(client.stored("versioned")) == 3
    assert client.get("versioned/k").version_id == second


def test_null_version(client: Client) -> None:
    client.set_versioning("plain", "Suspended")
    assert put(client, "plain/k").version_id == "null"
    assert list(client.stored("plain")) == ["k"]
    client.put("plain/s")
    assert put(client, "plain/s", versionId="null").version_id == "null"
    assert client.get("plain/s").header("x-amz-tagging-count") == "4"
    client.set_versioning("plain", "Enabled")
    client.put("plain/s", b"new")
    assert get(client, "plain/s", versionId="null").body != get(client, "plain/s").body


def test_missing(client: Client) -> None:
    for ask in (put, get, remove):
        assert ask(client, "plain/nokey").code == "NoSuchKey"
        assert ask(client, "plain/k", versionId=FOREIGN_VERSION).code == "NoSuchVersion"
        assert ask(client, "missing/k").code == "NoSuchBucket"
        assert ask(client, "missing/k", versionId="badid").code == "InvalidArgument"
        assert ask(client, "plain/k", as_="Lisa").code == "AccessDenied"


def test_delete_marker(client: Client) -> None:
    client.put("versioned/k")
    marker = client.delete("versioned/k").version_id
    for ask in (put, remove):
        assert ask(client, "versioned/k").code == "MethodNotAllowed"
        assert ask(client, "versioned/k", versionId=marker).code == "MethodNotAllowed"
    reply = get(client, "versioned/k")
    assert (reply.code, reply.headers) == ("NoSuchKey", [])
    reply = get(client, "versioned/k", versionId=marker)
    assert (reply.code, reply.headers) == ("MethodNotAllowed", [])


def test_body_is_looked_at_last(client: Client) -> None:
    assert put(client, "plain/nokey", b"").code == "NoSuchKey"
    assert put(client, "plain/k", b"").code == "MalformedXML"
    assert client.md("plain/k")["tags"] == {}


@pytest.mark.parametrize(("ask", "operation"), [(put, "PUT_TAGGING"), (remove, "DELETE_TAGGING")])
def test_replication(client: Client, ask: Callable[..., Reply], operation: str) -> None:
    client.put("replicated/k")
    md = client.md("replicated/k")
    md["replicationInfo"] |= {"status": "COMPLETED", "dataStoreVersionId": "old"}
    md["replicationInfo"]["backends"][0] |= {"status": "COMPLETED", "dataStoreVersionId": "v9"}
    client.server.metadata.put_object("replicated", "k", md, version_id=md["versionId"])
    ask(client, "replicated/k")
    info = client.md("replicated/k")["replicationInfo"]
    assert info["status"] == "PENDING"
    assert info["backends"] == [{"site": AWS, "status": "PENDING", "dataStoreVersionId": "v9"}]
    assert info["content"] == ["METADATA", operation]
    assert info["dataStoreVersionId"] == "old"


def test_replication_info_stays_without_a_rule(client: Client) -> None:
    md = client.md("plain/k")
    md["replicationInfo"]["status"] = "REPLICA"
    client.server.metadata.put_object("plain", "k", md)
    put(client, "plain/k")
    assert client.md("plain/k")["replicationInfo"] == md["replicationInfo"]


def test_service_accounts_do_replicate(client: Client) -> None:
    client.put("replicated/k", as_="Replication")
    assert client.md("replicated/k")["replicationInfo"]["status"] == ""
    put(client, "replicated/k", as_="Replication")
    assert client.md("replicated/k")["replicationInfo"]["status"] == "PENDING"


def test_journal(client: Client) -> None:
    client.put("versioned/k")
    start = client.journal.last_sequence
    put(client, "versioned/k")
    version_id = client.md("versioned/k")["versionId"]
    assert [record.key for record in client.journal.read(start + 1, 9)] == [f"k\0{version_id}", "k"]


def test_external_location_is_tagged_too(client: Client) -> None:
    client.put("remote/k")
    client.remote.calls.clear()
    put(client, "remote/k")
    remove(client, "remote/k")
    assert client.remote.calls == [
        ("put_tags", "remote", "k", "v1", {"2": "", "10": "n", "b": "1", "a": "x&y"}),
        ("delete_tags", "remote", "k", "v1"),
    ]


def test_external_failure_comes_after_the_metadata(client: Client) -> None:
    client.put("remote/k")
    client.remote.broken = True
    reply = put(client, "remote/k")
    assert (reply.code, reply.message) == ("ServiceUnavailable", "Error returned from AWS: out of order")
    assert len(client.md("remote/k")["tags"]) == 4


def test_bucket_owner_may_tag_what_others_own(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    client.put("open/k", as_="Lisa")
    assert client.get("open/k").code == "AccessDenied"
    assert put(client, "open/k").status == 200
    assert get(client, "open/k").status == 200
    assert get(client, "open/k", as_="Lisa").code == "AccessDenied"


@pytest.mark.parametrize("ask", [put, get, remove])
def test_refusals_have_no_cors_headers(client: Client, ask: Callable[..., Reply]) -> None:
    ask(client, "plain/k", as_="Lisa")
    assert client.last_request is not None
    assert client.last_request.bucket_info is None
    ask(client, "plain/nokey")
    assert client.last_request.bucket_info is not None
