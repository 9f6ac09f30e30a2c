"""Engines that come and go in order."""

from __future__ import annotations

import threading

import pytest

from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions


@pytest.mark.kafka
@pytest.mark.parametrize("engine_process", [False, True], ids=["in threads", "in a process"])
def test_an_engine_stopped_while_it_joins_leaves_no_ghost_in_its_group(engine_process: bool) -> None:
    with Stack(StackOptions(engine_process=engine_process)) as stack:
        stack.stop_engine()  # its consumer has only just asked to join
        replication = Replication(stack)
        bucket = replication.bucket()
        replication.cloudserver.put_object(Bucket=bucket, Key="k", Body=b"hello")
        stack.start_engine()
        replication.settle(30)
        assert replication.status(bucket, "k") == "COMPLETED"
        assert len(replication.replicas(bucket, "k")) == 1


@pytest.mark.kafka
def test_what_was_put_while_no_engine_ran_is_replicated_by_the_next() -> None:
    with Stack(StackOptions(engine=False)) as stack:
        replication = Replication(stack)
        bucket = replication.bucket()
        for number in range(20):
            replication.cloudserver.put_object(Bucket=bucket, Key=f"k{number}", Body=b"x" * number)
        stack.start_engine()
        replication.settle(60)
        assert {replication.status(bucket, f"k{number}") for number in range(20)} == {"COMPLETED"}
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("engine")]
