"""The commands that leave tapes and play them, as people call them."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from harness.s3_client import client_of, s3_client
from harness.tape import files
from harness.tape.recording import recording_proxies
from support.running import fresh, running

KEYS = ("accessKey1", "verySecretKey1")
SECRETS = ("verySecretKey1", "accessKey1", "awsVerySecretKey1", "AWS4-HMAC", "Signature=", "not for the tape")

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def done(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=170, check=False)


def leaked(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [word for word in SECRETS if word in text]


def replicate(facts: dict[str, Any]) -> None:
    """A bucket with a rule, and an object until it has arrived; the journal tells, which no tape of clients holds."""
    client = client_of(facts["cloudserver"])
    client.create_bucket(Bucket="bucket")
    client.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "Status": "Enabled",
        "Prefix": "",
        "Destination": {"Bucket": "arn:aws:s3:::anywhere", "StorageClass": "aws-us-east-1"},
    }
    role = "arn:aws:iam::root:role/s3-replication-role"
    client.put_bucket_replication(Bucket="bucket", ReplicationConfiguration={"Role": role, "Rules": [rule]})
    client.put_object(Bucket="bucket", Key="k", Body=b"not for the tape")
    log = f"{facts['journal']['endpoint']}/_/raft_sessions/1/log?begin=1&limit=1000"
    while b'\\"status\\":\\"COMPLETED\\"' not in urllib.request.urlopen(log).read():
        pass
    client.head_object(Bucket="bucket", Key="k")


def test_a_stack_records_what_happens_and_another_one_does_the_same(tmp_path: Path) -> None:
    path = tmp_path / "bug.tape"
    with running("up", "--record", str(path), "--json") as (_, facts):
        replicate(facts)

    tape = files.load(path)
    assert not tape.cut_short
    assert {event.by for event in tape.exchanges if event.at == "cloudserver"} == {"client", "engine"}
    assert leaked(path) == []

    replayed = done("tape", "replay", str(path))
    assert replayed.stdout.endswith("exchanges played; all as recorded\n"), replayed.stdout + replayed.stderr
    assert replayed.returncode == 0


SCENARIO = """\
scenario: {title}
buckets: {{src: {{versioning: Enabled, replicates_to: aws}}}}
steps:
  - put_object: {{Bucket: src, Key: k, Body: not for the tape}}
  - settle
  - head_object: {{Bucket: src, Key: k}}
    expect: {{ReplicationStatus: {status}}}
"""


@pytest.mark.parametrize(("option", "kept"), [((), ["it-fails"]), (("--record-all",), ["it-fails", "it-passes"])])
def test_runs_leave_tapes(tmp_path: Path, option: tuple[str, ...], kept: list[str]) -> None:
    for title, status in (("it passes", "COMPLETED"), ("it fails", "FAILED")):
        text = SCENARIO.format(title=title, status=status)
        (tmp_path / f"{title.replace(' ', '-')}.yaml").write_text(text, encoding="utf-8")

    ran = done("run", ".", "--record", "tapes", *option, "--jobs", "1", "--seed", "3", cwd=tmp_path)

    assert ran.returncode == 1, ran.stdout + ran.stderr
    tapes = sorted((tmp_path / "tapes").iterdir())
    assert [tape.name.rpartition("-")[0] for tape in tapes] == kept
    assert {tape.suffix for tape in tapes} == {".tape"}
    assert [leaked(tape) for tape in tapes] == [[] for _ in tapes]
    assert "its tape is tapes/it-fails-" in ran.stdout
    assert {"send", "take", "status"} <= {fact.kind for fact in files.load(tapes[0]).facts}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tape of a CloudServer alone."""
    path = tmp_path_factory.mktemp("tapes") / "cloudserver.tape"
    with fresh() as url, recording_proxies(path, {"cloudserver": url}) as urls:
        work(s3_client(urls["cloudserver"], KEYS))
    return path


def work(client: Any) -> None:
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="k", Body=b"not for the tape")
    client.head_object(Bucket="bucket", Key="k")


def test_a_tape_is_compared_with_a_server_that_runs(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh() as url:
        nobody = done("tape", "replay", str(recorded), "--target", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
        same = done("tape", "replay", str(recorded), "--target", url)
        versioned = {"Bucket": "bucket", "VersioningConfiguration": {"Status": "Enabled"}}
        s3_client(url, KEYS).put_bucket_versioning(**versioned)
        other = done("tape", "replay", str(recorded), "--target", url)

    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "AWS_ACCESS_KEY_ID" in nobody.stderr
    assert (same.returncode, same.stdout) == (0, "3 exchanges played; all as recorded\n"), same.stderr
    assert other.returncode == 1
    assert "header x-amz-version-id: recorded null" in other.stdout


def test_a_server_that_is_not_there_is_told(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh() as url:
        pass
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    told = done("tape", "replay", str(recorded), "--target", url)

    assert told.returncode == 1
    assert "status: recorded 200, here no answer" in told.stdout
    assert told.stderr == ""


def test_a_tape_answers_in_place_of_the_server(recorded: Path) -> None:
    with running("tape", "serve", str(recorded), "--json") as (_, facts):
        client = s3_client(str(facts["cloudserver"]["endpoint"] if "cloudserver" in facts else facts["endpoint"]), KEYS)
        work(client)
        with pytest.raises(botocore.exceptions.ClientError) as unknown:
            client.list_buckets()

    assert unknown.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
