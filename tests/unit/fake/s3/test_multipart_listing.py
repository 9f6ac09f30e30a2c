"""Listings of uploads and parts, as a real CloudServer writes them."""

from __future__ import annotations

import re

import pytest
from multipart_client import NO_SUCH_UPLOAD, MultipartClient, md5
from object_client import AWS

BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
ACCOUNT = f"<ID>{BART}</ID><DisplayName>Bart</DisplayName>"
ACCOUNTS = f"<Initiator>{ACCOUNT}</Initiator><Owner>{ACCOUNT}</Owner><StorageClass>STANDARD</StorageClass>"
INITIATED = "<Initiated>2026-11-22T22:19:31.731Z</Initiated>"
KEYS = ("la", "lb/1", "lb/2", "lc d")


@pytest.fixture
def client() -> MultipartClient:
    client = MultipartClient()
    client.create_bucket("b")
    client.create_bucket("remote", location_constraint=AWS)
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    return client


@pytest.fixture
def upload_id(client: MultipartClient) -> str:
    """Of an upload with parts 1, 3, 7 and 9."""
    upload_id = client.initiate("b/k&")
    for number in (7, 1, 9, 3):
        client.part("b/k&", upload_id, number, b"x" * number)
    return upload_id


@pytest.fixture
def uploads(client: MultipartClient) -> list[str]:
    return [client.initiate(f"b/{key}") for key in KEYS]


def part(number: int) -> str:
    return (
        f"<Part><PartNumber>{number}</PartNumber><LastModified>2026-11-22T22:19:31.731Z</LastModified>"
        f"<ETag>&quot;{md5(b'x' * number)}&quot;</ETag><Size>{number}</Size></Part>"
    )


def parts_result(upload_id: str, inner: str) -> str:
    return (
        f"{DECLARATION}<ListPartsResult {NS}><Bucket>b</Bucket><Key>k&amp;</Key><UploadId>{upload_id}</UploadId>"
        f"{ACCOUNTS}{inner}</ListPartsResult>"
    )


def upload(key: str, upload_id: str) -> str:
    return f"<Upload><Key>{key}</Key><UploadId>{upload_id}</UploadId>{ACCOUNTS}{INITIATED}</Upload>"


def uploads_result(inner: str) -> str:
    return f"{DECLARATION}<ListMultipartUploadsResult {NS}>   <Bucket>b</Bucket>{inner}</ListMultipartUploadsResult>"


def numbers(body: bytes) -> list[int]:
    return [int(number) for number in re.findall(rb"<PartNumber>(\d+)<", body)]


def test_parts(client: MultipartClient, upload_id: str) -> None:
    reply = client.parts("b/k&", upload_id)
    assert (reply.status, reply.headers) == (200, [("Content-type", "application/xml")])
    inner = "<MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>" + "".join(map(part, (1, 3, 7, 9)))
    assert reply.body.decode() == parts_result(upload_id, inner)


def test_no_parts(client: MultipartClient) -> None:
    upload_id = client.initiate("b/k&")
    inner = "<MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>"
    assert client.parts("b/k&", upload_id).body.decode() == parts_result(upload_id, inner)


def test_pages_of_parts(client: MultipartClient, upload_id: str) -> None:
    first = client.parts("b/k&", upload_id, max_parts="2").body.decode()
    assert first == parts_result(
        upload_id,
        "<NextPartNumberMarker>3</NextPartNumberMarker><MaxParts>2</MaxParts><IsTruncated>true</IsTruncated>"
        + part(1)
        + part(3),
    )
    second = client.parts("b/k&", upload_id, max_parts="2", part_number_marker="3").body.decode()
    assert second == parts_result(
        upload_id,
        "<PartNumberMarker>3</PartNumberMarker><MaxParts>2</MaxParts><IsTruncated>false</IsTruncated>"
        + part(7)
        + part(9),
    )


@pytest.mark.parametrize(
    ("most", "shown"), [("0", "1000"), ("x", "1000"), ("", "1000"), ("1001", "1000"), ("5x", "5"), ("999", "999")]
)
def test_max_parts(client: MultipartClient, upload_id: str, most: str, shown: str) -> None:
    reply = client.parts("b/k&", upload_id, max_parts=most)
    assert f"<MaxParts>{shown}</MaxParts>".encode() in reply.body
    assert numbers(reply.body) == [1, 3, 7, 9]


@pytest.mark.parametrize(("marker", "left"), [("x", [1, 3, 7, 9]), ("-1", [1, 3, 7, 9]), ("8", [9]), ("99999", [])])
def test_part_number_markers(client: MultipartClient, upload_id: str, marker: str, left: list[int]) -> None:
    assert numbers(client.parts("b/k&", upload_id, part_number_marker=marker).body) == left


