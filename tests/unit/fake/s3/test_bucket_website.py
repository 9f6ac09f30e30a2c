"""``?website`` of a bucket."""

from __future__ import annotations

from typing import Any

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, BucketClient

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
INDEX = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
BAD_PROTOCOL = (
    "InvalidRequest",
    "Invalid protocol, protocol can be http or https. If not defined, the protocol will be selected automatically.",
)


def document(inner: str) -> str:
    return f"<WebsiteConfiguration {NS}>{inner}</WebsiteConfiguration>"


def redirect_all(inner: str) -> str:
    return document(f"<RedirectAllRequestsTo>{inner}</RedirectAllRequestsTo>")


def rule(redirect: str, condition: str = "") -> str:
    condition = condition and f"<Condition>{condition}</Condition>"
    redirect = redirect and f"<Redirect>{redirect}</Redirect>"
    return document(f"{INDEX}<RoutingRules><RoutingRule>{condition}{redirect}</RoutingRule></RoutingRules>")


@pytest.mark.parametrize(
    ("body", "stored", "shown"),
    [
        (
            redirect_all("<Protocol>https</Protocol><HostName>h&amp;</HostName>"),
            {"redirectAllRequestsTo": {"hostName": "h&", "protocol": "https"}},
            "<RedirectAllRequestsTo><HostName>h&amp;</HostName><Protocol>https</Protocol></RedirectAllRequestsTo>",
        ),
        (
            document(f"{INDEX}<ErrorDocument><Key>err.html</Key></ErrorDocument>"),
            {"indexDocument": "index.html", "errorDocument": "err.html"},
            f"{INDEX}<ErrorDocument><Key>err.html</Key></ErrorDocument>",
        ),
        (
            rule(
                "<ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith><HostName>h</HostName>"
                "<HttpRedirectCode>302</HttpRedirectCode><Protocol>http</Protocol>",
                "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals><KeyPrefixEquals>a/</KeyPrefixEquals>",
            ),
            {
                "indexDocument": "index.html",
                "routingRules": [
                    {
                        "redirect": {
                            "protocol": "http",
                            "httpRedirectCode": 302,
                            "hostName": "h",
                            "replaceKeyPrefixWith": "b/",
                        },
                        "condition": {"keyPrefixEquals": "a/", "httpErrorCodeReturnedEquals": 404},
                    }
                ],
            },
            f"{INDEX}<RoutingRules><RoutingRule><Condition><KeyPrefixEquals>a/</KeyPrefixEquals>"
            "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect>"
            "<Protocol>http</Protocol><HttpRedirectCode>302</HttpRedirectCode><HostName>h</HostName>"
            "<ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith></Redirect></RoutingRule></RoutingRules>",
        ),
    ],
)
def test_put_get_delete(body: str, stored: dict[str, Any], shown: str) -> None:
    client = BucketClient()
    client.create()
    reply = client.call("bucket_put_website", body=body)
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.stored().website_configuration == stored
    reply = client.call("bucket_get_website")
    assert (reply.headers, reply.body) == (
        {"Content-type": "application/xml"},
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><WebsiteConfiguration {NS}>{shown}'
        "</WebsiteConfiguration>",
    )
    for _ in range(2):
        assert client.call("bucket_delete_website").status == 204
    reply = client.call("bucket_get_website")
    assert (reply.status, reply.error) == (
        404,
        ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
    )


