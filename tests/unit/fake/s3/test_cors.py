"""Preflight requests, and the headers that CORS rules give ordinary answers."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest

from fake_cloudserver.fake import FakeCloudServer
from support.in_process import Client, Reply, start_fake

VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
ORIGIN = "http://www.example.com"
RULES = (
    "<CORSRule><AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod>"
    "<AllowedOrigin>http://*.example.com</AllowedOrigin><AllowedHeader>X-Amz-*</AllowedHeader>"
    "<AllowedHeader>content-type</AllowedHeader><MaxAgeSeconds>300</MaxAgeSeconds>"
    "<ExposeHeader>etag</ExposeHeader><ExposeHeader>x-y</ExposeHeader></CORSRule>"
    "<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod>"
    "<AllowedOrigin>http://other.org</AllowedOrigin><AllowedOrigin>*</AllowedOrigin></CORSRule>"
)
FIRST = {
    "access-control-max-age": "300",
    "access-control-allow-methods": "PUT, GET",
    "vary": VARY,
    "access-control-allow-origin": ORIGIN,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "etag, x-y",
}
ALLOWED = FIRST | {"access-control-allow-headers": "x-amz-date, content-type"}
SECOND = {"access-control-allow-methods": "GET, HEAD", "vary": VARY, "access-control-allow-origin": "*"}


@pytest.fixture
def fake() -> Iterator[FakeCloudServer]:
    """Bart's bucket with two rules, and one without any."""
    with start_fake() as made:
        bart = Client(made)
        for bucket in ("bucket", "plain"):
            assert bart.request("PUT", f"/{bucket}").status == 200
        body = f"<CORSConfiguration>{RULES}</CORSConfiguration>"
        md5 = base64.b64encode(hashlib.md5(body.encode()).digest()).decode()
        assert bart.request("PUT", "/bucket", "cors", {"content-md5": md5}, body).status == 200
        yield made


def preflight(fake: FakeCloudServer, path: str = "/bucket/k", **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(fake, None).request("OPTIONS", path, "", sent)


def cors_of(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.headers if name.startswith("access-control") or name == "vary"}


@pytest.mark.parametrize(
    ("path", "headers", "status", "code", "message"),
    [
        ("/", {"origin": ORIGIN}, 403, "AccessForbidden", "CORSResponse: Bucket not found"),
        ("/bucket", {}, 400, "BadRequest", "Insufficient information. Origin request header needed."),
        ("/none", {}, 400, "BadRequest", "Insufficient information. Origin request header needed."),
        ("/bucket", {"origin": ORIGIN}, 400, "BadRequest", "Invalid Access-Control-Request-Method: null"),
        (
            "/none",
            {"origin": ORIGIN, "access-control-request-method": "PATCH"},
            400,
            "BadRequest",
            "Invalid Access-Control-Request-Method: PATCH",
        ),
        (
            "/none",
            {"origin": ORIGIN, "access-control-request-method": "GET"},
            404,
            "NoSuchBucket",
            "The specified bucket does not exist.",
        ),
        (
            "/plain",
            {"origin": ORIGIN, "access-control-request-method": "GET"},
            403,
            "AccessForbidden",
            "CORSResponse: CORS is not enabled for this bucket.",
        ),
        (
            "/bucket",
            {"origin": ORIGIN, "access-control-request-method": "DELETE"},
            403,
            "AccessForbidden",
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
            "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
            "resource's CORS spec.",
        ),
    ],
)
def test_refused_preflights(
    fake: FakeCloudServer, path: str, headers: dict[str, str], status: int, code: str, message: str
) -> None:
    reply = Client(fake, None).request("OPTIONS", path, "", headers)
    assert (reply.status, reply.code, reply.message) == (status, code, message)
    assert cors_of(reply) == {}


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "POST", "DELETE"])
def test_the_methods_that_may_be_asked_for(fake: FakeCloudServer, method: str) -> None:
    reply = preflight(fake, origin=ORIGIN, access_control_request_method=method)
    assert reply.status == (200 if method in {"GET", "PUT", "HEAD"} else 403)


