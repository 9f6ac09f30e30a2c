"""Replays through a real broker: members of one group that read different topics, and an end between two attempts."""

from __future__ import annotations

import signal

import pytest

from harness.engine.checkpoints import STATUS_REPLAYED
from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions

REPLAYS = {"replayTopics": [{"topicName": "replay-0", "retries": 6}, {"topicName": "replay-1", "retries": 6}]}

pytestmark = pytest.mark.slow


@pytest.mark.kafka
@pytest.mark.parametrize("dialect", ["design", "release"])
def test_half_of_all_attempts_fail_and_everything_arrives(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKBEAT_INJECT_REPLICATION_ERROR_RATE", "50")
    options = StackOptions(dialect=dialect, engine=False, engine_process=True, engine_overrides=REPLAYS)
    with Stack(options) as stack:
        replication = Replication(stack)
        bucket = replication.bucket()
        keys = [f"k{number}" for number in range(12)]
        for key in keys:
            replication.cloudserver.put_object(Bucket=bucket, Key=key, Body=key.encode())
        stack.start_engine(kill_at=STATUS_REPLAYED)
        assert stack.engine_ended(30) == -signal.SIGKILL
        stack.start_engine()
        assert stack.settle(60) == ""
        assert {key: replication.status(bucket, key) for key in keys} == dict.fromkeys(keys, "COMPLETED")
        copies = {key: [one["Body"] for one in replication.replicas(bucket, key)] for key in keys}
        assert {key: set(bodies) for key, bodies in copies.items()} == {key: {key.encode()} for key in keys}
        # the release dialect cannot tell what was copied when it was killed
        assert dialect == "release" or all(len(bodies) == 1 for bodies in copies.values())
        assert stack.queue.read("replay-0")
        assert stack.queue.read("backbeat-replication-failed") == []
