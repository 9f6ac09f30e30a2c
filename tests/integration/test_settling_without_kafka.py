"""Whoever waits for work to be done is told in time when Kafka is away, and nobody can know."""

from __future__ import annotations

import pytest

from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions


@pytest.mark.kafka
@pytest.mark.timeout(120)
@pytest.mark.parametrize("roles", [{}, {"populator": 1, "processor": 1, "status": 1}], ids=["threads", "processes"])
def test_settle_comes_back_while_kafka_is_away_and_works_when_it_is_back(roles: dict[str, int]) -> None:
    with Stack(StackOptions(engine_roles=roles)) as stack:
        replication = Replication(stack)
        bucket = replication.bucket("patient")
        replication.cloudserver.put_object(Bucket=bucket, Key="before", Body=b"one")
        replication.settle(60)
        stack.kafka_down()
        replication.cloudserver.put_object(Bucket=bucket, Key="meanwhile", Body=b"two")
        assert "still at work" in stack.settle(0.5)
        stack.kafka_up()
        replication.settle(60)
        assert replication.status(bucket, "meanwhile") == "COMPLETED"
        assert [copy["Body"] for copy in replication.replicas(bucket, "meanwhile")] == [b"two"]
