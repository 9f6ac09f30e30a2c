"""POST ?delete."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from object_client import FOREIGN_VERSION, REPLICATION, Client, Reply

START = '<?xml version="1.0" encoding="UTF-8"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
END = "</DeleteResult>"
NO_SUCH_VERSION = "Indicates that the version ID specified in the request does not match an existing version."


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("plain")
    client.create_bucket("versioned", versioning="Enabled")
    client.create_bucket("suspended", versioning="Suspended")
    return client


def entry(key: str, version_id: str | None = None) -> str:
    version = "" if version_id is None else f"<VersionId>{version_id}</VersionId>"
    return f"<Object><Key>{key}</Key>{version}</Object>"


def send(client: Client, bucket: str, body: str, *, md5: str | None = None, **options: Any) -> Reply:
    raw = body.encode()
    digest = base64.b64encode(hashlib.md5(raw).digest()).decode() if md5 is None else md5
    headers = {"content-md5": digest, **options.pop("headers", {})}
    return client.ask("multi_object_delete", bucket, raw, headers=headers, **options)


def delete(client: Client, bucket: str, *entries: str, quiet: str = "", **options: Any) -> str:
    reply = send(client, bucket, f"<Delete>{quiet}{''.join(entries)}</Delete>", **options)
    assert (reply.status, reply.headers) == (200, [("Content-type", "application/xml")])
    body = reply.body.decode()
    assert body.startswith(START)
    assert body.endswith(END)
    return body[len(START) : -len(END)]


def test_plain(client: Client) -> None:
    for key in ("a", "b"):
        client.put(f"plain/{key}")
    assert delete(client, "plain", entry("a"), entry("b"), entry("un&amp;known")) == (
        "<Deleted><Key>un&amp;known</Key></Deleted><Deleted><Key>a</Key></Deleted><Deleted><Key>b</Key></Deleted>"
    )
    assert client.stored("plain") == {}


@pytest.mark.parametrize(
    ("quiet", "shown"),
    [
        ("<Quiet>true</Quiet>", False),
        ("<Quiet>True</Quiet>", True),
        ("<Quiet>false</Quiet>", True),
        ("<Quiet>true</Quiet><Quiet>false</Quiet>", False),
        ("<Quiet>false</Quiet><Quiet>true</Quiet>", True),
    ],
)
def test_quiet(client: Client, quiet: str, shown: bool) -> None:
    client.put("plain/a")
    answer = delete(client, "plain", entry("a"), quiet=quiet)
    assert answer == ("<Deleted><Key>a</Key></Deleted>" if shown else "")


def test_quiet_shows_errors(client: Client) -> None:
    assert delete(client, "versioned", entry("a", "badid"), quiet="<Quiet>true</Quiet>") == (
        f"<Error><Key>a</Key><Code>NoSuchVersion</Code><VersionId>badid</VersionId><Message>{NO_SUCH_VERSION}</Message>"
        "</Error>"
    )


def test_marker(client: Client) -> None:
    client.put("versioned/k")
    answer = delete(client, "versioned", entry("k"))
    version_id = client.md("versioned/k")["versionId"].encode().hex()
    assert answer == (
        f"<Deleted><Key>k</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>{version_id}"
        "</DeleteMarkerVersionId></Deleted>"
    )
    assert client.md("versioned/k")["originOp"] == "s3:ObjectRemoved:DeleteMarkerCreated"
    assert "DeleteMarkerVersionId" in delete(client, "versioned", entry("never"))


def test_marker_is_replicated(client: Client) -> None:
    client.change_bucket("versioned", replication_configuration=REPLICATION)
    delete(client, "versioned", entry("k"))
    assert client.md("versioned/k")["replicationInfo"]["content"] == ["METADATA"]


def test_null_marker_is_encoded_like_an_id(client: Client) -> None:
    assert delete(client, "suspended", entry("k")) == (
        "<Deleted><Key>k</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>6e756c6c</DeleteMarkerVersionId>"
        "</Deleted>"
    )
    assert delete(client, "suspended", entry("k", "null")) == (
        "<Deleted><Key>k</Key><VersionId>null</VersionId><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>null"
        "</DeleteMarkerVersionId></Deleted>"
    )


def test_versions(client: Client) -> None:
    version_id = client.put("versioned/k").version_id
    marker = client.delete("versioned/k").version_id
    assert delete(client, "versioned", entry("k", marker)) == (
        f"<Deleted><Key>k</Key><VersionId>{marker}</VersionId><DeleteMarker>true</DeleteMarker>"
        f"<DeleteMarkerVersionId>{marker}</DeleteMarkerVersionId></Deleted>"
    )
    for given in (FOREIGN_VERSION, version_id):
        assert delete(client, "versioned", entry("k", given)) == (
            f"<Deleted><Key>k</Key><VersionId>{given}</VersionId></Deleted>"
        )
    assert client.get("versioned/k").code == "NoSuchKey"


def test_locked_version(client: Client) -> None:
    client.create_bucket("locked", versioning="Enabled", object_lock_enabled=True)
    headers = {
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": "2090-01-01T00:00:00.000Z",
    }
    version_id = client.put("locked/k", headers=headers).version_id
    assert "<Code>AccessDenied</Code>" in delete(client, "locked", entry("k", version_id))
    bypass = {"x-amz-bypass-governance-retention": "true"}
    assert "<Deleted>" in delete(client, "locked", entry("k", version_id), headers=bypass)


def test_errors_come_last(client: Client) -> None:
    client.put("versioned/b")
    answer = delete(client, "versioned", entry("a", "badid"), entry("b"), entry("c", FOREIGN_VERSION))
    assert [answer.index(f"<Key>{key}</Key>") for key in "cba"] == sorted(
        answer.index(f"<Key>{key}</Key>") for key in "cba"
    )


@pytest.mark.parametrize("who", ["Lisa", None])
def test_without_right(client: Client, who: str | None) -> None:
    client.put("plain/a")
    error = "<Error><Key>{}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    assert delete(client, "plain", entry("a"), entry("b"), as_=who) == error.format("a") + error.format("b")
    assert client.get("plain/a").status == 200


def test_anonymous_may_with_the_right(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    client.put("open/k")
    assert delete(client, "open", entry("k"), as_=None) == "<Deleted><Key>k</Key></Deleted>"


def test_a_version_of_an_unversioned_bucket_deletes_nothing(client: Client) -> None:
    client.put("plain/k")
    assert delete(client, "plain", entry("k", FOREIGN_VERSION)) == (
        f"<Deleted><Key>k</Key><VersionId>{FOREIGN_VERSION}</VersionId></Deleted>"
    )
    assert client.get("plain/k").status == 200


def test_who_owns_the_objects_does_not_count(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    client.put("open/k", as_="Lisa")
    assert delete(client, "open", entry("k"), as_="Bart") == "<Deleted><Key>k</Key></Deleted>"


def test_a_thousand_keys(client: Client) -> None:
    answer = delete(client, "plain", *(entry(str(number)) for number in range(1000)))
    assert answer.count("<Deleted>") == 1000


def test_request_faults(client: Client) -> None:
    one = f"<Delete>{entry('a')}</Delete>"
    assert send(client, "missing", "").code == "MissingRequestBodyError"
    assert send(client, "missing", one, md5="").code == "BadDigest"
    assert send(client, "missing", one, md5=hashlib.md5(one.encode()).hexdigest()).code == "BadDigest"
    assert send(client, "missing", one).code == "NoSuchBucket"
    assert client.ask("multi_object_delete", "plain", one.encode()).code == "BadDigest"


@pytest.mark.parametrize(
    "body",
    [
        "hello",
        f"<Remove>{entry('a')}</Remove>",
        "<Delete></Delete>",
        "<Delete><Quiet>true</Quiet></Delete>",
        "<Delete><Object><VersionId>null</VersionId></Object></Delete>",
        "<Delete><Object></Object></Delete>",
        f"<Delete>{entry('a') * 1001}</Delete>",
    ],
)
def test_malformed(client: Client, body: str) -> None:
    assert send(client, "missing", body).code == "MalformedXML"
