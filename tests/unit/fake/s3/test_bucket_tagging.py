"""``?tagging`` and ``?quota`` of a bucket."""

from __future__ import annotations

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, UNANSWERED, BucketClient

from support.in_process import Client, start_fake


def tagging(*tags: tuple[str, str]) -> str:
    inner = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    return f"<Tagging><TagSet>{inner}</TagSet></Tagging>"


def test_put_get_delete() -> None:
    client = BucketClient()
    client.create()
    reply = client.call("bucket_put_tagging", body=tagging(("b", "x&amp;y"), ("2", ""), ("aws:a", "z"), ("1", "v")))
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    # keys that look like array indices come first, as in a JavaScript object
    assert [tag["Key"] for tag in client.stored().tags] == ["1", "2", "b", "aws:a"]
    reply = client.call("bucket_get_tagging")
    assert (reply.headers, reply.body) == (
        {"Content-type": "application/xml"},
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Tagging> <TagSet>'
        "<Tag><Key>1</Key><Value>v</Value></Tag><Tag><Key>2</Key><Value></Value></Tag>"
        "<Tag><Key>b</Key><Value>x&amp;y</Value></Tag><Tag><Key>aws:a</Key><Value>z</Value></Tag>"
        "</TagSet> </Tagging>",
    )
    for _ in range(2):
        assert client.call("bucket_delete_tagging").status == 204
    reply = client.call("bucket_get_tagging")
    assert (reply.status, reply.error) == (404, ("NoSuchTagSet", "The TagSet does not exist"))


def test_an_empty_set_is_as_good_as_none() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_tagging", body=tagging()).status == 200
    assert client.call("bucket_get_tagging").code == "NoSuchTagSet"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", MALFORMED),
        ("<Tagging/>", MALFORMED),
        (
            tagging(("k", "v"), ("k", "w")),
            ("InvalidTag", "Cannot provide multiple Tags with the same key"),
        ),
        (
            tagging(*((f"k{n}", "v") for n in range(51))),
            ("BadRequest", "Object tags cannot be greater than 50"),
        ),
    ],
)
def test_faults_of_tags_come_after_the_expected_owner(body: str, expected: tuple[str, str]) -> None:
    client = BucketClient()
    client.create()
    wrong_owner = {"x-amz-expected-bucket-owner": "123456789013"}
    assert client.call("bucket_put_tagging", "missing", body).error == NO_BUCKET
    assert client.call("bucket_put_tagging", body=body, requester=client.lisa).error == DENIED
    assert client.call("bucket_put_tagging", body=body, headers=wrong_owner).error == DENIED
    assert client.call("bucket_put_tagging", body=body).error == expected


def test_the_expected_owner() -> None:
    client = BucketClient()
    client.create()
    right, wrong = ({"x-amz-expected-bucket-owner": owner} for owner in ("123456789012", ""))
    assert client.call("bucket_put_tagging", body=tagging(("k", "v")), headers=right).status == 200
    assert client.call("bucket_get_tagging", headers=right).status == 200
    assert client.call("bucket_get_tagging", headers=wrong).error == DENIED
    assert client.call("bucket_delete_tagging", headers=wrong).status == 204  # not looked at


@pytest.mark.parametrize(
    ("body", "quota"),
    [('{"quota":5}', 5), ('{"quota":"7 bytes"}', 7), ('{"quota":2.9}', 2), ("<quota>8</quota>", 8)],
)
def test_quota(body: str, quota: int) -> None:
    client = BucketClient()
    client.create()
    reply = client.call("bucket_update_quota", body=body)
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.call("bucket_get_quota").body == (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<GetBucketQuota><Name>bucket</Name><Quota>{quota}</Quota></GetBucketQuota>"
    )
    assert client.call("bucket_delete_quota").status == 204
    reply = client.call("bucket_get_quota")
    assert (reply.status, reply.error) == (404, ("NoSuchQuota", "The specified resource does not have a quota."))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", UNANSWERED),
        ("hello", ("InvalidArgument", "Request body must be a JSON object")),
        ("5", ("InvalidArgument", "Request body must be a JSON object")),
        ('{"quota":"x"}', ("InvalidArgument", "Quota Value should be a number")),
        ('{"quota":true}', ("InvalidArgument", "Quota Value should be a number")),
        ("{}", ("InvalidArgument", "Quota Value should be a number")),
        ("[]", ("InvalidArgument", "Quota Value should be a number")),
        ("<other>7</other>", ("InvalidArgument", "Quota Value should be a number")),
        ('{"quota":0}', ("InvalidArgument", "Quota value must be a positive number")),
        ('{"quota":-1}', ("InvalidArgument", "Quota value must be a positive number")),
    ],
)
def test_faults_of_a_quota_come_after_bucket_and_rights(body: str, expected: tuple[str, str]) -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_update_quota", "missing", body).error == NO_BUCKET
    assert client.call("bucket_update_quota", body=body, requester=client.lisa).error == DENIED
    assert client.call("bucket_update_quota", body=body).error == expected


def test_a_quota_is_not_enforced() -> None:
    with start_fake() as fake:
        bart = Client(fake)
        bart.request("PUT", "/bkt")
        assert bart.request("PUT", "/bkt", "quota", body='{"quota":1}').status == 200
        assert bart.request("PUT", "/bkt/k", body="more than a byte").status == 200
