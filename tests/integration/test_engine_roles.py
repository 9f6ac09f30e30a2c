"""The engine's roles in processes of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import StackError, UsageError
from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions

# engines of several processes; a busy machine takes its time to start them
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module", params=["design", "release"])
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    roles = {"populator": 1, "processor": 2, "status": 1}
    with Stack(StackOptions(dialect=request.param, engine_roles=roles)) as running:
        yield running


def put(replication: Replication, bucket: str, keys: list[str]) -> None:
    for key in keys:
        replication.cloudserver.put_object(Bucket=bucket, Key=key, Body=key.encode())


def statuses(replication: Replication, bucket: str, keys: list[str]) -> set[str | None]:
    return {replication.status(bucket, key) for key in keys}


def test_each_role_does_its_part_and_the_work_of_one_that_is_killed_goes_to_the_other(stack: Stack) -> None:
    replication = Replication(stack)
    bucket = replication.bucket()
    keys = [f"k{number}" for number in range(20)]
    put(replication, bucket, keys)
    assert stack.kill_role("processor", 1) == 1
    more = [f"m{number}" for number in range(20)]
    put(replication, bucket, more)
    replication.settle(60)
    assert statuses(replication, bucket, keys + more) == {"COMPLETED"}
    stack.start_role("processor")
    assert stack.running_roles("processor") == 2


def test_what_waits_for_a_role_is_done_when_it_comes_back(stack: Stack) -> None:
    replication = Replication(stack)
    bucket = replication.bucket()
    assert stack.stop_role("processor") == 2
    put(replication, bucket, ["k"])
    assert stack.settle(0.5)
    assert replication.status(bucket, "k") == "PENDING"
    stack.start_role("processor", 2)
    replication.settle(60)
    assert replication.status(bucket, "k") == "COMPLETED"


def test_a_second_populator_takes_over_and_nothing_is_replicated_twice(stack: Stack) -> None:
    replication = Replication(stack)
    bucket = replication.bucket()
    stack.start_role("populator")
    keys = [f"k{number}" for number in range(10)]
    put(replication, bucket, keys[:5])
    assert stack.kill_role("populator", 1) == 1
    put(replication, bucket, keys[5:])
    replication.settle(60)
    assert statuses(replication, bucket, keys) == {"COMPLETED"}
    assert [len(replication.replicas(bucket, key)) for key in keys] == [1] * 10


def test_roles_come_and_go_in_processes_only() -> None:
    with Stack() as stack:
        with pytest.raises(StackError, match="runs in this process"):
            stack.kill_role("processor")
        stack.stop_engine()
        with pytest.raises(UsageError, match="no engine role cook"):
            stack.start_role("cook")


def test_a_process_that_waits_for_kafka_ends_in_order(tmp_path: Path) -> None:
    with socket.socket() as nobody:  # bound, and not listening
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        document = {
            "source": {"host": "127.0.0.1", "port": port, "auth": {"accessKey": "a", "secretKey": "s"}},
            "bootstrapList": [],
            "kafka": {"hosts": f"127.0.0.1:{port}"},
        }
        file = tmp_path / "engine.json"
        file.write_text(json.dumps(document))
        argv = [sys.executable, "-m", "harness.cli", "engine", "--settings", str(file), "--role", "status"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert any("trying on" in line for line in process.stderr)
            process.terminate()
            said, _ = process.communicate(timeout=60)
            assert (process.returncode, said) == (0, "")
