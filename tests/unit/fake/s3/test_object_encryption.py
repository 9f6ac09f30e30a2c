"""Server-side encryption as clients see it: headers of the request, state of the bucket, headers of the object."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.in_process import Client, start_fake

SSE = "x-amz-server-side-encryption"
KEY = f"{SSE}-aws-kms-key-id"


@pytest.fixture
def bart() -> Iterator[Client]:
    with start_fake() as fake:
        client = Client(fake)
        assert client.request("PUT", "/bkt").status == 200
        yield client


def configure(client: Client, algorithm: str | None, key: str | None = None) -> None:
    if algorithm is None:
        return
    inner = f"<SSEAlgorithm>{algorithm}</SSEAlgorithm>" + (f"<KMSMasterKeyID>{key}</KMSMasterKeyID>" if key else "")
    rule = f"<Rule><ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault></Rule>"
    body = f"<ServerSideEncryptionConfiguration>{rule}</ServerSideEncryptionConfiguration>"
    assert client.request("PUT", "/bkt", "encryption", body=body).status == 200


def shown(client: Client, key: str = "k") -> tuple[str | None, str | None]:
    """Algorithm and key as GET and HEAD show them."""
    answers = [client.request(method, f"/bkt/{key}") for method in ("GET", "HEAD")]
    found = {(reply.header(SSE), reply.header(KEY)) for reply in answers}
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    ("configured", "asked", "algorithm"),
    [
        (None, None, None),
        ("AES256", None, "AES256"),
        ("aws:kms", None, "aws:kms"),
        (None, "AES256", "AES256"),
        (None, "aws:kms", "aws:kms"),
        ("AES256", "aws:kms", "aws:kms"),
        ("aws:kms", "AES256", "AES256"),
    ],
)
def test_headers_and_the_state_of_the_bucket(
    bart: Client, configured: str | None, asked: str | None, algorithm: str | None
) -> None:
    configure(bart, configured)
    reply = bart.request("PUT", "/bkt/k", "", {SSE: asked} if asked else {}, "hello")
    assert (reply.status, reply.header(SSE)) == (200, None)  # the answer to a PUT never shows it
    assert reply.header("etag") == '"5d41402abc4b2a76b9719d911017c592"'  # that of the clear text
    found, key = shown(bart)
    assert found == algorithm
    assert (key is not None) is (algorithm == "aws:kms")
    # what was asked for is no configuration
    assert bart.request("GET", "/bkt", "encryption").status == (404 if configured is None else 200)


def test_the_key_of_the_bucket_is_used_again(bart: Client) -> None:
    bart.request("PUT", "/bkt/a", "", {SSE: "aws:kms"}, "x")
    bart.request("PUT", "/bkt/b", "", {SSE: "aws:kms"}, "x")
    assert shown(bart, "a") == shown(bart, "b")
    bart.request("PUT", "/bkt/c", body="x")
    assert shown(bart, "c") == (None, None)


def test_a_named_key_leaves_the_bucket_alone(bart: Client) -> None:
    configure(bart, "aws:kms", "theirs")
    bart.request("PUT", "/bkt/k", "", {SSE: "aws:kms", KEY: "mine"}, "x")
    assert shown(bart) == ("aws:kms", "mine")
    bart.request("PUT", "/bkt/k", body="x")
    assert shown(bart) == ("aws:kms", "theirs")


UNSUPPORTED = "The encryption method specified is not supported"
NOT_APPLICABLE = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"


@pytest.mark.parametrize(
    ("headers", "of_put", "of_others"),
    [
        ({SSE: "rot13"}, UNSUPPORTED, UNSUPPORTED),
        ({SSE: "AES256", KEY: "mine"}, UNSUPPORTED, NOT_APPLICABLE),
        ({KEY: "mine"}, UNSUPPORTED, NOT_APPLICABLE),
    ],
)
def test_refusals(bart: Client, headers: dict[str, str], of_put: str, of_others: str) -> None:
    bart.request("PUT", "/bkt/source", body="x")
    put = bart.request("PUT", "/bkt/k", "", headers, "x")
    copy = bart.request("PUT", "/bkt/k", "", {"x-amz-copy-source": "/bkt/source", **headers})
    initiate = bart.request("POST", "/bkt/k", "uploads", headers)
    for reply, message in ((put, of_put), (copy, of_others), (initiate, of_others)):
        assert (reply.error, reply.message) == ((400, "InvalidArgument"), message)
