"""The fixtures that people who write tests in Python get, used as they would use them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.replication import Replication

pytest_plugins = ["pytester"]


def test_an_object_replicates(cloudserver: Any, aws: Any, replication: Replication) -> None:
    bucket = replication.bucket()
    put = cloudserver.put_object(Bucket=bucket, Key="k", Body=b"hello", Metadata={"colour": "blue"})
    replication.settle()
    assert replication.status(bucket, "k") == "COMPLETED"
    (replica,) = replication.replicas(bucket, "k")
    assert replica["Body"] == b"hello"
    assert replica["Metadata"] == {
        "colour": "blue",
        "scal-replication-status": "REPLICA",
        "scal-version-id": put["VersionId"],
    }
    head = aws.head_object(Bucket=replication.aws_bucket, Key=f"{bucket}/k")
    assert head["VersionId"] == replica["VersionId"]


def test_an_object_outside_the_prefix_stays(cloudserver: Any, replication: Replication) -> None:
    bucket = replication.bucket(prefix="in/")
    cloudserver.put_object(Bucket=bucket, Key="out", Body=b"")
    replication.settle()
    assert replication.status(bucket, "out") is None
    assert replication.replicas(bucket, "out") == []


def test_the_plugin_costs_nothing_until_a_fixture_is_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy_was_imported():
            assert not {"boto3", "moto", "kafka", "flask"} & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess("-p", "harness.pytest_plugin")
    result.assert_outcomes(passed=1)
