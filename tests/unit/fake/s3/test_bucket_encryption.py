"""``?encryption`` of a bucket."""

from __future__ import annotations

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, BucketClient

NOT_FOUND = (
    "ServerSideEncryptionConfigurationNotFoundError",
    "The server side encryption configuration was not found",
)


def document(algorithm: str | None = "AES256", key: str | None = None) -> str:
    inner = "" if algorithm is None else f"<SSEAlgorithm>{algorithm}</SSEAlgorithm>"
    inner += "" if key is None else f"<KMSMasterKeyID>{key}</KMSMasterKeyID>"
    rule = f"<Rule><ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault></Rule>"
    return f"<ServerSideEncryptionConfiguration>{rule}</ServerSideEncryptionConfiguration>"


@pytest.mark.parametrize(
    ("algorithm", "key", "shown"),
    [("AES256", None, ""), ("aws:kms", None, ""), ("aws:kms", "a&amp;b", "<KMSMasterKeyID>a&amp;b</KMSMasterKeyID>")],
)
def test_put_get_delete(algorithm: str, key: str | None, shown: str) -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_get_encryption").error == NOT_FOUND
    reply = client.call("bucket_put_encryption", body=document(algorithm, key))
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    reply = client.call("bucket_get_encryption")
    assert (reply.headers, reply.body) == (
        {"Content-type": "application/xml"},
        '<?xml version="1.0" encoding="UTF-8"?><ServerSideEncryptionConfiguration><Rule>'
        f"<ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}</SSEAlgorithm>{shown}"
        "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
        "</ServerSideEncryptionConfiguration>",
    )
    for _ in range(2):
        assert client.call("bucket_delete_encryption").status == 204
    assert client.call("bucket_get_encryption").error == NOT_FOUND


def test_the_key_of_the_bucket_stays() -> None:
    client = BucketClient()
    client.create()
    client.call("bucket_put_encryption", body=document("aws:kms", "mine"))
    first = client.stored().server_side_encryption
    assert first is not None
    client.call("bucket_delete_encryption")
    kept = client.stored().server_side_encryption
    assert kept == {
        "cryptoScheme": 1,
        "algorithm": "aws:kms",
        "masterKeyId": first["masterKeyId"],
        "mandatory": False,
    }
    client.call("bucket_put_encryption", body=document("AES256"))
    assert client.stored().server_side_encryption == kept | {"algorithm": "AES256", "mandatory": True}


def test_deleting_nothing_writes_nothing() -> None:
    client = BucketClient()
    client.create()
    before = client.store.journal.last_sequence
    assert client.call("bucket_delete_encryption").status == 204
    assert client.store.journal.last_sequence == before


TWO_RULES = document().replace("</Rule>", "</Rule><Rule/>")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", MALFORMED),
        (" ", MALFORMED),
        ("<a>", MALFORMED),
        ("<Foo/>", MALFORMED),
        ("<ServerSideEncryptionConfiguration/>", MALFORMED),
        ("<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>", MALFORMED),
        (TWO_RULES, MALFORMED),
        (document(None), MALFORMED),
        (document("x"), MALFORMED),
        (document("aws:kms", ""), MALFORMED),
        (
            document("AES256", "k"),
            ("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"),
        ),
    ],
)
def test_faults_come_after_the_expected_owner(body: str, expected: tuple[str, str]) -> None:
    client = BucketClient()
    client.create()
    wrong_owner = {"x-amz-expected-bucket-owner": "123456789013"}
    assert client.call("bucket_put_encryption", "missing", body).error == NO_BUCKET
    assert client.call("bucket_put_encryption", body=body, requester=client.lisa).error == DENIED
    assert client.call("bucket_put_encryption", body=body, headers=wrong_owner).error == DENIED
    assert client.call("bucket_put_encryption", body=body).error == expected


@pytest.mark.parametrize("operation", ["bucket_get_encryption", "bucket_delete_encryption"])
def test_the_expected_owner_of_get_and_delete(operation: str) -> None:
    client = BucketClient()
    client.create()
    client.call("bucket_put_encryption", body=document())
    assert client.call(operation, headers={"x-amz-expected-bucket-owner": "123456789013"}).error == DENIED
    assert client.call(operation, headers={"x-amz-expected-bucket-owner": "123456789012"}).status in (200, 204)
