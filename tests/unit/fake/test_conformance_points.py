"""What is easy to get wrong about CloudServer, asked of a whole fake as a client would ask.

``docs/conformance.md`` says which test proves which point; these are the points that no test of a single part proves.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import default_accounts
from support.in_process import BART, Client, start_fake

ROLE = "arn:aws:iam::123456789012:role/crr"
MD5 = hashlib.md5(b"hello").hexdigest()
TAGGING = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"


def make_settings() -> Settings:
    """Sites of every kind: a Scality one, a cloud one, and cloud ones whose locations are local."""
    keys = {"accessKey": "a", "secretKey": "b"}
    aws = {"awsEndpoint": "127.0.0.1:9", "bucketName": "target", "https": False, "credentials": keys}
    locations: dict[str, dict[str, Any]] = {
        "us-east-1": {"type": "mem", "details": {}},
        "aws-site": {"type": "aws_s3", "details": aws},
        "zenko": {"type": "mem", "details": {}},
        "local": {"type": "mem", "details": {}},
        "r&d": {"type": "mem", "details": {}},
    }
    cloud = [{"site": site, "type": "aws_s3"} for site in ("aws-site", "local", "r&d")]
    return Settings.from_documents(
        {
            "restEndpoints": {"127.0.0.1": "us-east-1"},
            "replicationEndpoints": [{"site": "zenko", "servers": ["127.0.0.1:8000"], "default": True}, *cloud],
        },
        {name: {"objectId": name, "legacyAwsBehavior": True, **one} for name, one in locations.items()},
        default_accounts(),
    )


@pytest.fixture
def fake() -> Iterator[FakeCloudServer]:
    with start_fake(make_settings()) as made:
        yield made


@pytest.fixture
def bart(fake: FakeCloudServer) -> Client:
    """The owner of the bucket ``src``, whose versioning is enabled."""
    client = Client(fake)
    assert client.request("PUT", "/src").status == 200
    set_versioning(client, "Enabled")
    return client


def set_versioning(client: Client, status: str) -> None:
    body = f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
    assert client.request("PUT", "/src", "versioning", body=body).status == 200


def replication(storage_class: str, role: str = ROLE) -> str:
    return (
        f"<ReplicationConfiguration><Role>{role}</Role><Rule><ID>r</ID><Prefix/><Status>Enabled</Status><Destination>"
        f"<Bucket>arn:aws:s3:::dst</Bucket><StorageClass>{storage_class}</StorageClass></Destination></Rule>"
        "</ReplicationConfiguration>"
    )


def replicate(client: Client, storage_class: str = "aws-site", role: str = ROLE) -> None:
    assert client.request("PUT", "/src", "replication", body=replication(storage_class, role)).status == 200


def put(client: Client, key: str = "k", body: str = "hello") -> str:
    """The version id of a new object."""
    reply = client.request("PUT", f"/src/{key}", body=body)
    assert reply.status == 200
    return reply.header("x-amz-version-id") or ""


def metadata(client: Client, key: str = "k", version_id: str = "") -> dict[str, Any]:
    """The object's document, as the internal route shows it to the replication service."""
    query = f"versionId={version_id}" if version_id else ""
    reply = Client(client.fake, "replicationKey1").request("GET", f"/_/backbeat/metadata/src/{key}", query)
    document: dict[str, Any] = json.loads(reply.json["Body"])
    return document


def put_metadata(client: Client, document: dict[str, Any], version_id: str = "", key: str = "k") -> bytes:
    query = f"versionId={version_id}" if version_id else ""
    path = f"/_/backbeat/metadata/src/{key}"
    reply = Client(client.fake, "replicationKey1").request("PUT", path, query, body=json.dumps(document))
    assert reply.status == 200
    return reply.body


def journal(fake: FakeCloudServer, start: int) -> list[tuple[str, str]]:
    return [(record.type, record.key) for record in fake.journal.read(start + 1, 100)]


# Bucket replication


