"""Presigned URLs, through the whole application."""

from __future__ import annotations

import base64
import hmac
import urllib.parse
from collections.abc import Iterator

import pytest

from fake_cloudserver.clock import VirtualClock
from support.in_process import Client, Reply, start_fake


@pytest.fixture
def bart() -> Iterator[Client]:
    with start_fake() as fake:
        client = Client(fake)
        assert client.request("PUT", "/bkt").status == 200
        assert client.request("PUT", "/bkt/k", body="hello").status == 200
        yield client


def use(
    client: Client, method: str, query: str, headers: dict[str, str] | None = None, body: str = "", path: str = "/bkt/k"
) -> Reply:
    """Whoever has the URL uses it."""
    return Client(client.fake, None).request(method, path, query, headers, body)


def later(client: Client, seconds: float) -> None:
    assert isinstance(client.fake.clock, VirtualClock)
    client.fake.clock.advance(seconds)


def without(query: str, *names: str) -> str:
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return urllib.parse.urlencode([(name, value) for name, value in pairs if name not in names])


def changed(query: str, **values: str) -> str:
    pairs = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    return urllib.parse.urlencode(pairs | {name.replace("_", "-"): value for name, value in values.items()})


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("PUT", 200), ("DELETE", 204)])
def test_methods(bart: Client, method: str, status: int) -> None:
    assert use(bart, method, bart.presign(method, "/bkt/k")).status == status
    assert use(bart, method, bart.presign_v2(method, "/bkt/k")).status == status


def test_post(bart: Client) -> None:
    reply = use(bart, "POST", bart.presign("POST", "/bkt/k", "uploads"))
    assert reply.elements("Key") == ["k"]
    assert use(bart, "POST", bart.presign_v2("POST", "/bkt/k", "uploads")).error == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("expires", "error"),
    [
        (1, None),
        (604800, None),
        (0, (400, "InvalidArgument")),
        (604801, (400, "InvalidArgument")),
    ],
)
def test_expiry_of_version_4(bart: Client, expires: int, error: tuple[int, str] | None) -> None:
    reply = use(bart, "GET", bart.presign("GET", "/bkt/k", expires=expires))
    assert (reply.text == "hello") if error is None else (reply.error == error)


def test_expired(bart: Client) -> None:
    of_four, of_two = bart.presign("GET", "/bkt/k", expires=60), bart.presign_v2("GET", "/bkt/k", expires=60)
    later(bart, 61)
    for query in (of_four, of_two):
        reply = use(bart, "GET", query)
        assert reply.error == (403, "RequestTimeTooSkewed")
        assert reply.message == "The difference between the request time and the server's time is too large."


def test_expiry_of_version_2(bart: Client) -> None:
    week = 7 * 24 * 60 * 60
    assert use(bart, "GET", bart.presign_v2("GET", "/bkt/k", expires=week)).status == 200
    assert use(bart, "GET", bart.presign_v2("GET", "/bkt/k", expires=week + 1)).error == (403, "AccessDenied")
    no_number = changed(bart.presign_v2("GET", "/bkt/k"), Expires="tomorrow")
    assert use(bart, "GET", no_number).error == (400, "MissingSecurityHeader")


def test_a_date_in_the_future(bart: Client) -> None:
    later(bart, 16 * 60)
    query = bart.presign("GET", "/bkt/k")
    with start_fake() as earlier:  # its clock is a quarter of an hour behind
        Client(earlier).request("PUT", "/bkt")
        assert Client(earlier, None).request("GET", "/bkt/k", query).error == (403, "RequestTimeTooSkewed")


@pytest.mark.parametrize(
    "name", ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"]
)
def test_a_parameter_of_version_4_is_missing(bart: Client, name: str) -> None:
    query = bart.presign("GET", "/bkt/k")
    assert use(bart, "GET", without(query, name)).error == (400, "InvalidArgument")
    assert use(bart, "GET", changed(query, **{name: "x"})).error == (400, "InvalidArgument")


@pytest.mark.parametrize("name", ["AWSAccessKeyId", "Expires"])
def test_a_parameter_of_version_2_is_missing(bart: Client, name: str) -> None:
    assert use(bart, "GET", without(bart.presign_v2("GET", "/bkt/k"), name)).error == (400, "MissingSecurityHeader")


@pytest.mark.parametrize("version", [2, 4])
def test_wrong_signatures_and_unknown_keys(bart: Client, version: int) -> None:
    presign = bart.presign_v2 if version == 2 else bart.presign
    query = presign("PUT", "/bkt/k")
    assert use(bart, "GET", query).error == (403, "SignatureDoesNotMatch")
    unknown = query.replace("accessKey1", "accessKey9")
    assert use(bart, "PUT", unknown).error == (403, "InvalidAccessKeyId")