REFUSED = [
    ("", ("MissingRequestBodyError", "Request body is empty")),
    ("<a>", MALFORMED),
    ("<Foo><a/></Foo>", ("MalformedXML", "Invalid website configuration xml")),
    (
        document("<ErrorDocument><Key>e</Key></ErrorDocument>"),
        (
            "InvalidArgument",
            "Value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
        ),
    ),
    (
        document(f"{INDEX}<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>"),
        ("InvalidRequest", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."),
    ),
    (redirect_all(""), ("MalformedXML", "RedirectAllRequestsTo not well-formed")),
    (redirect_all("<HostName/>"), ("InvalidRequest", "Valid HostName required in RedirectAllRequestsTo")),
    (redirect_all("<HostName>h</HostName><Protocol>ftp</Protocol>"), BAD_PROTOCOL),
    (document("<IndexDocument/>"), ("MalformedXML", "IndexDocument is not well-formed")),
    (
        document("<IndexDocument><Suffix/></IndexDocument>"),
        ("InvalidArgument", "IndexDocument Suffix is not well-formed"),
    ),
    (
        document("<IndexDocument><Suffix>a/b</Suffix></IndexDocument>"),
        ("InvalidArgument", "IndexDocument Suffix is not well-formed"),
    ),
    (document(f"{INDEX}<ErrorDocument/>"), ("MalformedXML", "ErrorDocument is not well-formed")),
    (
        document(f"{INDEX}<ErrorDocument><Key/></ErrorDocument>"),
        ("InvalidArgument", "ErrorDocument Key is not well-formed"),
    ),
    (document(f"{INDEX}<RoutingRules/>"), ("MalformedXML", "RoutingRules is not well-formed")),
    (
        rule("", "<KeyPrefixEquals>a</KeyPrefixEquals>"),
        ("MalformedXML", "RoutingRule requires Redirect, which is missing or not well-formed"),
    ),
    (
        rule("<x/>"),
        (
            "MalformedXML",
            "Redirect must contain at least one of following: Protocol, HostName, ReplaceKeyPrefixWith, "
            "ReplaceKeyWith, or HttpRedirectCode element",
        ),
    ),
    (rule("<Protocol>ftp</Protocol>"), BAD_PROTOCOL),
    (
        rule("<HttpRedirectCode>x</HttpRedirectCode>"),
        (
            "MalformedXML",
            "The provided HTTP redirect code is not valid. It should be a string containing a number.",
        ),
    ),
    (
        rule("<HttpRedirectCode>300</HttpRedirectCode>"),
        ("InvalidRequest", "The provided HTTP redirect code (300) is not valid. Valid codes are 3XX except 300"),
    ),
    (
        rule("<HttpRedirectCode>400</HttpRedirectCode>"),
        ("InvalidRequest", "The provided HTTP redirect code (400) is not valid. Valid codes are 3XX except 300"),
    ),
    (
        rule("<ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>"),
        ("InvalidRequest", "Redirect must not contain both ReplaceKeyWith and ReplaceKeyPrefixWith"),
    ),
    (
        rule("<HostName>h</HostName>", "<x/>"),
        (
            "InvalidRequest",
            "Condition is not well-formed. Condition should contain valid KeyPrefixEquals or "
            "HttpErrorCodeReturnEquals element.",
        ),
    ),
    (
        rule("<HostName>h</HostName>", "<KeyPrefixEquals/>"),
        ("InvalidArgument", "Condition KeyPrefixEquals is not well-formed"),
    ),
    (
        rule("<HostName>h</HostName>", "<HttpErrorCodeReturnedEquals>x</HttpErrorCodeReturnedEquals>"),
        ("MalformedXML", "The provided HTTP error code is not valid. It should be a string containing a number."),
    ),
    (
        rule("<HostName>h</HostName>", "<HttpErrorCodeReturnedEquals>399</HttpErrorCodeReturnedEquals>"),
        ("InvalidRequest", "The provided HTTP error code (399) is not valid. Valid codes are 4XX or 5XX."),
    ),
    (
        rule("<HostName>h</HostName>", "<HttpErrorCodeReturnedEquals>600</HttpErrorCodeReturnedEquals>"),
        ("InvalidRequest", "The provided HTTP error code (600) is not valid. Valid codes are 4XX or 5XX."),
    ),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
def test_a_faulty_document_is_found_before_the_bucket(body: str, expected: tuple[str, str]) -> None:
    assert BucketClient().call("bucket_put_website", "missing", body).error == expected


def test_bucket_and_rights() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_website", "missing", document(INDEX)).error == NO_BUCKET
    assert client.call("bucket_put_website", body=document(INDEX), requester=client.lisa).error == DENIED
    for operation in ("bucket_get_website", "bucket_delete_website"):
        assert client.call(operation, requester=client.lisa).error == DENIED


@pytest.mark.parametrize(
    ("redirect", "condition"),
    [
        ("<HttpRedirectCode>301</HttpRedirectCode>", "<KeyPrefixEquals>a</KeyPrefixEquals>"),
        (
            "<HttpRedirectCode>399</HttpRedirectCode>",
            "<HttpErrorCodeReturnedEquals>400</HttpErrorCodeReturnedEquals>",
        ),
        ("<ReplaceKeyWith>k</ReplaceKeyWith>", "<HttpErrorCodeReturnedEquals>599</HttpErrorCodeReturnedEquals>"),
        ("<Protocol>https</Protocol>", ""),
    ],
)
def test_the_limits_of_a_rule(redirect: str, condition: str) -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_website", body=rule(redirect, condition)).status == 200