def test_parts_url_encoded(client: MultipartClient, upload_id: str) -> None:
    body = client.parts("b/k&", upload_id, encoding_type="url").body.decode()
    assert "<Key>k%26</Key>" in body
    assert "<LastModified>2026-11-22T22%3A19%3A31.731Z</LastModified>" in body
    assert f"<ETag>%22{md5(b'x')}%22</ETag>" in body
    assert "<Key>k&amp;</Key>" in client.parts("b/k&", upload_id, encoding_type="other").body.decode()


def test_list_parts_refuses(client: MultipartClient, upload_id: str) -> None:
    assert client.parts("nowhere/k", upload_id, max_parts="-1").code == "InvalidArgument"
    assert client.parts("nowhere/k", upload_id).code == "NoSuchBucket"
    assert client.parts("b/k&", NO_SUCH_UPLOAD).code == "NoSuchUpload"
    assert client.parts("b/other", upload_id).code == "NoSuchUpload"
    assert client.parts("b/k&", upload_id, as_="Lisa").code == "AccessDenied"


def test_parts_are_for_the_bucket_owner(client: MultipartClient) -> None:
    upload_id = client.initiate("open/k", as_=None)
    assert client.parts("open/k", upload_id, as_=None).code == "AccessDenied"
    body = client.parts("open/k", upload_id).body.decode()
    assert "<Initiator><ID>http://acs.amazonaws.com/groups/global/AllUsers</ID><DisplayName/></Initiator>" in body


def test_abort_rule_shows_with_the_parts(client: MultipartClient, upload_id: str) -> None:
    action = {"actionName": "AbortIncompleteMultipartUpload", "days": 2}
    rule = {"ruleID": "r", "ruleStatus": "Enabled", "prefix": "k", "actions": [action]}
    client.change_bucket("b", lifecycle_configuration={"rules": [rule]})
    client.clock.advance(3600)
    reply = client.parts("b/k&", upload_id)
    assert reply.header("x-amz-abort-date") == "Tue, 24 Nov 2026 22:19:31 GMT"
    assert reply.header("x-amz-abort-rule-id") == "r"


def test_parts_at_an_external_location(client: MultipartClient) -> None:
    upload_id = client.initiate("remote/k")
    for number in (1, 2, 3):
        client.part("remote/k", upload_id, number, b"x" * number)
    reply = client.parts("remote/k", upload_id, max_parts="1", part_number_marker="1")
    assert client.remote.calls[-1] == ("list_parts", "remote", "k", upload_id, 1, 1)
    assert (
        "<PartNumberMarker>1</PartNumberMarker><NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1</MaxParts>"
        "<IsTruncated>true</IsTruncated><Part><PartNumber>2</PartNumber><LastModified>2026-11-22T22:19:34Z"
        f"</LastModified><ETag>&quot;{md5(b'xx')}&quot;</ETag><Size>2</Size></Part></ListPartsResult>"
    ).encode() in reply.body


def test_no_uploads_and_the_shadow_bucket_is_made(client: MultipartClient) -> None:
    reply = client.ask("list_multipart_uploads", "b")
    assert reply.headers == [("Content-type", "application/xml")]
    assert reply.body.decode() == uploads_result(
        "<KeyMarker /><UploadIdMarker /><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>"
    )
    assert client.part("b/k", NO_SUCH_UPLOAD, 1).code == "NoSuchKey"


def test_uploads(client: MultipartClient, uploads: list[str]) -> None:
    assert client.ask("list_multipart_uploads", "b").body.decode() == uploads_result(
        f"<KeyMarker /><UploadIdMarker /><NextKeyMarker>lc d</NextKeyMarker><NextUploadIdMarker>{uploads[3]}"
        "</NextUploadIdMarker><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>"
        + "".join(map(upload, KEYS, uploads))
    )


def test_pages_of_uploads(client: MultipartClient, uploads: list[str]) -> None:
    first = client.ask("list_multipart_uploads", "b", max_uploads="2").body.decode()
    assert first == uploads_result(
        f"<KeyMarker /><UploadIdMarker /><NextKeyMarker>lb/1</NextKeyMarker><NextUploadIdMarker>{uploads[1]}"
        "</NextUploadIdMarker><MaxUploads>2</MaxUploads><IsTruncated>true</IsTruncated>"
        + "".join(map(upload, KEYS[:2], uploads[:2]))
    )
    query = {"max_uploads": "2", "key_marker": "lb/1", "upload_id_marker": uploads[1]}
    second = client.ask("list_multipart_uploads", "b", **query).body.decode()  # type: ignore[arg-type]
    assert second == uploads_result(
        f"<KeyMarker>lb/1</KeyMarker><UploadIdMarker>{uploads[1]}</UploadIdMarker><NextKeyMarker>lc d</NextKeyMarker>"
        f"<NextUploadIdMarker>{uploads[3]}</NextUploadIdMarker><MaxUploads>2</MaxUploads>"
        "<IsTruncated>false</IsTruncated>" + "".join(map(upload, KEYS[2:], uploads[2:]))
    )


