"""``?acl`` of a bucket; the ACL's own rules are tested where they live."""

from __future__ import annotations

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, BucketClient

BAD_ARGUMENT = ("InvalidArgument", "Invalid Argument")
BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LISA = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2bf"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
GROUPS = "http://acs.amazonaws.com/groups/global"


def user(canonical_id: str, name: str, permission: str) -> str:
    return (
        f'<Grant><Grantee {XSI} xsi:type="CanonicalUser"><ID>{canonical_id}</ID><DisplayName>{name}</DisplayName>'
        f"</Grantee><Permission>{permission}</Permission></Grant>"
    )


def group(name: str, permission: str) -> str:
    return (
        f'<Grant><Grantee {XSI} xsi:type="Group"><URI>{GROUPS}/{name}</URI></Grantee>'
        f"<Permission>{permission}</Permission></Grant>"
    )


def shown(*grants: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><AccessControlPolicy>'
        f"<Owner><ID>{BART}</ID><DisplayName>Bart</DisplayName></Owner>"
        f"<AccessControlList>{''.join(grants)}</AccessControlList></AccessControlPolicy>"
    )


OWNER = user(BART, "Bart", "FULL_CONTROL")


@pytest.mark.parametrize(
    ("headers", "grants"),
    [
        ({"x-amz-acl": "private"}, [OWNER]),
        ({"x-amz-acl": "public-read-write"}, [OWNER, group("AllUsers", "READ"), group("AllUsers", "WRITE")]),
        (
            {"x-amz-grant-read": f"id={LISA}", "x-amz-grant-write-acp": f"uri={GROUPS}/AuthenticatedUsers"},
            [user(LISA, "sampleaccount2@sampling.com", "READ"), group("AuthenticatedUsers", "WRITE_ACP")],
        ),
        (
            {"x-amz-grant-full-control": 'emailAddress="sampleaccount2@sampling.com"'},
            [user(LISA, "sampleaccount2@sampling.com", "FULL_CONTROL")],
        ),
        ({"x-amz-acl": "private", "x-amz-grant-read": f"id={LISA}"}, [OWNER]),
    ],
)
def test_headers(headers: dict[str, str], grants: list[str]) -> None:
    client = BucketClient()
    client.create()
    reply = client.call("bucket_put_acl", headers=headers)
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.call("bucket_get_acl").body == shown(*grants)


def test_the_default() -> None:
    client = BucketClient()
    client.create()
    reply = client.call("bucket_get_acl")
    assert (reply.headers, reply.body) == ({"Content-type": "application/xml"}, shown(OWNER))


def test_a_body() -> None:
    client = BucketClient()
    client.create()
    body = (
        f"<AccessControlPolicy><Owner><ID>{LISA}</ID></Owner><AccessControlList>"  # the owner is not compared
        f'<Grant><Grantee {XSI} xsi:type="CanonicalUser"><ID>{LISA}</ID></Grantee><Permission>READ</Permission></Grant>'
        "</AccessControlList></AccessControlPolicy>"
    )
    assert client.call("bucket_put_acl", body=body).status == 200
    assert client.call("bucket_get_acl").body == shown(user(LISA, "sampleaccount2@sampling.com", "READ"))


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"x-amz-acl": "bucket-owner-read"}, "", BAD_ARGUMENT),
        ({"x-amz-grant-read": 'id="123"'}, "", BAD_ARGUMENT),
        (
            {"x-amz-grant-read": 'emailAddress="nobody@nowhere.org"'},
            "",
            (
                "UnresolvableGrantByEmailAddress",
                "The email address you provided does not match any account on record.",
            ),
        ),
        ({}, "", MALFORMED),
        ({}, "<a>", MALFORMED),
    ],
)
def test_faults_come_after_bucket_and_rights(headers: dict[str, str], body: str, expected: tuple[str, str]) -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_acl", "missing", body, headers=headers).error == NO_BUCKET
    assert client.call("bucket_put_acl", body=body, headers=headers, requester=client.lisa).error == DENIED
    assert client.call("bucket_put_acl", body=body, headers=headers).error == expected


def test_an_acl_opens_itself() -> None:
    client = BucketClient()
    client.create()
    client.call("bucket_put_acl", headers={"x-amz-grant-read-acp": f"id={LISA}", "x-amz-grant-write-acp": f"id={LISA}"})
    assert client.call("bucket_get_acl", requester=client.lisa).status == 200
    assert client.call("bucket_put_acl", headers={"x-amz-acl": "private"}, requester=client.lisa).status == 200
    assert client.call("bucket_get_acl", requester=client.lisa).error == DENIED
