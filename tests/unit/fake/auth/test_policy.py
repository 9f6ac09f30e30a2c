"""What bucket policies say."""

from __future__ import annotations

from typing import Any

import pytest
from auth_helpers import BART, LISA, LISA_ID, NOBODY, build_request, requester_of

from fake_cloudserver.auth.policy import Verdict, policy_decision
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Requester

NOW = 1_767_225_600.0
OBJECTS = "arn:aws:s3:::b/*"


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS, **changes}


def verdict(
    *statements: dict[str, Any],
    action: str = "objectGet",
    requester: Requester | None = None,
    bucket: str = "b",
    key: str | None = "k",
) -> Verdict | None:
    request = build_request(headers={"user-agent": "test"})
    request.bucket, request.key = bucket, key
    request.requester = requester or requester_of(LISA)
    decide = policy_decision({"Version": "2012-10-17", "Statement": list(statements)}, request, NOW)
    assert decide is not None
    return decide(action)


def test_a_bucket_without_policy() -> None:
    assert policy_decision(None, build_request(), NOW) is None


def test_verdicts() -> None:
    assert verdict(statement()) == "allow"
    assert verdict(statement(Effect="Deny")) == "deny"
    assert verdict(statement(), statement(Effect="Deny")) == "deny"
    assert verdict(statement(Effect="Deny"), statement()) == "deny"
    assert verdict(statement(Action="s3:PutObject")) is None
    assert verdict(statement(Action="s3:PutObject", Effect="Deny"), statement()) == "allow"


@pytest.mark.parametrize(
    ("principal", "applies"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": LISA.short_id}, True),
        ({"AWS": LISA.arn}, True),
        ({"AWS": [BART.arn, LISA.arn]}, True),
        ({"AWS": BART.short_id}, False),
        ({"AWS": BART.arn}, False),
        ({"AWS": f"arn:aws:iam::{LISA.short_id}:user/x"}, False),
        ({"CanonicalUser": LISA_ID}, True),
        ({"CanonicalUser": [LISA_ID]}, True),
        ({"CanonicalUser": "a" * 64}, False),
        ({}, False),
    ],
)
def test_principals(principal: Any, *, applies: bool) -> None:
    assert (verdict(statement(Principal=principal)) == "allow") is applies


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_everybody_includes_the_anonymous(principal: Any) -> None:
    assert verdict(statement(Principal=principal), requester=NOBODY) == "allow"


def test_the_anonymous_have_no_account() -> None:
    assert verdict(statement(Principal={"CanonicalUser": LISA_ID}), requester=NOBODY) is None
    assert verdict(statement(Principal={"AWS": "arn:aws:iam::123456789013:user/x"}), requester=NOBODY) is None
    for principal in (LISA.arn, LISA.short_id):  # never answered by the real server
        with pytest.raises(S3Error, match="InternalError"):
            verdict(statement(Principal={"AWS": principal}), requester=NOBODY)


@pytest.mark.parametrize(
    ("pattern", "action", "applies"),
    [
        ("s3:GetObject", "objectGet", True),
        ("s3:getobject", "objectHead", True),
        ("s3:Get*", "objectGetTagging", True),
        ("s3:Get?bject", "objectGet", True),
        ("*", "objectPutPart", True),
        (["s3:PutObject", "s3:GetObject"], "objectGet", True),
        ("s3:GetObject", "objectGetVersion", False),
        ("s3:GetObjectVersion", "objectGetVersion", True),
        ("s3:GetObject", "objectGetTagging", False),
        ("*", "ReplicateObject", False),
        ([], "objectGet", False),
    ],
)
def test_actions(pattern: Any, action: str, *, applies: bool) -> None:
    assert (verdict(statement(Action=pattern), action=action) == "allow") is applies


@pytest.mark.parametrize(
    ("resource", "key", "applies"),
    [
        (OBJECTS, "k", True),
        (OBJECTS, None, False),
        ("arn:aws:s3:::b", None, True),
        ("arn:aws:s3:::b", "k", False),
        ("arn:aws:s3:::b/k*", "kl", True),
        ("arn:aws:s3:::c/*", "k", False),
        (["arn:aws:s3:::b/x", OBJECTS], "k", True),
        ([], "k", False),
    ],
)
def test_the_requests_own_resource_counts(resource: Any, key: str | None, *, applies: bool) -> None:
    assert (verdict(statement(Resource=resource), key=key) == "allow") is applies


def test_a_list_right_for_a_missing_key_is_asked_with_the_key() -> None:
    on_bucket = statement(Action="s3:ListBucket", Resource="arn:aws:s3:::b")
    on_keys = statement(Action="s3:ListBucket", Resource=OBJECTS)
    assert verdict(on_bucket, action="bucketGet", key="missing") is None
    assert verdict(on_keys, action="bucketGet", key="missing") == "allow"


def test_conditions() -> None:
    near = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}
    far = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    assert verdict(statement(Condition=near)) == "allow"
    assert verdict(statement(Condition=far)) is None
    assert verdict(statement(Condition={"StringEquals": {"aws:UserAgent": "test"}})) == "allow"
    assert verdict(statement(Condition={})) == "allow"