def test_a_typed_endpoint_is_cloud_for_the_role_and_its_location_for_the_object(bart: Client) -> None:
    two_roles = bart.request("PUT", "/src", "replication", body=replication("local", f"{ROLE},{ROLE}"))
    assert two_roles.error == (400, "InvalidArgument")
    replicate(bart, "local")
    put(bart)
    info = metadata(bart)["replicationInfo"]
    assert (info["storageClass"], info["storageType"]) == ("local", "")


def test_without_a_scality_site_the_standard_class_takes_one_role() -> None:
    settings = make_settings()
    cloud_only = tuple(endpoint for endpoint in settings.replication_endpoints if endpoint.type)
    with start_fake(dataclasses.replace(settings, replication_endpoints=cloud_only)) as fake:
        client = Client(fake)
        client.request("PUT", "/src")
        set_versioning(client, "Enabled")
        refused = client.request("PUT", "/src", "replication", body=replication("STANDARD", f"{ROLE},{ROLE}"))
        assert refused.error == (400, "InvalidArgument")
        replicate(client, "STANDARD")


def test_a_refused_configuration_names_the_first_fault(bart: Client, fake: FakeCloudServer) -> None:
    lisa = Client(fake, "accessKey2")
    bad_rule_and_role = replication("aws-site", "nonsense").replace("Enabled", "enabled")
    for client, bucket in ((bart, "src"), (bart, "missing"), (lisa, "src")):
        assert client.request("PUT", f"/{bucket}", "replication", body=bad_rule_and_role).code == "MalformedXML"
    bad_role = replication("aws-site", "nonsense")
    for client, bucket in ((bart, "missing"), (lisa, "src")):
        assert client.request("PUT", f"/{bucket}", "replication", body=bad_role).code == "InvalidArgument"
    set_versioning(bart, "Suspended")
    good = replication("aws-site")
    assert bart.request("PUT", "/missing", "replication", body=good).code == "NoSuchBucket"
    assert lisa.request("PUT", "/src", "replication", body=good).code == "AccessDenied"
    assert bart.request("PUT", "/src", "replication", body=good).code == "InvalidRequest"


def test_a_storage_class_is_answered_without_escaping(bart: Client) -> None:
    document = replication("r&amp;d").replace("<ID>r</ID>", "<ID>&lt;1&gt;</ID>")
    assert bart.request("PUT", "/src", "replication", body=document).status == 200
    answered = bart.request("GET", "/src", "replication").text
    assert "<StorageClass>r&d</StorageClass>" in answered
    rule, _, rest = answered.partition("</Rule>")
    assert rule.endswith("</Destination>")
    assert "<Rule><ID>&lt;1&gt;</ID>" in rule
    assert rest == f"<Role>{ROLE}</Role></ReplicationConfiguration>"


# replicationInfo


def test_a_new_version_starts_again(bart: Client) -> None:
    replicate(bart)
    version_id = put(bart)
    document = metadata(bart)
    document["replicationInfo"]["status"] = "COMPLETED"
    document["replicationInfo"]["backends"][0] |= {"status": "COMPLETED", "dataStoreVersionId": "v1"}
    put_metadata(bart, document, version_id)
    assert bart.request("PUT", "/src/k", "tagging", body=TAGGING).status == 200
    expected = {"site": "aws-site", "status": "PENDING", "dataStoreVersionId": "v1"}
    assert metadata(bart)["replicationInfo"]["backends"] == [expected]
    put(bart)
    assert metadata(bart)["replicationInfo"]["backends"] == [expected | {"dataStoreVersionId": ""}]


def test_a_tagged_replica_is_replicated_on(bart: Client) -> None:
    replicate(bart)
    version_id = put(bart)
    document = metadata(bart)
    document["replicationInfo"]["status"] = "REPLICA"
    put_metadata(bart, document, version_id)
    assert metadata(bart)["replicationInfo"]["status"] == "REPLICA"
    assert bart.request("PUT", "/src/k", "tagging", body=TAGGING).status == 200
    assert metadata(bart)["replicationInfo"]["status"] == "PENDING"


