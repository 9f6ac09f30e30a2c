"""ListBuckets; creating, finding and deleting buckets."""

from __future__ import annotations

import dataclasses
import json

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, UNANSWERED, BucketClient

from fake_cloudserver.metadata.store import METASTORE, USERS_BUCKET

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def constraint(location: str) -> str:
    return (
        f"<CreateBucketConfiguration {NS}><LocationConstraint>{location}</LocationConstraint>"
        "</CreateBucketConfiguration>"
    )


def test_list_buckets_shows_the_requester_s_own_by_name() -> None:
    client = BucketClient()
    for name in ("zebra", "alpha"):
        client.create(name)
    client.call("bucket_put", "of-lisa", requester=client.lisa)
    reply = client.call("service_get", None)
    assert reply.headers == {"Content-type": "application/xml"}
    date = "<CreationDate>2026-01-01T00:00:00.000Z</CreationDate>"
    assert reply.body == (
        f'<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult {NS}>'
        f"<Owner><ID>{client.bart.canonical_id}</ID><DisplayName>Bart</DisplayName></Owner><Buckets>"
        f"<Bucket><Name>alpha</Name>{date}</Bucket><Bucket><Name>zebra</Name>{date}</Bucket>"
        "</Buckets></ListAllMyBucketsResult>"
    )


def test_list_buckets_without_buckets_or_without_name() -> None:
    client = BucketClient()
    assert "<Buckets></Buckets>" in client.call("service_get", None).body
    assert client.call("service_get", None, requester=client.nobody).error == DENIED


def test_list_buckets_ends_at_ten_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    client = BucketClient()
    many = [(f"b{number:05}", "2026-01-01T00:00:00.000Z") for number in range(10001)]
    monkeypatch.setattr(client.store, "list_buckets", lambda _: reversed(many))
    body = client.call("service_get", None).body
    assert body.count("<Bucket>") == 10000
    assert "b09999" in body
    assert "b10000" not in body


def test_create_in_the_location_of_the_endpoint() -> None:
    client = BucketClient()
    reply = client.call("bucket_put")
    assert (reply.status, reply.headers, reply.body) == (200, {"Location": "/bucket"}, "")
    stored = client.stored()
    assert (stored.owner, stored.owner_display_name) == (client.bart.canonical_id, "Bart")
    assert (stored.location_constraint, stored.creation_date) == ("us-east-1", "2026-01-01T00:00:00.000Z")
    assert stored.versioning_configuration is None
    assert stored.acl["Canned"] == "private"
    assert len(stored.uid) == 36
    client.create("west", headers={"host": "west.example"})
    assert client.stored("west").location_constraint == "us-west-1"
    client.create("elsewhere", headers={"host": "10.0.0.1:8000"})
    assert client.stored("elsewhere").location_constraint == "us-east-1"


def test_creation_is_recorded_in_three_steps() -> None:
    client = BucketClient()
    client.create()
    records = client.store.journal.read(1, 10)
    assert [(record.db, record.key) for record in records] == [
        (METASTORE, "bucket"),
        (USERS_BUCKET, f"{client.bart.canonical_id}..|..bucket"),
        (METASTORE, "bucket"),
    ]
    assert [json.loads(record.value or "").get("transient") for record in records] == [True, None, False]


def test_create_in_a_location_of_the_body() -> None:
    client = BucketClient()
    client.create("west", body=constraint("us-west-1"))
    assert client.stored("west").location_constraint == "us-west-1"
    client.create("ingesting", body=constraint("aws:ingest"))
    stored = client.stored("ingesting")
    assert (stored.location_constraint, stored.ingestion) == ("aws", {"status": "enabled"})
    assert stored.versioning_configuration == {"Status": "Enabled"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<a>", MALFORMED),
        ("<Foo><Bar>x</Bar></Foo>", MALFORMED),
        ("<CreateBucketConfiguration/>", MALFORMED),
        (constraint(""), MALFORMED),
        (" ", UNANSWERED),
        (constraint("x").replace("<LocationConstraint>", '<LocationConstraint a="b">'), UNANSWERED),
        (
            constraint("nowhere"),
            (
                "InvalidLocationConstraint",
                "value of the location you are attempting to set - nowhere - is not listed in the locationConstraint "
                "config",
            ),
        ),
        (constraint("cold"), ("InvalidLocationConstraint", "The specified location constraint is not valid.")),
    ],
)
def test_a_body_that_names_no_usable_location(body: str, expected: tuple[str, str]) -> None:
    reply = BucketClient().call("bucket_put", body=body)
    assert reply.error == expected
    assert reply.headers == {"Location": "/bucket"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-amz-grant-read": "foo=bar"}, "<a>"),  # before the body
        ({"x-amz-acl": "bucket-owner-read"}, ""),
    ],
)
def test_bad_acl_headers(headers: dict[str, str], body: str) -> None:
    reply = BucketClient().call("bucket_put", headers=headers, body=body)
    assert reply.error == ("InvalidArgument", "Invalid Argument")


