"""?acl of objects."""

from __future__ import annotations

import pytest
from object_client import FOREIGN_VERSION, REPLICATION, Client, Reply

BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LISA = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2bf"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("plain")
    client.create_bucket("versioned", versioning="Enabled")
    client.put("plain/k")
    return client


def put(client: Client, path: str, acl: str | None = "public-read", body: bytes = b"", **options: str) -> Reply:
    headers = {} if acl is None else {"x-amz-acl": acl}
    return client.ask("object_put_acl", path, body, headers=headers, **options)


def get(client: Client, path: str, **options: str) -> Reply:
    return client.ask("object_get_acl", path, **options)


def policy(owner: str, grants: str = "") -> bytes:
    return (
        f"<AccessControlPolicy><Owner><ID>{owner}</ID></Owner><AccessControlList>{grants}</AccessControlList>"
        "</AccessControlPolicy>"
    ).encode()


def test_get_default(client: Client) -> None:
    reply = get(client, "plain/k")
    assert reply.headers == [("Content-type", "application/xml")]
    assert reply.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><AccessControlPolicy>'
        f"<Owner><ID>{BART}</ID><DisplayName>Bart</DisplayName></Owner><AccessControlList><Grant>"
        f'<Grantee {XSI} xsi:type="CanonicalUser"><ID>{BART}</ID><DisplayName>Bart</DisplayName></Grantee>'
        "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )


def test_put_canned(client: Client) -> None:
    before = client.md("plain/k")
    reply = put(client, "plain/k")
    assert (reply.status, reply.headers, reply.body) == (200, [], b"")
    md = client.md("plain/k")
    assert md["acl"] == {"Canned": "public-read", "FULL_CONTROL": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []}
    assert (md["originOp"], md["last-modified"]) == ("s3:ObjectAcl:Put", before["last-modified"])
    assert client.get("plain/k", as_=None).status == 200


def test_the_same_acl_writes_nothing(client: Client) -> None:
    start = client.journal.last_sequence
    assert put(client, "plain/k", "private").status == 200
    assert client.journal.last_sequence == start
    put(client, "plain/k", "public-read")
    assert client.journal.last_sequence == start + 1


def test_replication_never_hears_of_it(client: Client) -> None:
    client.change_bucket("versioned", replication_configuration=REPLICATION)
    client.put("versioned/k")
    md = client.md("versioned/k")
    md["replicationInfo"]["status"] = "COMPLETED"
    client.server.metadata.put_object("versioned", "k", md, version_id=md["versionId"])
    put(client, "versioned/k")
    assert client.md("versioned/k")["replicationInfo"]["status"] == "COMPLETED"


def test_version(client: Client) -> None:
    first = client.put("versioned/k").version_id
    client.put("versioned/k")
    assert put(client, "versioned/k", versionId=first).version_id == first
    assert b"AllUsers" in get(client, "versioned/k", versionId=first).body
    assert b"AllUsers" not in get(client, "versioned/k").body


def test_xml(client: Client) -> None:
    grant = (
        f'<Grant><Grantee {XSI} xsi:type="CanonicalUser"><ID>{LISA}</ID></Grantee>'
        "<Permission>READ_ACP</Permission></Grant>"
    )
    assert put(client, "plain/k", None, policy(BART, grant)).status == 200
    assert client.md("plain/k")["acl"]["READ_ACP"] == [LISA]
    assert get(client, "plain/k", as_="Lisa").status == 200
    assert client.get("plain/k", as_="Lisa").code == "AccessDenied"


@pytest.mark.parametrize(
    ("acl", "body", "code"),
    [
        ("log-delivery-write", b"", "InvalidArgument"),
        (None, b"", "MalformedXML"),
        (None, b"<AccessControlPolicy></AccessControlPolicy>", "MalformedACLError"),
        (None, policy(LISA), "AccessDenied"),
        (None, policy(BART), ""),
    ],
)
def test_put_faults(client: Client, acl: str | None, body: bytes, code: str) -> None:
    assert put(client, "plain/k", acl, body).code == code


def test_order(client: Client) -> None:
    assert put(client, "missing/k", "nope", versionId="badid").message == "Invalid Argument"
    assert put(client, "missing/k", versionId="badid").message == "Invalid version id specified"
    assert put(client, "missing/k").code == "NoSuchBucket"
    assert put(client, "plain/k", as_="Lisa").code == "AccessDenied"
    assert put(client, "plain/nokey").code == "NoSuchKey"
    assert put(client, "plain/k", versionId=FOREIGN_VERSION).code == "NoSuchVersion"


def test_delete_marker(client: Client) -> None:
    client.put("versioned/k")
    marker = client.delete("versioned/k").version_id
    assert put(client, "versioned/k").code == "MethodNotAllowed"
    assert put(client, "versioned/k", versionId=marker).code == "MethodNotAllowed"
    assert get(client, "versioned/k").code == "NoSuchKey"
    assert get(client, "versioned/k", versionId=marker).code == "MethodNotAllowed"


def test_anonymous_owner(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    client.put("open/k", as_=None)
    assert b"<DisplayName>undefined</DisplayName>" in get(client, "open/k", as_=None).body


def test_bucket_owner_canned(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    client.put("open/k", as_="Lisa", headers={"x-amz-acl": "bucket-owner-full-control"})
    body = get(client, "open/k").body.decode()
    assert body.count("FULL_CONTROL") == 2
    assert "<DisplayName>Bart</DisplayName>" in body
    assert put(client, "open/k", "private").status == 200
    assert get(client, "open/k").code == "AccessDenied"
