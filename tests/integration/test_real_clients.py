"""What users of real clients do, against a fake in a process of its own; for each client that this machine has.

The scripts in tests/clients can be run by hand against any endpoint; they say there how to get each client.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.processes import Child, start_child

CLIENTS = Path(__file__).parents[1] / "clients"
KEYS = {"AWS_ACCESS_KEY_ID": "accessKey1", "AWS_SECRET_ACCESS_KEY": "verySecretKey1"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fake() -> Iterator[Child]:
    child = start_child("fake", [sys.executable, "-m", "fake_cloudserver", "--port", "0", "--json"])
    yield child
    child.stop()


def has(program: str) -> bool:
    if program == "aws-sdk for JavaScript":
        check = ["node", "-e", "require('aws-sdk')"]
        return (
            shutil.which("node") is not None and subprocess.run(check, capture_output=True, check=False).returncode == 0
        )
    return shutil.which(program) is not None


@pytest.mark.timeout(330)  # dozens of processes, each of which takes its time to start
@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("aws", ["bash", "aws_cli.sh"]),
        ("s3cmd", ["bash", "s3cmd.sh"]),
        ("rclone", ["bash", "rclone.sh"]),
        ("aws-sdk for JavaScript", ["node", "aws_sdk_v2.js"]),
    ],
)
def test_it_does_its_ordinary_work(fake: Child, program: str, command: list[str]) -> None:
    if not has(program):
        pytest.skip(f"{program} is not installed here")
    environ = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"} | KEYS
    result = subprocess.run(
        [*command, fake.ready["endpoint"]],
        cwd=CLIENTS,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:] + result.stdout[-500:]
    assert result.stdout.splitlines()[-1] == "done"
