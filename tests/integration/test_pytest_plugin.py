"""The fixtures that people who write tests in Python get, used as they would use them: in a session of their own.

A stack of this session's own would live on while other tests run in this process.
"""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


@pytest.mark.kafka
def test_objects_replicate_as_the_rule_says(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_an_object_replicates(cloudserver, aws, replication):
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

        def test_an_object_outside_the_prefix_stays(cloudserver, replication):
            bucket = replication.bucket(prefix="in/")
            cloudserver.put_object(Bucket=bucket, Key="out", Body=b"")
            replication.settle()
            assert replication.status(bucket, "out") is None
            assert replication.replicas(bucket, "out") == []
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_the_plugin_costs_nothing_until_a_fixture_is_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy_was_imported():
            assert not {"boto3", "moto", "kafka", "flask"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
