"""Real names of buckets; creating and removing them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_target import FakeTarget, client_error

from harness.errors import ScenarioError
from harness.scenario.buckets import Buckets, real_name, real_names, run_id
from harness.scenario.loader import load_text
from harness.scenario.model import BucketSpec, Destination, Place, ScenarioRun

HERE = Place("s.yaml", 3)


def run(title: str = "s") -> ScenarioRun:
    return load_text(f"scenario: '{title}'\nbuckets: {{src: {{}}, dst@aws: {{}}}}\nsteps: [settle]", "s.yaml").runs()[0]


@given(st.from_regex("[a-z][a-z0-9]{0,15}", fullmatch=True), st.text(), st.from_regex("[0-9a-f]{8}", fullmatch=True))
def test_every_real_name_is_a_valid_bucket_name(alias: str, title: str, identity: str) -> None:
    name = real_name(alias, title, identity)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)
    assert name.startswith(f"{alias}-")
    assert name.endswith(identity)


def test_the_same_seed_makes_the_same_names_and_nothing_else_does() -> None:
    first = run_id(run(), 1, 0)
    assert first == run_id(run(), 1, 0)
    others = {run_id(run(), 2, 0), run_id(run(), 1, 1), run_id(run("t"), 1, 0)}
    assert len(others | {first}) == 4


def test_real_names() -> None:
    assert real_names(run("An Object – replicates!"), FakeTarget(), "0123abcd") == {
        "aws": "remote",
        "src": "src-an-object-replicates-0123abcd",
        "dst": "dst-an-object-replicates-0123abcd",
    }


def test_buckets_are_created_with_all_that_they_need() -> None:
    target = FakeTarget()
    names = {"aws": "remote", "src": "src-1", "dst": "dst-1", "old": "old-1"}
    Buckets(target, names).create(
        [
            BucketSpec("src", HERE, versioning="Enabled", replicates_to=(Destination("aws", "a/", "dst"),)),
            BucketSpec("dst", HERE, site="aws", versioning="Suspended"),
            BucketSpec("old", HERE, location="us-west-1"),
        ]
    )
    assert target.calls == [
        ("cloudserver", "create_bucket", {"Bucket": "src-1"}),
        ("cloudserver", "put_bucket_versioning", {"Bucket": "src-1", "VersioningConfiguration": {"Status": "Enabled"}}),
        ("aws", "create_bucket", {"Bucket": "dst-1"}),
        ("aws", "put_bucket_versioning", {"Bucket": "dst-1", "VersioningConfiguration": {"Status": "Suspended"}}),
        (
            "cloudserver",
            "create_bucket",
            {"Bucket": "old-1", "CreateBucketConfiguration": {"LocationConstraint": "us-west-1"}},
        ),
        (
            "cloudserver",
            "put_bucket_replication",
            {
                "Bucket": "src-1",
                "ReplicationConfiguration": {
                    "Role": "arn:aws:iam::root:role/r",
                    "Rules": [
                        {
                            "Status": "Enabled",
                            "Prefix": "a/",
                            "Destination": {"Bucket": "arn:aws:s3:::dst-1", "StorageClass": "aws-us-east-1"},
                        }
                    ],
                },
            },
        ),
    ]


def test_destinations_of_one_prefix_make_one_rule() -> None:
    configuration = Buckets(FakeTarget(), {}).configuration(
        (Destination("aws", "a/"), Destination("other", "a/"), Destination("aws", "b/"))
    )
    rules = [(rule["Prefix"], rule["Destination"]) for rule in configuration["Rules"]]
    assert rules == [
        ("a/", {"Bucket": "arn:aws:s3:::remote", "StorageClass": "aws-us-east-1,other"}),
        ("b/", {"Bucket": "arn:aws:s3:::remote", "StorageClass": "aws-us-east-1"}),
    ]


@pytest.mark.parametrize("operation", ["create_bucket", "put_bucket_versioning", "put_bucket_replication"])
def test_a_bucket_that_cannot_be_made_is_told_with_its_line(operation: str) -> None:
    target = FakeTarget()
    target.failures[operation] = client_error("Oops", 500)
    buckets = Buckets(target, {"src": "src-1"})
    with pytest.raises(ScenarioError, match=r"s\.yaml:3: the bucket src cannot be made: .*Oops"):
        buckets.create([BucketSpec("src", HERE, versioning="Enabled", replicates_to=(Destination("aws"),))])


def test_buckets_are_removed_with_all_that_is_in_them() -> None:
    target = FakeTarget()
    buckets = Buckets(target, {"src": "src-1"})
    buckets.create([BucketSpec("src", HERE)])
    client = target.client("cloudserver")
    client.put_object(Bucket="src-1", Key="a", Body=b"")
    client.put_object(Bucket="src-1", Key="b", Body=b"")
    assert buckets.remove() == []
    assert target.buckets["cloudserver"] == {}
    assert buckets.remove() == []


def test_a_target_that_goes_away_takes_its_buckets_with_it() -> None:
    target = FakeTarget()
    target.disposable = True
    buckets = Buckets(target, {"src": "src-1"})
    buckets.create([BucketSpec("src", HERE)])
    assert buckets.remove() == []
    assert list(target.buckets["cloudserver"]) == ["src-1"]


def test_what_replicas_leave_is_removed_where_the_target_stays() -> None:
    target = FakeTarget()
    buckets = Buckets(target, {"src": "src-1"})
    buckets.create([BucketSpec("src", HERE)])
    remote = target.client("aws")
    remote.put_object(Bucket="remote", Key="src-1/a", Body=b"")
    remote.put_object(Bucket="remote", Key="src-2/a", Body=b"")
    assert buckets.remove() == []
    assert list(target.buckets["aws"]["remote"]) == ["src-2/a"]


def test_a_bucket_that_the_scenario_removed_is_no_matter() -> None:
    target = FakeTarget()
    buckets = Buckets(target, {"src": "src-1"})
    buckets.create([BucketSpec("src", HERE)])
    del target.buckets["cloudserver"]["src-1"]
    assert buckets.remove() == []


def test_a_bucket_that_cannot_be_removed_is_a_warning() -> None:
    target = FakeTarget()
    buckets = Buckets(target, {"src": "src-1", "two": "two-1"})
    buckets.create([BucketSpec("src", HERE), BucketSpec("two", HERE)])
    target.failures["delete_bucket"] = client_error("BucketNotEmpty", 409)
    warnings = buckets.remove()
    assert [warning.split(":")[0] for warning in warnings] == [
        "the bucket two-1 is left behind", "the bucket src-1 is left behind",
    ]  # fmt: skip
    assert ("cloudserver", "list_multipart_uploads", {"Bucket": "src-1"}) in target.calls


def test_rules_to_a_cloudserver_name_two_roles_and_its_bucket() -> None:
    destinations = (Destination("aws"), Destination("target", bucket="tgt"), Destination("aws", "a/"))
    configuration = Buckets(FakeTarget(), {"tgt": "tgt-1"}).configuration(destinations)
    assert configuration["Role"] == "arn:aws:iam::root:role/r,two"
    assert [rule["Destination"] for rule in configuration["Rules"]] == [
        {"Bucket": "arn:aws:s3:::tgt-1", "StorageClass": "aws-us-east-1,target"},
        {"Bucket": "arn:aws:s3:::tgt-1", "StorageClass": "aws-us-east-1"},
    ]
