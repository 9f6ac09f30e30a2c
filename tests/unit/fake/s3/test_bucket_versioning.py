"""``?versioning`` of a bucket."""

from __future__ import annotations

from typing import Any

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, UNANSWERED, BucketClient

ILLEGAL = (
    "IllegalVersioningConfigurationException",
    "Indicates that the versioning configuration specified in the request is invalid.",
)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><VersioningConfiguration '
HEAD += 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
REPLICATION: dict[str, Any] = {"role": "r", "destination": "d", "rules": [], "preferredReadLocation": None}


def document(status: str | None, mfa_delete: str | None = None) -> str:
    inner = "" if status is None else f"<Status>{status}</Status>"
    inner += "" if mfa_delete is None else f"<MfaDelete>{mfa_delete}</MfaDelete>"
    return f"<VersioningConfiguration>{inner}</VersioningConfiguration>"


def create_in(client: BucketClient, location: str) -> None:
    body = f"<LocationConstraint>{location}</LocationConstraint>"
    client.create(body=f"<CreateBucketConfiguration>{body}</CreateBucketConfiguration>")


@pytest.mark.parametrize(
    ("status", "mfa_delete", "shown"),
    [
        ("Enabled", None, "<Status>Enabled</Status>"),
        ("Suspended", None, "<Status>Suspended</Status>"),
        ("Enabled", "Disabled", "<Status>Enabled</Status><MfaDelete>Disabled</MfaDelete>"),
    ],
)
def test_put_and_get(status: str, mfa_delete: str | None, shown: str) -> None:
    client = BucketClient()
    client.create()
    reply = client.call("bucket_put_versioning", body=document(status, mfa_delete))
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.stored().versioning_status == status
    reply = client.call("bucket_get_versioning")
    assert (reply.headers, reply.body) == (
        {"Content-type": "application/xml"},
        f"{HEAD}{shown}</VersioningConfiguration>",
    )


def test_get_before_it_was_ever_set_and_on_a_lock_bucket() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_get_versioning").body == f"{HEAD}</VersioningConfiguration>"
    client.create("locked", headers={"x-amz-bucket-object-lock-enabled": "true"})
    assert (
        "<Status>Enabled</Status><MfaDelete>Disabled</MfaDelete>" in client.call("bucket_get_versioning", "locked").body
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", MALFORMED),
        ("<a", MALFORMED),
        (" ", UNANSWERED),
        ("<Foo/>", UNANSWERED),
        ("<VersioningConfiguration/>", ILLEGAL),
        (document(None, "Disabled"), ILLEGAL),
        (document("enabled"), ILLEGAL),
        (document("Enabled", "x"), ILLEGAL),
        (document("Enabled", ""), ILLEGAL),
        (document("x", "Enabled"), ILLEGAL),
        (document("Enabled", "Enabled"), ("NotImplemented", "MFA Deletion is not supported yet.")),
    ],
)
def test_faults_of_the_document_come_before_the_bucket(body: str, expected: tuple[str, str]) -> None:
    assert BucketClient().call("bucket_put_versioning", "missing", body).error == expected


def test_bucket_and_rights() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_versioning", "missing", document("Enabled")).error == NO_BUCKET
    assert client.call("bucket_put_versioning", body=document("Enabled"), requester=client.lisa).error == DENIED
    assert client.call("bucket_get_versioning", requester=client.nobody).error == DENIED
    assert client.call("bucket_put_versioning", body=document("Enabled"), requester=client.replication).status == 200


@pytest.mark.parametrize("location", ["gcp", "unversioned"])
def test_a_location_without_versions(location: str) -> None:
    client = BucketClient()
    create_in(client, location)
    assert client.call("bucket_put_versioning", body=document("Enabled")).error == (
        "NotImplemented",
        "We do not currently support putting a versioned object to a location-constraint of type Azure or GCP.",
    )


def test_a_replicated_bucket_cannot_be_suspended() -> None:
    client = BucketClient()
    client.create()
    client.enable_versioning()
    stored = client.stored()
    client.store.put_bucket(type(stored).from_json({**stored.to_json(), "replicationConfiguration": REPLICATION}))
    reply = client.call("bucket_put_versioning", body=document("Suspended"))
    assert (reply.status, reply.error) == (
        409,
        (
            "InvalidBucketState",
            "A replication configuration is present on this bucket, so you cannot change the versioning state. To "
            "change the versioning state, first delete the replication configuration.",
        ),
    )
    assert client.call("bucket_put_versioning", body=document("Enabled")).status == 200


def test_an_ingesting_bucket_cannot_be_suspended() -> None:
    client = BucketClient()
    create_in(client, "aws:ingest")
    assert client.call("bucket_put_versioning", body=document("Suspended")).error == (
        "InvalidBucketState",
        "Versioning cannot be suspended for buckets setup with Out of Band updates from a location",
    )


def test_a_lock_bucket_cannot_even_be_enabled_again() -> None:
    client = BucketClient()
    client.create(headers={"x-amz-bucket-object-lock-enabled": "true"})
    reply = client.call("bucket_put_versioning", body=document("Enabled"))
    assert (reply.status, reply.error) == (
        409,
        (
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        ),
    )


def test_an_nfs_bucket_is_left_alone() -> None:
    client = BucketClient()
    client.create(headers={"x-scal-nfs-enabled": "true"})
    assert client.call("bucket_put_versioning", body=document("Enabled")).status == 200
    assert client.stored().versioning_configuration is None