def test_a_bad_canned_acl_is_found_after_a_bad_location_and_before_the_existing_bucket() -> None:
    client = BucketClient()
    client.call("bucket_put", "of-lisa", requester=client.lisa)
    headers = {"x-amz-acl": "nonsense"}
    assert client.call("bucket_put", "of-lisa", constraint("cold"), headers=headers).code == "InvalidLocationConstraint"
    assert client.call("bucket_put", "of-lisa", headers=headers).code == "InvalidArgument"


def test_who_may_create() -> None:
    client = BucketClient()
    bad_grant = {"x-amz-grant-read": "foo=bar"}
    reply = client.call("bucket_put", headers=bad_grant, requester=client.nobody)
    assert (reply.error, reply.headers) == (DENIED, {"Location": "/bucket"})
    assert client.call("bucket_put", "METADATA", headers=bad_grant).code == "InvalidArgument"
    assert client.call("bucket_put", "METADATA", "<a>").code == "AccessDenied"
    assert client.call("bucket_put", "METADATA").error == (
        "AccessDenied",
        "The bucket METADATA is used for internal purposes",
    )
    assert client.call("bucket_put", "METADATA", requester=client.clueso).status == 200


def test_headers_of_creation() -> None:
    client = BucketClient()
    client.create("public", headers={"x-amz-acl": "public-read"})
    assert client.stored("public").acl["Canned"] == "public-read"
    client.create("granted", headers={"x-amz-grant-read": f"id={client.lisa.canonical_id}"})
    assert client.stored("granted").acl["READ"] == [client.lisa.canonical_id]
    client.create("locked", headers={"x-amz-bucket-object-lock-enabled": "True"})
    assert client.stored("locked").object_lock_enabled
    assert client.stored("locked").versioning_configuration == {"Status": "Enabled", "MfaDelete": "Disabled"}
    client.create("nfs", headers={"x-scal-nfs-enabled": "true"})
    assert client.stored("nfs").is_nfs is True
    ignored = {"x-amz-object-ownership": "BucketOwnerEnforced"}
    client.create("plain", headers={"x-amz-bucket-object-lock-enabled": "yes", "x-scal-nfs-enabled": "yes", **ignored})
    assert (client.stored("plain").object_lock_enabled, client.stored("plain").is_nfs) == (False, None)


def test_encryption_by_headers_of_creation() -> None:
    client = BucketClient()
    client.create("sse", headers={"x-amz-scal-server-side-encryption": "AES256"})
    sse = client.stored("sse").server_side_encryption
    assert sse is not None
    assert (sse["algorithm"], sse["mandatory"]) == ("AES256", True)
    key = {"x-amz-scal-server-side-encryption-aws-kms-key-id": "mine"}
    client.create("kms", headers={"x-amz-scal-server-side-encryption": "aws:kms", **key})
    kms = client.stored("kms").server_side_encryption
    assert kms is not None
    assert kms["configuredMasterKeyId"] == "mine"
    client.create("other", headers={"x-amz-scal-server-side-encryption": "rot13"})
    assert client.stored("other").server_side_encryption is None


def test_creating_again() -> None:
    client = BucketClient()
    client.create()
    client.create("west", body=constraint("us-west-1"))
    own = ("BucketAlreadyOwnedByYou", "A bucket with this name exists and is already owned by you")
    before = client.stored()
    # both locations are of the legacy kind: nothing changes, not even the ACL
    for body in ("", constraint("us-east-2")):
        assert client.call("bucket_put", body=body, headers={"x-amz-acl": "public-read"}).status == 200
    assert client.stored() == before
    assert client.call("bucket_put", body=constraint("us-west-1")).error == own
    reply = client.call("bucket_put", "west")
    assert (reply.error, reply.headers) == (own, {"Location": "/west"})
    assert client.call("bucket_put", requester=client.lisa).code == "BucketAlreadyExists"
    assert client.call("bucket_put", requester=client.replication).status == 200
    assert client.call("bucket_put", "west", requester=client.replication).code == "BucketAlreadyOwnedByYou"


