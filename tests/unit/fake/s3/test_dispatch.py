"""From method, path and query to an operation, and the checks that come before it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from fake_cloudserver.errors import S3Error
from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.request import Request, parse_query
from fake_cloudserver.s3.operations import OPERATIONS
from fake_cloudserver.s3.sub_resources import choose
from support.in_process import Client, start_fake


def make_request(method: str, path: str, query: str, headers: dict[str, str] | None = None) -> Request:
    bucket, _, key = path.removeprefix("/").partition("/")
    values, repeated = parse_query(query)
    request = Request(method, path, query, values, repeated, headers or {}, [], io.BytesIO(), "id")
    request.bucket, request.key = bucket or None, key or None
    return request


COPY = {"x-amz-copy-source": "/b/k"}

# Each line: method, path, the queries in the order in which CloudServer looks for them, each with its operation.
IN_ORDER = [
    (
        "GET",
        "/b",
        [
            ("acl", "bucket_get_acl"),
            ("replication", "bucket_get_replication"),
            ("cors", "bucket_get_cors"),
            ("versioning", "bucket_get_versioning"),
            ("website", "bucket_get_website"),
            ("tagging", "bucket_get_tagging"),
            ("lifecycle", "bucket_get_lifecycle"),
            ("uploads", "list_multipart_uploads"),
            ("location", "bucket_get_location"),
            ("policy", "bucket_get_policy"),
            ("object-lock", "bucket_get_object_lock"),
            ("notification", "bucket_get_notification"),
            ("encryption", "bucket_get_encryption"),
            ("search", "metadata_search"),
            ("quota", "bucket_get_quota"),
            ("versions", "bucket_get"),
        ],
    ),
    (
        "GET",
        "/b/k",
        [
            ("acl", "object_get_acl"),
            ("legal-hold", "object_get_legal_hold"),
            ("tagging", "object_get_tagging"),
            ("uploadId", "list_parts"),
            ("retention", "object_get_retention"),
            ("attributes", "object_get"),
        ],
    ),
    (
        "PUT",
        "/b",
        [
            ("acl", "bucket_put_acl"),
            ("versioning", "bucket_put_versioning"),
            ("website", "bucket_put_website"),
            ("tagging", "bucket_put_tagging"),
            ("cors", "bucket_put_cors"),
            ("replication", "bucket_put_replication"),
            ("lifecycle", "bucket_put_lifecycle"),
            ("policy", "bucket_put_policy"),
            ("object-lock", "bucket_put_object_lock"),
            ("notification", "bucket_put_notification"),
            ("encryption", "bucket_put_encryption"),
            ("quota", "bucket_update_quota"),
            ("ownershipControls", "bucket_put"),
        ],
    ),
    (
        "PUT",
        "/b/k",
        [
            ("partNumber=1", "object_put_part"),
            ("acl", "object_put_acl"),
            ("legal-hold", "object_put_legal_hold"),
            ("tagging", "object_put_tagging"),
            ("retention", "object_put_retention"),
            ("uploads", "object_put"),
        ],
    ),
    (
        "DELETE",
        "/b",
        [
            ("website", "bucket_delete_website"),
            ("cors", "bucket_delete_cors"),
            ("replication", "bucket_delete_replication"),
            ("lifecycle", "bucket_delete_lifecycle"),
            ("policy", "bucket_delete_policy"),
            ("encryption", "bucket_delete_encryption"),
            ("tagging", "bucket_delete_tagging"),
            ("quota", "bucket_delete_quota"),
            ("acl", "bucket_delete"),
        ],
    ),
    (
        "DELETE",
        "/b/k",
        [("uploadId=u", "multipart_delete"), ("tagging", "object_delete_tagging"), ("uploads", "object_delete")],
    ),
    (
        "POST",
        "/b/k",
        [
            ("uploads", "initiate_multipart_upload"),
            ("uploadId", "complete_multipart_upload"),
            ("delete", "multi_object_delete"),
            ("restore", "object_restore"),
        ],
    ),
]


@pytest.mark.parametrize(("method", "path", "table"), IN_ORDER, ids=[f"{line[0]} {line[1]}" for line in IN_ORDER])
def test_the_first_query_of_the_list_that_is_present_decides(
    method: str, path: str, table: list[tuple[str, str]]
) -> None:
    for position, (query, operation) in enumerate(table):
        assert choose(make_request(method, path, query)) == operation
        later = [name for name, _ in table[position:]]
        assert choose(make_request(method, path, "&".join(reversed(later)))) == operation


@pytest.mark.parametrize(
    ("method", "path", "query", "operation"),
    [
        ("GET", "/", "", "service_get"),
        ("GET", "/", "acl", "service_get"),
        ("GET", "/b", "", "bucket_get"),
        ("GET", "/b", "list-type=2", "bucket_get"),
        ("GET", "/b", "acl=", "bucket_get_acl"),
        ("GET", "/b", "acl=x", "bucket_get_acl"),
        ("GET", "/b", "intelligent-tiering", "bucket_get"),
        ("GET", "/b", "ownershipControls", "bucket_get"),
        ("GET", "/b", "session", "bucket_get"),
        ("GET", "/b/k", "", "object_get"),
        ("GET", "/b/k", "select", "object_get"),
        ("GET", "/b/k", "policy", "object_get"),
        ("GET", "/b/k", "versions", "object_get"),
        ("HEAD", "/b", "acl&website", "bucket_head"),
        ("HEAD", "/b/k", "tagging&uploadId=u", "object_head"),
        ("PUT", "/b", "", "bucket_put"),
        ("PUT", "/b", "intelligent-tiering", "bucket_put"),
        ("PUT", "/b/k", "", "object_put"),
        ("PUT", "/b/k", "partNumber=", "object_put"),
        ("DELETE", "/b", "", "bucket_delete"),
        ("DELETE", "/b", "versioning", "bucket_delete"),
        ("DELETE", "/b", "notification", "bucket_delete"),
        ("DELETE", "/b", "object-lock", "bucket_delete"),
        ("DELETE", "/b", "ownershipControls", "bucket_delete"),
        ("DELETE", "/b", "uploadId=", "bucket_delete"),
        ("DELETE", "/b/k", "", "object_delete"),
        ("DELETE", "/b/k", "uploadId=", "object_delete"),
        ("POST", "/b", "delete", "multi_object_delete"),
        ("POST", "/b/any/key", "delete", "multi_object_delete"),
        ("OPTIONS", "/b", "", "cors_preflight"),
        ("OPTIONS", "/b/k", "acl", "cors_preflight"),
    ],
)
def test_operations(method: str, path: str, query: str, operation: str) -> None:
    assert choose(make_request(method, path, query)) == operation


@pytest.mark.parametrize(
    ("query", "headers", "operation"),
    [
        ("", COPY, "object_copy"),
        ("", {"x-amz-copy-source": ""}, "object_put"),
        ("partNumber=1", COPY, "object_put_copy_part"),
        ("partNumber=1", {"x-amz-copy-source": ""}, "object_put_part"),
        ("acl", COPY, "object_put_acl"),
        ("retention", COPY, "object_put_retention"),
    ],
)
def test_copies(query: str, headers: dict[str, str], operation: str) -> None:
    assert choose(make_request("PUT", "/b/k", query, headers)) == operation


@pytest.mark.parametrize(
    ("method", "path", "query", "code", "message"),
    [
        ("DELETE", "/b", "uploadId=u", "InvalidRequest", "A key must be specified"),
        ("POST", "/", "delete", "MethodNotAllowed", None),
        ("POST", "/b", "uploads", "InvalidURI", None),
        ("POST", "/b", "uploadId=u", "InvalidURI", None),
        ("POST", "/b", "", "NotImplemented", None),
        ("POST", "/b/k", "", "NotImplemented", None),
        ("POST", "/b/k", "select&select-type=2", "NotImplemented", None),
    ],
)
def test_no_operation(method: str, path: str, query: str, code: str, message: str | None) -> None:
    with pytest.raises(S3Error) as caught:
        choose(make_request(method, path, query))
    assert caught.value.code == code
    assert message in (None, caught.value.message)


def test_every_operation_is_there() -> None:
    named = {operation for _, _, table in IN_ORDER for _, operation in table}
    named |= {"service_get", "bucket_head", "object_head", "cors_preflight", "object_copy", "object_put_copy_part"}
    assert named == set(OPERATIONS)
    for name in OPERATIONS:
        assert callable(OPERATIONS[name])


@pytest.fixture
def fake() -> Iterator[FakeCloudServer]:
    with start_fake() as made:
        assert Client(made).request("PUT", "/bucket").status == 200
        yield made


@pytest.fixture
def nobody(fake: FakeCloudServer) -> Client:
    return Client(fake, None)


@pytest.mark.parametrize(
    ("method", "path", "query", "status", "code", "message"),
    [
        ("PATCH", "/bucket/k", "", 405, "MethodNotAllowed", None),
        ("PROPFIND", "/", "", 405, "MethodNotAllowed", None),
        ("HEAD", "/", "", 405, "", None),
        ("PUT", "/", "", 405, "MethodNotAllowed", None),
        ("POST", "/", "delete", 405, "MethodNotAllowed", None),
        ("OPTIONS", "/", "", 403, "AccessForbidden", "CORSResponse: Bucket not found"),
        ("GET", "/Bad_Name", "", 400, "InvalidBucketName", "The specified bucket is not valid."),
        ("PUT", "/ab", "", 400, "InvalidBucketName", "The specified bucket is not valid."),
        ("PUT", "/10.0.0.1", "", 400, "InvalidBucketName", "The specified bucket is not valid."),
        ("DELETE", "/Bad_Name", "", 404, "NoSuchBucket", None),
        ("DELETE", "/Bad_Name/k", "", 404, "NoSuchBucket", None),
        (
            "GET",
            f"/bucket/{'k' * 916}",
            "",
            400,
            "KeyTooLong",
            "Object key is too long. Maximum number of bytes allowed in keys is 915.",
        ),
        ("GET", f"/bucket/{'%C3%A9' * 458}", "", 400, "KeyTooLong", None),
        ("PUT", "/bucket", "partNumber=1", 400, "InvalidRequest", "A key must be specified"),
        ("GET", "/bucket", "uploadId=u", 400, "InvalidRequest", "A key must be specified"),
        ("DELETE", "/bucket", "uploadId=u", 400, "InvalidRequest", "A key must be specified"),
        ("POST", "/bucket", "uploadId=u", 400, "InvalidURI", None),
    ],
)
def test_paths_that_are_refused(
    nobody: Client, method: str, path: str, query: str, status: int, code: str, message: str | None
) -> None:
    """Nobody asks: all this is found before authentication."""
    reply = nobody.request(method, path, query)
    assert reply.error == (status, code)
    assert message in (None, reply.message)


def test_the_longest_key(fake: FakeCloudServer) -> None:
    for key in ("k" * 915, "%C3%A9" * 457):
        assert Client(fake).request("PUT", f"/bucket/{key}", body="x").status == 200


@pytest.mark.parametrize("host", ["", "example.com", "notlocalhost", "localhost.example.com"])
def test_hosts_that_are_refused(fake: FakeCloudServer, host: str) -> None:
    reply = Client(fake, None, host=host).request("GET", "/bucket")
    assert (reply.error, reply.message) == (
        (400, "InvalidURI"),
        "Could not parse the specified URI. Check your restEndpoints configuration.",
    )


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("localhost", "/bucket/k"),
        ("localhost:8000", "/bucket/k"),
        ("bucket.localhost:8000", "/k"),
        ("127.0.0.1", "/bucket/k"),
        ("192.0.2.7:80", "/bucket/k"),
        ("[::1]:8000", "/bucket/k"),
        ("[::1]", "/bucket/k"),
    ],
)
def test_where_bucket_and_key_are_named(fake: FakeCloudServer, host: str, path: str) -> None:
    Client(fake).request("PUT", "/bucket/k", headers={"x-amz-acl": "public-read"}, body="hello")
    assert Client(fake, None, host=host).request("GET", path).text == "hello"
    # and the host that a proxy tells goes before the one that was asked
    proxied = Client(fake, None, host="example.com").request("GET", path, headers={"x-target-host": host})
    assert proxied.text == "hello"


def test_a_bucket_made_by_its_host(fake: FakeCloudServer) -> None:
    assert Client(fake, host="made.localhost:8000").request("PUT", "/").status == 200
    reply = Client(fake).request("HEAD", "/made")
    assert (reply.status, reply.header("x-amz-bucket-region")) == (200, "us-east-1")


def test_the_one_bucket_in_upper_case(fake: FakeCloudServer) -> None:
    reply = Client(fake).request("PUT", "/METADATA")
    assert (reply.error, reply.message) == (
        (403, "AccessDenied"),
        "The bucket METADATA is used for internal purposes",
    )


@pytest.mark.parametrize("path", ["/bucket/%zz", "/bucket/%", "/bucket/%ff"])
def test_paths_that_cannot_be_decoded(nobody: Client, path: str) -> None:
    assert nobody.request("GET", path).error == (400, "InvalidURI")


BEFORE_AUTHENTICATION = [
    ("PUT", "/bucket", "", {"content-length": ""}, 400, "BadRequest"),
    ("PUT", "/bucket", "acl", {"content-length": "x"}, 400, "BadRequest"),
    ("PUT", "/bucket", "", {"content-length": "-1"}, 400, "BadRequest"),
    ("PUT", "/bucket/k", "acl", {"content-md5": ""}, 400, "InvalidDigest"),
    ("PUT", "/bucket/k", "", {"content-md5": "abc"}, 400, "InvalidDigest"),
    ("PUT", "/bucket/k", "", {"content-md5": "x" * 32}, 400, "InvalidDigest"),
    ("PUT", "/bucket/k", "tagging", {"x-amz-meta-s3cmd-attrs": "uid:1/md5:abc/gid:2"}, 400, "InvalidDigest"),
    ("PUT", "/bucket/k", "", {"content-length": "x"}, 400, "BadRequest"),
    ("PUT", "/bucket/k", "", {"content-length": "-1"}, 400, "BadRequest"),
    ("PUT", "/bucket/k", "", {"content-length": "5", "x-amz-decoded-content-length": "x"}, 400, "BadRequest"),
    ("PUT", "/bucket/k", "", {"x-amz-copy-source": "nokey"}, 400, "InvalidArgument"),
    ("PUT", "/bucket/k", "partNumber=1&uploadId=u", {"x-amz-copy-source": "nokey"}, 400, "InvalidArgument"),
    ("PUT", "/bucket/k", "", {"x-amz-copy-source": "/b/k?versionId=bad"}, 400, "InvalidArgument"),
    ("GET", "/bucket/k", "", {"x-amz-meta-a": "a" * 14122}, 400, "HttpHeadersTooLarge"),
]


@pytest.mark.parametrize(("method", "path", "query", "headers", "status", "code"), BEFORE_AUTHENTICATION)
def test_headers_that_are_refused_before_authentication(
    nobody: Client, method: str, path: str, query: str, headers: dict[str, str], status: int, code: str
) -> None:
    bad_signature = {"authorization": "AWS4-HMAC-SHA256 nonsense"}
    reply = nobody.request(method, path, query, headers | bad_signature)
    assert reply.error == (status, code)
    # the same request without the fault gets as far as the signature
    sound = {"content-length": "0", **bad_signature}
    assert nobody.request(method, path, query, sound).error == (400, "InvalidArgument")


def test_the_most_that_all_headers_may_hold(nobody: Client) -> None:
    room = 14122 - len("host") - len(nobody.host) - len("x-amz-meta-a")
    for length, code in ((room, "AccessDenied"), (room + 1, "HttpHeadersTooLarge")):
        assert nobody.request("GET", "/bucket/k", headers={"x-amz-meta-a": "a" * length}).code == code


@pytest.mark.parametrize("form", ["{}", "uid:1/md5:{}/gid:2"])
def test_an_md5_of_32_characters_is_hexadecimal(fake: FakeCloudServer, form: str) -> None:
    name = "content-md5" if form == "{}" else "x-amz-meta-s3cmd-attrs"
    for md5, code in (("5d41402abc4b2a76b9719d911017c592", ""), ("0" * 32, "BadDigest")):
        reply = Client(fake).request("PUT", "/bucket/k", headers={name: form.format(md5)}, body="hello")
        assert reply.code == code


def test_an_object_of_unknown_length(nobody: Client) -> None:
    # no Content-Length at all: the client of these tests adds one, the request itself does not
    request = nobody.request("PUT", "/bucket/k", headers={"transfer-encoding": "chunked"}, without_length=True)
    assert request.error == (411, "MissingContentLength")


@pytest.mark.parametrize(
    "query",
    [
        "accelerate",
        "analytics",
        "inventory",
        "logging",
        "metrics",
        "policyStatus",
        "publicAccessBlock",
        "requestPayment",
        "torrent",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/no-such"), ("PUT", "/bucket"), ("DELETE", "/bucket/k"), ("POST", "/bucket/k"), ("HEAD", "/bucket/k")],
)
def test_queries_that_are_not_implemented(nobody: Client, method: str, path: str, query: str) -> None:
    assert nobody.request(method, path, query).error == (501, "" if method == "HEAD" else "NotImplemented")


CUSTOMER_KEYS = [
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-server-side-encryption-context",
]


@pytest.mark.parametrize("name", CUSTOMER_KEYS)
def test_headers_that_are_not_implemented(fake: FakeCloudServer, nobody: Client, name: str) -> None:
    for path in ("/no-such", "/bucket/k"):
        assert nobody.request("PUT", path, headers={name: "x"}).error == (501, "NotImplemented")
    # on other methods they are ignored
    Client(fake).request("PUT", "/bucket/k", body="x")
    assert Client(fake).request("GET", "/bucket/k", headers={name: "x"}).status == 200


@pytest.mark.parametrize(
    ("method", "query", "longest"),
    [
        ("PUT", "policy", 524288),
        ("PUT", "tagging", 524288),
        ("GET", "acl", 524288),
        ("DELETE", "cors", 524288),
        ("POST", "delete", 1048576),
    ],
)
def test_bodies_that_are_too_long(fake: FakeCloudServer, method: str, query: str, longest: int) -> None:
    reply = Client(fake).request(method, "/bucket", query, body=b" " * (longest + 1))
    assert reply.error == (400, "InvalidRequest")
    assert reply.message == "SOAP requests must be made over an HTTPS connection."
    assert Client(fake).request(method, "/bucket", query, body=b" " * longest).code != "InvalidRequest"


def test_authentication_comes_before_the_body_and_the_operation(fake: FakeCloudServer, nobody: Client) -> None:
    bad = {"authorization": "AWS4-HMAC-SHA256 nonsense"}
    assert nobody.request("PUT", "/missing", "policy", bad, b" " * 524289).code == "InvalidArgument"
    assert nobody.request("GET", "/missing", headers=bad).code == "InvalidArgument"
    assert Client(fake).request("GET", "/missing").code == "NoSuchBucket"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_missing_bucket_is_missing_for_everybody(fake: FakeCloudServer, method: str) -> None:
    for access_key in (None, "accessKey1", "accessKey2"):
        client = Client(fake, access_key)
        # nobody may delete an object, whatever there is
        expected = "AccessDenied" if (access_key, method) == (None, "DELETE") else "NoSuchBucket"
        assert client.request(method, "/missing/k").code == expected


def test_an_account_that_is_expected_to_own_the_bucket(fake: FakeCloudServer) -> None:
    """Tagging and encryption of a bucket ask for it; nothing else does."""
    other = {"x-amz-expected-bucket-owner": "123456789013"}
    bart = Client(fake)
    for query in ("tagging", "encryption"):
        assert bart.request("GET", "/bucket", query, other).code == "AccessDenied"
    for query in ("", "acl", "versioning", "location", "notification"):
        assert bart.request("GET", "/bucket", query, other).status == 200
    assert bart.request("PUT", "/bucket/k", headers=other, body="x").status == 200


@pytest.mark.parametrize("header", ["x-amz-request-payer", "x-amz-mfa", "x-amz-checksum-crc32", "if-match"])
def test_headers_that_are_ignored(fake: FakeCloudServer, header: str) -> None:
    bart = Client(fake)
    assert bart.request("PUT", "/bucket/k", headers={header: "x"}, body="x").status == 200
    assert bart.request("GET", "/bucket", headers={header: "x"}).status == 200


def test_unknown_sub_resources_mean_the_bucket_itself(fake: FakeCloudServer) -> None:
    bart = Client(fake)
    assert bart.request("GET", "/bucket", "ownershipControls").elements("Name") == ["bucket"]
    assert bart.request("PUT", "/bucket", "ownershipControls", body="<OwnershipControls/>").code == "MalformedXML"
    assert bart.request("PUT", "/bucket", "ownershipControls").status == 200
    assert bart.request("DELETE", "/bucket", "ownershipControls").status == 204
    assert bart.request("HEAD", "/bucket").status == 404


def test_only_get_overrides_and_only_on_success(fake: FakeCloudServer) -> None:
    bart = Client(fake)
    bart.request("PUT", "/bucket/k", body="x")
    query = "response-content-type=a%2Fb"
    assert bart.request("GET", "/bucket/k", query).header("content-type") == "a/b"
    assert bart.request("HEAD", "/bucket/k", query).header("content-type") is None
    assert bart.request("GET", "/bucket/none", query).header("content-type") == "application/xml"
