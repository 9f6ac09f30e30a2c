"""``?policy`` of a bucket; what a policy allows is tested where it is evaluated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bucket_client import NO_BUCKET, BucketClient

from fake_cloudserver.s3.bucket_policy import parse_policy

ARN = "arn:aws:s3:::bucket"
ABSENT: Any = object()
INVALID = ("MalformedPolicy", "This policy contains invalid Json")
NO_ACTIONS = ("MalformedPolicy", "Policy statement must contain actions.")
NO_RESOURCES = ("MalformedPolicy", "Policy statement must contain resources.")
BAD_ACTION = ("MalformedPolicy", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
BAD_RESOURCE = ("MalformedPolicy", 'Resource must be in ARN format or "*".')
BAD_VERSION = ("MalformedPolicy", "Policy document must be version 2012-10-17 or greater.")
MISMATCH = ("MalformedPolicy", "Action does not apply to any resource(s) in statement")
OTHER_BUCKET = ("MalformedPolicy", "Policy has invalid resource")
BAD_KEY = ("MalformedPolicy", "Policy has an invalid condition key")
BAD_IP = ("MalformedPolicy", "Invalid IP address in Conditions")
NOT_ALLOWED = ("MethodNotAllowed", "The specified method is not allowed against this resource.")


def statement(**changes: Any) -> dict[str, Any]:
    made = {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "s3:GetObject",
        "Resource": f"{ARN}/*",
    } | changes
    return {name: value for name, value in made.items() if value is not ABSENT}


def policy(*statements: Any, **changes: Any) -> dict[str, Any]:
    made = {"Version": "2012-10-17", "Statement": list(statements)} | changes
    return {name: value for name, value in made.items() if value is not ABSENT}


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return statement(Condition={operator: {key: value}})


def test_put_get_delete() -> None:
    client = BucketClient()
    client.create()
    document = policy(statement(Sid="x1"), Id="id")
    reply = client.call("bucket_put_policy", body=json.dumps(document, indent=2))
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.stored().bucket_policy == document
    reply = client.call("bucket_get_policy")
    assert reply.headers == {"Content-type": "application/xml"}
    assert reply.body == json.dumps(document, separators=(",", ":"))
    for _ in range(2):
        assert client.call("bucket_delete_policy").status == 204
    reply = client.call("bucket_get_policy")
    assert (reply.status, reply.error) == (
        404,
        ("NoSuchBucketPolicy", "The specified bucket does not have a bucket policy."),
    )


ACCEPTED = [
    policy(statement(Principal="*")),
    policy(statement(Principal={"AWS": "123456789012"})),
    policy(statement(Principal={"AWS": ["123456789012", "123456789013"]})),
    policy(statement(Principal={"AWS": "arn:aws:iam::123456789012:root"})),
    policy(statement(Principal={"AWS": ["arn:aws:iam::123456789012:user/a", "arn:aws:iam::123456789012:user/b/c"]})),
    policy(statement(Principal={"AWS": "arn:aws:iam::123456789012:role/r"})),
    policy(statement(Principal={"CanonicalUser": "a1" * 32})),
    policy(statement(Action=["s3:GetObject", "s3:PutObject"], Resource=[ARN, f"{ARN}/a", f"{ARN}/b"])),
    policy(statement(Action="s3:*", Resource=ARN)),
    policy(statement(Action="*")),
    policy(statement(Action="s3:ListBucket", Resource=ARN)),
    policy(statement(Action="s3:AbortMultipartUpload")),
    policy(statement(Sid=ABSENT, NotAction="s3:GetObject")),
    policy(statement(Effect="Deny")),
    # one statement that fits is enough for all
    policy(statement(), statement(Resource=ARN)),
    policy(condition("IpAddress", "aws:SourceIp", "127.0.0.0/8")),
    policy(condition("NotIpAddress", "aws:SourceIp", ["1.2.3.4", "2001:db8:0:0:0:0:0:1"])),
    policy(condition("StringLikeIfExists", "aws:UserAgent", "x*")),
    policy(condition("NumericLessThan", "s3:object-lock-remaining-retention-days", 5)),
]


@pytest.mark.parametrize("document", ACCEPTED)
def test_a_legal_policy_is_stored_as_it_is(document: dict[str, Any]) -> None:
    assert parse_policy(json.dumps(document).encode(), "bucket") == document


def test_a_single_statement_becomes_a_list() -> None:
    document = policy(Statement=statement())
    assert parse_policy(json.dumps(document).encode(), "bucket") == policy(statement())


REFUSED = [
    (policy(Version=ABSENT), BAD_VERSION),
    (policy(statement(), Version="2008-10-17"), INVALID),
    (policy(Statement=ABSENT), INVALID),
    (policy(), INVALID),
    (policy(Statement="x"), INVALID),
    (policy("x"), INVALID),
    (policy(statement(), More=1), INVALID),
    (policy(statement(), Id=1), INVALID),
    ([], INVALID),
    (None, INVALID),
    (policy(statement(Action=ABSENT)), NO_ACTIONS),
    (policy(statement(Action=ABSENT, Effect=ABSENT)), NO_ACTIONS),
    (policy(statement(Effect=ABSENT)), INVALID),
    (policy(statement(Principal=ABSENT)), INVALID),
    (policy(statement(Resource=ABSENT)), INVALID),
    (policy(statement(Sid="a b")), INVALID),
    (policy(statement(Sid=1)), INVALID),
    (policy(statement(Action="GetObject")), BAD_ACTION),
    (policy(statement(Action=["s3:GetObject", "*:x"])), BAD_ACTION),
    (policy(statement(Action=1)), INVALID),
    (policy(statement(Effect="allow")), INVALID),
    (policy(statement(Principal="bob")), INVALID),
    (policy(statement(Principal={})), INVALID),
    (policy(statement(Principal={"AWS": "bob"})), INVALID),
    (policy(statement(Principal={"AWS": []})), INVALID),
    (policy(statement(Principal={"AWS": ["123456789012", "arn:aws:iam::123456789012:root"]})), INVALID),
    (policy(statement(Principal={"CanonicalUser": ["a1" * 32]})), INVALID),
    (policy(statement(Principal={"AWS": "*", "CanonicalUser": "a1" * 32})), INVALID),
    (policy(statement(Resource="foo")), BAD_RESOURCE),
    (policy(statement(Resource="arn:aws:s3")), BAD_RESOURCE),
    (policy(statement(Resource=[f"{ARN}/*", "foo"])), BAD_RESOURCE),
    (policy(statement(Resource=[])), NO_RESOURCES),
    (policy(statement(Resource=5)), INVALID),
    (policy(condition("Foo", "aws:SourceIp", "1.2.3.4")), INVALID),
    (policy(statement(Condition=[])), INVALID),
    (policy(statement(Resource="*")), MISMATCH),
    (policy(statement(Resource=ARN)), MISMATCH),
    (policy(statement(Action="s3:ListMultipartUploadParts", Resource=ARN)), MISMATCH),
    (policy(statement(Action="s3:ListBucket")), MISMATCH),
    (policy(statement(Action="s3:GetBucketObjectLockConfiguration", Resource=ARN)), MISMATCH),
    (policy(statement(Action="s3:PutBucket*")), MISMATCH),
    (policy(statement(Action="s3:*", Resource="*")), OTHER_BUCKET),
    (policy(statement(Resource="arn:aws:s3:::bucket2/*")), OTHER_BUCKET),
    (policy(statement(Resource="arn:aws:s3:::buck*/*")), OTHER_BUCKET),
    (policy(statement(), statement(Resource="arn:aws:s3:::other/*")), OTHER_BUCKET),
    (policy(condition("StringEquals", "s3:prefix", "a")), BAD_KEY),
    (policy(condition("IpAddress", "aws:SourceIp", "1.2.3")), BAD_IP),
    # the first fault wins, in this order
    (policy(statement(Effect="x", Resource=ARN)), INVALID),
    (policy(statement(Action="s3:ListBucket", Resource="arn:aws:s3:::other/*")), MISMATCH),
    (
        policy(statement(Resource="arn:aws:s3:::other/*", Condition={"StringEquals": {"s3:prefix": "a"}})),
        OTHER_BUCKET,
    ),
    (
        policy(
            statement(Condition={"StringEquals": {"s3:prefix": "a"}, "IpAddress": {"aws:SourceIp": "1.2.3"}}),
        ),
        BAD_KEY,
    ),
    (policy(condition("IpAddress", "aws:SourceIp", ["1.2.3.4", "::1"])), BAD_IP),
    (policy(condition("IpAddress", "aws:SourceIp", "1.2.3.4/33")), BAD_IP),
]


@pytest.mark.parametrize(("document", "expected"), REFUSED)
def test_a_faulty_policy_is_found_before_the_bucket(document: Any, expected: tuple[str, str]) -> None:
    client = BucketClient()
    client.create("other")
    reply = client.call("bucket_put_policy", body=json.dumps(document), requester=client.lisa)
    assert reply.error == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ("MalformedPolicy", "request json is empty or undefined")),
        ("{", INVALID),
        ('{"Version": NaN}', INVALID),
        ("[" * 100_000, INVALID),
        ('{"Version": 1, "x": "Service"}', ("NotImplemented", "Bucket policy contains element not yet implemented")),
        ('{"Service"', ("NotImplemented", "Bucket policy contains element not yet implemented")),
        ('{"Federated": 1}', ("NotImplemented", "Bucket policy contains element not yet implemented")),
    ],
)
def test_a_body_that_is_no_policy(body: str, expected: tuple[str, str]) -> None:
    assert BucketClient().call("bucket_put_policy", body=body).error == expected


def test_only_the_first_key_of_an_operator_is_looked_at() -> None:
    document = policy(statement(Condition={"StringEquals": {"aws:UserAgent": "x", "s3:prefix": "a"}}))
    assert parse_policy(json.dumps(document).encode(), "bucket") == document


def test_a_condition_without_key_is_never_answered() -> None:
    body = json.dumps(policy(statement(Condition={"StringEquals": {}})))
    assert BucketClient().call("bucket_put_policy", body=body).code == "InternalError"


@pytest.mark.parametrize("operation", ["bucket_put_policy", "bucket_get_policy", "bucket_delete_policy"])
def test_policies_are_the_owner_s_alone(operation: str) -> None:
    client = BucketClient()
    client.create()
    body = json.dumps(policy(statement()))
    assert client.call(operation, "missing", body.replace(ARN, "arn:aws:s3:::missing")).error == NO_BUCKET
    for requester in (client.lisa, client.nobody):
        assert client.call(operation, body=body, requester=requester).error == NOT_ALLOWED


COMPARISONS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
CONDITION_OPERATORS = [
    *(f"Arn{kind}" for kind in ("Equals", "NotEquals", "Like", "NotLike")),
    *(f"Binary{kind}" for kind in ("Equals",)),
    "Bool",
    *(f"{name}{kind}" for name in ("Date", "Numeric") for kind in COMPARISONS),
    *("IpAddress", "NotIpAddress"),
    *(f"String{kind}" for kind in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase")),
    *(f"String{kind}" for kind in ("Like", "NotLike")),
]


@pytest.mark.parametrize("operator", [*CONDITION_OPERATORS, *(f"{one}IfExists" for one in CONDITION_OPERATORS), "Null"])
def test_every_operator_is_known(operator: str) -> None:
    document = policy(condition(operator, "aws:UserAgent", "x"))
    assert parse_policy(json.dumps(document).encode(), "bucket") == document
