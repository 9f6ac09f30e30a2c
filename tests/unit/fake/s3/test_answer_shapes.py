"""How successful answers look: XML declaration, namespace, layout, lengths and the headers that all have."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.in_process import Client, Reply, start_fake

PLAIN = '<?xml version="1.0" encoding="UTF-8"?>'
STANDALONE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
NS = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
TAGGING = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
LOCK = {"x-amz-bucket-object-lock-enabled": "true"}
RETENTION = "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2090-01-01T00:00:00.000Z</RetainUntilDate></Retention>"
LIFECYCLE = (
    "<LifecycleConfiguration><Rule><Status>Enabled</Status><Prefix/><Expiration><Days>1</Days></Expiration></Rule>"
    "</LifecycleConfiguration>"
)
CORS = (
    "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>"
    "</CORSConfiguration>"
)
ENCRYPTION = (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
    "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
)
REPLICATION = (
    "<ReplicationConfiguration><Role>arn:aws:iam::123456789012:role/r</Role><Rule><Status>Enabled</Status><Prefix/>"
    "<Destination><Bucket>arn:aws:s3:::dst</Bucket></Destination></Rule></ReplicationConfiguration>"
)
WEBSITE = "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument></WebsiteConfiguration>"
HOLD = "<LegalHold><Status>ON</Status></LegalHold>"


@pytest.fixture
def bart() -> Iterator[Client]:
    """The owner of a lock bucket with the object ``k``."""
    with start_fake() as fake:
        client = Client(fake)
        assert client.request("PUT", "/bkt", "", LOCK).status == 200
        assert client.request("PUT", "/bkt/k", body="hello").status == 200
        yield client


def with_md5(body: str) -> dict[str, str]:
    return {"content-md5": base64.b64encode(hashlib.md5(body.encode()).digest()).decode()}


def configured(query: str, body: str, path: str = "/bkt") -> Callable[[Client], Reply]:
    """Put a configuration and get it."""

    def ask(client: Client) -> Reply:
        headers = with_md5(body) if query == "cors" else {}
        assert client.request("PUT", path, query, headers, body).status == 200
        return client.request("GET", path, query)

    return ask


def asked(method: str, path: str, query: str = "", headers: Any = None, body: str = "") -> Callable[[Client], Reply]:
    return lambda client: client.request(method, path, query, headers, body)


def deleted(client: Client) -> Reply:
    body = "<Delete><Object><Key>none</Key></Object></Delete>"
    return client.request("POST", "/bkt", "delete", with_md5(body), body)


def initiated(client: Client) -> Reply:
    return client.request("POST", "/bkt/k", "uploads")


def upload_of(client: Client) -> str:
    return initiated(client).elements("UploadId")[0]


def listed_parts(client: Client) -> Reply:
    return client.request("GET", "/bkt/k", f"uploadId={upload_of(client)}")


def copied_part(client: Client) -> Reply:
    query = f"uploadId={upload_of(client)}&partNumber=1"
    return client.request("PUT", "/bkt/k", query, {"x-amz-copy-source": "/bkt/k"})


def completed(client: Client) -> Reply:
    upload_id = upload_of(client)
    etag = client.request("PUT", "/bkt/k", f"uploadId={upload_id}&partNumber=1", body="x").header("etag")
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"
    return client.request("POST", "/bkt/k", f"uploadId={upload_id}", body=body)


SHAPES: list[tuple[str, str, str, Callable[[Client], Reply]]] = [
    # root, what stands before it, its namespace, how to get it
    ("ListAllMyBucketsResult", PLAIN, NS, asked("GET", "/")),
    ("ListBucketResult", PLAIN, NS, asked("GET", "/bkt")),
    ("ListBucketResult", PLAIN, NS, asked("GET", "/bkt", "list-type=2")),
    ("ListVersionsResult", PLAIN, NS, asked("GET", "/bkt", "versions")),
    ("ListPartsResult", PLAIN, NS, listed_parts),
    ("DeleteResult", PLAIN, NS, deleted),
    ("ListMultipartUploadsResult", PLAIN, f"{NS}>   <Bucket", asked("GET", "/bkt", "uploads")),
    ("InitiateMultipartUploadResult", f"{PLAIN}\n    ", f"{NS}>\n        <Bucket", initiated),
    ("CompleteMultipartUploadResult", f"{PLAIN}\n        ", f"{NS}>\n            <Location", completed),
    ("CopyObjectResult", PLAIN, "", asked("PUT", "/bkt/copy", "", {"x-amz-copy-source": "/bkt/k"})),
    ("CopyPartResult", PLAIN, "", copied_part),
    ("LocationConstraint", f"{PLAIN}\n        ", NS, asked("GET", "/bkt", "location")),
    ("VersioningConfiguration", STANDALONE, NS, asked("GET", "/bkt", "versioning")),
    ("WebsiteConfiguration", STANDALONE, NS, configured("website", WEBSITE)),
    ("AccessControlPolicy", STANDALONE, "", asked("GET", "/bkt", "acl")),
    ("AccessControlPolicy", STANDALONE, "", asked("GET", "/bkt/k", "acl")),
    ("CORSConfiguration", STANDALONE, "", configured("cors", CORS)),
    ("Tagging", STANDALONE, "> <TagSet", configured("tagging", TAGGING)),
    ("Tagging", STANDALONE, "> <TagSet", configured("tagging", TAGGING, "/bkt/k")),
    ("LegalHold", STANDALONE, "", configured("legal-hold", HOLD, "/bkt/k")),
    ("Retention", "", NS, configured("retention", RETENTION, "/bkt/k")),
    ("ObjectLockConfiguration", PLAIN, NS, asked("GET", "/bkt", "object-lock")),
    ("LifecycleConfiguration", PLAIN, NS, configured("lifecycle", LIFECYCLE)),
    ("NotificationConfiguration", PLAIN, NS, asked("GET", "/bkt", "notification")),
    ("ServerSideEncryptionConfiguration", PLAIN, "", configured("encryption", ENCRYPTION)),
    ("GetBucketQuota", PLAIN, "", configured("quota", '{"quota":5}')),
    ("ReplicationConfiguration", PLAIN, NS, configured("replication", REPLICATION)),
]
SHAPE_NAMES = [f"{number} {row[0]}" for number, row in enumerate(SHAPES)]


@pytest.mark.parametrize(("root", "before", "after", "ask"), SHAPES, ids=SHAPE_NAMES)
def test_documents(bart: Client, root: str, before: str, after: str, ask: Callable[[Client], Reply]) -> None:
    reply = ask(bart)
    assert reply.status == 200
    assert reply.text.startswith(f"{before}<{root}{after}")
    assert reply.text[len(before) + 1 + len(root) + len(after)] in ">/"
    root_tag = reply.text[len(before) :].partition(">")[0]
    assert ("xmlns=" in root_tag) is (NS in after)
    if "\n" not in before:
        assert "\n" not in reply.text
    # XML successes are sent in chunks
    assert (reply.header("content-type"), reply.header("content-length")) == ("application/xml", None)
    assert reply.elements(root)


def test_a_policy_is_json_that_says_it_is_xml(bart: Client) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bkt/*"}
    document = {"Statement": [statement], "Version": "2012-10-17", "Id": "i"}
    reply = configured("policy", json.dumps(document, indent=1))(bart)
    assert reply.text == json.dumps(document, separators=(",", ":"))
    assert reply.header("content-type") == "application/xml"


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "status"),
    [
        ("PUT", "/new", "", "", 200),
        ("PUT", "/bkt/n", "", "x", 200),
        ("PUT", "/bkt", "tagging", TAGGING, 200),
        ("HEAD", "/bkt", "", "", 200),
        ("DELETE", "/bkt/k", "", "", 204),
        ("DELETE", "/bkt", "tagging", "", 204),
    ],
)
def test_answers_without_a_body(bart: Client, method: str, path: str, query: str, body: str, status: int) -> None:
    reply = bart.request(method, path, query, body=body)
    assert (reply.status, reply.body) == (status, b"")
    assert (reply.header("content-length"), reply.header("content-type")) == (None, None)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/bkt", "/bkt/k", "/missing/k"])
def test_headers_of_every_answer(bart: Client, method: str, path: str) -> None:
    reply = bart.request(method, path)
    request_id = reply.header("x-amz-request-id")
    assert request_id is not None
    assert re.fullmatch("[0-9a-f]{10}4[0-9a-f]{9}", request_id)
    assert (reply.header("x-amz-id-2"), reply.header("server")) == (request_id, "S3 Server")


def test_request_ids_of_a_caller_are_continued(bart: Client) -> None:
    reply = bart.request("GET", "/bkt", "", {"x-scal-request-uids": "abc:def"})
    assert (reply.header("x-amz-request-id") or "").startswith("abc:def:")
    assert "abc:def:" in bart.request("GET", "/missing", "", {"x-scal-request-uids": "abc:def"}).text
    long = bart.request("GET", "/bkt", "", {"x-scal-request-uids": "a" * 128})
    assert len(long.header("x-amz-request-id") or "") == 20


def test_a_head_that_fails_has_the_length_of_its_page(bart: Client) -> None:
    got, headed = bart.request("GET", "/bkt/none"), bart.request("HEAD", "/bkt/none")
    assert (headed.status, headed.body) == (404, b"")
    assert headed.header("content-length") == got.header("content-length") == str(len(got.body))


@pytest.mark.parametrize(
    ("path", "who", "status"), [("/missing", "accessKey1", 404), ("/bkt", None, 403), ("/Bad_Name", "accessKey1", 400)]
)
def test_a_bucket_that_head_does_not_find(bart: Client, path: str, who: str | None, status: int) -> None:
    reply = Client(bart.fake, who).request("HEAD", path)
    assert (reply.status, reply.body) == (status, b"")


def test_not_modified_tells_nothing_of_the_object(bart: Client) -> None:
    reply = bart.request("GET", "/bkt/k", "", {"if-none-match": "*"})
    assert (reply.status, reply.body) == (304, b"")
    assert {name.lower() for name, _ in reply.headers} == {"server", "x-amz-id-2", "x-amz-request-id"}


def test_conditions_of_a_put_are_ignored(bart: Client) -> None:
    for headers in ({"if-none-match": "*"}, {"if-match": '"other"'}, {"x-amz-sdk-checksum-algorithm": "CRC32"}):
        assert bart.request("PUT", "/bkt/k", "", headers, "again").status == 200


def test_a_header_that_comes_twice_is_joined(bart: Client) -> None:
    headers = {"host": bart.host, "content-length": "1", "x-amz-meta-a": "1, 2"}
    bart._sign("PUT", "/bkt/k", "", headers)
    del headers["x-amz-meta-a"]
    twice = [("x-amz-meta-a", "1"), ("X-Amz-Meta-A", "2")]
    assert bart.send("PUT", "/bkt/k", "", [*headers.items(), *twice], b"x").status == 200
    assert bart.request("HEAD", "/bkt/k").header("x-amz-meta-a") == "1, 2"


def test_an_expiry_date_is_any_text(bart: Client) -> None:
    assert bart.request("PUT", "/bkt/k", "", {"expires": "soon", "content-language": "de"}, "x").status == 200
    reply = bart.request("GET", "/bkt/k")
    assert (reply.header("expires"), reply.header("content-language")) == ("soon", None)