def test_head() -> None:
    client = BucketClient()
    client.create(body=constraint("us-west-1"))
    reply = client.call("bucket_head")
    assert (reply.status, reply.headers, reply.body) == (200, {"x-amz-bucket-region": "us-west-1"}, "")
    assert client.call("bucket_head", requester=client.lisa).error == DENIED
    assert client.call("bucket_head", requester=client.replication).status == 200
    assert client.call("bucket_head", "missing", requester=client.nobody).error == NO_BUCKET


@pytest.mark.parametrize(("location", "shown"), [("us-east-1", ""), ("us-east-2", "us-east-2"), ("aws", "aws")])
def test_location(location: str, shown: str) -> None:
    client = BucketClient()
    client.create(body=constraint(location))
    reply = client.call("bucket_get_location")
    assert reply.body == (
        f'<?xml version="1.0" encoding="UTF-8"?>\n        <LocationConstraint {NS}>{shown}</LocationConstraint>'
    )
    assert client.call("bucket_get_location", requester=client.lisa).error == DENIED


@pytest.mark.parametrize("change", [{"transient": True}, {"deleted": True}])
def test_a_bucket_that_is_being_made_or_removed_is_not_there(change: dict[str, bool]) -> None:
    client = BucketClient()
    client.create()
    client.store.put_bucket(dataclasses.replace(client.stored(), **change))
    for operation in ("bucket_get", "bucket_head", "bucket_get_location", "bucket_put_versioning"):
        body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        assert client.call(operation, body=body).error == NO_BUCKET


def test_delete() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_delete", requester=client.lisa).error == DENIED
    assert client.call("bucket_delete", requester=client.nobody).error == DENIED
    assert client.call("bucket_delete", "missing", requester=client.nobody).error == DENIED
    reply = client.call("bucket_delete")
    assert (reply.status, reply.headers, reply.body) == (204, {}, "")
    assert client.call("bucket_delete").error == NO_BUCKET
    assert "<Bucket>" not in client.call("service_get", None).body


def test_any_version_keeps_the_bucket() -> None:
    client = BucketClient()
    client.create()
    version_id = client.store.put_object("bucket", "k", {"key": "k", "isDeleteMarker": True}, versioning=True)
    assert client.call("bucket_delete").error == ("BucketNotEmpty", "The bucket you tried to delete is not empty.")
    client.store.delete_object("bucket", "k", version_id)  # leaves a place-holder
    assert client.call("bucket_delete").status == 204


def start_upload(client: BucketClient, upload_id: str, location: str, parts: int = 0) -> None:
    shadow = "mpuShadowBucketbucket"
    overview = {"key": "k", "uploadId": upload_id, "controllingLocationConstraint": location}
    client.store.put_object(shadow, f"overview..|..k..|..{upload_id}", overview)
    for number in range(1, parts + 1):
        part = {"partLocations": [{"key": f"{upload_id}-{number}", "dataStoreName": location}]}
        client.store.put_object(shadow, f"{upload_id}..|..{number:05}", part)


def test_uploads_do_not_keep_the_bucket() -> None:
    client = BucketClient()
    client.create()
    start_upload(client, "local", "us-east-1", parts=2)
    start_upload(client, "remote", "aws", parts=1)
    assert client.call("bucket_delete").status == 204
    assert [element["key"] for element in client.gateway.deleted] == ["local-1", "local-2"]
    assert client.gateway.aborted == [("aws", "bucket", "k", "remote")]
    assert not client.store.has_entries("mpuShadowBucketbucket")


def test_many_uploads_and_parts() -> None:
    client = BucketClient()
    client.create()
    start_upload(client, "big", "us-east-1", parts=1001)
    for number in range(1001):
        start_upload(client, f"u{number:04}", "aws")
    assert client.call("bucket_delete").status == 204
    assert len(client.gateway.deleted) == 1001
    assert len({upload_id for *_, upload_id in client.gateway.aborted}) == 1001


def test_data_that_cannot_be_deleted_stays_behind() -> None:
    client = BucketClient()
    client.create()
    start_upload(client, "local", "us-east-1", parts=1)
    client.gateway.broken = True
    assert client.call("bucket_delete").status == 204
    assert client.call("bucket_head").error == NO_BUCKET
