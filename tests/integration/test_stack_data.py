"""``harness up --data``: a stack that goes on where it was, and replicates what it had not replicated, once."""

from __future__ import annotations

import collections
import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_cloudserver import DataFolderError
from harness.stack import Stack
from harness.stack_plan import ROLE, SITE, StackOptions
from support.restarts import Writer, broken_off, s3_client

BUCKET = "src"
RULE = {
    "ID": "all",
    "Prefix": "",
    "Status": "Enabled",
    "Destination": {"Bucket": "arn:aws:s3:::anywhere", "StorageClass": SITE},
}


def make_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket=BUCKET, ReplicationConfiguration={"Role": ROLE, "Rules": [RULE]})


def client_of(facts: dict[str, Any]) -> Any:
    cloudserver = facts["cloudserver"]
    return s3_client(cloudserver["endpoint"], (cloudserver["access_key"], cloudserver["secret_key"]))


def replicas(stack: Stack) -> collections.Counter[tuple[str, str]]:
    """How often each source version is on AWS, by key and version id; delete markers without."""
    return collections.Counter(
        (one["key"], "" if one["marker"] else one["metadata"]["x-amz-meta-scal-version-id"])
        for one in stack.aws_contents()
    )


def sources(s3: Any) -> dict[tuple[str, str], str]:
    """The replication status of every version, by its key on AWS and its id; delete markers left out."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET)
    versions = [version for page in pages for version in page.get("Versions", [])]
    return {
        (f"{BUCKET}/{one['Key']}", one["VersionId"]): s3.head_object(
            Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"]
        )["ReplicationStatus"]
        for one in versions
    }


@pytest.mark.kafka
def test_it_goes_on_where_it_was_and_replicates_nothing_twice(tmp_path: Path) -> None:
    with Stack(StackOptions(data=tmp_path)) as stack:
        s3 = client_of(stack.facts())
        make_bucket(s3)
        for number in range(3):
            s3.put_object(Bucket=BUCKET, Key="k", Body=str(number).encode())
        assert stack.settle(60) == ""
        stack.stop_engine()
        s3.delete_object(Bucket=BUCKET, Key="k")
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"after the marker")
        with pytest.raises(DataFolderError, match="in use by another process"), Stack(StackOptions(data=tmp_path)):
            pass
    with Stack(StackOptions(data=tmp_path)) as stack:
        assert stack.settle(60) == ""
        statuses = sources(client_of(stack.facts()))
        assert list(statuses.values()) == ["COMPLETED"] * 4
        assert replicas(stack) == dict.fromkeys([*statuses, (f"{BUCKET}/k", "")], 1)
        assert stack.fake.unfinished_since == stack.fake.journal.last_sequence + 1


@contextlib.contextmanager
def harness_up(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "harness.cli", "up", "--json", "--data", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            yield process, json.loads(line)
        finally:
            process.kill()


def killed_and_checked(folder: Path, seed: int, rounds: int, dialect: str) -> None:
    chance = random.Random(seed)
    done: list[Writer] = []
    for number in range(rounds):
        with harness_up(folder, "--dialect", dialect) as (process, facts):
            s3 = client_of(facts)
            if number == 0:
                make_bucket(s3)
            done += broken_off(s3, BUCKET, f"round-{number}", chance.uniform(0.2, 1.5), process.kill)
    with Stack(StackOptions(data=folder, dialect=dialect)) as stack:
        s3 = client_of(stack.facts())
        assert sum(writer.check(s3) for writer in done) > 0
        assert stack.settle(120) == ""
        statuses, there = sources(s3), replicas(stack)
        assert set(statuses.values()) == {"COMPLETED"}
        assert statuses.keys() <= there.keys()
        often = {place: count for place, count in there.items() if count > 1 and place[1]}
        # the released routes cannot tell a repetition: a death may leave one for each task that was running
        assert len(often) <= (10 * rounds if dialect == "release" else 0), often


@pytest.mark.kafka
def test_what_a_killed_stack_acknowledged_is_there_and_gets_replicated_once(tmp_path: Path) -> None:
    killed_and_checked(tmp_path, seed=1, rounds=1, dialect="design")


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.parametrize(("dialect", "seed"), [("design", 2), ("design", 3), ("release", 4)])
def test_so_it_is_however_often_it_is_killed(tmp_path: Path, dialect: str, seed: int) -> None:
    killed_and_checked(tmp_path, seed, rounds=4, dialect=dialect)


def test_a_folder_of_somebody_elses_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").touch()
    command = [sys.executable, "-m", "harness.cli", "up", "--data", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert f"{tmp_path} holds other things than data of cloudserver-harness" in ended.stderr
    assert "Traceback" not in ended.stderr
