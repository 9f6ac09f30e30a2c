"""``?object-lock`` of a bucket."""

from __future__ import annotations

from typing import Any

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, BucketClient

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
NO_MODE_OR_PERIOD = "DefaultRetention request xml does not contain Mode or retention period (Days or Years)"


def document(rules: str = "", enabled: str = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>") -> str:
    return f"<ObjectLockConfiguration>{enabled}{rules}</ObjectLockConfiguration>"


def rule(retention: str) -> str:
    return f"<Rule><DefaultRetention>{retention}</DefaultRetention></Rule>"


GOVERNANCE = "<Mode>GOVERNANCE</Mode>"


def lock_bucket() -> BucketClient:
    client = BucketClient()
    client.create(headers={"x-amz-bucket-object-lock-enabled": "true"})
    return client


@pytest.mark.parametrize(
    ("rules", "stored", "shown"),
    [
        ("", {}, ""),
        (
            rule(f"{GOVERNANCE}<Days>5</Days>"),
            {"rule": {"mode": "GOVERNANCE", "days": 5}},
            "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>5</Days></DefaultRetention></Rule>",
        ),
        (
            rule("<Years>100</Years><Mode>COMPLIANCE</Mode>"),
            {"rule": {"mode": "COMPLIANCE", "years": 100}},
            "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>100</Years></DefaultRetention></Rule>",
        ),
    ],
)
def test_put_and_get(rules: str, stored: dict[str, Any], shown: str) -> None:
    client = lock_bucket()
    reply = client.call("bucket_put_object_lock", body=document(rules))
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.stored().object_lock_configuration == stored
    reply = client.call("bucket_get_object_lock")
    assert (reply.headers, reply.body) == (
        {"Content-type": "application/xml"},
        f'<?xml version="1.0" encoding="UTF-8"?><ObjectLockConfiguration {NS}>'
        f"<ObjectLockEnabled>Enabled</ObjectLockEnabled>{shown}</ObjectLockConfiguration>",
    )


def test_a_lock_bucket_shows_it_from_the_start_and_others_never() -> None:
    client = lock_bucket()
    assert "<ObjectLockEnabled>Enabled</ObjectLockEnabled></Object" in client.call("bucket_get_object_lock").body
    client.create("plain")
    reply = client.call("bucket_get_object_lock", "plain")
    assert (reply.status, reply.error) == (
        404,
        ("ObjectLockConfigurationNotFoundError", "The object lock configuration was not found"),
    )
    reply = client.call("bucket_put_object_lock", "plain", document())
    assert (reply.status, reply.error) == (
        409,
        ("InvalidBucketState", "Object Lock configuration cannot be enabled on existing buckets"),
    )


REFUSED = [
    ("", MALFORMED[1]),
    ("<a>", MALFORMED[1]),
    ("<a><b>c</b></a>", "request xml does not include ObjectLockConfiguration"),
    ("<ObjectLockConfiguration/>", "request xml does not include ObjectLockConfiguration"),
    (document(enabled="<x/>"), "request xml does not include valid ObjectLockEnabled"),
    (
        document(enabled="<ObjectLockEnabled>enabled</ObjectLockEnabled>"),
        "request xml does not include valid ObjectLockEnabled",
    ),
    (document("<Rule/><Rule/>"), "request xml contains more than one rule"),
    (document("<Rule/>"), "Rule request xml does not contain DefaultRetention"),
    (document("<Rule><DefaultRetention/></Rule>"), "Rule request xml does not contain DefaultRetention"),
    (document(rule("<Days>1</Days>")), NO_MODE_OR_PERIOD),
    (document(rule(GOVERNANCE)), NO_MODE_OR_PERIOD),
    (document(rule("<Mode/><Days>1</Days>")), "request xml does not contain Mode"),
    (document(rule(f"{GOVERNANCE}{GOVERNANCE}<Days>1</Days>")), "request xml contains more than one Mode"),
    (
        document(rule("<Mode>x</Mode><Days>1</Days>")),
        'Mode request xml must be one of "GOVERNANCE", "COMPLIANCE"',
    ),
    (document(rule(f"{GOVERNANCE}<Days>1</Days><Years>1</Years>")), "request xml contains both Days and Years"),
    (document(rule(f"{GOVERNANCE}<Days/>")), "request xml does not contain Days or Years"),
    (
        document(rule(f"{GOVERNANCE}<Days>1</Days><Days>1</Days>")),
        "request xml contains more than one retention period",
    ),
    (document(rule(f"{GOVERNANCE}<Years>x</Years>")), "request xml does not contain valid retention period"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_a_malformed_document_is_found_before_the_bucket(body: str, message: str) -> None:
    assert BucketClient().call("bucket_put_object_lock", "missing", body).error == ("MalformedXML", message)


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ("<Days>0</Days>", "retention period must be a positive integer"),
        ("<Years>-1</Years>", "retention period must be a positive integer"),
        ("<Days>36501</Days>", "retention period is too large"),
        ("<Years>101</Years>", "retention period is too large"),
    ],
)
def test_a_period_out_of_range(period: str, message: str) -> None:
    body = document(rule(f"{GOVERNANCE}{period}"))
    assert lock_bucket().call("bucket_put_object_lock", body=body).error == ("InvalidArgument", message)


def test_bucket_and_rights_come_before_the_state_of_the_bucket() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_object_lock", "missing", document()).error == NO_BUCKET
    assert client.call("bucket_put_object_lock", body=document(), requester=client.lisa).error == DENIED
    assert client.call("bucket_get_object_lock", requester=client.lisa).error == DENIED


@pytest.mark.parametrize("period", ["<Days>1</Days>", "<Days>36500</Days>", "<Years>1</Years>", "<Years>100</Years>"])
def test_the_limits_of_a_period(period: str) -> None:
    assert lock_bucket().call("bucket_put_object_lock", body=document(rule(f"{GOVERNANCE}{period}"))).status == 200