@pytest.mark.parametrize(
    ("origin", "method", "asked", "rule"),
    [
        (ORIGIN, "GET", None, FIRST),
        ("http://.example.com", "PUT", None, FIRST | {"access-control-allow-origin": "http://.example.com"}),
        ("http://WWW.EXAMPLE.COM", "PUT", None, None),
        ("https://www.example.com", "PUT", None, None),
        ("https://www.example.com", "GET", None, SECOND),
        ("http://other.org", "GET", None, SECOND),
        (ORIGIN, "HEAD", None, SECOND),
        # headers are compared without blanks and in lower case; a rule without AllowedHeader allows none
        (ORIGIN, "PUT", "X-Amz-Date, , Content-Type", ALLOWED),
        (ORIGIN, "PUT", "x-amz-date,x-other", None),
        (ORIGIN, "HEAD", "x-amz-date", None),
    ],
)
def test_the_first_rule_that_matches(
    fake: FakeCloudServer, origin: str, method: str, asked: str | None, rule: dict[str, str] | None
) -> None:
    headers = {"origin": origin, "access_control_request_method": method}
    reply = preflight(fake, **headers, **({} if asked is None else {"access_control_request_headers": asked}))
    assert (reply.status, cors_of(reply)) == (403 if rule is None else 200, rule or {})
    if rule:
        assert (reply.header("content-length"), reply.body) == ("0", b"")


def test_nobody_has_to_sign_a_preflight(fake: FakeCloudServer) -> None:
    assert preflight(fake, origin=ORIGIN, access_control_request_method="GET", authorization="nonsense").status == 200


def test_ordinary_answers(fake: FakeCloudServer) -> None:
    bart = Client(fake)
    assert cors_of(bart.request("PUT", "/bucket/k", "", {"origin": ORIGIN}, "x")) == FIRST
    for query in ("", "acl", "tagging"):
        assert cors_of(bart.request("GET", "/bucket/k", query, {"origin": ORIGIN})) == FIRST
    for query in ("", "acl", "location", "cors"):
        assert cors_of(bart.request("GET", "/bucket", query, {"origin": "http://other.org"})) == SECOND
    # an ordinary request's headers are not looked at
    assert cors_of(bart.request("GET", "/bucket/k", "", {"origin": ORIGIN, "x-other": "1"})) == FIRST


def test_errors_that_come_after_the_bucket_was_read(fake: FakeCloudServer) -> None:
    bart, lisa = Client(fake), Client(fake, "accessKey2")
    assert cors_of(bart.request("GET", "/bucket/none", "", {"origin": ORIGIN})) == FIRST
    assert cors_of(lisa.request("GET", "/bucket", "", {"origin": ORIGIN})) == FIRST
    assert cors_of(bart.request("GET", "/bucket", "policy", {"origin": ORIGIN})) == FIRST
    not_modified = bart.request("PUT", "/bucket/k", body="x")
    assert not_modified.status == 200
    reply = bart.request("GET", "/bucket/k", "", {"origin": ORIGIN, "if-none-match": "*"})
    assert (reply.status, cors_of(reply)) == (304, FIRST)


@pytest.mark.parametrize(
    ("path", "query", "headers"),
    [
        ("/none", "", {"origin": ORIGIN}),
        ("/bucket/k", "versionId=bad", {"origin": ORIGIN}),
        ("/bucket", "torrent", {"origin": ORIGIN}),
        ("/bucket", "", {}),
        ("/bucket", "", {"origin": ""}),
        ("/plain", "", {"origin": ORIGIN}),
        ("/bucket", "encryption", {"origin": ORIGIN}),
    ],
)
def test_answers_without_headers(fake: FakeCloudServer, path: str, query: str, headers: dict[str, str]) -> None:
    assert cors_of(Client(fake).request("GET", path, query, headers)) == {}


def test_a_bad_signature_is_found_before_the_bucket(fake: FakeCloudServer) -> None:
    reply = Client(fake, None).request("GET", "/bucket", "", {"origin": ORIGIN, "authorization": "nonsense"})
    assert (reply.status, cors_of(reply)) == (403, {})


def test_a_method_or_origin_that_no_rule_has(fake: FakeCloudServer) -> None:
    bart = Client(fake)
    bart.request("PUT", "/bucket/k", body="x")
    assert cors_of(bart.request("DELETE", "/bucket/k", "", {"origin": ORIGIN})) == {}
    assert cors_of(bart.request("PUT", "/bucket/k", "", {"origin": "https://other.org"}, "x")) == {}