@pytest.mark.parametrize("access_key", ["replicationKey1", "lifecycleKey1"])
def test_services_replicate_by_copy_and_tagging_only(bart: Client, fake: FakeCloudServer, access_key: str) -> None:
    replicate(bart)
    service = Client(fake, access_key)
    put(service)
    assert metadata(bart)["replicationInfo"]["status"] == ""
    assert service.request("PUT", "/src/copy", headers={"x-amz-copy-source": "/src/k"}).status == 200
    assert metadata(bart, "copy")["replicationInfo"]["status"] == "PENDING"
    assert service.request("PUT", "/src/k", "tagging", body=TAGGING).status == 200
    assert metadata(bart)["replicationInfo"]["status"] == "PENDING"
    assert service.request("DELETE", "/src/k").status == 204
    assert metadata(bart)["replicationInfo"]["status"] == ""


def upload(client: Client, content: str) -> None:
    """The object ``k``, uploaded in one part."""
    upload_id = client.request("POST", "/src/k", "uploads").elements("UploadId")[0]
    part = client.request("PUT", "/src/k", f"partNumber=1&uploadId={upload_id}", body=content)
    parts = f"<Part><PartNumber>1</PartNumber><ETag>{part.header('etag')}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    assert client.request("POST", "/src/k", f"uploadId={upload_id}", body=body).status == 200


def test_an_upload_completed_by_a_service_is_replicated(bart: Client, fake: FakeCloudServer) -> None:
    replicate(bart)
    upload(Client(fake, "replicationKey1"), "hello")
    info = metadata(bart)["replicationInfo"]
    assert (info["status"], info["content"]) == ("PENDING", ["DATA", "METADATA", "MPU"])


def test_an_empty_upload_replicates_its_metadata(bart: Client) -> None:
    replicate(bart)
    upload(bart, "")
    assert metadata(bart)["replicationInfo"]["content"] == ["METADATA", "MPU"]
    replicate(bart, "local")
    upload(bart, "")
    assert metadata(bart)["replicationInfo"]["content"] == ["METADATA"]


def test_what_is_called_clueso_is_no_service(bart: Client, fake: FakeCloudServer) -> None:
    assert Client(fake, "cluesoKey1").request("GET", "/src").error == (403, "AccessDenied")
    for access_key in ("replicationKey1", "lifecycleKey1"):
        assert Client(fake, access_key).request("GET", "/src").status == 200


def test_headers_of_each_site(bart: Client) -> None:
    role = f"{ROLE},{ROLE}"
    replicate(bart, "zenko,aws-site", role)
    version_id = put(bart)
    document = metadata(bart)
    for backend in document["replicationInfo"]["backends"]:
        backend |= {"status": "COMPLETED", "dataStoreVersionId": "v1" if backend["site"] == "aws-site" else ""}
    put_metadata(bart, document, version_id)

    def of_sites() -> dict[str, str]:
        headers = bart.request("HEAD", "/src/k").headers
        return {name: value for name, value in headers if name.startswith("x-amz-meta-")}

    assert of_sites() == {
        "x-amz-meta-zenko-replication-status": "COMPLETED",
        "x-amz-meta-aws-site-replication-status": "COMPLETED",
        "x-amz-meta-aws-site-version-id": "v1",
    }
    replicate(bart, "zenko", role)
    put(bart)
    assert bart.request("HEAD", "/src/k").header("x-amz-replication-status") == "PENDING"
    assert of_sites() == {}


def test_delete_markers_show_no_replication_status(bart: Client) -> None:
    replicate(bart)
    put(bart)
    marker = bart.request("DELETE", "/src/k").header("x-amz-version-id")
    assert metadata(bart)["replicationInfo"]["status"] == "PENDING"
    for query in ("", f"versionId={marker}"):
        reply = bart.request("GET", "/src/k", query)
        assert reply.header("x-amz-delete-marker") == "true"
        assert reply.header("x-amz-replication-status") is None


