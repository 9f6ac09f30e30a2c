"""PUT object with a body in signed chunks, through the whole application."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from fake_cloudserver.auth.signature_v4 import signing_key
from fake_cloudserver.auth.streaming import STREAMING_PAYLOAD, StreamingSeed
from support.in_process import Client, Reply, start_fake

SECRET = "verySecretKey1"


@pytest.fixture
def bart() -> Iterator[Client]:
    with start_fake() as fake:
        client = Client(fake)
        assert client.request("PUT", "/bkt").status == 200
        yield client


def stream(
    client: Client, data: bytes, announced: int, change: Callable[[bytes], bytes] = bytes, *, final: bool = True
) -> Reply:
    """Put ``data`` in one chunk, changed on its way."""
    headers = {
        "host": client.host,
        "x-amz-content-sha256": STREAMING_PAYLOAD,
        "x-amz-decoded-content-length": str(announced),
    }
    client._sign("PUT", "/bkt/k", "", headers)
    stamp, seed = headers["x-amz-date"], headers["authorization"].rpartition("=")[2]
    chain = StreamingSeed(
        signing_key(SECRET, stamp[:8], "us-east-1"), stamp, f"{stamp[:8]}/us-east-1/s3/aws4_request", seed
    )
    body, signature = b"", seed
    for chunk in (data, b"") if final else (data,):
        signature = chain.chunk_signature(signature, hashlib.sha256(chunk).hexdigest())
        body += f"{len(chunk):x};chunk-signature={signature}\r\n".encode() + chunk + b"\r\n"
    body = change(body)
    return client.send("PUT", "/bkt/k", "", [*headers.items(), ("content-length", str(len(body)))], body)


@pytest.mark.parametrize(
    ("announced", "change", "error"),
    [
        (11, lambda body: body.replace(b"chunk-signature", b"signature"), (400, "InvalidArgument")),
        (11, lambda body: b"0" * 1024 + body, (400, "InvalidArgument")),
        (11, lambda body: body.replace(b"hello", b"hallo"), (403, "SignatureDoesNotMatch")),
        (10, bytes, (503, "ServiceUnavailable")),
    ],
    ids=["malformed", "too long", "wrong signature", "more than announced"],
)
def test_faults(bart: Client, announced: int, change: Callable[[bytes], bytes], error: tuple[int, str]) -> None:
    assert stream(bart, b"hello world", announced, change).error == error
    assert bart.request("GET", "/bkt/k").error == (404, "NoSuchKey")


@pytest.mark.parametrize("final", [True, False])
def test_the_last_chunk_may_be_missing(bart: Client, final: bool) -> None:
    reply = stream(bart, b"hello world", 11, final=final)
    assert (reply.status, reply.header("etag")) == (200, f'"{hashlib.md5(b"hello world").hexdigest()}"')
    assert bart.request("GET", "/bkt/k").text == "hello world"


def test_less_than_announced_is_filled_up(bart: Client) -> None:
    assert stream(bart, b"hello world", 20).status == 200
    assert bart.request("HEAD", "/bkt/k").header("content-length") == "20"
    reply = bart.request("GET", "/bkt/k")
    assert (reply.header("content-length"), len(reply.body), reply.body[:11]) == ("20", 20, b"hello world")


def test_only_a_signature_of_version_4_in_the_header_will_do(bart: Client) -> None:
    headers = {"x-amz-content-sha256": STREAMING_PAYLOAD, "x-amz-decoded-content-length": "1"}
    bart.request("PUT", "/bkt", "acl", {"x-amz-acl": "public-read-write"})
    anonymous = Client(bart.fake, None)
    assert anonymous.request("PUT", "/bkt/k", headers=headers, body="x").error == (400, "InvalidArgument")
    assert anonymous.request("PUT", "/bkt/k", body="x").status == 200
