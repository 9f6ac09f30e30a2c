"""``?cors`` of a bucket."""

from __future__ import annotations

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, BucketClient

ORIGIN = "<AllowedOrigin>*</AllowedOrigin>"
METHOD = "<AllowedMethod>GET</AllowedMethod>"


def document(*rules: str) -> str:
    return f"<CORSConfiguration>{''.join(f'<CORSRule>{rule}</CORSRule>' for rule in rules)}</CORSConfiguration>"


def test_put_get_delete() -> None:
    client = BucketClient()
    client.create()
    body = document(
        "<ID>o&amp;ne</ID><AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod>"
        "<AllowedOrigin>http://*.example.com</AllowedOrigin><AllowedHeader>x-amz-*</AllowedHeader>"
        "<MaxAgeSeconds>300</MaxAgeSeconds><ExposeHeader>etag</ExposeHeader><ExposeHeader>x-y</ExposeHeader>",
        f"<ID/>{METHOD}{ORIGIN}<MaxAgeSeconds>0</MaxAgeSeconds>",
    )
    reply = client.put_with_md5("bucket_put_cors", "bucket", body)
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.stored().cors == [
        {
            "allowedMethods": ["PUT", "GET"],
            "allowedOrigins": ["http://*.example.com"],
            "id": "o&ne",
            "allowedHeaders": ["x-amz-*"],
            "maxAgeSeconds": 300,
            "exposeHeaders": ["etag", "x-y"],
        },
        {"allowedMethods": ["GET"], "allowedOrigins": ["*"]},
    ]
    reply = client.call("bucket_get_cors")
    assert (reply.headers, reply.body) == (
        {"Content-type": "application/xml"},
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><CORSConfiguration><CORSRule>'
        "<AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod>"
        "<AllowedOrigin>http://*.example.com</AllowedOrigin><AllowedHeader>x-amz-*</AllowedHeader>"
        "<ExposeHeader>etag</ExposeHeader><ExposeHeader>x-y</ExposeHeader><ID>o&amp;ne</ID>"
        "<MaxAgeSeconds>300</MaxAgeSeconds></CORSRule>"
        "<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>",
    )
    for _ in range(2):
        assert client.call("bucket_delete_cors").status == 204
    reply = client.call("bucket_get_cors")
    assert (reply.status, reply.error) == (404, ("NoSuchCORSConfiguration", "The CORS configuration does not exist"))


REFUSED = [
    ("", ("MissingRequestBodyError", "Request body is empty")),
    ("<a>", MALFORMED),
    ("<CORSConfiguration/>", ("MalformedXML", "Invalid cors configuration xml")),
    (
        document(*[METHOD + ORIGIN] * 101),
        ("InvalidRequest", "The number of CORS rules should not exceed allowed limit of 100 rules."),
    ),
    (document(METHOD), ("MalformedXML", "Each CORSRule must identify at least one origin and one method.")),
    (document(ORIGIN), ("MalformedXML", "Each CORSRule must identify at least one origin and one method.")),
    (
        document(f"{METHOD}<AllowedMethod>PATCH</AllowedMethod>{ORIGIN}"),
        ("InvalidRequest", 'Found unsupported HTTP method in CORS config. Unsupported method is "PATCH"'),
    ),
    (document(f"{METHOD}<AllowedOrigin/>"), MALFORMED),
    (
        document(f"{METHOD}<AllowedOrigin>*a*</AllowedOrigin>"),
        ("InvalidRequest", 'AllowedOrigin "*a*" can not have more than one wildcard.'),
    ),
    (document(f"{METHOD}{ORIGIN}<ID>a</ID><ID>b</ID>"), MALFORMED),
    (document(f"{METHOD}{ORIGIN}<AllowedHeader/>"), MALFORMED),
    (
        document(f"{METHOD}{ORIGIN}<AllowedHeader>*x*</AllowedHeader>"),
        ("InvalidRequest", 'AllowedHeader "*x*" can not have more than one wildcard.'),
    ),
    (
        document(f"{METHOD}{ORIGIN}<MaxAgeSeconds>soon</MaxAgeSeconds>"),
        ("MalformedXML", 'MaxAgeSeconds "soon" is not a valid value.'),
    ),
    (
        document(f"{METHOD}{ORIGIN}<MaxAgeSeconds>-1</MaxAgeSeconds>"),
        ("MalformedXML", 'MaxAgeSeconds "-1" is not a valid value.'),
    ),
    (document(f'{METHOD}{ORIGIN}<ExposeHeader a="b">x</ExposeHeader>'), MALFORMED),
    (document(f"{METHOD}{ORIGIN}<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>2</MaxAgeSeconds>"), MALFORMED),
    (
        document(f"{METHOD}{ORIGIN}<ExposeHeader>x-*</ExposeHeader>"),
        (
            "InvalidRequest",
            "ExposeHeader x-* contains a wildcard. Wildcards are currently not supported for ExposeHeader.",
        ),
    ),
    (
        document(f"{METHOD}{ORIGIN}<ExposeHeader>x_y</ExposeHeader>"),
        ("InvalidRequest", "ExposeHeader x_y contains invalid character."),
    ),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
def test_a_faulty_document_is_found_before_the_bucket(body: str, expected: tuple[str, str]) -> None:
    assert BucketClient().put_with_md5("bucket_put_cors", "missing", body).error == expected


def test_the_md5_of_the_body_is_needed() -> None:
    client = BucketClient()
    assert client.call("bucket_put_cors", "missing", "").code == "MissingRequestBodyError"
    for headers in ({}, {"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}):
        assert client.call("bucket_put_cors", "missing", "<a>", headers=headers).code == "BadDigest"


def test_a_long_document() -> None:
    reply = BucketClient().put_with_md5("bucket_put_cors", "missing", " " * 65537)
    assert reply.error == ("MalformedXML", "The CORS XML document is limited to 64 KB in size.")


def test_bucket_and_rights() -> None:
    client = BucketClient()
    client.create()
    assert client.put_with_md5("bucket_put_cors", "missing", document(METHOD + ORIGIN)).error == NO_BUCKET
    foreign = client.put_with_md5("bucket_put_cors", "bucket", document(METHOD + ORIGIN), requester=client.lisa)
    assert foreign.error == DENIED
    for operation in ("bucket_get_cors", "bucket_delete_cors"):
        assert client.call(operation, requester=client.lisa).error == DENIED


@pytest.mark.parametrize(
    "body",
    [
        document(*[METHOD + ORIGIN] * 100),
        document(METHOD + ORIGIN).ljust(65536),
        document(*[f"{METHOD}{ORIGIN}<ID>{'i' * 300}</ID>"] * 2),
        document(f"{METHOD}{ORIGIN}<MaxAgeSeconds>0</MaxAgeSeconds>"),
    ],
)
def test_what_is_accepted_at_the_limits(body: str) -> None:
    client = BucketClient()
    client.create()
    assert client.put_with_md5("bucket_put_cors", "bucket", body).status == 200
