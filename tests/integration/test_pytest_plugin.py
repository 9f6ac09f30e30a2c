"""The fixtures that people who write tests in Python get, used as they would use them: in a session of their own.

A stack of this session's own would live on while other tests run in this process.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import pytest_plugin
from harness.replication import Replication

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


@pytest.mark.kafka
@pytest.mark.timeout(300)  # two stacks, on a machine that may have other things to do
def test_the_examples_of_the_page_pass(pytester: pytest.Pytester) -> None:
    page = (Path(__file__).parents[2] / "docs/pytest.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    pytester.makepyfile("\n\n".join(examples))
    pytester.runpytest_subprocess().assert_outcomes(passed=len(examples))


def test_the_page_tells_of_every_fixture_and_method() -> None:
    page = (Path(__file__).parents[2] / "docs/pytest.md").read_text(encoding="utf-8")
    fixtures = [name for name in pytest_plugin.__all__ if not name.startswith("pytest_")]
    methods = [name for name in vars(Replication) if not name.startswith("_")]
    assert [name for name in fixtures if f"| `{name}` |" not in page] == []
    assert [name for name in methods if f"`{name}(" not in page] == []


def test_the_plugin_costs_nothing_until_a_fixture_is_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy_was_imported():
            assert not {"boto3", "moto", "kafka", "flask"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