def test_uploads_of_one_key_are_in_order_of_their_ids(client: MultipartClient) -> None:
    ids = sorted(client.initiate("b/k") for _ in range(5))
    listed = client.ask("list_multipart_uploads", "b").body.decode()
    assert re.findall("<UploadId>(.*?)<", listed) == ids
    after = client.ask("list_multipart_uploads", "b", key_marker="k", upload_id_marker=ids[2]).body.decode()
    assert re.findall("<UploadId>(.*?)<", after) == ids[3:]
    assert "<Upload>" not in client.ask("list_multipart_uploads", "b", key_marker="k").body.decode()
    assert client.ask("list_multipart_uploads", "b", upload_id_marker=ids[2]).body.decode().count("<Upload>") == 5


def test_uploads_with_prefix_and_delimiter(client: MultipartClient, uploads: list[str]) -> None:
    assert client.ask("list_multipart_uploads", "b", prefix="lb/").body.decode() == uploads_result(
        f"<KeyMarker /><UploadIdMarker /><NextKeyMarker>lb/2</NextKeyMarker><NextUploadIdMarker>{uploads[2]}"
        "</NextUploadIdMarker><Prefix>lb/</Prefix><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>"
        + upload("lb/1", uploads[1])
        + upload("lb/2", uploads[2])
    )
    assert client.ask("list_multipart_uploads", "b", delimiter="/").body.decode() == uploads_result(
        f"<KeyMarker /><UploadIdMarker /><NextKeyMarker>lc d</NextKeyMarker><NextUploadIdMarker>{uploads[3]}"
        "</NextUploadIdMarker><Delimiter>/</Delimiter><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>"
        + upload("la", uploads[0])
        + upload("lc d", uploads[3])
        + "<CommonPrefixes><Prefix>lb/</Prefix></CommonPrefixes>"
    )


def test_a_page_that_ends_with_a_common_prefix(client: MultipartClient, uploads: list[str]) -> None:
    body = client.ask("list_multipart_uploads", "b", delimiter="/", max_uploads="2").body.decode()
    assert "<NextKeyMarker>lb/</NextKeyMarker><Delimiter>" in body
    assert "<IsTruncated>true</IsTruncated>" in body
    body = client.ask("list_multipart_uploads", "b", delimiter="/", key_marker="lb/").body.decode()
    assert re.findall("<Key>(.*?)<", body) == ["lc d"]


def test_url_encoding_is_for_the_keys_of_uploads_only(client: MultipartClient, uploads: list[str]) -> None:
    body = client.ask("list_multipart_uploads", "b", encoding_type="url", delimiter="1").body.decode()
    assert re.findall("<Key>(.*?)<", body) == ["la", "lb%2F2", "lc%20d"]
    assert "<CommonPrefixes><Prefix>lb/1</Prefix></CommonPrefixes>" in body
    assert "<NextKeyMarker>lc d</NextKeyMarker>" in body


@pytest.mark.parametrize(
    ("most", "shown", "count"), [("0", "0", 0), ("x", "NaN", 4), ("", "NaN", 4), ("1001", "1000", 4), ("3", "3", 3)]
)
def test_max_uploads(client: MultipartClient, uploads: list[str], most: str, shown: str, count: int) -> None:
    body = client.ask("list_multipart_uploads", "b", max_uploads=most).body.decode()
    truncated = str(count == 3).lower()
    assert f"<MaxUploads>{shown}</MaxUploads><IsTruncated>{truncated}</IsTruncated>" in body
    assert body.count("<Upload>") == count


def test_list_uploads_refuses(client: MultipartClient) -> None:
    assert client.ask("list_multipart_uploads", "b", max_uploads="-1").code == "InvalidArgument"
    assert client.ask("list_multipart_uploads", "nowhere").code == "NoSuchBucket"
    for name in ("Lisa", None):
        assert client.ask("list_multipart_uploads", "open", as_=name).code == "AccessDenied"


def test_nobody_is_shown_as_undefined(client: MultipartClient) -> None:
    client.initiate("open/k", as_=None)
    body = client.ask("list_multipart_uploads", "open").body.decode()
    nobody = "<ID>http://acs.amazonaws.com/groups/global/AllUsers</ID><DisplayName>undefined</DisplayName>"
    assert f"<Initiator>{nobody}</Initiator><Owner>{nobody}</Owner>" in body