def test_a_preferred_site_that_has_not_got_the_object(bart: Client) -> None:
    put(bart)
    replicate(bart, "aws-site:preferred_read")
    reply = bart.request("GET", "/src/k")
    assert reply.error == (400, "InvalidLocationConstraint")
    assert reply.message == "Object is not replicated to location passed in location header"
    assert bart.request("HEAD", "/src/k").status == 200


# Internal routes


def test_errors_have_two_shapes(fake: FakeCloudServer) -> None:
    internal = Client(fake).request("GET", "/_/backbeat/metadata/missing/k")
    request_id = internal.header("x-amz-request-id")
    assert internal.text == (
        '{"code":"NoSuchBucket","message":"The specified bucket does not exist.","resource":null,'
        f'"requestId":"{request_id}"}}'
    )
    assert (internal.header("content-type"), internal.header("server")) == ("application/json", "S3 Server")
    ordinary = Client(fake).request("GET", "/missing/k")
    assert ordinary.text == (
        '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchBucket</Code>'
        "<Message>The specified bucket does not exist.</Message><Resource></Resource>"
        f"<RequestId>{ordinary.header('x-amz-request-id')}</RequestId></Error>"
    )
    assert ordinary.header("content-type") == "application/xml"


def test_successes_of_internal_routes_name_no_server(bart: Client, fake: FakeCloudServer) -> None:
    put(bart)
    reply = Client(fake, "replicationKey1").request("GET", "/_/backbeat/metadata/src/k")
    assert [name.lower() for name, _ in reply.headers] == [
        "x-amz-id-2",
        "x-amz-request-id",
        "content-type",
        "content-length",
    ]
    assert bart.request("GET", "/src/k").header("server") == "S3 Server"


def test_a_malformed_internal_path_is_refused_before_the_signature(fake: FakeCloudServer) -> None:
    nonsense = {"authorization": "AWS4-HMAC-SHA256 nonsense"}
    client = Client(fake, None)
    for path in ("/_/backbeat/metadata/src", "/_/backbeat/multiplebackenddata/src/k", "/_/backbeat/nothing/src/k"):
        assert client.request("GET", path, headers=nonsense).error == (405, "MethodNotAllowed")
    well_formed = client.request("GET", "/_/backbeat/metadata/src/k", headers=nonsense)
    assert well_formed.error == (400, "InvalidArgument")