def test_headers_that_have_to_be_signed(bart: Client) -> None:
    query = bart.presign("PUT", "/bkt/k")
    for header in ("x-amz-meta-a", "x-scal-a", "x-amz-acl"):
        assert use(bart, "PUT", query, {header: "private"}).error == (403, "AccessDenied")
    of_two = bart.presign_v2("PUT", "/bkt/k")
    for header in ("x-amz-meta-a", "x-amz-acl", "content-md5"):
        value = "XUFAKrxLKna5cZ2REBfFkg==" if header == "content-md5" else "private"
        assert use(bart, "PUT", of_two, {header: value}, "hello").error == (403, "SignatureDoesNotMatch")


def test_other_headers_are_accepted_and_stored(bart: Client) -> None:
    assert use(bart, "PUT", bart.presign("PUT", "/bkt/k"), {"content-type": "a/b", "expires": "soon"}).status == 200
    reply = bart.request("HEAD", "/bkt/k")
    assert (reply.header("content-type"), reply.header("expires")) == ("a/b", "soon")
    # version 2 signs the type, which was none
    refused = use(bart, "PUT", bart.presign_v2("PUT", "/bkt/k"), {"content-type": "a/b"})
    assert refused.error == (403, "SignatureDoesNotMatch")


def test_the_acl_is_the_only_header_that_counts_as_a_parameter(bart: Client) -> None:
    parameters = {
        "x-amz-acl": "public-read",
        "x-amz-meta-a": "b",
        "x-amz-tagging": "t=v",
        "x-amz-storage-class": "GLACIER",
        "x-amz-server-side-encryption": "AES256",
    }
    assert use(bart, "PUT", bart.presign("PUT", "/bkt/k", urllib.parse.urlencode(parameters)), body="new").status == 200
    reply = Client(bart.fake, None).request("GET", "/bkt/k")
    assert reply.text == "new"
    assert [name for name, _ in reply.headers if name.startswith("x-amz-")] == ["x-amz-id-2", "x-amz-request-id"]


def test_parameters_of_version_2_are_signed_like_headers(bart: Client) -> None:
    parameters = "x-amz-acl=public-read&x-amz-meta-a=b"
    unsigned = f"{bart.presign_v2('PUT', '/bkt/k')}&{parameters}"
    assert use(bart, "PUT", unsigned, body="new").error == (403, "SignatureDoesNotMatch")
    until = str(int(bart.fake.clock.now()) + 300)
    text = f"PUT\n\n\n{until}\nx-amz-acl:public-read\nx-amz-meta-a:b\n/bkt/k"
    signature = base64.b64encode(hmac.digest(b"verySecretKey1", text.encode(), "sha1")).decode()
    query = urllib.parse.urlencode({"AWSAccessKeyId": "accessKey1", "Expires": until, "Signature": signature})
    assert use(bart, "PUT", f"{query}&{parameters}", body="new").status == 200
    reply = Client(bart.fake, None).request("GET", "/bkt/k")
    assert (reply.text, reply.header("x-amz-meta-a")) == ("new", None)


def test_the_payload_is_never_looked_at(bart: Client) -> None:
    query = bart.presign("PUT", "/bkt/k")
    assert use(bart, "PUT", query, body="anything").status == 200
    streaming = {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-decoded-content-length": "1"}
    assert use(bart, "PUT", query, streaming).error == (403, "AccessDenied")  # it was not signed


def test_overrides_are_signed_with_the_rest(bart: Client) -> None:
    for presign in (bart.presign, bart.presign_v2):
        query = presign("GET", "/bkt/k", "response-content-type=text/plain")
        assert use(bart, "GET", query).header("content-type") == "text/plain"
        added = presign("GET", "/bkt/k") + "&response-content-type=text/plain"
        assert use(bart, "GET", added).error == (403, "SignatureDoesNotMatch")


def test_a_signature_in_the_header_goes_before_one_in_the_query(bart: Client) -> None:
    query = bart.presign("GET", "/bkt/k")
    assert Client(bart.fake, "accessKey2").request("GET", "/bkt/k", query).error == (403, "AccessDenied")
    assert use(bart, "GET", query, {"authorization": "AWS nonsense"}).error == (403, "AccessDenied")


def test_a_parameter_given_twice_is_never_signed_right(bart: Client) -> None:
    assert bart.request("GET", "/bkt", "prefix=a&prefix=b").error == (403, "SignatureDoesNotMatch")
