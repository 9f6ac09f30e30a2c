"""``harness up --docker``, for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from docker_engine import DockerEngine

from harness.s3_client import s3_client
from harness.stack_plan import ROLE, SITE

COMMAND = [sys.executable, "-m", "harness.cli", "up", "--docker", "--json"]


def containers() -> list[str]:
    listed = subprocess.run(["docker", "ps", "--all", "--quiet"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


@pytest.mark.docker
@pytest.mark.timeout(2400)
def test_an_object_replicates_and_ctrl_c_removes_the_containers(
    host_engine: DockerEngine, image_names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_DOCKER_NETWORK", "host")
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            facts = json.loads(process.stdout.readline())
            assert len(containers()) == 2
            replicate(facts)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert containers() == []


def replicate(facts: dict[str, dict[str, str]]) -> None:
    source, aws = facts["cloudserver"], facts["aws"]
    client = s3_client(source["endpoint"], (source["access_key"], source["secret_key"]))
    client.create_bucket(Bucket="source")
    client.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
    rule = {"ID": "all", "Prefix": "", "Status": "Enabled"}
    destination = {"Bucket": "arn:aws:s3:::anywhere", "StorageClass": SITE}
    rules = {"Role": ROLE, "Rules": [{**rule, "Destination": destination}]}
    client.put_bucket_replication(Bucket="source", ReplicationConfiguration=rules)
    client.put_object(Bucket="source", Key="hello", Body=b"hello")
    there = s3_client(aws["endpoint"], (aws["access_key"], aws["secret_key"]))
    there.get_waiter("object_exists").wait(
        Bucket=aws["bucket"], Key="source/hello", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert there.get_object(Bucket=aws["bucket"], Key="source/hello")["Body"].read() == b"hello"


@pytest.mark.docker
@pytest.mark.timeout(2400)
def test_an_image_that_is_nowhere_is_named_with_what_to_do(
    host_engine: DockerEngine, image_names: dict[str, str]
) -> None:
    environ = {**os.environ, "HARNESS_IMAGE": "nobody-built-this:1"}
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=600, env=environ)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("harness: there is no image nobody-built-this:1, and it cannot be fetched: `docker build")