def test_anybody_may_use_the_backends_and_nobody_with_a_bad_signature(fake: FakeCloudServer) -> None:
    path, query = "/_/backbeat/multiplebackenddata/no-bucket/k", "operation=putobject"
    headers = {
        "x-scal-storage-type": "mem",
        "x-scal-storage-class": "us-east-1",
        "x-scal-canonical-id": BART,
        "content-md5": MD5,
    }
    reply = Client(fake, None).request("PUT", path, query, headers, b"hello")
    assert reply.status == 200
    assert reply.json["location"][0]["size"] == 5
    signed = {"authorization": "AWS accessKey1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    refused = Client(fake, None).request("PUT", path, query, headers | signed, b"hello")
    assert refused.error == (403, "SignatureDoesNotMatch")


def test_there_is_no_health_check_beside_the_objects(fake: FakeCloudServer) -> None:
    reply = Client(fake, None).request("GET", "/_/healthcheck")
    assert (reply.status, reply.code, reply.message) == (400, "InvalidURI", "Couldn't parse the specified URI.")
    assert reply.header("content-type") == "application/xml"


def test_a_bad_version_id_has_two_texts(bart: Client) -> None:
    put(bart)
    for path, message in (
        ("/_/backbeat/metadata/src/k", "Invalid Argument"),
        ("/src/k", "Invalid version id specified"),
    ):
        reply = bart.request("GET", path, "versionId=bad")
        assert (reply.status, reply.code, reply.message) == (400, "InvalidArgument", message)


def test_the_md5_of_data_is_hexadecimal(bart: Client, fake: FakeCloudServer) -> None:
    service = Client(fake, "replicationKey1")
    headers = {"x-scal-canonical-id": BART, "content-md5": MD5}
    assert service.request("PUT", "/_/backbeat/data/src/k", "", headers, b"hello").status == 200
    headers["content-md5"] = base64.b64encode(bytes.fromhex(MD5)).decode()
    refused = service.request("PUT", "/_/backbeat/data/src/k", "", headers, b"hello")
    assert refused.error == (400, "BadDigest")
    # the data of both is there: the next object's key in the local store is the third
    put(bart)
    assert metadata(bart)["location"][0]["key"] == 3


def test_metadata_without_version_is_the_masters_alone(bart: Client, fake: FakeCloudServer) -> None:
    version_id = put(bart)
    document = metadata(bart)
    start = fake.journal.last_sequence
    assert put_metadata(bart, document | {"x-amz-meta-a": "b"}) == b"null"
    assert journal(fake, start) == [("put", "k")]
    assert "x-amz-meta-a" not in metadata(bart, version_id=version_id)


def test_the_metadata_route_answers_the_internal_id(bart: Client) -> None:
    version_id = put(bart)
    internal = bytes.fromhex(version_id).decode()
    assert "  " in internal
    assert put_metadata(bart, metadata(bart), version_id) == f'{{"versionId":"{internal}"}}'.encode()


def test_metadata_comes_encoded_twice_and_goes_bare(bart: Client, fake: FakeCloudServer) -> None:
    put(bart)
    reply = Client(fake, "replicationKey1").request("GET", "/_/backbeat/metadata/src/k")
    assert list(reply.json) == ["Body"]
    assert isinstance(reply.json["Body"], str)
    put_metadata(bart, json.loads(reply.json["Body"]), key="other")
    assert bart.request("GET", "/src/other").text == "hello"


def test_metadata_without_replication_info_is_never_answered(fake: FakeCloudServer, bart: Client) -> None:
    reply = Client(fake, "replicationKey1").request("PUT", "/_/backbeat/metadata/src/k", body="{}")
    assert reply.error == (500, "InternalError")


@pytest.mark.parametrize(("method", "path"), [("PUT", "metadata/src/k"), ("POST", "batchdelete")])
def test_bad_json_is_a_malformed_post(bart: Client, fake: FakeCloudServer, method: str, path: str) -> None:
    reply = Client(fake, "replicationKey1").request(method, f"/_/backbeat/{path}", body="{")
    assert (reply.status, reply.code) == (400, "MalformedPOSTRequest")
    assert reply.message == "The body of your POST request is not well-formed multipart/form-data."


def test_a_lifecycle_marker_is_out_of_the_owners_reach(bart: Client, fake: FakeCloudServer) -> None:
    put(bart)
    expired = Client(fake, "lifecycleKey1").request("DELETE", "/_/backbeat/expiration/src/k")
    assert (expired.status, expired.text) == (200, "{}")
    assert bart.request("HEAD", "/src/k").status == 403
    assert bart.request("GET", "/_/backbeat/metadata/src/k").error == (403, "AccessDenied")
    assert metadata(bart)["isDeleteMarker"] is True


# Signatures


def test_every_scality_header_is_signed_or_refused(bart: Client) -> None:
    for path in ("/src", "/_/backbeat/metadata/src/k"):
        reply = bart.request("GET", path, unsigned={"x-scal-anything": "1"})
        assert reply.error == (403, "AccessDenied")
        assert bart.request("GET", path, headers={"x-scal-anything": "1"}).code != "AccessDenied"


def test_the_hash_of_the_body_is_not_compared(bart: Client) -> None:
    headers = {"x-amz-content-sha256": hashlib.sha256(b"something else").hexdigest()}
    assert bart.request("PUT", "/src/k", "", headers, b"hello").status == 200


# Versions and the journal


def test_ids_carry_two_blanks_and_the_smaller_is_newer(bart: Client) -> None:
    older, newer = (bytes.fromhex(put(bart)).decode() for _ in range(2))
    assert newer < older
    assert older[20:27] == newer[20:27] == "RG001  "


@pytest.mark.parametrize(("encoding", "length"), [("", None), ("hex", None), ("base62", 32)])
def test_ids_are_hexadecimal_unless_the_environment_says_otherwise(encoding: str, length: int | None) -> None:
    settings = Settings.default(environ={"S3_VERSION_ID_ENCODING_TYPE": encoding})
    with start_fake(settings) as fake:
        client = Client(fake)
        client.request("PUT", "/src")
        set_versioning(client, "Enabled")
        version_id = put(client)
        if length is None:
            assert bytes.fromhex(version_id).decode().startswith("98232774399999")
        else:
            assert len(version_id) == length
        assert client.request("GET", "/src/k", f"versionId={version_id}").text == "hello"


def test_deleting_an_older_version_leaves_one_record_of_type_del(bart: Client, fake: FakeCloudServer) -> None:
    replicate(bart)
    older = put(bart)
    put(bart)
    start = fake.journal.last_sequence
    bart.request("DELETE", "/src/k", f"versionId={older}")
    [record] = fake.journal.read(start + 1, 100)
    assert (record.type, record.key, record.value) == ("del", f"k\0{bytes.fromhex(older).decode()}", None)


def test_a_put_is_two_records_the_master_first(bart: Client, fake: FakeCloudServer) -> None:
    start = fake.journal.last_sequence
    internal = bytes.fromhex(put(bart)).decode()
    assert journal(fake, start) == [("put", "k"), ("put", f"k\0{internal}")]


def test_deleting_the_current_version_writes_what_is_no_metadata(bart: Client, fake: FakeCloudServer) -> None:
    version_id = put(bart)
    start = fake.journal.last_sequence
    bart.request("DELETE", "/src/k", f"versionId={version_id}")
    deleted, placed = fake.journal.read(start + 1, 2)
    assert (deleted.type, placed.type, placed.key) == ("del", "put", "k")
    assert json.loads(placed.value or "").keys() == {"isPHD", "versionId"}


def test_a_tagged_null_version_is_logged_new_then_old(bart: Client, fake: FakeCloudServer) -> None:
    set_versioning(bart, "Suspended")
    put(bart)
    start = fake.journal.last_sequence
    assert bart.request("PUT", "/src/k", "tagging", body=TAGGING).status == 200
    records = fake.journal.read(start + 1, 100)
    internal = metadata(bart)["versionId"]
    assert [record.key for record in records] == [f"k\0{internal}", f"k\0{internal}", "k"]
    assert [json.loads(record.value or "")["tags"] for record in records] == [{"a": "b"}, {}, {"a": "b"}]


def test_an_identical_acl_is_not_logged(bart: Client, fake: FakeCloudServer) -> None:
    put(bart)
    start = fake.journal.last_sequence
    assert bart.request("PUT", "/src/k", "acl", {"x-amz-acl": "private"}).status == 200
    assert journal(fake, start) == []


def test_a_suspended_put_names_no_version(bart: Client) -> None:
    set_versioning(bart, "Suspended")
    assert put(bart) == ""
    assert bart.request("HEAD", "/src/k").header("x-amz-version-id") == "null"


def test_the_documents_of_ordinary_objects(bart: Client) -> None:
    put(bart)
    document = metadata(bart)
    assert document["x-amz-version-id"] == "null"
    assert document["versionId"].endswith("RG001  0")
    assert document["isDeleteMarker"] is False
    assert document.keys().isdisjoint({"creation-time", "content-type"})
    bart.request("DELETE", "/src/never")
    assert "originOp" not in metadata(bart, "never")


def test_request_ids_and_unescaped_messages(bart: Client) -> None:
    reply = bart.request("GET", "/src", "list-type=1")
    assert reply.header("x-amz-request-id") == reply.header("x-amz-id-2")
    policy = {"Version": "2012-10-17", "Statement": []}
    assert bart.request("PUT", "/src", "policy", body=json.dumps(policy)).code == "MalformedPolicy"
    constraint = (
        "<CreateBucketConfiguration><LocationConstraint>a&amp;b</LocationConstraint></CreateBucketConfiguration>"
    )
    refused = bart.request("PUT", "/other", body=constraint)
    assert "attempting to set - a&b - is not" in refused.text
    assert "<Resource></Resource>" in refused.text
