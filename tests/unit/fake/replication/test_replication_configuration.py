"""PUT bucket replication: every check, in order; the stored form; the XML of GET."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.replication.configuration import (
    check_transient_source,
    is_unreadable,
    parse_configuration,
    to_xml,
)
from fake_cloudserver.s3.xml import escape
from fake_cloudserver.settings import LocationSettings, ReplicationEndpoint, Settings

ROLE = "arn:aws:iam::root:role/s3-replication-role"
TWO_ROLES = f"{ROLE},{ROLE}"
BUCKET = "arn:aws:s3:::dst"
MALFORMED = (
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema.",
)
UNANSWERED = ("InternalError", "We encountered an internal error. Please try again.")
ROLE_FAULT = "Invalid Role specified in replication configuration: "
NEEDS_TWO_ROLES = ("InvalidArgument", f"{ROLE_FAULT}Role must be a comma-separated list of two IAM roles")
NEEDS_ONE_ROLE = ("InvalidArgument", f"{ROLE_FAULT}Role may not contain a comma separator")

ZENKO = ReplicationEndpoint("zenko", servers=("127.0.0.1:8000",), default=True)
AWS = ReplicationEndpoint("aws", type="aws_s3")
GCP = ReplicationEndpoint("gcp", type="gcp")
COLD = ReplicationEndpoint("cold", type="dmf")
LOCATIONS = {
    location.name: location
    for location in (
        LocationSettings("us-east-1", "mem", "us-east-1"),
        LocationSettings("transient", "mem", "transient", is_transient=True),
        LocationSettings("aws", "aws_s3", "aws"),
        LocationSettings("cold", "dmf", "cold", is_cold=True),
    )
}


def settings_with(*endpoints: ReplicationEndpoint) -> Settings:
    return dataclasses.replace(Settings.default(), replication_endpoints=endpoints, locations=LOCATIONS)


SETTINGS = settings_with(ZENKO, AWS, GCP, COLD)


def element(name: str, value: str | None) -> str:
    """An element with that raw content; nothing for None."""
    return "" if value is None else f"<{name}>{value}</{name}>"


def rule(
    *,
    rule_id: str | None = "r1",
    status: str | None = "Enabled",
    prefix: str | None = "a",
    bucket: str | None = BUCKET,
    storage_class: str | None = "aws",
    extra: str = "",
) -> str:
    destination = element("Destination", element("Bucket", bucket) + element("StorageClass", storage_class))
    inner = element("ID", rule_id) + element("Status", status) + element("Prefix", prefix) + destination + extra
    return element("Rule", inner)


def document(*rules: str, role: str | None = ROLE) -> str:
    return element("ReplicationConfiguration", element("Role", role) + "".join(rules))


def parse(xml: str, settings: Settings = SETTINGS) -> dict[str, Any]:
    numbers = itertools.count(1)
    return parse_configuration(xml.encode(), settings, lambda: f"generated-{next(numbers)}")


def stored_rule(**changes: Any) -> dict[str, Any]:
    return {"id": "r1", "prefix": "a", "enabled": True, "storageClass": "aws"} | changes


def stored(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "role": ROLE,
        "destination": BUCKET,
        "rules": list(rules) or [stored_rule()],
        "preferredReadLocation": None,
    } | changes


ACCEPTED = {
    "base": (document(rule()), stored()),
    "no Bucket": (document(rule(bucket=None)), stored(destination=None)),
    "no ID": (document(rule(rule_id=None)), stored(stored_rule(id="generated-1"))),
    "empty ID twice": (
        document(rule(rule_id=""), rule(rule_id="", prefix="b")),
        stored(stored_rule(id="generated-1"), stored_rule(id="generated-2", prefix="b")),
    ),
    "empty Prefix": (document(rule(prefix="")), stored(stored_rule(prefix=""))),
    "second generation elements beside Prefix": (
        document(rule(extra="<Filter><Prefix>z</Prefix></Filter><Priority>1</Priority><DeleteMarkerReplication/>")),
        stored(),
    ),
    "Disabled": (document(rule(status="Disabled")), stored(stored_rule(enabled=False))),
    "only the first Status counts": (document(rule(extra="<Status>nonsense</Status>")), stored()),
    "preferred read": (
        document(rule(storage_class="aws:preferred_read,gcp")),
        stored(stored_rule(storageClass="aws:preferred_read,gcp"), preferredReadLocation="aws"),
    ),
    "preferred read of the last rule that has one": (
        document(
            rule(storage_class="aws:preferred_read"),
            rule(rule_id="r2", prefix="b", storage_class="gcp,gcp:preferred_read"),
            rule(rule_id="r3", prefix="c"),
        ),
        stored(
            stored_rule(storageClass="aws:preferred_read"),
            stored_rule(id="r2", prefix="b", storageClass="gcp,gcp:preferred_read"),
            stored_rule(id="r3", prefix="c"),
            preferredReadLocation="gcp",
        ),
    ),
    "preferred read of STANDARD": (
        document(rule(storage_class="STANDARD:preferred_read"), role=TWO_ROLES),
        stored(stored_rule(storageClass="STANDARD:preferred_read"), role=TWO_ROLES, preferredReadLocation="STANDARD"),
    ),
    "same site twice": (document(rule(storage_class="aws,aws")), stored(stored_rule(storageClass="aws,aws"))),
    "Scality and cloud site": (
        document(rule(storage_class="zenko,aws"), role=TWO_ROLES),
        stored(stored_rule(storageClass="zenko,aws"), role=TWO_ROLES),
    ),
    "no StorageClass": (
        document(rule(storage_class=None), role=TWO_ROLES),
        stored({"id": "r1", "prefix": "a", "enabled": True}, role=TWO_ROLES),
    ),
    "a Scality site stays in play": (
        document(rule(storage_class="zenko"), rule(rule_id="r2", prefix="b"), role=TWO_ROLES),
        stored(stored_rule(storageClass="zenko"), stored_rule(id="r2", prefix="b"), role=TWO_ROLES),
    ),
    "role of any account": (document(rule(), role="arn:aws:iam::*:role"), stored(role="arn:aws:iam::*:role")),
    "role with a blank": (document(rule(), role="arn:aws:iam::a c:role"), stored(role="arn:aws:iam::a c:role")),
    "role with a seventh field": (
        document(rule(), role="arn:aws:iam::id:role:x"),
        stored(role="arn:aws:iam::id:role:x"),
    ),
    "text after the bucket": (document(rule(bucket=f"{BUCKET}:extra")), stored(destination=f"{BUCKET}:extra")),
    "escaped prefix": (document(rule(prefix="a&amp;b&lt;")), stored(stored_rule(prefix="a&b<"))),
    "prefix of 1024": (document(rule(prefix="p" * 1024)), stored(stored_rule(prefix="p" * 1024))),
    "ID of 255": (document(rule(rule_id="i" * 255)), stored(stored_rule(id="i" * 255))),
    "1000 rules": (
        document(*(rule(rule_id=f"r{n:04}", prefix=f"{n:04}") for n in range(1000))),
        stored(*(stored_rule(id=f"r{n:04}", prefix=f"{n:04}") for n in range(1000))),
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_legal_configuration_is_stored(case: str) -> None:
    xml, expected = ACCEPTED[case]
    assert parse(xml) == expected


ONLY_CLOUD = settings_with(AWS, GCP)
NO_ENDPOINTS = settings_with()

REFUSED = {
    "empty body": ("", MALFORMED, SETTINGS),
    "not XML": ("hello", MALFORMED, SETTINGS),
    "unclosed root": ("<ReplicationConfiguration>", MALFORMED, SETTINGS),
    "blank body": (" ", UNANSWERED, SETTINGS),
    "other root": ("<Foo/>", UNANSWERED, SETTINGS),
    "empty root": ("<ReplicationConfiguration/>", MALFORMED, SETTINGS),
    "no Rule": (document(), MALFORMED, SETTINGS),
    "empty Rule": (document("<Rule/>"), MALFORMED, SETTINGS),
    "1001 rules": (
        document("<Rule/>" * 1001),
        ("InvalidRequest", "Number of defined replication rules cannot exceed 1000"),
        SETTINGS,
    ),
    "no Status": (document(rule(status=None)), MALFORMED, SETTINGS),
    "empty Status": (document(rule(status="")), MALFORMED, SETTINGS),
    "lower case Status": (document(rule(status="enabled")), MALFORMED, SETTINGS),
    "Status with blanks": (document(rule(status=" Enabled ")), MALFORMED, SETTINGS),
    "Status with an attribute": (
        document(rule().replace("<Status>", '<Status a="b">')),
        MALFORMED,
        SETTINGS,
    ),
    "no Prefix": (document(rule(prefix=None)), MALFORMED, SETTINGS),
    "Filter instead of Prefix": (
        document(rule(prefix=None, extra="<Filter><Prefix>a</Prefix></Filter>")),
        MALFORMED,
        SETTINGS,
    ),
    "prefix of 1025": (
        document(rule(prefix="p" * 1025)),
        ("InvalidArgument", "Rule prefix cannot be longer than maximum allowed key length of 1024"),
        SETTINGS,
    ),
    "prefix of 1026 units": (
        document(rule(prefix="\U0001f600" * 513)),
        ("InvalidArgument", "Rule prefix cannot be longer than maximum allowed key length of 1024"),
        SETTINGS,
    ),
    "prefix below an earlier one": (
        document(rule(), rule(rule_id="r2", prefix="ab")),
        ("InvalidRequest", "Found overlapping prefixes 'a' and 'ab'"),
        SETTINGS,
    ),
    "prefix above a disabled one": (
        document(rule(prefix="ab", status="Disabled"), rule(rule_id="r2", prefix="a")),
        ("InvalidRequest", "Found overlapping prefixes 'ab' and 'a'"),
        SETTINGS,
    ),
    "empty prefix is not alone": (
        document(rule(prefix=""), rule(rule_id="r2", prefix="x")),
        ("InvalidRequest", "Found overlapping prefixes '' and 'x'"),
        SETTINGS,
    ),
    "second Prefix after one with an attribute": (
        document(rule().replace("<Prefix>", '<Prefix a="b">'), rule(rule_id="r2", prefix="x")),
        UNANSWERED,
        SETTINGS,
    ),
    "ID of 256": (
        document(rule(rule_id="i" * 256)),
        ("InvalidArgument", "Rule Id cannot be greater than 255"),
        SETTINGS,
    ),
    "same ID": (document(rule(), rule(prefix="b")), ("InvalidRequest", "Rule Id must be unique"), SETTINGS),
    "no Destination": (
        document("<Rule><Status>Enabled</Status><Prefix>a</Prefix></Rule>"),
        MALFORMED,
        SETTINGS,
    ),
    "empty Destination": (document(rule(bucket=None, storage_class=None)), MALFORMED, SETTINGS),
    "Destination of text": (
        document("<Rule><Status>Enabled</Status><Prefix>a</Prefix><Destination>x</Destination></Rule>"),
        MALFORMED,  # the default endpoint is a Scality destination: the bucket is missing
        SETTINGS,
    ),
    "second preferred read": (
        document(rule(storage_class="aws:preferred_read,gcp:preferred_read")),
        MALFORMED,
        SETTINGS,
    ),
    "blank after the comma": (document(rule(storage_class="aws, gcp")), MALFORMED, SETTINGS),
    "line breaks around the site": (document(rule(storage_class="\naws\n")), MALFORMED, SETTINGS),
    "cold site": (document(rule(storage_class="cold")), MALFORMED, SETTINGS),
    "empty StorageClass": (document(rule(storage_class="")), MALFORMED, SETTINGS),
    "empty entry": (document(rule(storage_class="aws,,gcp")), MALFORMED, SETTINGS),
    "unknown site": (document(rule(storage_class="nowhere")), MALFORMED, SETTINGS),
    "no endpoints at all": (document(rule()), MALFORMED, NO_ENDPOINTS),
    "no endpoints, no StorageClass": (document(rule(storage_class=None)), UNANSWERED, NO_ENDPOINTS),
    "no endpoints, STANDARD": (document(rule(storage_class="STANDARD")), UNANSWERED, NO_ENDPOINTS),
    "StorageClass with an attribute": (
        document(rule().replace("<StorageClass>", '<StorageClass a="b">')),
        UNANSWERED,
        SETTINGS,
    ),
    "no Bucket for a Scality site": (
        document(rule(bucket=None, storage_class="zenko"), role=TWO_ROLES),
        MALFORMED,
        SETTINGS,
    ),
    "empty Bucket": (
        document(rule(bucket="")),
        ("InvalidArgument", "Destination bucket cannot be null or empty"),
        SETTINGS,
    ),
    "Bucket of four fields": (
        document(rule(bucket="arn:aws:s3:")),
        ("InvalidArgument", "Invalid bucket ARN"),
        SETTINGS,
    ),
    "Bucket of five fields": (document(rule(bucket="arn:aws:s3::")), UNANSWERED, SETTINGS),
    "Bucket is a name": (document(rule(bucket="dst")), ("InvalidArgument", "Invalid bucket ARN"), SETTINGS),
    "Bucket with a region": (
        document(rule(bucket="arn:aws:s3:us-east-1::dst")),
        ("InvalidArgument", "Invalid bucket ARN"),
        SETTINGS,
    ),
    "bad bucket name": (
        document(rule(bucket="arn:aws:s3:::Bad_Name")),
        ("InvalidArgument", "The specified bucket is not valid"),
        SETTINGS,
    ),
    "other bucket": (
        document(rule(), rule(rule_id="r2", prefix="b", bucket="arn:aws:s3:::other")),
        ("InvalidRequest", "The destination bucket must be same for all rules"),
        SETTINGS,
    ),
    "no Role": (document(rule(), role=None), MALFORMED, SETTINGS),
    "empty Role": (document(rule(), role=""), ("InvalidArgument", f"{ROLE_FAULT}''"), SETTINGS),
    "Role with an attribute": (document(rule()).replace("<Role>", '<Role a="b">'), UNANSWERED, SETTINGS),
    "two roles for a cloud site": (document(rule(), role=TWO_ROLES), NEEDS_ONE_ROLE, SETTINGS),
    "one role for Scality and cloud": (document(rule(storage_class="zenko,aws")), NEEDS_TWO_ROLES, SETTINGS),
    "three roles for a Scality site": (
        document(rule(storage_class="zenko"), role=f"{TWO_ROLES},{ROLE}"),
        NEEDS_TWO_ROLES,
        SETTINGS,
    ),
    "one role, no StorageClass": (document(rule(storage_class=None)), NEEDS_TWO_ROLES, SETTINGS),
    "two roles, no StorageClass, cloud by default": (
        document(rule(storage_class=None), role=TWO_ROLES),
        NEEDS_ONE_ROLE,
        ONLY_CLOUD,
    ),
    "STANDARD undoes a Scality site": (
        document(rule(storage_class="zenko"), rule(rule_id="r2", prefix="b", storage_class="STANDARD"), role=TWO_ROLES),
        NEEDS_ONE_ROLE,
        settings_with(AWS, dataclasses.replace(ZENKO, default=False)),
    ),
    "second role bad": (
        document(rule(storage_class="zenko"), role=f"{ROLE},a:b:c:d:e:f"),
        ("InvalidArgument", f"{ROLE_FAULT}'a:b:c:d:e:f'"),
        SETTINGS,
    ),
    "faults of rules before those of the role": (document(rule(status="x"), role="bad"), MALFORMED, SETTINGS),
    "faults of the StorageClass before those of the Bucket": (
        document(rule(storage_class="nowhere", bucket="")),
        MALFORMED,
        SETTINGS,
    ),
    "faults of the Prefix before those of the ID": (
        document(rule(prefix="p" * 1025, rule_id="i" * 256)),
        ("InvalidArgument", "Rule prefix cannot be longer than maximum allowed key length of 1024"),
        SETTINGS,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_fault_is_answered_in_order(case: str) -> None:
    xml, expected, settings = REFUSED[case]
    with pytest.raises(S3Error) as caught:
        parse(xml, settings)
    assert (caught.value.code, caught.value.message) == expected


@pytest.mark.parametrize(
    "role",
    [
        "bad",
        "a:b:c:d:e:f",
        "arn:aws:s3::123456789012:role/x",
        "arn:aws:iam:us-east-1:123456789012:role/x",
        "arn:aws:iam::1:role/x",
        "arn:aws:iam::1",
        "arn:aws:iam::a:role",
        "arn:aws:iam::123456789012:user/x",
        "arn:aws:iam::123456789012:Role/x",
    ],
)
def test_what_is_no_role_is_quoted(role: str) -> None:
    with pytest.raises(S3Error) as caught:
        parse(document(rule(), role=role))
    assert (caught.value.code, caught.value.message) == ("InvalidArgument", f"{ROLE_FAULT}'{role}'")


@pytest.mark.parametrize("role", ["arn:aws:iam:", "arn:aws:iam::*", "arn:aws:iam::123456789012"])
def test_a_role_that_ends_too_early_is_never_answered(role: str) -> None:
    with pytest.raises(S3Error) as caught:
        parse(document(rule(), role=role))
    assert caught.value.code == "InternalError"


def test_a_default_endpoint_with_a_type_needs_one_role() -> None:
    assert parse(document(rule(storage_class=None)), ONLY_CLOUD)["role"] == ROLE


def test_the_xml_of_a_configuration() -> None:
    configuration = parse(document(rule(prefix="a&amp;b&lt;")))
    assert to_xml(configuration) == (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        "<Rule><ID>r1</ID><Prefix>a&amp;b&lt;</Prefix><Status>Enabled</Status>"
        "<Destination><Bucket>arn:aws:s3:::dst</Bucket><StorageClass>aws</StorageClass></Destination></Rule>"
        "<Role>arn:aws:iam::root:role/s3-replication-role</Role></ReplicationConfiguration>"
    )


def test_an_empty_prefix_and_a_missing_storage_class_in_xml() -> None:
    xml = to_xml(parse(document(rule(prefix="", storage_class=None, status="Disabled"), role=TWO_ROLES)))
    assert (
        "<Rule><ID>r1</ID><Prefix/><Status>Disabled</Status><Destination><Bucket>arn:aws:s3:::dst</Bucket>"
        "</Destination></Rule>"
    ) in xml


PREFIXES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8), max_size=5
)


@given(PREFIXES)
def test_what_get_answers_can_be_put_again(prefixes: list[str]) -> None:
    apart = [f"{number}-{prefix}" for number, prefix in enumerate(prefixes)] or [""]
    rules = [rule(rule_id=f"r{n}", prefix=escape(prefix)) for n, prefix in enumerate(apart)]
    configuration = parse(document(*rules))
    assert [one["prefix"] for one in configuration["rules"]] == apart
    assert parse(to_xml(configuration)) == configuration


def bucket_with(configuration: dict[str, Any] | None, location: str | None = "us-east-1") -> BucketInfo:
    return BucketInfo(
        name="src",
        owner="owner",
        owner_display_name="Owner",
        creation_date="2026-01-01T00:00:00.000Z",
        uid="uid",
        location_constraint=location,
        replication_configuration=configuration,
    )


@pytest.mark.parametrize(
    ("location", "storage_class", "allowed"),
    [
        ("us-east-1", "aws", True),
        ("transient", "aws", False),
        ("transient", "aws,gcp:preferred_read", True),
        ("transient", None, True),
    ],
)
def test_a_transient_source_needs_a_place_to_read_from(location: str, storage_class: str | None, allowed: bool) -> None:
    role = TWO_ROLES if storage_class is None else ROLE
    configuration = parse(document(rule(storage_class=storage_class), role=role))
    if allowed:
        check_transient_source(configuration, bucket_with(None, location), SETTINGS)
        return
    with pytest.raises(S3Error) as caught:
        check_transient_source(configuration, bucket_with(None, location), SETTINGS)
    assert (caught.value.code, caught.value.message) == (
        "ValidationError",
        "Replication configuration lacks a preferred read location",
    )


def test_a_source_whose_location_is_gone_is_never_answered() -> None:
    with pytest.raises(S3Error) as caught:
        check_transient_source(stored(), bucket_with(None, "gone"), SETTINGS)
    assert caught.value.code == "InternalError"


@pytest.mark.parametrize(
    ("xml", "unreadable"),
    [
        (document(rule()), False),
        (document(rule(bucket=None)), True),
        (document(rule(bucket=None), rule(rule_id="r2", prefix="b")), False),
        (document(rule().replace("<Prefix>", '<Prefix a="b">')), True),
        (document(rule().replace("<ID>", '<ID a="b">')), True),
    ],
)
def test_some_configurations_spoil_their_bucket(xml: str, unreadable: bool) -> None:
    assert is_unreadable(bucket_with(parse(xml))) is unreadable


def test_a_bucket_without_configuration_is_readable() -> None:
    assert not is_unreadable(bucket_with(None))
