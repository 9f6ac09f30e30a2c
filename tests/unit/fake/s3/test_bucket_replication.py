"""``?replication`` of a bucket: what comes before and after the document's own checks."""

from __future__ import annotations

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, UNANSWERED, BucketClient

ROLE = "arn:aws:iam::123456789012:role/crr-role"
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def document(*, rule_id: str = "<ID>r1</ID>", bucket: str = "<Bucket>arn:aws:s3:::dst</Bucket>") -> str:
    return (
        f"<ReplicationConfiguration {NS}><Role>{ROLE}</Role><Rule>{rule_id}<Prefix></Prefix><Status>Enabled</Status>"
        f"<Destination>{bucket}<StorageClass>aws</StorageClass></Destination></Rule></ReplicationConfiguration>"
    )


def versioned_bucket() -> BucketClient:
    client = BucketClient()
    client.create()
    client.enable_versioning()
    return client


def test_put_get_delete() -> None:
    client = versioned_bucket()
    reply = client.call("bucket_put_replication", body=document())
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.stored().replication_configuration == {
        "role": ROLE,
        "destination": "arn:aws:s3:::dst",
        "rules": [{"id": "r1", "prefix": "", "enabled": True, "storageClass": "aws"}],
        "preferredReadLocation": None,
    }
    reply = client.call("bucket_get_replication")
    assert (reply.headers, reply.body) == (
        {"Content-type": "application/xml"},
        f'<?xml version="1.0" encoding="UTF-8"?><ReplicationConfiguration {NS}><Rule><ID>r1</ID><Prefix/>'
        "<Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::dst</Bucket><StorageClass>aws</StorageClass>"
        f"</Destination></Rule><Role>{ROLE}</Role></ReplicationConfiguration>",
    )
    for _ in range(2):
        reply = client.call("bucket_delete_replication")
        assert (reply.status, reply.headers, reply.body) == (204, {}, "")
    reply = client.call("bucket_get_replication")
    assert (reply.status, reply.error) == (
        404,
        ("ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
    )


def test_a_rule_without_id_gets_one_of_48_characters() -> None:
    client = versioned_bucket()
    ids = set()
    for _ in range(2):
        client.call("bucket_put_replication", body=document(rule_id=""))
        configuration = client.stored().replication_configuration
        assert configuration is not None
        ids.add(configuration["rules"][0]["id"])
    assert len(ids) == 2
    assert {len(one) for one in ids} == {48}


def test_nothing_is_written_when_there_is_nothing_to_delete() -> None:
    client = versioned_bucket()
    before = client.store.journal.last_sequence
    assert client.call("bucket_delete_replication").status == 204
    assert client.store.journal.last_sequence == before


@pytest.mark.parametrize("suspended", [False, True])
def test_versioning_must_be_enabled(suspended: bool) -> None:
    client = BucketClient()
    client.create()
    if suspended:
        client.enable_versioning()
        body = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
        client.call("bucket_put_versioning", body=body)
    reply = client.call("bucket_put_replication", body=document())
    assert reply.error == (
        "InvalidRequest",
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    )


def test_an_nfs_bucket_needs_no_versioning() -> None:
    client = BucketClient()
    client.create(headers={"x-scal-nfs-enabled": "true"})
    assert client.call("bucket_put_replication", body=document()).status == 200


def test_the_document_is_checked_before_the_bucket() -> None:
    client = versioned_bucket()
    assert client.call("bucket_put_replication", "missing", "<a").error == MALFORMED
    assert client.call("bucket_put_replication", "missing", document()).error == NO_BUCKET
    assert client.call("bucket_put_replication", body="<a", requester=client.lisa).error == MALFORMED


def test_rights() -> None:
    client = versioned_bucket()
    for requester in (client.lisa, client.nobody, client.clueso):
        assert client.call("bucket_put_replication", body=document(), requester=requester).error == DENIED
        assert client.call("bucket_get_replication", requester=requester).error == DENIED
        assert client.call("bucket_delete_replication", requester=requester).error == DENIED
    assert client.call("bucket_put_replication", body=document(), requester=client.replication).status == 200


def test_a_transient_source() -> None:
    client = BucketClient()
    location = "<LocationConstraint>transient</LocationConstraint>"
    client.create(body=f"<CreateBucketConfiguration>{location}</CreateBucketConfiguration>")
    client.enable_versioning()
    assert client.call("bucket_put_replication", body=document()).error == (
        "ValidationError",
        "Replication configuration lacks a preferred read location",
    )
    preferred = document().replace("<StorageClass>aws<", "<StorageClass>aws:preferred_read<")
    assert client.call("bucket_put_replication", body=preferred).status == 200


@pytest.mark.parametrize(
    "operation",
    ["bucket_get_replication", "bucket_delete_replication", "bucket_head", "bucket_delete", "bucket_put"],
)
def test_without_destination_bucket_the_bucket_is_of_no_use_any_more(operation: str) -> None:
    client = versioned_bucket()
    assert client.call("bucket_put_replication", body=document(bucket="")).status == 200
    assert client.call(operation).error == UNANSWERED
    assert "<Name>bucket</Name>" in client.call("service_get", None).body
