"""``replicationInfo`` of an object, for every operation that computes it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import empty_replication_info
from fake_cloudserver.replication.info import merge_into, replication_info
from fake_cloudserver.request import Requester
from fake_cloudserver.settings import LocationSettings, ReplicationEndpoint, Settings

SETTINGS = dataclasses.replace(
    Settings.default(),
    replication_endpoints=(
        ReplicationEndpoint("aws", type="aws_s3"),
        ReplicationEndpoint("zenko", servers=("127.0.0.1:8000",), default=True),
        ReplicationEndpoint("local", type="aws_s3"),
    ),
    locations={
        location.name: location
        for location in (
            LocationSettings("us-east-1", "mem", "us-east-1"),
            LocationSettings("local", "mem", "local"),
            LocationSettings("aws", "aws_s3", "aws"),
            LocationSettings("aws2", "aws_s3", "aws2"),
            LocationSettings("gcp", "gcp", "gcp"),
        )
    },
)


def rule(prefix: str = "", *, enabled: bool = True, storage_class: str | None = "aws") -> dict[str, Any]:
    made: dict[str, Any] = {"id": "r", "prefix": prefix, "enabled": enabled}
    return made if storage_class is None else made | {"storageClass": storage_class}


def bucket(*rules: dict[str, Any]) -> BucketInfo:
    configuration = {"role": "role", "destination": "arn:dst", "rules": list(rules), "preferredReadLocation": None}
    return BucketInfo("src", "owner", "Owner", "date", "uid", replication_configuration=configuration)


def backend(site: str, version_id: str = "", status: str = "PENDING") -> dict[str, str]:
    return {"site": site, "status": status, "dataStoreVersionId": version_id}


def test_a_put_to_one_cloud_site() -> None:
    assert replication_info(SETTINGS, bucket(rule()), "key", size=5) == {
        "status": "PENDING",
        "backends": [backend("aws")],
        "content": ["DATA", "METADATA"],
        "destination": "arn:dst",
        "storageClass": "aws",
        "role": "role",
        "storageType": "aws_s3",
        "dataStoreVersionId": "",
        "isNFS": None,
    }


def test_the_fields_are_those_of_an_object_that_is_not_replicated() -> None:
    info = replication_info(SETTINGS, bucket(rule()), "key", size=5)
    assert info is not None
    assert list(info) == list(empty_replication_info())


@pytest.mark.parametrize(
    ("storage_class", "shown", "sites", "types"),
    [
        ("aws,aws2", "aws,aws2", ["aws", "aws2"], "aws_s3,aws_s3"),
        ("zenko,aws:preferred_read,gcp", "zenko,aws:preferred_read,gcp", ["zenko", "aws", "gcp"], "aws_s3,gcp"),
        ("local", "local", ["local"], ""),  # the endpoint has a type, its location is a local one
        ("STANDARD", "STANDARD", ["STANDARD"], ""),
        (None, "zenko", ["zenko"], ""),
    ],
)
def test_sites_and_types(storage_class: str | None, shown: str, sites: list[str], types: str) -> None:
    info = replication_info(SETTINGS, bucket(rule(storage_class=storage_class)), "key", size=1)
    assert info is not None
    assert (info["storageClass"], info["storageType"]) == (shown, types)
    assert info["backends"] == [backend(site) for site in sites]


@pytest.mark.parametrize(
    ("size", "metadata_only", "operation", "cloud", "local"),
    [
        (5, False, None, ["DATA", "METADATA"], ["DATA", "METADATA"]),
        (0, False, None, ["METADATA"], ["METADATA"]),
        (5, False, "MPU", ["DATA", "METADATA", "MPU"], ["DATA", "METADATA"]),
        (0, False, "MPU", ["METADATA", "MPU"], ["METADATA"]),
        (5, True, "PUT_TAGGING", ["METADATA", "PUT_TAGGING"], ["METADATA"]),
        (5, True, "DELETE_TAGGING", ["METADATA", "DELETE_TAGGING"], ["METADATA"]),
        (5, True, "PUT_RETENTION", ["METADATA", "PUT_RETENTION"], ["METADATA"]),
        (5, True, "PUT_LEGAL_HOLD", ["METADATA", "PUT_LEGAL_HOLD"], ["METADATA"]),
    ],
)
def test_content(size: int, metadata_only: bool, operation: str | None, cloud: list[str], local: list[str]) -> None:
    for storage_class, expected in (("zenko,aws", cloud), ("zenko", local)):
        info = replication_info(
            SETTINGS,
            bucket(rule(storage_class=storage_class)),
            "key",
            size=size,
            metadata_only=metadata_only,
            operation=operation,
        )
        assert info is not None
        assert info["content"] == expected


def test_nothing_without_configuration() -> None:
    plain = dataclasses.replace(bucket(), replication_configuration=None)
    assert replication_info(SETTINGS, plain, "key", size=1) is None


@pytest.mark.parametrize(
    ("key", "storage_class"),
    [("docs/a", "aws"), ("off/a", None), ("other", None), ("z", "gcp")],
)
def test_the_first_enabled_rule_whose_prefix_fits(key: str, storage_class: str | None) -> None:
    rules = (
        rule("docs/"),
        rule("off/", enabled=False),
        rule("z", storage_class="gcp"),
        rule("z", storage_class="aws"),
    )
    info = replication_info(SETTINGS, bucket(*rules), key, size=1)
    assert (info and info["storageClass"]) == storage_class


def test_a_rule_without_sites_needs_an_endpoint() -> None:
    settings = dataclasses.replace(SETTINGS, replication_endpoints=())
    assert replication_info(settings, bucket(rule(storage_class=None)), "key", size=1) is None


@pytest.mark.parametrize(
    ("requester", "replicates"),
    [
        (None, True),
        (Requester("79a59df9", "Bart"), True),
        (Requester("http://acs.zenko.io/accounts/service/clueso", "Clueso"), True),
        (Requester("http://acs.zenko.io/accounts/service/md-ingestion", "Ingestion"), True),
        (Requester("http://acs.zenko.io/accounts/service/replication", "Replication"), False),
        (Requester("http://acs.zenko.io/accounts/service/lifecycle", "Lifecycle"), False),
        (Requester("gc", "GC"), False),
    ],
)
def test_what_services_write_is_not_replicated(requester: Requester | None, replicates: bool) -> None:
    info = replication_info(SETTINGS, bucket(rule()), "key", size=1, requester=requester)
    assert (info is not None) is replicates


def test_an_existing_object_keeps_the_version_ids_of_its_sites() -> None:
    existing = {
        "replicationInfo": empty_replication_info()
        | {"status": "COMPLETED", "backends": [backend("aws", "v1", "COMPLETED"), backend("gone", "v2", "FAILED")]}
    }
    info = replication_info(
        SETTINGS, bucket(rule(storage_class="aws,aws2")), "key", size=1, metadata_only=True, existing=existing
    )
    assert info is not None
    assert info["backends"] == [backend("aws", "v1"), backend("aws2")]


def test_an_existing_object_without_backends_is_never_answered() -> None:
    with pytest.raises(S3Error) as caught:
        replication_info(SETTINGS, bucket(rule()), "key", size=1, existing={"replicationInfo": {}})
    assert caught.value.code == "InternalError"


def test_merging_keeps_the_object_s_own_version_id() -> None:
    info = replication_info(SETTINGS, bucket(rule()), "key", size=1, metadata_only=True, operation="PUT_TAGGING")
    assert info is not None
    md = {"key": "key", "replicationInfo": empty_replication_info() | {"status": "REPLICA", "dataStoreVersionId": "v"}}
    merge_into(md, info)
    assert md == {"key": "key", "replicationInfo": {**info, "dataStoreVersionId": "v"}}


def test_merging_nothing_changes_nothing() -> None:
    md = {"replicationInfo": empty_replication_info() | {"status": "COMPLETED"}}
    merge_into(md, None)
    assert md["replicationInfo"]["status"] == "COMPLETED"


@given(st.text(), st.text(), st.lists(st.sampled_from(["aws", "aws2", "gcp", "zenko", "local"]), min_size=1))
def test_a_rule_replicates_exactly_the_keys_below_its_prefix(prefix: str, key: str, sites: list[str]) -> None:
    info = replication_info(SETTINGS, bucket(rule(prefix, storage_class=",".join(sites))), key, size=1)
    assert (info is not None) is key.startswith(prefix)
    if info is not None:
        assert [one["site"] for one in info["backends"]] == sites
        assert {one["status"] for one in info["backends"]} == {"PENDING"} == {info["status"]}
