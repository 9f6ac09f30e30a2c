"""locationConfig.json: every check with its text, in order, and what is filled in."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.settings.locations import (
    LocationSettings,
    check_against_main_config,
    parse_locations,
)

REGION = "bad config: locationConstraints[region]"
ABSENT = object()


def mem(**changes: Any) -> dict[str, Any]:
    """A valid location with some properties changed, or taken away."""
    entry = {"type": "mem", "objectId": "us-east-1", "legacyAwsBehavior": True, "details": {}, **changes}
    return {name: value for name, value in entry.items() if value is not ABSENT}


def beside(location_type: str, details: Any) -> dict[str, Any]:
    """A document with us-east-1 and one location named ``loc``."""
    return {"us-east-1": mem(), "loc": mem(type=location_type, objectId="loc", details=details)}


def parse(document: Any, **environ: str) -> dict[str, LocationSettings]:
    return parse_locations(document, environ)


def refusal(document: Any, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_locations(document, environ)
    return str(caught.value)


@pytest.mark.parametrize("document", ["text", 1, True, None])
def test_the_whole_must_be_an_object(document: Any) -> None:
    assert refusal(document) == "bad config: locationConstraints must be an object"


@pytest.mark.parametrize("entry", ["text", 1, False, None])
def test_an_entry_must_be_an_object(entry: Any) -> None:
    assert refusal({"us-east-1": entry}) == f"{REGION} must be an object"


TYPE = f"{REGION}.type is mandatory and must be a string"
TYPES = (
    f"{REGION}.type must be one of mem,file,scality,mongodb,dmf,azure_archive,aws_s3,azure,gcp,pfs,dmf,azure_archive"
)
OBJECT_ID = f"{REGION}.objectId is mandatory and must be a unique string across locations"
LEGACY = f"{REGION}.legacyAwsBehavior is mandatory and must be a boolean"
TRANSIENT = f"{REGION}.isTransient must be a boolean"
SIZE = f"{REGION}.sizeLimitGB must be a number (in gigabytes)"
DETAILS = f"{REGION}.details is mandatory and must be an object"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": ABSENT}, TYPE),
        ({"type": 3}, TYPE),
        ({"type": "s3"}, TYPES),
        ({"type": "mem,file"}, TYPES),
        ({"objectId": ABSENT}, OBJECT_ID),
        ({"objectId": 1}, OBJECT_ID),
        ({"legacyAwsBehavior": ABSENT}, LEGACY),
        ({"legacyAwsBehavior": "true"}, LEGACY),
        ({"isTransient": "no"}, TRANSIENT),
        ({"isTransient": None}, TRANSIENT),
        ({"sizeLimitGB": "10"}, SIZE),
        ({"sizeLimitGB": True}, SIZE),
        ({"details": ABSENT}, DETAILS),
        ({"details": None}, DETAILS),
        ({"details": "none"}, DETAILS),
    ],
)
def test_properties_of_an_entry(changes: dict[str, Any], message: str) -> None:
    assert refusal({"us-east-1": mem(**changes)}) == message


def test_an_array_is_an_object_without_the_properties_asked_for() -> None:
    assert refusal({"us-east-1": []}) == TYPE
    assert refusal([]) == "bad locationConfig: must include us-east-1 as a locationConstraint"
    assert parse({"us-east-1": mem(details=[])})["us-east-1"].details["https"] is True


def test_object_ids_are_unique() -> None:
    assert refusal({"us-east-1": mem(), "other": mem()}) == (
        'bad config: location constraint objectId "us-east-1" is not unique across configured locations'
    )


def test_us_east_1_is_mandatory_but_asked_for_last() -> None:
    assert refusal({"other": mem()}) == "bad locationConfig: must include us-east-1 as a locationConstraint"
    assert refusal({"other": mem(type="s3")}) == TYPES


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"serverSideEncryption": "yes"}, f"{REGION}.details.serverSideEncryption must be a boolean"),
        ({"awsEndpoint": 1}, "bad config: awsEndpoint must be a string"),
        ({"bucketName": None}, "bad config: bucketName must be a string"),
        ({"credentialsProfile": {}}, "bad config: credentialsProfile must be a string"),
        ({"region": []}, "bad config: region must be a string"),
        ({"bucketMatch": "true"}, "bad config: details.bucketMatch must be a boolean"),
        ({"bucketMatch": None}, "bad config: details.bucketMatch must be a boolean"),
        ({"credentials": "a:b"}, "bad config: details.credentials must be an object"),
        ({"credentials": None}, "bad config: details.credentials must be an object"),
        ({"credentials": {"secretKey": "s"}}, "bad config: credentials must include accessKey as string"),
        ({"credentials": {"accessKey": 1, "secretKey": 1}}, "bad config: credentials must include accessKey as string"),
        ({"credentials": {"accessKey": "a"}}, "bad config: credentials must include secretKey as string"),
        ({"https": 1}, f"{REGION}.details https must be a boolean"),
        ({"pathStyle": "no"}, f"{REGION}.pathStyle must be a boolean"),
        ({"supportsVersioning": 0}, f"{REGION}.supportsVersioningmust be a boolean"),
        ({"connector": "sproxyd"}, "bad config: connector must be an object"),
        ({"connector": None}, "bad config: connector must be an object"),
    ],
)
def test_details_of_any_type(details: dict[str, Any], message: str) -> None:
    assert refusal(beside("aws_s3", details)) == message


def test_the_first_fault_in_cloudservers_order_is_the_one_reported() -> None:
    faults: list[tuple[dict[str, Any], str]] = [
        ({"serverSideEncryption": 1}, f"{REGION}.details.serverSideEncryption must be a boolean"),
        ({"awsEndpoint": 1}, "bad config: awsEndpoint must be a string"),
        ({"region": 1}, "bad config: region must be a string"),
        ({"bucketMatch": 1}, "bad config: details.bucketMatch must be a boolean"),
        ({"credentials": 1}, "bad config: details.credentials must be an object"),
        ({"https": 1}, f"{REGION}.details https must be a boolean"),
        ({"pathStyle": 1}, f"{REGION}.pathStyle must be a boolean"),
        ({"supportsVersioning": 1}, f"{REGION}.supportsVersioningmust be a boolean"),
        ({"pfsDaemonEndpoint": 1}, "bad config: pfsDaemonEndpoint is mandatory and must be an object"),
    ]
    for first in range(len(faults)):
        details: dict[str, Any] = {}
        for fault, _ in reversed(faults[first:]):
            details.update(fault)
        assert refusal(beside("pfs", details)) == faults[first][1]


def test_defaults() -> None:
    location = parse({"us-east-1": mem()})["us-east-1"]
    assert location == LocationSettings(
        name="us-east-1",
        type="mem",
        object_id="us-east-1",
        legacy_aws_behavior=True,
        is_transient=False,
        is_cold=False,
        size_limit_gb=None,
        details={
            "https": True,
            "pathStyle": False,
            "supportsVersioning": True,
            "bucketMatch": False,
            "serverSideEncryption": False,
        },
    )


def test_what_is_set_is_kept() -> None:
    details = {
        "https": False,
        "pathStyle": True,
        "supportsVersioning": False,
        "bucketMatch": True,
        "serverSideEncryption": True,
        "bucketName": "target",
        "region": "eu-west-1",
        "unknown": [1],
    }
    document = {
        "us-east-1": mem(details=details, isTransient=True, isCold="anything", sizeLimitGB=1.5, other=1),
        "null-limit": mem(objectId="2", sizeLimitGB=None, isCold=""),
    }
    locations = parse(document)
    assert locations["us-east-1"].details == details
    assert locations["us-east-1"].is_transient
    assert locations["us-east-1"].is_cold
    assert locations["us-east-1"].size_limit_gb == 1.5
    assert locations["null-limit"].size_limit_gb is None
    assert not locations["null-limit"].is_cold


def test_the_document_is_not_changed() -> None:
    document = beside("aws_s3", {"credentials": {"accessKey": "a", "secretKey": "s"}})
    before = copy.deepcopy(document)
    locations = parse(document)
    locations["loc"].details["credentials"]["accessKey"] = "changed"
    assert document == before


def test_secrets_are_not_shown() -> None:
    location = parse(beside("aws_s3", {"credentials": {"accessKey": "a", "secretKey": "very-secret"}}))["loc"]
    assert "very-secret" not in repr(location)


@pytest.mark.parametrize(
    ("location_type", "expected"),
    [("aws_s3", True), ("azure", True), ("gcp", True), ("mem", False), ("scality", False), ("dmf", False)],
)
def test_is_external(location_type: str, expected: bool) -> None:
    assert LocationSettings(name="x", type=location_type, object_id="x").is_external is expected


def test_ceph_in_ci_speaks_http_and_path_style() -> None:
    plain = parse(beside("aws_s3", {}), CI_CEPH="true")["loc"].details
    assert (plain["https"], plain["pathStyle"]) == (False, True)
    explicit = parse(beside("aws_s3", {"https": True, "pathStyle": False}), CI_CEPH="true")["loc"].details
    assert (explicit["https"], explicit["pathStyle"]) == (False, False)
    unset = parse(beside("aws_s3", {}), CI_CEPH="1")["loc"].details
    assert (unset["https"], unset["pathStyle"]) == (True, False)


def test_a_size_limit_needs_the_location_metric() -> None:
    locations = parse({"us-east-1": mem(sizeLimitGB=10)})
    for config in ({}, {"utapi": {}}, {"utapi": {"metrics": ["buckets"]}}, {"utapi": "location"}):
        with pytest.raises(ConfigurationError, match='"us-east-1" has a sizeLimitGB, which needs `utapi`'):
            check_against_main_config(locations, config)
    check_against_main_config(locations, {"utapi": {"metrics": ["buckets", "location"]}})


@pytest.mark.parametrize("location_type", ["aws_s3", "gcp"])
def test_remote_locations_need_credentials(location_type: str) -> None:
    with pytest.raises(ConfigurationError, match=rf'location "loc" of type {location_type} needs details\.credentials'):
        check_against_main_config(parse(beside(location_type, {})), {})
    check_against_main_config(parse(beside(location_type, {"credentialsProfile": "p"})), {})
    check_against_main_config(parse(beside(location_type, {"credentials": {"accessKey": "a", "secretKey": "s"}})), {})
