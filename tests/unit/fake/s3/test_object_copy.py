"""Copying objects."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from object_client import AWS, FOREIGN_VERSION, LOCAL, REPLICATION, Client, Reply

from fake_cloudserver.s3.copy_source import CopySource, parse_copy_source

MD5 = "644be06dfc54061fd1e67f5ebbabcd58"
LISA = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2bf"
HEADERS = {
    "content-type": "text/plain",
    "cache-control": "max-age=60",
    "content-encoding": "gzip",
    "expires": "soon",
    "x-amz-meta-color": "Blue",
    "x-amz-website-redirect-location": "/other",
    "x-amz-tagging": "t1=v1&t2=a%20b",
    "x-amz-acl": "public-read",
}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("src")
    client.create_bucket("dst")
    client.create_bucket("versioned", versioning="Enabled")
    client.create_bucket("replicated", versioning="Enabled", replication_configuration=REPLICATION)
    client.create_bucket("remote", versioning="Enabled", location_constraint=AWS)
    client.put("src/k", headers=HEADERS)
    client.clock.advance(60)
    return client


def copy(
    client: Client, path: str, source: str = "/src/k", headers: dict[str, str] | None = None, **options: Any
) -> Reply:
    reply = client.ask("object_copy", path, headers={"x-amz-copy-source": source, **(headers or {})}, **options)
    client.clock.advance(0.01)
    return reply


def test_answer(client: Client) -> None:
    reply = copy(client, "dst/c")
    assert (reply.status, reply.headers) == (200, [("Content-type", "application/xml")])
    assert reply.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult><LastModified>2026-11-22T22:20:31.741Z</LastModified>'
        f"<ETag>&quot;{MD5}&quot;</ETag></CopyObjectResult>"
    )


def test_what_is_copied(client: Client) -> None:
    copy(client, "dst/c", as_="Lisa", headers={"x-amz-meta-new": "ignored", "x-amz-tagging": "ignored=1"})
    assert client.ask("object_head", "dst/c").code == "NoSuchKey"  # Lisa may not write there
    copy(client, "dst/c", headers={"x-amz-meta-new": "ignored", "x-amz-tagging": "ignored=1"})
    md = client.md("dst/c")
    assert {name: md[name] for name in ("content-type", "cache-control", "content-encoding", "expires")} == {
        name: HEADERS[name] for name in ("content-type", "cache-control", "content-encoding", "expires")
    }
    assert (md["x-amz-meta-color"], md["tags"]) == ("Blue", {"t1": "v1", "t2": "a b"})
    assert "x-amz-meta-new" not in md
    assert md["acl"]["Canned"] == "private"
    assert md["x-amz-website-redirect-location"] == ""
    assert md["creation-time"] == md["last-modified"] == "2026-11-22T22:20:31.751Z"
    assert md["originOp"] == "s3:ObjectCreated:Copy"
    assert "isDeleteMarker" not in md
    element, source = md["location"][0], client.md("src/k")["location"][0]
    assert element["key"] != source["key"]
    assert {**element, "key": 0} == {**source, "key": 0}
    assert client.get("dst/c").body == b"0123456789abcdefghij"


def test_replace_metadata(client: Client) -> None:
    headers = {"x-amz-metadata-directive": "REPLACE", "x-amz-meta-new": "n", "cache-control": "no-store"}
    copy(client, "dst/c", headers=headers)
    md = client.md("dst/c")
    assert (md["content-type"], md["cache-control"], md["x-amz-meta-new"]) == ("text/plain", "no-store", "n")
    assert not {"x-amz-meta-color", "expires", "content-encoding"} & md.keys()
    assert md["tags"] == {"t1": "v1", "t2": "a b"}
    copy(client, "dst/c", headers={**headers, "content-type": "a/b"})
    assert client.md("dst/c")["content-type"] == "a/b"


@pytest.mark.parametrize(("header", "tags"), [({"x-amz-tagging": "n=m"}, {"n": "m"}), ({}, {})])
def test_replace_tags(client: Client, header: dict[str, str], tags: dict[str, str]) -> None:
    copy(client, "dst/c", headers={"x-amz-tagging-directive": "REPLACE", **header})
    md = client.md("dst/c")
    assert (md["tags"], md["x-amz-meta-color"]) == (tags, "Blue")


def test_from_the_request(client: Client) -> None:
    headers = {"x-amz-acl": "public-read", "x-amz-website-redirect-location": "/new"}
    copy(client, "dst/c", headers=headers)
    md = client.md("dst/c")
    assert (md["acl"]["Canned"], md["x-amz-website-redirect-location"]) == ("public-read", "/new")


def test_owner_is_the_requester(client: Client) -> None:
    client.create_bucket("lisas", owner="Lisa")
    assert client.put("src/open", headers={"x-amz-acl": "public-read"}).status == 200
    assert copy(client, "lisas/c", "src/open", as_="Lisa").status == 200
    assert client.md("lisas/c")["owner-id"] == LISA


def test_versions(client: Client) -> None:
    first = client.put("versioned/k", b"one").version_id
    client.put("versioned/k", b"two")
    reply = copy(client, "versioned/k", f"versioned/k?versionId={first}")
    assert reply.headers == [
        ("x-amz-copy-source-version-id", first),
        ("x-amz-version-id", client.head("versioned/k").version_id),
        ("Content-type", "application/xml"),
    ]
    assert client.get("versioned/k").body == b"one"
    reply = copy(client, "dst/c", "versioned/k")
    assert [name for name, _ in reply.headers] == ["Content-type"]


def test_null_version_is_encoded_like_an_id(client: Client) -> None:
    assert copy(client, "dst/c", "src/k?versionId=null").headers[0] == ("x-amz-copy-source-version-id", "6e756c6c")


def test_empty_object(client: Client) -> None:
    client.put("src/e", b"")
    assert copy(client, "dst/c", "src/e").status == 200
    assert client.md("dst/c")["location"] is None


def test_parts_stay(client: Client) -> None:
    client.put("src/a", b"aaa")
    client.put("src/b", b"bb")
    elements = [{**client.md("src/a")["location"][0], "dataStoreETag": "1:a"}]
    elements.append({**client.md("src/b")["location"][0], "start": 3, "dataStoreETag": "2:b"})
    md = client.md("src/a") | {"location": elements, "content-length": 5, "content-md5": "abc-2"}
    client.server.metadata.put_object("src", "mpu", md)
    copy(client, "dst/c", "src/mpu")
    assert client.get("dst/c", partNumber="2").body == b"bb"
    assert client.head("dst/c").header("ETag") == '"abc-2"'


@pytest.mark.parametrize("who", ["Bart", "Replication"])
def test_replication(client: Client, who: str) -> None:
    copy(client, "replicated/c", as_=who)
    info = client.md("replicated/c")["replicationInfo"]
    assert (info["status"], info["content"]) == ("PENDING", ["DATA", "METADATA"])
    copy(client, "dst/c", "replicated/c", as_=who)
    assert client.md("dst/c")["replicationInfo"]["status"] == ""


def test_onto_itself_without_change(client: Client) -> None:
    reply = copy(client, "src/k")
    assert reply.code == "InvalidRequest"
    assert reply.message == (
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes."
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-metadata-directive": "REPLACE", "x-amz-meta-a": "b"},
        {"x-amz-storage-class": "STANDARD"},
        {"x-amz-website-redirect-location": "/x"},
        {"x-amz-server-side-encryption": "AES256"},
    ],
)
@pytest.mark.parametrize("status", [None, "Suspended"])
def test_onto_itself_rewrites_the_metadata_only(client: Client, status: str | None, headers: dict[str, str]) -> None:
    if status:
        client.set_versioning("src", status)
    before = client.md("src/k")
    assert copy(client, "src/k", headers=headers).status == 200
    after = client.md("src/k")
    assert after["location"] == before["location"]
    assert after["creation-time"] == before["last-modified"]
    assert client.get("src/k").body == b"0123456789abcdefghij"
    assert copy(client, "src/k", headers=headers).status == 200
    assert client.get("src/k").body == b"0123456789abcdefghij"


def test_onto_itself_as_a_new_version_copies_the_data(client: Client) -> None:
    client.put("versioned/k", b"one")
    before = client.md("versioned/k")
    copy(client, "versioned/k", "versioned/k", headers={"x-amz-storage-class": "STANDARD"})
    assert client.md("versioned/k")["location"] != before["location"]
    assert len(client.stored("versioned")) == 3


def test_version_over_the_null_version_copies_the_data(client: Client) -> None:
    version_id = client.put("versioned/k", b"one").version_id
    client.set_versioning("versioned", "Suspended")
    copy(client, "versioned/k", f"versioned/k?versionId={version_id}")
    client.delete("versioned/k", versionId=version_id)
    assert client.get("versioned/k").body == b"one"


CHECKS: list[tuple[str, dict[str, Any], str]] = [
    ("storage class", {"headers": {"x-amz-storage-class": "GLACIER"}}, "InvalidStorageClass"),
    ("redirect", {"headers": {"x-amz-website-redirect-location": "x"}}, "InvalidRedirectLocation"),
    ("version id", {"versionId": "null"}, "InvalidArgument"),
    ("destination bucket", {"path": "missing/c"}, "NoSuchBucket"),
    ("destination right", {"path": "lisas/c"}, "AccessDenied"),
    ("source key", {"source": "src/nokey"}, "NoSuchKey"),
    ("condition", {"headers": {"x-amz-copy-source-if-match": '"x"'}}, "PreconditionFailed"),
    ("metadata directive", {"headers": {"x-amz-metadata-directive": "replace"}}, "InvalidArgument"),
    ("tagging directive", {"headers": {"x-amz-tagging-directive": "KEEP"}}, "InvalidArgument"),
    ("lock", {"headers": {"x-amz-object-lock-legal-hold": "X"}}, "InvalidRequest"),
    ("encryption", {"headers": {"x-amz-server-side-encryption": "rot13"}}, "InvalidArgument"),
    ("acl", {"headers": {"x-amz-acl": "nope"}}, "InvalidArgument"),
]


@pytest.mark.parametrize(("options", "code"), [check[1:] for check in CHECKS], ids=[check[0] for check in CHECKS])
def test_check(client: Client, options: dict[str, Any], code: str) -> None:
    client.create_bucket("lisas", owner="Lisa")
    options = {"path": "dst/c", **options}
    assert copy(client, options.pop("path"), **options).code == code
    assert client.stored("dst") == {}


@pytest.mark.parametrize("earlier", range(len(CHECKS) - 1))
def test_order_of_checks(client: Client, earlier: int) -> None:
    client.create_bucket("lisas", owner="Lisa")
    first, second = CHECKS[earlier][1], CHECKS[earlier + 1][1]
    headers = {**second.get("headers", {}), **first.get("headers", {})}
    options = {"path": "dst/c", **second, **first, "headers": headers}
    assert copy(client, options.pop("path"), **options).code == CHECKS[earlier][2]


@pytest.mark.parametrize(
    ("name", "message"), [("metadata", "Invalid Argument"), ("tagging", "Unknown tagging directive")]
)
@pytest.mark.parametrize("value", ["copy", "replace", "KEEP"])
def test_unknown_directives(client: Client, name: str, message: str, value: str) -> None:
    reply = copy(client, "dst/c", headers={f"x-amz-{name}-directive": value})
    assert (reply.code, reply.message) == ("InvalidArgument", message)


def test_unreadable_source(client: Client) -> None:
    client.create_bucket("lisas", owner="Lisa")
    client.put("src/private")
    assert copy(client, "lisas/c", "src/private", as_="Lisa").code == "AccessDenied"
    assert copy(client, "lisas/c", "missing/k", as_="Lisa").code == "NoSuchBucket"
    assert copy(client, "dst/c", f"src/k?versionId={FOREIGN_VERSION}").code == "NoSuchVersion"


def test_delete_marker(client: Client) -> None:
    client.put("versioned/k")
    marker = client.delete("versioned/k").version_id
    assert copy(client, "dst/c", "versioned/k").code == "NoSuchKey"
    reply = copy(client, "dst/c", f"versioned/k?versionId={marker}")
    assert (reply.code, reply.message) == (
        "InvalidRequest",
        "The source of a copy request may not specifically refer to a deletemarker by version id.",
    )


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-amz-copy-source-if-match": f'"{MD5}"'}, ""),
        ({"x-amz-copy-source-if-none-match": f'"{MD5}"'}, "PreconditionFailed"),
        ({"x-amz-copy-source-if-modified-since": "x"}, "PreconditionFailed"),
        ({"x-amz-copy-source-if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}, "PreconditionFailed"),
        ({"if-match": f'"{MD5}"', "x-amz-copy-source-if-match": '"x"'}, ""),
    ],
)
def test_conditions(client: Client, headers: dict[str, str], code: str) -> None:
    assert copy(client, "dst/c", headers=headers).code == code


def test_an_empty_source_key_is_no_object(client: Client) -> None:
    assert copy(client, "dst/c", "src/").code == "NoSuchKey"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["mode"], ""),
        (["retain-until-date"], ""),
        (["mode", "retain-until-date"], "InvalidRequest"),
        (["legal-hold"], "InvalidRequest"),
    ],
)
def test_lock_headers_without_lock_bucket(client: Client, names: list[str], code: str) -> None:
    reply = copy(client, "dst/c", headers={f"x-amz-object-lock-{name}": "x" for name in names})
    assert reply.code == code
    assert not code or reply.message == "Bucket is missing ObjectLockConfiguration"


def test_lock_headers_are_not_validated(client: Client) -> None:
    client.create_bucket("locked", versioning="Enabled", object_lock_enabled=True)
    headers = {"x-amz-object-lock-mode": "X", "x-amz-object-lock-retain-until-date": "2020-01-01T00:00:00Z"}
    assert copy(client, "locked/c", headers=headers).status == 200


def test_onto_itself_from_a_named_version(client: Client) -> None:
    assert copy(client, "src/k", "src/k?versionId=null").status == 200
    assert client.get("src/k").body == b"0123456789abcdefghij"


def test_neither_size_nor_key_of_a_copy_is_checked(client: Client) -> None:
    assert copy(client, "dst/a\x01b").status == 200
    md = client.md("src/k") | {"content-length": 6 * 1024**3}
    client.server.metadata.put_object("src", "k", md)
    assert copy(client, "src/k", headers={"x-amz-metadata-directive": "REPLACE"}).status == 200
    assert client.md("src/k")["content-length"] == 6 * 1024**3


def test_the_acl_of_the_query_is_ignored(client: Client) -> None:
    copy(client, "dst/c", x_amz_acl="public-read")
    assert client.md("dst/c")["acl"]["Canned"] == "private"


def test_creation_time_of_what_is_overwritten_is_kept(client: Client) -> None:
    client.put("dst/c", b"old")
    before = client.md("dst/c")["last-modified"]
    client.clock.advance(60)
    copy(client, "dst/c")
    assert client.md("dst/c")["creation-time"] == before


def test_metadata_of_the_source_may_be_too_large(client: Client) -> None:
    md = client.md("src/k") | {"x-amz-meta-a": "x" * 3000}
    client.server.metadata.put_object("src", "k", md)
    assert copy(client, "dst/c").code == "MetadataTooLarge"
    replace = {"x-amz-metadata-directive": "REPLACE"}
    assert copy(client, "dst/c", headers=replace).status == 200
    assert copy(client, "dst/c", headers={**replace, "x-amz-meta-a": "x" * 3000}).code == "MetadataTooLarge"


def test_bad_tags(client: Client) -> None:
    reply = copy(client, "dst/c", headers={"x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "n"})
    assert reply.code == "InvalidArgument"
    assert "x-amz-tagging" in reply.message


def test_encryption_is_shown(client: Client) -> None:
    name = "x-amz-server-side-encryption"
    reply = copy(client, "dst/c", headers={name: "aws:kms", f"{name}-aws-kms-key-id": "mine"})
    assert reply.headers[:2] == [(name, "aws:kms"), (f"{name}-aws-kms-key-id", "mine")]
    reply = copy(client, "dst/c", headers={name: "AES256", f"{name}-aws-kms-key-id": "mine"})
    assert reply.message == "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"


def test_default_retention_yields_to_a_legal_hold(client: Client) -> None:
    rule = {"rule": {"mode": "GOVERNANCE", "days": 1}}
    client.create_bucket("locked", versioning="Enabled", object_lock_enabled=True, object_lock_configuration=rule)
    copy(client, "locked/a")
    assert client.md("locked/a")["retentionMode"] == "GOVERNANCE"
    copy(client, "locked/b", headers={"x-amz-object-lock-legal-hold": "OFF"})
    md = client.md("locked/b")
    assert md["legalHold"] is False
    assert "retentionMode" not in md


def test_to_an_external_location(client: Client) -> None:
    copy(client, "remote/c")
    upload = client.remote.calls[0][1]
    assert (upload.size, upload.metadata, upload.tags) == (20, {"x-amz-meta-color": "Blue"}, "t1=v1&t2=a%20b")
    element = client.md("remote/c")["location"][0]
    assert (element["dataStoreName"], element["dataStoreVersionId"], element["start"]) == (AWS, "v1", 0)
    assert client.get("remote/c").body == b"0123456789abcdefghij"


def test_empty_object_to_an_external_location(client: Client) -> None:
    client.put("src/e", b"")
    copy(client, "remote/c", "src/e")
    assert client.md("remote/c")["location"][0]["dataStoreVersionId"] == "v1"


def test_between_external_locations_the_remote_copies(client: Client) -> None:
    client.put("remote/k")
    client.remote.calls.clear()
    copy(client, "remote/c", "remote/k")
    assert [call[0] for call in client.remote.calls] == ["copy"]
    assert client.md("remote/c")["location"][0]["dataStoreVersionId"] == "v2"


def test_location_named_by_the_object_is_copied(client: Client) -> None:
    client.put("src/far", headers={"x-amz-meta-scal-location-constraint": AWS})
    copy(client, "dst/c", "src/far")
    assert client.md("dst/c")["dataStoreName"] == AWS
    copy(client, "dst/d", "src/far", headers={"x-amz-metadata-directive": "REPLACE"})
    assert client.md("dst/d")["dataStoreName"] == LOCAL
    headers = {"x-amz-metadata-directive": "REPLACE", "x-amz-meta-scal-location-constraint": "nowhere"}
    assert copy(client, "dst/e", "src/far", headers=headers).code == "InvalidArgument"


def test_overwritten_data_is_deleted(client: Client) -> None:
    client.put("dst/c", b"old")
    old = client.md("dst/c")["location"][0]
    copy(client, "dst/c")
    assert client.data_of(old) is None


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("b/k", CopySource("b", "k")),
        ("/b/k", CopySource("b", "k")),
        ("//b/k", CopySource("", "b/k")),
        ("b/a%20b+c", CopySource("b", "a b+c")),
        ("b/a%3Fb", CopySource("b", "a?b")),
        ("b/k#part", CopySource("b", "k")),
        ("b/%zz", CopySource("b", "%zz")),
        ("b/", CopySource("b", "")),
        ("b%2Fk", CopySource("b", "k")),
        ("b/k?versionId=null", CopySource("b", "k", "null")),
        ("b/k?versionId=", CopySource("b", "k")),
        ("b/k?other=1", CopySource("b", "k")),
        (f"b/k?versionId={FOREIGN_VERSION}", CopySource("b", "k", "98500613047639999999RG001  10")),
    ],
)
def test_copy_source(header: str, source: CopySource) -> None:
    assert parse_copy_source({"x-amz-copy-source": header}) == source


def test_bad_copy_source(client: Client) -> None:
    assert copy(client, "missing/c", "src").message == "Invalid Argument"
    assert copy(client, "missing/c", "src/k?versionId=badid").message == "Invalid version id specified"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_copy_source_round_trip(key: str) -> None:
    header = f"/bucket/{urllib.parse.quote(key, safe='')}"
    assert parse_copy_source({"x-amz-copy-source": header}) == CopySource("bucket", key)
