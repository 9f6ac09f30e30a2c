"""Completing multipart uploads: what is refused, what the object is, what is left behind."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multipart_client import NO_SUCH_UPLOAD, MultipartClient, md5, part_list
from object_client import AWS, LOCAL, REPLICATION, Reply

from fake_cloudserver.locations.base import CompletedPart
from fake_cloudserver.settings import Settings

BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
ONE, TWO = b"one", b"two, longer"
ETAG = f"{hashlib.md5(hashlib.md5(ONE).digest() + hashlib.md5(TWO).digest()).hexdigest()}-2"
FIVE_MIB = 5 * 1024 * 1024


@pytest.fixture
def client() -> MultipartClient:
    client = MultipartClient()
    client.create_bucket("plain")
    client.create_bucket("versioned", versioning="Enabled")
    client.create_bucket("replicated", versioning="Enabled", replication_configuration=REPLICATION)
    client.create_bucket("remote", versioning="Enabled", location_constraint=AWS)
    client.create_bucket("lock", versioning="Enabled", object_lock_enabled=True)
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    return client


def begun(client: MultipartClient, path: str = "plain/k", **options: Any) -> str:
    """An upload with parts 1 and 4."""
    upload_id = client.initiate(path, **options)
    client.part(path, upload_id, 1, ONE)
    client.part(path, upload_id, 4, TWO)
    return upload_id


def finish(client: MultipartClient, path: str, upload_id: str, **options: Any) -> Reply:
    return client.complete(path, upload_id, (1, md5(ONE)), (4, md5(TWO)), **options)


def test_answer_is_indented(client: MultipartClient) -> None:
    reply = finish(client, "plain/a&b/ü", begun(client, "plain/a&b/ü"))
    assert (reply.status, reply.headers) == (200, [("Content-type", "application/xml")])
    assert reply.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '        <CompleteMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n'
        "            <Location>http://plain.127.0.0.1/a&amp;b/ü</Location>\n"
        "            <Bucket>plain</Bucket>\n"
        "            <Key>a&amp;b/ü</Key>\n"
        f"            <ETag>&quot;{ETAG}&quot;</ETag>\n"
        "        </CompleteMultipartUploadResult>"
    )


@pytest.mark.parametrize(
    ("host", "shown"), [("s3.example", "s3.example"), ("[::1]:8000", "[::1]"), ("[::1]", "[::1]"), ("b.h:1", "b.h")]
)
def test_location_has_the_host_without_port(client: MultipartClient, host: str, shown: str) -> None:
    reply = finish(client, "plain/k", begun(client), headers={"host": host})
    assert f"<Location>http://plain.{shown}/k</Location>".encode() in reply.body


def test_document(client: MultipartClient) -> None:
    upload_id = begun(client, "replicated/k", headers={"x-amz-meta-m": "n", "x-amz-website-redirect-location": "/w"})
    client.clock.advance(60)
    reply = finish(client, "replicated/k", upload_id)
    md = client.md("replicated/k")
    assert reply.headers == [
        ("x-amz-version-id", md.pop("versionId").encode().hex()),
        ("Content-type", "application/xml"),
    ]
    keys = [element.pop("key") for element in md["location"]]
    assert len(set(keys)) == 2
    assert list(md) == [
        *("owner-display-name", "owner-id", "content-length", "content-md5", "content-language", "creation-time"),
        *("x-amz-version-id", "x-amz-server-version-id", "x-amz-storage-class", "x-amz-server-side-encryption"),
        "x-amz-server-side-encryption-aws-kms-key-id",
        *("x-amz-server-side-encryption-customer-algorithm", "x-amz-website-redirect-location"),
        *("x-amz-scal-transition-in-progress", "acl", "key", "location", "isDeleteMarker", "uploadId", "tags"),
        *("replicationInfo", "dataStoreName", "originOp", "deleted", "isPHD", "last-modified", "md-model-version"),
        "x-amz-meta-m",
    ]
    assert {name: md[name] for name in ("owner-id", "content-length", "content-md5", "uploadId", "originOp")} == {
        "owner-id": BART,
        "content-length": 14,
        "content-md5": ETAG,
        "uploadId": upload_id,
        "originOp": "s3:ObjectCreated:CompleteMultipartUpload",
    }
    assert md["creation-time"] == md["last-modified"] == "2026-11-22T22:20:31.731Z"
    assert md["x-amz-website-redirect-location"] == ""
    assert md["location"] == [
        {"size": 3, "start": 0, "dataStoreName": LOCAL, "dataStoreETag": f"1:{md5(ONE)}"},
        {"size": 11, "start": 3, "dataStoreName": LOCAL, "dataStoreETag": f"2:{md5(TWO)}"},
    ]
    assert md["replicationInfo"]["status"] == "PENDING"
    assert md["replicationInfo"]["content"] == ["DATA", "METADATA", "MPU"]


def test_what_the_initiation_asked_for(client: MultipartClient) -> None:
    headers = {
        "content-type": "text/x",
        "cache-control": "no-cache",
        "content-disposition": "inline",
        "content-encoding": "gzip",
        "expires": "Thu, 01 Dec 2044 16:00:00 GMT",
        "x-amz-meta-m": "n",
        "x-amz-tagging": "mt=mv",
        "x-amz-acl": "public-read",
    }
    finish(client, "plain/k", begun(client, headers=headers), headers={"content-type": "application/xml"})
    md = client.md("plain/k")
    kept = ("content-type", "cache-control", "content-disposition", "content-encoding", "expires", "x-amz-meta-m")
    assert {name: md[name] for name in kept} == {name: headers[name] for name in kept}
    assert (md["tags"], md["acl"]["Canned"]) == ({"mt": "mv"}, "public-read")


def test_data_of_the_object(client: MultipartClient) -> None:
    finish(client, "plain/k", begun(client))
    assert client.get("plain/k").body == ONE + TWO
    assert client.get("plain/k", partNumber="2").body == TWO
    assert client.get("plain/k", headers={"range": "bytes=2-4"}).body == b"etw"


@settings(deadline=None)  # a busy machine is no fault
@given(bodies=st.lists(st.binary(max_size=9), min_size=1, max_size=6), data=st.data())
def test_the_object_is_its_listed_parts(bodies: list[bytes], data: st.DataObject) -> None:
    client = MultipartClient()
    client.create_bucket("b")
    numbers = data.draw(
        st.lists(st.integers(1, 10000), min_size=len(bodies), max_size=len(bodies), unique=True).map(sorted)
    )
    listed = data.draw(st.sets(st.sampled_from(numbers), min_size=1))
    upload_id = client.initiate("b/k")
    stored = dict(zip(numbers, bodies, strict=True))
    for number, body in stored.items():
        client.part("b/k", upload_id, number, body)
    chosen = {number: body for number, body in stored.items() if number in listed}
    reply = client.complete("b/k", upload_id, *((number, md5(body)) for number, body in chosen.items()))
    assert reply.status == 200
    whole = b"".join(chosen.values())
    assert client.get("b/k").body == whole
    assert client.md("b/k")["content-length"] == len(whole)
    for position, body in enumerate(chosen.values(), 1):
        if body:
            assert client.get("b/k", partNumber=str(position)).body == body
    in_use = {element["key"] for element in client.md("b/k")["location"]}
    for element in client.data_ever_kept("b"):
        assert (client.data_of(element) is not None) is (element["key"] in in_use)
    assert client.shadow("b") == {}


def test_copied_parts_keep_their_pieces(client: MultipartClient) -> None:
    client.upload("plain/source", b"abc", b"defg")
    client.put("plain/empty", b"")
    upload_id = client.initiate("plain/k")
    client.part("plain/k", upload_id, 1, b"!")
    client.copy_part("plain/k", upload_id, 2, "plain/source")
    client.copy_part("plain/k", upload_id, 3, "plain/empty")
    etags = [md5(b"!"), md5(b"abcdefg"), md5(b"")]
    client.complete("plain/k", upload_id, *enumerate(etags, 1))
    elements = client.md("plain/k")["location"]
    assert [(element["start"], element["size"], element["dataStoreETag"]) for element in elements] == [
        (0, 1, f"1:{etags[0]}"),
        (1, 3, f"2:{etags[1]}"),
        (4, 4, f"2:{etags[1]}"),
    ]
    assert client.get("plain/k").body == b"!abcdefg"
    assert client.get("plain/k", partNumber="2").body == b"abcdefg"


def test_an_object_of_nothing(client: MultipartClient) -> None:
    client.put("plain/empty", b"")
    upload_id = client.initiate("replicated/k")
    client.copy_part("replicated/k", upload_id, 1, "plain/empty")
    client.complete("replicated/k", upload_id, (1, md5(b"")))
    md = client.md("replicated/k")
    assert (md["content-length"], md["location"]) == (0, None)
    assert md["replicationInfo"]["content"] == ["METADATA", "MPU"]
    assert client.get("replicated/k").body == b""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MalformedXML"),
        (b" ", "MalformedXML"),
        (b"hello", "MalformedXML"),
        (b"<CompleteMultipartUpload/>", "MalformedXML"),
        (b"<CompleteMultipartUpload>text</CompleteMultipartUpload>", "MalformedXML"),
        (b"<Complete><Part/></Complete>", "MalformedXML"),
        (part_list((4, md5(TWO)), (1, md5(ONE))), "InvalidPartOrder"),
        (part_list((1, md5(ONE)), (1, md5(ONE))), "InvalidPartOrder"),
        (part_list((1, md5(ONE)), (2, md5(TWO))), "InvalidPart"),
        (part_list((1, md5(TWO))), "InvalidPart"),
        (part_list((1, f"{md5(ONE)}-1")), "InvalidPart"),
        (part_list((1, "ü")), "InvalidPart"),
        (part_list((1, "")), "InvalidPart"),
        (part_list(("x", md5(ONE))), "InvalidPart"),
        (part_list((1, md5(ONE)), (2, ""), (4, md5(TWO))), "InvalidPart"),
        (part_list((1, "bad"), (0, "bad")), "InvalidPart"),
        (b"<CompleteMultipartUpload><Part/></CompleteMultipartUpload>", "InternalError"),
        (
            b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
            "InternalError",
        ),
        (part_list((1, "<b/>")), "InternalError"),
    ],
)
def test_part_lists_that_are_refused(client: MultipartClient, body: bytes, code: str) -> None:
    upload_id = begun(client)
    assert client.complete("plain/k", upload_id, body=body).code == code
    assert client.get("plain/k").code == "NoSuchKey"
    assert len(client.shadow("plain")) == 3
    assert finish(client, "plain/k", upload_id).status == 200


def test_a_completion_that_fails_stays_noted(client: MultipartClient) -> None:
    upload_id = begun(client)
    client.complete("plain/k", upload_id, body=b"hello")
    assert "completeInProgress" not in client.overview("plain/k", upload_id)
    client.complete("plain/k", upload_id, (2, md5(ONE)))
    assert client.overview("plain/k", upload_id)["completeInProgress"] is True


@pytest.mark.parametrize(
    "etag",
    [
        f'"{md5(ONE)}"',
        f"'{md5(ONE)}'",
        f"&quot;{md5(ONE)}&quot;",
        md5(ONE),
        base64.b64encode(hashlib.md5(ONE).digest()).decode(),
        f'"{base64.b64encode(hashlib.md5(ONE).digest()).decode()}"',
        base64.b64encode(hashlib.md5(ONE).digest()).decode().rstrip("="),
    ],
)
def test_ways_to_write_an_etag(client: MultipartClient, etag: str) -> None:
    assert client.complete("plain/k", begun(client), ("01", etag)).status == 200
    assert client.get("plain/k").body == ONE


@pytest.mark.parametrize(
    ("sizes", "code"), [((FIVE_MIB - 1, 1), "EntityTooSmall"), ((FIVE_MIB, 1), ""), ((FIVE_MIB - 1,), "")]
)
def test_smallest_part(sizes: tuple[int, ...], code: str) -> None:
    client = MultipartClient(Settings.default())
    client.create_bucket("b")
    assert client.upload("b/k", *(b"x" * size for size in sizes)).code == code


def test_the_first_faulty_part_decides() -> None:
    client = MultipartClient(Settings.default())
    client.create_bucket("b")
    upload_id = begun(client, "b/k")
    assert client.complete("b/k", upload_id, (1, md5(ONE)), (4, "bad")).code == "EntityTooSmall"
    assert client.complete("b/k", upload_id, (1, "bad"), (4, md5(TWO))).code == "InvalidPart"


def test_checks_before_the_body(client: MultipartClient) -> None:
    upload_id = begun(client)
    assert finish(client, "plain/k", upload_id, versionId="null").message == (
        "This operation does not accept a version-id."
    )
    undecodable = {"x-scal-s3-version-id": "x"}
    assert finish(client, "plain/k", upload_id, headers=undecodable).message == "Invalid version id specified"
    assert client.complete("nowhere/k", upload_id, body=b"").code == "NoSuchBucket"
    assert client.complete("plain/k", NO_SUCH_UPLOAD, body=b"").code == "NoSuchUpload"
    assert client.complete("plain/other", upload_id, body=b"").code == "NoSuchUpload"
    assert client.complete("versioned/k", upload_id, body=b"").code == "NoSuchUpload"
    assert finish(client, "plain/k", upload_id, as_="Lisa").code == "AccessDenied"
    assert finish(client, "plain/k", upload_id).status == 200


def test_a_second_completion_finds_nothing(client: MultipartClient) -> None:
    upload_id = begun(client)
    finish(client, "plain/k", upload_id)
    assert finish(client, "plain/k", upload_id).code == "NoSuchUpload"
    assert client.abort("plain/k", upload_id).code == "NoSuchUpload"
    assert client.parts("plain/k", upload_id).code == "NoSuchUpload"


def test_whoever_may_write_completes_and_owns(client: MultipartClient) -> None:
    upload_id = client.initiate("open/k", as_="Lisa")
    client.part("open/k", upload_id, 1, ONE, as_="Lisa")
    assert client.complete("open/k", upload_id, (1, md5(ONE)), as_=None).status == 200
    md = client.md("open/k")
    assert md["owner-id"] == "http://acs.amazonaws.com/groups/global/AllUsers"
    assert "owner-display-name" not in md


def test_service_accounts_complete_what_is_replicated(client: MultipartClient) -> None:
    upload_id = begun(client, "replicated/k")
    account = next(one for one in client.settings.accounts if one.canonical_id.endswith("/replication"))
    assert finish(client, "replicated/k", upload_id, as_=account.name).status == 200
    assert client.md("replicated/k")["replicationInfo"]["status"] == "PENDING"


def test_bad_tags_are_found_again(client: MultipartClient) -> None:
    client.ask("initiate_multipart_upload", "plain/k", headers={"x-amz-tagging": "a=b&a=c"})
    (upload,) = client.shadow("plain").values()
    client.part("plain/k", upload["uploadId"], 1, ONE)
    assert client.complete("plain/k", upload["uploadId"], (1, md5(ONE))).code == "InvalidArgument"
    assert client.get("plain/k").code == "NoSuchKey"


def test_encryption_is_that_of_the_bucket_at_the_end(client: MultipartClient) -> None:
    upload_id = begun(client, headers={"x-amz-server-side-encryption": "AES256"})
    encryption = {"cryptoScheme": 1, "algorithm": "aws:kms", "masterKeyId": "m", "mandatory": True}
    client.change_bucket("plain", server_side_encryption={**encryption, "configuredMasterKeyId": "mine"})
    finish(client, "plain/k", upload_id)
    md = client.md("plain/k")
    assert md["x-amz-server-side-encryption"] == "aws:kms"
    assert md["x-amz-server-side-encryption-aws-kms-key-id"] == "mine"


def test_lock_of_the_initiation(client: MultipartClient) -> None:
    headers = {
        "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": "2027-01-01T00:00:00Z",
        "x-amz-object-lock-legal-hold": "ON",
    }
    finish(client, "lock/k", begun(client, "lock/k", headers=headers))
    md = client.md("lock/k")
    assert (md["retentionMode"], md["retentionDate"]) == ("COMPLIANCE", "2027-01-01T00:00:00Z")
    assert md["legalHold"] is True


def test_expiration_rule_shows(client: MultipartClient) -> None:
    rule = {"ruleID": "r", "ruleStatus": "Enabled", "prefix": "", "actions": [{"actionName": "Expiration", "days": 1}]}
    client.change_bucket("plain", lifecycle_configuration={"rules": [rule]})
    reply = finish(client, "plain/k", begun(client))
    assert reply.header("x-amz-expiration") == 'expiry-date="Mon, 23 Nov 2026 22:19:31 GMT", rule-id="r"'


def test_completion_replaces_the_object_and_its_data(client: MultipartClient) -> None:
    client.put("plain/k", b"old")
    old = client.md("plain/k")
    finish(client, "plain/k", begun(client))
    assert client.data_of(old["location"][0]) is None
    assert client.md("plain/k")["creation-time"] == old["last-modified"]


def test_completion_makes_a_version(client: MultipartClient) -> None:
    first = client.put("versioned/k", b"old").version_id
    reply = finish(client, "versioned/k", begun(client, "versioned/k"))
    assert client.get("versioned/k").version_id == reply.version_id
    assert client.get("versioned/k", versionId=first).body == b"old"


def test_completion_in_a_suspended_bucket(client: MultipartClient) -> None:
    client.set_versioning("versioned", "Suspended")
    client.put("versioned/k", b"old")
    (old,) = client.md("versioned/k")["location"]
    reply = finish(client, "versioned/k", begun(client, "versioned/k"))
    assert reply.header("x-amz-version-id") is None
    assert client.get("versioned/k").version_id == "null"
    assert client.data_of(old) is None
    assert list(client.stored("versioned")) == ["k"]


def test_null_version_of_an_upload_is_kept_with_its_upload_id(client: MultipartClient) -> None:
    upload_id = begun(client)
    finish(client, "plain/k", upload_id)
    client.set_versioning("plain", "Enabled")
    client.put("plain/k", b"new")
    assert client.md("plain/k")["nullUploadId"] == upload_id


def test_records_of_a_completion(client: MultipartClient) -> None:
    upload_id = begun(client, "versioned/k")
    before = client.journal.last_sequence
    finish(client, "versioned/k", upload_id)
    shadow, overview = "mpuShadowBucketversioned", f"overview..|..k..|..{upload_id}"
    version_id = client.md("versioned/k")["versionId"]
    assert [(record.db, record.type, record.key) for record in client.journal.read(before + 1, 100)] == [
        (shadow, "put", overview),
        ("versioned", "put", "k"),
        ("versioned", "put", f"k\0{version_id}"),
        (shadow, "del", f"{upload_id}..|..00001"),
        (shadow, "del", f"{upload_id}..|..00004"),
        (shadow, "del", overview),
    ]


def test_completion_at_an_external_location(client: MultipartClient) -> None:
    headers = {"content-type": "text/x", "x-amz-meta-m": "n"}
    upload_id = begun(client, "remote/k", headers=headers)
    reply = finish(client, "remote/k", upload_id)
    assert client.remote.calls[-1] == (
        "complete_upload",
        "remote",
        "k",
        upload_id,
        [CompletedPart("1", md5(ONE)), CompletedPart("4", md5(TWO))],
    )
    assert b"<ETag>&quot;abc-2&quot;</ETag>" in reply.body
    md = client.md("remote/k")
    assert (md["content-md5"], md["content-length"], md["content-type"]) == ("abc-2", 14, "text/x")
    assert (md["dataStoreName"], md["x-amz-meta-m"]) == (AWS, "n")
    assert md["location"] == [
        {
            "key": "remote/k",
            "size": 14,
            "start": 0,
            "dataStoreName": AWS,
            "dataStoreType": "aws_s3",
            "dataStoreETag": "abc-2",
            "dataStoreVersionId": "v1",
        }
    ]
    assert client.shadow("remote") == {}
    assert client.get("remote/k").body == ONE + TWO


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        ("InvalidPart", 400, "InvalidPart"),
        ("InvalidPartOrder", 400, "InvalidPartOrder"),
        ("EntityTooSmall", 400, "EntityTooSmall"),
        ("NoSuchUpload", 503, "ServiceUnavailable"),
    ],
)
def test_an_external_location_that_refuses(client: MultipartClient, error: str, status: int, code: str) -> None:
    upload_id = begun(client, "remote/k")
    client.remote.error = error
    reply = finish(client, "remote/k", upload_id)
    assert (reply.status, reply.code) == (status, code)
    assert client.overview("remote/k", upload_id)["completeInProgress"] is True
    client.remote.error = ""
    assert finish(client, "remote/k", upload_id).status == 200


def test_restored_data_takes_the_place_of_the_archived(client: MultipartClient) -> None:
    version_id = client.put("versioned/k", b"archived").version_id
    client.put("versioned/k", b"newer")
    internal = bytes.fromhex(version_id).decode()
    md = client.md("versioned/k", internal)
    archive = {"archiveInfo": {"a": 1}, "restoreRequestedAt": md["last-modified"], "restoreRequestedDays": 2}
    archived = {**md, "location": None, "archive": archive, "x-amz-storage-class": "cold"}
    client.server.metadata.put_object("versioned", "k", archived, version_id=internal)
    headers = {"x-scal-s3-version-id": version_id}
    upload_id = begun(client, "versioned/k")
    reply = finish(client, "versioned/k", upload_id, headers=headers)
    assert (reply.status, reply.header("x-amz-version-id")) == (200, version_id)
    restored = client.md("versioned/k", internal)
    assert restored["originOp"] == "s3:ObjectRestore:Completed"
    assert restored["x-amz-storage-class"] == "cold"
    assert restored["archive"]["restoreWillExpireAt"] == restored["x-amz-restore"]["expiry-date"]
    assert client.get("versioned/k", versionId=version_id).body == ONE + TWO
    assert client.get("versioned/k").body == b"newer"


def test_restored_data_needs_an_archived_version(client: MultipartClient) -> None:
    client.put("plain/k")
    upload_id = begun(client)
    assert finish(client, "plain/k", upload_id, headers={"x-scal-s3-version-id": ""}).code == "InvalidObjectState"


def test_completions_at_once_make_one_object() -> None:
    client = MultipartClient()
    client.create_bucket("b", versioning="Enabled")
    upload_id = begun(client, "b/k")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: finish(client, "b/k", upload_id), range(16)))
    assert sorted(reply.code for reply in replies) == [""] + 15 * ["NoSuchUpload"]
    assert len([key for key in client.stored("b") if "|" in key]) == 1
    assert client.get("b/k").body == ONE + TWO
    assert client.shadow("b") == {}


def test_parts_completions_and_aborts_at_once_leave_nothing() -> None:
    client = MultipartClient()
    client.create_bucket("b")
    upload_id = begun(client, "b/k")

    def one(number: int) -> str:
        match number % 8:
            case 7:
                return finish(client, "b/k", upload_id).code
            case 6 if number > 32:
                return client.abort("b/k", upload_id).code
            case _:
                return client.part("b/k", upload_id, 1 + number % 3 * 3, ONE).code

    with ThreadPoolExecutor(8) as pool:
        codes = set(pool.map(one, range(64)))
    assert codes <= {"", "NoSuchUpload", "NoSuchKey", "InvalidPart"}
    assert client.shadow("b") == {}
    objects = client.stored("b").values()
    in_use = {element["key"] for md in objects for element in md["location"]}
    for element in client.data_ever_kept("b"):
        assert (client.data_of(element) is not None) is (element["key"] in in_use)


def test_documents_of_the_journal_are_readable(client: MultipartClient) -> None:
    finish(client, "versioned/k", begun(client, "versioned/k"))
    for record in client.journal.read(1, 1000):
        assert record.value is None or isinstance(json.loads(record.value), dict)


def test_a_completion_that_had_failed_half_way_is_not_done_twice(client: MultipartClient) -> None:
    upload_id = begun(client, "versioned/k")
    left_behind = client.shadow("versioned")
    first = finish(client, "versioned/k", upload_id)
    for key, document in left_behind.items():  # as if it had ended before it cleared up
        client.server.metadata.put_object("mpuShadowBucketversioned", key, document)
    before = client.stored("versioned")
    again = finish(client, "versioned/k", upload_id)
    assert (again.status, again.version_id, again.body) == (200, first.version_id, first.body)
    assert client.stored("versioned") == before
    assert client.shadow("versioned") == {}
    assert client.get("versioned/k").body == ONE + TWO
