"""Multipart uploads: how they begin, their parts, how they are given up."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest
from multipart_client import NO_SUCH_UPLOAD, MultipartClient, md5
from object_client import AWS, LOCAL

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request
from fake_cloudserver.s3.multipart_upload import object_put_part
from fake_cloudserver.settings import Settings

BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
GIB_5 = 5 * 1024 * 1024 * 1024


@pytest.fixture
def client() -> MultipartClient:
    client = MultipartClient()
    client.create_bucket("plain")
    client.create_bucket("other")
    client.create_bucket("remote", location_constraint=AWS)
    client.create_bucket("lock", versioning="Enabled", object_lock_enabled=True)
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    return client


def test_initiate_answers_the_id_indented(client: MultipartClient) -> None:
    reply = client.ask("initiate_multipart_upload", "plain/a&b", uploads="")
    (upload_id,) = (md["uploadId"] for md in client.shadow("plain").values())
    assert len(upload_id) == 32
    assert reply.headers == [("Content-type", "application/xml")]
    assert reply.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '    <InitiateMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n'
        "        <Bucket>plain</Bucket>\n"
        "        <Key>a&amp;b</Key>\n"
        f"        <UploadId>{upload_id}</UploadId>\n"
        "    </InitiateMultipartUploadResult>"
    )


def test_overview_keeps_what_the_object_is_to_have(client: MultipartClient) -> None:
    headers = {
        "content-type": "text/x",
        "cache-control": "no-cache",
        "content-disposition": "inline",
        "content-encoding": "aws-chunked,gzip",
        "content-language": "de",
        "expires": "Thu, 01 Dec 2044 16:00:00 GMT",
        "x-amz-meta-m": "n",
        "x-amz-tagging": "mt=mv",
        "x-amz-acl": "public-read",
        "x-amz-website-redirect-location": "/w",
        "x-amz-server-side-encryption": "AES256",
    }
    upload_id = client.initiate("plain/k", headers=headers)
    overview = client.overview("plain/k", upload_id)
    assert len(overview.pop("x-amz-server-side-encryption-aws-kms-key-id")) == 64
    assert overview == {
        "id": upload_id,
        "eventualStorageBucket": "plain",
        "initiated": "2026-11-22T22:19:31.731Z",
        "owner-id": BART,
        "owner-display-name": "Bart",
        "initiator": {"ID": BART, "DisplayName": "Bart"},
        "key": "k",
        "uploadId": upload_id,
        "content-type": "text/x",
        "cache-control": "no-cache",
        "content-disposition": "inline",
        "content-encoding": "gzip",
        "expires": "Thu, 01 Dec 2044 16:00:00 GMT",
        "x-amz-meta-m": "n",
        "x-amz-tagging": "mt=mv",
        "x-amz-website-redirect-location": "/w",
        "x-amz-server-side-encryption": "AES256",
        "x-amz-storage-class": "STANDARD",
        "acl": {
            "Canned": "public-read",
            "FULL_CONTROL": [],
            "WRITE": [],
            "WRITE_ACP": [],
            "READ": [],
            "READ_ACP": [],
        },
        "controllingLocationConstraint": LOCAL,
        "dataStoreName": LOCAL,
    }


def test_shadow_bucket_belongs_to_the_bucket_owner_and_is_in_nobodys_list(client: MultipartClient) -> None:
    client.initiate("open/k", as_="Lisa")
    shadow = client.server.metadata.find_bucket("mpuShadowBucketopen")
    assert shadow is not None
    assert (shadow.owner, shadow.owner_display_name) == (BART, "Bart")
    names = [name for name, _ in client.server.metadata.list_buckets(BART)]
    assert names == ["lock", "open", "other", "plain", "remote"]
    uid = shadow.uid
    client.initiate("open/k")
    again = client.server.metadata.find_bucket("mpuShadowBucketopen")
    assert again is not None
    assert again.uid == uid


def test_nobody_begins_an_upload_without_a_name(client: MultipartClient) -> None:
    overview = client.overview("open/k", client.initiate("open/k", as_=None))
    assert overview["initiator"] == {"ID": "http://acs.amazonaws.com/groups/global/AllUsers"}
    assert "owner-display-name" not in overview


@pytest.mark.parametrize(
    ("path", "headers", "code", "message"),
    [
        ("plain/a\tb", {}, "InvalidInput", "object keys cannot contain non-printable characters"),
        ("plain/k", {"x-amz-storage-class": "GLACIER"}, "InvalidStorageClass", "The storage class you specified"),
        ("plain/k", {"x-amz-website-redirect-location": "w"}, "InvalidRedirectLocation", "The website redirect"),
        ("plain/k", {"x-amz-meta-a": "b" * 2200}, "MetadataTooLarge", "Your metadata headers exceed"),
        ("nowhere/k", {}, "NoSuchBucket", "The specified bucket does not exist."),
        ("plain/k", {"x-amz-server-side-encryption": "x"}, "InvalidArgument", "The encryption method"),
        ("plain/k", {"x-amz-meta-scal-location-constraint": "x"}, "InvalidArgument", "Object Location Error"),
        ("plain/k", {"x-amz-object-lock-legal-hold": "ON"}, "InvalidRequest", "Bucket is missing ObjectLock"),
        ("lock/k", {"x-amz-object-lock-mode": "x"}, "InvalidArgument", "x-amz-object-lock-retain-until-date and"),
        ("plain/k", {"x-amz-acl": "nope"}, "InvalidArgument", "Invalid Argument"),
        ("plain/k", {"x-amz-grant-read": "id"}, "InternalError", "We encountered an internal error."),
    ],
)
def test_initiate_refuses(client: MultipartClient, path: str, headers: dict[str, str], code: str, message: str) -> None:
    reply = client.ask("initiate_multipart_upload", path, headers=headers)
    assert (reply.code, reply.message[: len(message)]) == (code, message)
    assert client.shadow(path.partition("/")[0]) == {}


IN_ORDER: list[tuple[dict[str, str], str]] = [
    ({"x-amz-storage-class": "GLACIER"}, "InvalidStorageClass"),
    ({"x-amz-website-redirect-location": "w"}, "InvalidRedirectLocation"),
    ({"x-amz-meta-a": "b" * 2200}, "MetadataTooLarge"),
    ({"x-amz-server-side-encryption": "x"}, "The encryption method specified is not supported"),
    ({"x-amz-meta-scal-location-constraint": "x"}, "Object Location Error"),
    ({"x-amz-object-lock-legal-hold": "ON"}, "Bucket is missing ObjectLockConfiguration"),
    ({"x-amz-tagging": "a=b&a=c"}, "The header 'x-amz-tagging'"),
]


@pytest.mark.parametrize("earlier", range(len(IN_ORDER) - 1))
def test_the_order_of_checks_of_an_initiation(client: MultipartClient, earlier: int) -> None:
    headers = IN_ORDER[earlier + 1][0] | IN_ORDER[earlier][0]
    reply = client.ask("initiate_multipart_upload", "plain/k", headers=headers)
    assert IN_ORDER[earlier][1] in (reply.code, reply.message[: len(IN_ORDER[earlier][1])])
    # keys come first, and the bucket between the metadata and the rest
    assert client.ask("initiate_multipart_upload", "plain/\x01", headers=headers).code == "InvalidInput"
    missing = client.ask("initiate_multipart_upload", "nowhere/k", headers=headers).code
    assert missing == (reply.code if earlier < 3 else "NoSuchBucket")


def test_bad_tags_are_refused_but_the_upload_is_there(client: MultipartClient) -> None:
    reply = client.ask("initiate_multipart_upload", "plain/k", headers={"x-amz-tagging": "a=b&a=c"})
    assert (reply.status, reply.code) == (400, "InvalidArgument")
    (overview,) = client.shadow("plain").values()
    assert overview["x-amz-tagging"] == "a=b&a=c"


def test_initiate_needs_the_right_to_write(client: MultipartClient) -> None:
    assert client.ask("initiate_multipart_upload", "plain/k", as_="Lisa").code == "AccessDenied"
    assert client.ask("initiate_multipart_upload", "plain/k", as_=None).code == "AccessDenied"


@pytest.mark.parametrize(("hold", "kept"), [("ON", {"legalHold": True}), ("OFF", {})])
def test_only_a_set_legal_hold_is_kept(client: MultipartClient, hold: str, kept: dict[str, bool]) -> None:
    upload_id = client.initiate("lock/k", headers={"x-amz-object-lock-legal-hold": hold})
    overview = client.overview("lock/k", upload_id)
    assert {name: value for name, value in overview.items() if name == "legalHold"} == kept


def test_default_retention_counts_from_the_initiation(client: MultipartClient) -> None:
    client.change_bucket("lock", object_lock_configuration={"rule": {"mode": "GOVERNANCE", "days": 1}})
    overview = client.overview("lock/k", client.initiate("lock/k"))
    assert (overview["retentionMode"], overview["retentionDate"]) == ("GOVERNANCE", "2026-11-23T22:19:31.731Z")


def test_abort_rule_shows_at_the_initiation(client: MultipartClient) -> None:
    action = {"actionName": "AbortIncompleteMultipartUpload", "days": 2}
    rule = {"ruleID": "r 1", "ruleStatus": "Enabled", "prefix": "k", "actions": [action]}
    client.change_bucket("plain", lifecycle_configuration={"rules": [rule]})
    reply = client.ask("initiate_multipart_upload", "plain/k")
    assert reply.header("x-amz-abort-date") == "Tue, 24 Nov 2026 22:19:31 GMT"
    assert reply.header("x-amz-abort-rule-id") == "r%201"
    assert client.ask("initiate_multipart_upload", "plain/other").header("x-amz-abort-date") is None


def test_part_answers_its_etag(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    reply = client.part("plain/k", upload_id, 3, b"hello")
    assert (reply.status, reply.headers, reply.body) == (200, [("ETag", f'"{md5(b"hello")}"')], b"")


def test_part_document(client: MultipartClient) -> None:
    upload_id = client.initiate("open/k", as_="Lisa")
    client.part("open/k", upload_id, 3, b"hello", as_="Lisa")
    document = client.shadow("open")[f"{upload_id}..|..00003"]
    (element,) = document.pop("partLocations")
    assert client.data_of(element) == b"hello"
    assert element["dataStoreETag"] == f"3:{md5(b'hello')}"
    assert document == {
        "md-model-version": 3,
        "key": f"{upload_id}..|..00003",
        "last-modified": "2026-11-22T22:19:31.731Z",
        "content-md5": md5(b"hello"),
        "content-length": 5,
        "owner-id": BART,
    }


def test_a_part_sent_again_replaces_the_data(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    client.part("plain/k", upload_id, 1, b"first")
    (old,) = client.elements_of_part("plain", upload_id, 1)
    client.part("plain/k", upload_id, "1.5", b"second")
    (new,) = client.elements_of_part("plain", upload_id, 1)
    assert (client.data_of(old), client.data_of(new)) == (None, b"second")


def test_an_empty_part_is_a_part(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    assert client.part("plain/k", upload_id, 1, b"").header("ETag") == f'"{EMPTY_MD5}"'
    assert client.elements_of_part("plain", upload_id, 1)[0]["size"] == 0


def test_a_part_of_unannounced_length(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    assert client.part("plain/k", upload_id, 1, b"hello", headers={"content-length": ""}).status == 200
    assert client.shadow("plain")[f"{upload_id}..|..00001"]["content-length"] == 5


@pytest.mark.parametrize(
    ("number", "of_part", "of_copy"),
    [
        ("0", "InvalidArgument", "InvalidArgument"),
        ("-1", "InvalidArgument", "InvalidArgument"),
        ("x", "InvalidArgument", "InvalidArgument"),
        ("10001", "TooManyParts", "InvalidArgument"),
        ("10001.5x", "TooManyParts", "InvalidArgument"),
    ],
)
def test_part_numbers_out_of_range(client: MultipartClient, number: str, of_part: str, of_copy: str) -> None:
    client.put("plain/source")
    upload_id = client.initiate("plain/k")
    assert client.part("plain/k", upload_id, number).code == of_part
    assert client.copy_part("plain/k", upload_id, number, "plain/source").code == of_copy


def test_the_largest_part_number(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    assert client.part("plain/k", upload_id, 10000).status == 200
    assert f"{upload_id}..|..10000" in client.shadow("plain")


def test_unknown_uploads_have_two_errors(client: MultipartClient) -> None:
    client.put("other/source")
    assert client.part("plain/k", NO_SUCH_UPLOAD, 1).code == "NoSuchUpload"
    assert client.copy_part("plain/k", NO_SUCH_UPLOAD, 1, "other/source").code == "NoSuchUpload"
    upload_id = client.initiate("plain/k")
    assert client.part("plain/k", NO_SUCH_UPLOAD, 1).code == "NoSuchKey"
    assert client.part("plain/wrong", upload_id, 1).code == "NoSuchKey"
    assert client.ask("object_put_part", "plain/k", b"x", partNumber="1").code == "NoSuchKey"
    assert client.copy_part("plain/k", NO_SUCH_UPLOAD, 1, "other/source").code == "NoSuchUpload"
    assert client.part("nowhere/k", upload_id, 1).code == "NoSuchBucket"


def test_only_the_initiator_adds_parts(client: MultipartClient) -> None:
    client.put("open/source", headers={"x-amz-acl": "public-read"})
    upload_id = client.initiate("open/k", as_="Lisa")
    assert client.part("open/k", upload_id, 1, as_="Lisa").status == 200
    for name in ("Bart", None):  # the first owns the bucket
        assert client.part("open/k", upload_id, 1, as_=name).code == "AccessDenied"
        assert client.copy_part("open/k", upload_id, 1, "open/source", as_=name).code == "AccessDenied"


def test_parts_need_the_right_to_write(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    assert client.part("plain/k", upload_id, 1, as_="Lisa").code == "AccessDenied"
    assert client.copy_part("plain/k", upload_id, 1, "plain/k", as_="Lisa").code == "AccessDenied"


def test_a_part_with_a_wrong_md5_leaves_nothing(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    assert client.part("plain/k", upload_id, 1, b"hello", md5=EMPTY_MD5).code == "BadDigest"
    assert list(client.shadow("plain")) == [f"overview..|..k..|..{upload_id}"]
    client.part("plain/k", upload_id, 1, b"next", md5=md5(b"next"))
    (element,) = client.elements_of_part("plain", upload_id, 1)
    assert client.data_of({**element, "key": element["key"] - 1}) is None


@pytest.mark.parametrize(
    ("environ", "size", "code"),
    [
        ({}, GIB_5 + 1, "EntityTooLarge"),
        ({}, GIB_5, "NoSuchUpload"),
        ({"MPU_TESTING": "yes"}, 110100481, "EntityTooLarge"),
        ({"MPU_TESTING": "yes"}, 110100480, "NoSuchUpload"),
    ],
)
def test_largest_part(environ: dict[str, str], size: int, code: str) -> None:
    client = MultipartClient(Settings.default(environ=environ))
    client.create_bucket("plain")
    assert client.part("plain/k", NO_SUCH_UPLOAD, 1, headers={"content-length": str(size)}).code == code


def test_largest_copied_part(client: MultipartClient) -> None:
    client.put("plain/source")
    md = client.md("plain/source")
    client.server.metadata.put_object("plain", "source", {**md, "content-length": 110100481})
    upload_id = client.initiate("plain/k")
    assert client.copy_part("plain/k", upload_id, 1, "plain/source").code == "EntityTooLarge"
    within = {"x-amz-copy-source-range": "bytes=0-9"}
    assert client.copy_part("plain/k", upload_id, 1, "plain/source", headers=within).status == 200


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x-amz-trailer": "x-amz-checksum-crc32"}, "trailing checksum is not supported"),
        ({"x-amz-content-sha256": "x"}, "unsupported checksum algorithm"),
    ],
)
def test_checksum_headers_of_parts(client: MultipartClient, headers: dict[str, str], message: str) -> None:
    reply = client.part("plain/k", client.initiate("plain/k"), 1, headers=headers)
    assert (reply.code, reply.message) == ("BadRequest", message)


PART_CHECKS: list[tuple[dict[str, Any], str]] = [
    ({"headers": {"content-length": str(GIB_5 + 1)}}, "EntityTooLarge"),
    ({"headers": {"x-amz-trailer": "x"}}, "BadRequest"),
    ({"number": "10001"}, "TooManyParts"),
    ({"number": "0"}, "InvalidArgument"),
    ({"path": "nowhere/k"}, "NoSuchBucket"),
    ({"as_": "Lisa"}, "AccessDenied"),
    ({"headers": {"x-amz-server-side-encryption": "x"}}, "InvalidArgument"),
    ({"upload_id": NO_SUCH_UPLOAD}, "NoSuchKey"),
    ({"md5": EMPTY_MD5}, "BadDigest"),
]


@pytest.mark.parametrize("earlier", range(len(PART_CHECKS)))
def test_the_order_of_checks_of_a_part(client: MultipartClient, earlier: int) -> None:
    first, second = PART_CHECKS[earlier][0], PART_CHECKS[min(earlier + 1, len(PART_CHECKS) - 1)][0]
    options: dict[str, Any] = {"path": "plain/k", "number": 1, "upload_id": client.initiate("plain/k")}
    options |= {**second, **first, "headers": {**second.get("headers", {}), **first.get("headers", {})}}
    assert client.part(body=b"hello", **options).code == PART_CHECKS[earlier][1]
    assert len(client.shadow("plain")) == 1


COPY_CHECKS: list[tuple[dict[str, Any], str]] = [
    ({"number": "10001"}, "InvalidArgument"),
    ({"path": "nowhere/k"}, "NoSuchBucket"),
    ({"as_": "Lisa"}, "AccessDenied"),
    ({"source": "plain/nokey"}, "NoSuchKey"),
    ({"headers": {"x-amz-copy-source-if-match": "x"}}, "PreconditionFailed"),
    ({"headers": {"x-amz-copy-source-range": "bytes=5-2"}}, "InvalidArgument"),
    ({"upload_id": NO_SUCH_UPLOAD}, "NoSuchUpload"),
]


@pytest.mark.parametrize("earlier", range(len(COPY_CHECKS)))
def test_the_order_of_checks_of_a_copied_part(client: MultipartClient, earlier: int) -> None:
    client.put("plain/source")
    first, second = COPY_CHECKS[earlier][0], COPY_CHECKS[min(earlier + 1, len(COPY_CHECKS) - 1)][0]
    options: dict[str, Any] = {"path": "plain/k", "number": 1, "upload_id": client.initiate("plain/k")}
    options |= {"source": "plain/source", **second, **first}
    options["headers"] = {**second.get("headers", {}), **first.get("headers", {})}
    assert client.copy_part(**options).code == COPY_CHECKS[earlier][1]
    assert len(client.shadow("plain")) == 1


def test_part_copy_of_a_delete_marker(client: MultipartClient) -> None:
    client.create_bucket("versioned", versioning="Enabled")
    client.put("versioned/source")
    marker = client.delete("versioned/source").version_id
    upload_id = client.initiate("plain/k")
    assert client.copy_part("plain/k", upload_id, 1, "versioned/source").code == "NoSuchKey"
    reply = client.copy_part("plain/k", upload_id, 1, f"versioned/source?versionId={marker}")
    assert (reply.code, reply.message) == (
        "InvalidRequest",
        "The source of a copy request may not specifically refer to a deletemarker by version id.",
    )


class AbortingBody(io.BytesIO):
    """A body during which somebody else gives the upload up."""

    def __init__(self, client: MultipartClient, path: str, upload_id: str) -> None:
        super().__init__(b"late")
        self._ask = (client, path, upload_id)

    def read(self, size: int | None = -1, /) -> bytes:
        client, path, upload_id = self._ask
        client.abort(path, upload_id)
        return super().read(size)


def test_a_part_that_comes_after_the_abort_leaves_nothing(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    request = Request(
        method="PUT",
        raw_path="/plain/k",
        raw_query="",
        query={"partNumber": "1", "uploadId": upload_id},
        repeated=frozenset(),
        headers={"content-length": "4"},
        header_list=[],
        stream=AbortingBody(client, "plain/k", upload_id),
        request_id="0" * 20,
        bucket="plain",
        key="k",
        requester=client.requester("Bart"),
    )
    with pytest.raises(S3Error) as caught:
        object_put_part(client.server, request)
    assert caught.value.code == "NoSuchUpload"
    assert client.shadow("plain") == {}
    assert client.data_of({"key": 1, "size": 4, "dataStoreName": LOCAL}) is None


def test_part_copy_answer(client: MultipartClient) -> None:
    client.put("plain/source", b"0123456789")
    upload_id = client.initiate("plain/k")
    reply = client.copy_part("plain/k", upload_id, 2, "/plain/source")
    assert reply.headers == [("Content-type", "application/xml")]
    assert reply.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><CopyPartResult><LastModified>2026-11-22T22:19:31.741Z</LastModified>'
        f"<ETag>&quot;{md5(b'0123456789')}&quot;</ETag></CopyPartResult>"
    )
    document = client.shadow("plain")[f"{upload_id}..|..00002"]
    assert (document["content-md5"], document["content-length"]) == (md5(b"0123456789"), 10)


@pytest.mark.parametrize(
    ("header", "copied"),
    [
        ("bytes=2-5", b"2345"),
        ("bytes=15-", b"fghij"),
        ("bytes=-3", b"hij"),
        ("bytes=18-99", b"ij"),
        ("bytes=0-0", b"0"),
        ("", b"0123456789abcdefghij"),
    ],
)
def test_part_copy_of_a_range(client: MultipartClient, header: str, copied: bytes) -> None:
    client.upload("plain/source", b"0123", b"456789abc", b"defghij")
    upload_id = client.initiate("plain/k")
    reply = client.copy_part("plain/k", upload_id, 1, "plain/source", headers={"x-amz-copy-source-range": header})
    assert md5(copied).encode() in reply.body
    assert client.shadow("plain")[f"{upload_id}..|..00001"]["content-length"] == len(copied)
    pieces = client.elements_of_part("plain", upload_id, 1)
    assert b"".join(client.data_of(piece) or b"" for piece in pieces) == copied
    assert all(piece["size"] > 0 for piece in pieces)


@pytest.mark.parametrize(
    ("source", "header", "code"),
    [
        ("plain/source", "bytes=5-2", "InvalidArgument"),
        ("plain/source", "5-20", "InvalidArgument"),
        ("plain/source", "bytes=20-25", "InvalidRange"),
        ("plain/source", "bytes=-0", "InvalidRange"),
        ("plain/nokey", "bytes=0-1", "NoSuchKey"),
        ("plain/source?versionId=null", "bytes=9-1", "InvalidArgument"),
        ("nowhere/k", "", "NoSuchBucket"),
        ("source", "", "InvalidArgument"),
    ],
)
def test_part_copy_refuses(client: MultipartClient, source: str, header: str, code: str) -> None:
    client.put("plain/source")
    upload_id = client.initiate("plain/k")
    reply = client.copy_part("plain/k", upload_id, 1, source, headers={"x-amz-copy-source-range": header})
    assert reply.code == code
    assert len(client.shadow("plain")) == 1


@pytest.mark.parametrize("header", ["bytes=5-2", "5-20", "bytes=-", "bytes=0-1,3-4", "items=0-4"])
def test_ranges_that_part_copy_does_not_know(client: MultipartClient, header: str) -> None:
    client.put("plain/source")
    headers = {"x-amz-copy-source-range": header}
    reply = client.copy_part("plain/k", client.initiate("plain/k"), 1, "plain/source", headers=headers)
    assert (reply.code, reply.message) == (
        "InvalidArgument",
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
        "zero-based offsets of the first and last bytes to copy",
    )


def test_part_copy_conditions_fail_alike(client: MultipartClient) -> None:
    client.put("plain/source")
    upload_id = client.initiate("plain/k")
    for name, value in (("if-match", '"abc"'), ("if-none-match", "*"), ("if-modified-since", "never")):
        headers = {f"x-amz-copy-source-{name}": value}
        assert client.copy_part("plain/k", upload_id, 1, "plain/source", headers=headers).code == "PreconditionFailed"


def test_part_copy_of_an_unreadable_source(client: MultipartClient) -> None:
    client.put("plain/source")
    upload_id = client.initiate("open/k", as_="Lisa")
    assert client.copy_part("open/k", upload_id, 1, "plain/source", as_="Lisa").code == "AccessDenied"


def test_part_copy_of_nothing(client: MultipartClient) -> None:
    client.put("plain/source", b"")
    upload_id = client.initiate("plain/k")
    assert EMPTY_MD5.encode() in client.copy_part("plain/k", upload_id, 1, "plain/source").body
    assert client.elements_of_part("plain", upload_id, 1) == []


def test_part_copy_tells_the_version_of_its_source(client: MultipartClient) -> None:
    client.create_bucket("versioned", versioning="Enabled")
    client.put("versioned/source", b"one")
    first = client.put("versioned/source", b"two").version_id
    upload_id = client.initiate("plain/k")
    reply = client.copy_part("plain/k", upload_id, 1, "versioned/source")
    assert reply.header("x-amz-copy-source-version-id") == first
    client.put("plain/source", b"one")
    assert client.copy_part("plain/k", upload_id, 1, "plain/source").header("x-amz-copy-source-version-id") is None
    asked = client.copy_part("plain/k", upload_id, 1, "plain/source?versionId=null")
    assert asked.header("x-amz-copy-source-version-id") == "null"


def test_part_copy_shows_the_encryption_of_the_bucket(client: MultipartClient) -> None:
    encryption = {"cryptoScheme": 1, "algorithm": "aws:kms", "masterKeyId": "m", "mandatory": True}
    client.change_bucket("plain", server_side_encryption=encryption)
    client.put("other/source")
    reply = client.copy_part("plain/k", client.initiate("plain/k"), 1, "other/source")
    assert reply.header("x-amz-server-side-encryption") == "aws:kms"
    assert reply.header("x-amz-server-side-encryption-aws-kms-key-id") == "m"


def test_part_copy_whose_source_breaks_off_leaves_nothing(client: MultipartClient) -> None:
    client.upload("plain/source", b"one", b"two")
    first, second = client.md("plain/source")["location"]
    client.gateway.delete([second])
    upload_id = client.initiate("plain/k")
    assert client.copy_part("plain/k", upload_id, 1, "plain/source").code == "ServiceUnavailable"
    assert list(client.shadow("plain")) == [f"overview..|..k..|..{upload_id}"]
    assert client.data_of({**first, "key": second["key"] + 1}) is None


def test_a_part_copied_again_replaces_the_data(client: MultipartClient) -> None:
    client.put("plain/source", b"one")
    upload_id = client.initiate("plain/k")
    client.part("plain/k", upload_id, 1, b"sent")
    (old,) = client.elements_of_part("plain", upload_id, 1)
    client.copy_part("plain/k", upload_id, 1, "plain/source")
    assert client.data_of(old) is None
    assert [client.data_of(element) for element in client.elements_of_part("plain", upload_id, 1)] == [b"one"]


def test_abort_leaves_nothing(client: MultipartClient) -> None:
    upload_id, other = client.initiate("plain/k"), client.initiate("plain/k")
    for number in (1, 2, 10000):
        client.part("plain/k", upload_id, number)
    client.part("plain/k", other, 1, b"other")
    kept = client.elements_of_part("plain", other, 1)
    reply = client.abort("plain/k", upload_id)
    assert (reply.status, reply.headers, reply.body) == (204, [], b"")
    assert set(client.shadow("plain")) == {f"overview..|..k..|..{other}", f"{other}..|..00001"}
    left = [element for element in client.data_ever_kept("plain") if client.data_of(element) is not None]
    assert left == kept
    assert client.part("plain/k", upload_id, 1).code == "NoSuchKey"


def test_abort_of_an_unknown_upload_depends_on_the_location(client: MultipartClient) -> None:
    assert client.abort("plain/k", NO_SUCH_UPLOAD).code == "NoSuchUpload"
    legacy = client.settings.locations[LOCAL]
    locations = {**client.settings.locations, LOCAL: dataclasses.replace(legacy, legacy_aws_behavior=False)}
    modern = MultipartClient(dataclasses.replace(client.settings, locations=locations))
    modern.create_bucket("plain")
    assert modern.abort("plain/k", NO_SUCH_UPLOAD).status == 204


def test_abort_is_for_the_bucket_owner(client: MultipartClient) -> None:
    upload_id = client.initiate("open/k", as_="Lisa")
    assert client.abort("open/k", upload_id, as_="Lisa").code == "AccessDenied"
    assert client.abort("open/k", upload_id, as_=None).code == "AccessDenied"
    assert client.abort("open/k", upload_id, as_="Bart").status == 204


def test_a_policy_lets_others_abort(client: MultipartClient) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:AbortMultipartUpload", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::plain", "arn:aws:s3:::plain/*"],
    }
    client.change_bucket("plain", bucket_policy={"Version": "2012-10-17", "Statement": [statement]})
    upload_id = client.initiate("plain/k")
    assert client.abort("plain/k", upload_id, as_="Lisa").status == 204
    assert client.shadow("plain") == {}


def test_external_location_keeps_the_parts(client: MultipartClient) -> None:
    headers = {"content-type": "text/x", "x-amz-meta-m": "n", "x-amz-tagging": "t=v"}
    upload_id = client.initiate("remote/k", headers=headers)
    assert upload_id == "remote-1"
    ((_, upload),) = client.remote.calls
    assert (upload.bucket, upload.key, upload.metadata, upload.tags) == ("remote", "k", {"x-amz-meta-m": "n"}, "t=v")
    assert (upload.replica, upload.content_type) == (False, None)
    reply = client.part("remote/k", upload_id, "02", b"hello")
    assert reply.header("ETag") == f'"{md5(b"hello")}"'
    assert client.remote.calls[-1] == ("put_part", "remote", "k", upload_id, "2", 5)
    assert list(client.shadow("remote")) == [f"overview..|..k..|..{upload_id}"]


def test_copy_into_a_part_at_an_external_location(client: MultipartClient) -> None:
    client.upload("plain/source", b"one", b"two", b"three")
    upload_id = client.initiate("remote/k")
    headers = {"x-amz-copy-source-range": "bytes=2-7"}
    reply = client.copy_part("remote/k", upload_id, 4, "plain/source", headers=headers)
    assert md5(b"etwoth").encode() in reply.body
    assert client.remote.uploads[upload_id] == {4: b"etwoth"}
    assert client.remote.calls[-1] == ("put_part", "remote", "k", upload_id, "4", 6)


def test_abort_at_an_external_location(client: MultipartClient) -> None:
    upload_id = client.initiate("remote/k")
    assert client.abort("remote/k", upload_id).status == 204
    assert client.remote.calls[-1] == ("abort_upload", "remote", "k", upload_id)
    assert client.shadow("remote") == {}


@pytest.mark.parametrize("step", ["initiate_multipart_upload", "object_put_part", "multipart_delete"])
def test_failures_of_an_external_location(client: MultipartClient, step: str) -> None:
    upload_id = client.initiate("remote/k")
    before = client.shadow("remote")
    client.remote.broken = True
    query: dict[str, Any] = {"uploadId": upload_id, "partNumber": "1"}
    reply = client.ask(step, "remote/k", b"x", **query)
    assert (reply.status, reply.message) == (503, "Error returned from AWS: out of order")
    assert client.shadow("remote") == before


def test_deleting_the_bucket_ends_its_uploads(client: MultipartClient) -> None:
    upload_id = client.initiate("plain/k")
    client.part("plain/k", upload_id, 1, b"hello")
    (element,) = client.elements_of_part("plain", upload_id, 1)
    assert client.ask("bucket_delete", "plain").status == 204
    assert client.data_of(element) is None
    client.create_bucket("plain")
    assert client.parts("plain/k", upload_id).code == "NoSuchUpload"
