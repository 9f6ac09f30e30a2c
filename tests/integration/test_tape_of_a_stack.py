"""A whole stack recorded, and its tape driven into a fresh one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fake_cloudserver import SystemClock
from harness.cli import main
from harness.replication import Replication
from harness.s3_client import client_of
from harness.stack import Stack
from harness.stack_recording import taped
from harness.tape import files
from harness.tape.recorder import Recorder

RECORDED = Path(__file__).parents[2] / "scenarios" / "recorded"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One object that replicates, with a fault on the way; one bucket beside it."""
    path = tmp_path_factory.mktemp("tapes") / "stack.tape"
    recorder = Recorder(SystemClock())
    with Stack(recorder=recorder) as stack, taped(stack, recorder, path, "a test"):
        stack.faults.set({"site": "aws", "operation": "PutObject", "error": "SlowDown", "times": 1})
        replication = Replication(stack)
        bucket = replication.bucket()
        client = client_of(stack.facts()["cloudserver"])
        client.put_object(Bucket=bucket, Key="hello", Body=b"the content of it")
        client.head_object(Bucket=bucket, Key="hello")
        assert stack.settle(60) == ""
        client.head_object(Bucket=bucket, Key="hello")
        client_of(stack.facts()["aws"]).head_object(Bucket=stack.aws.bucket, Key=f"{bucket}/hello")
    return path


def replay(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["tape", "replay", str(path), *arguments])


def test_everything_that_crossed_the_stack_is_on_the_tape(recorded: Path) -> None:
    tape = files.load(recorded)

    assert {event.by for event in tape.exchanges if event.at == "cloudserver"} == {"client", "engine"}
    assert {event.by for event in tape.exchanges if event.at == "aws"} == {"client", "cloudserver"}
    assert {"journal", "status", "send", "take", "commit", "rule", "fault"} <= {fact.kind for fact in tape.facts}
    assert tape.header.dialect == "design"
    assert [fact.what["operation"] for fact in tape.facts if fact.kind == "fault"] == ["PutObject"]


def test_no_secret_is_on_it(recorded: Path) -> None:
    text = recorded.read_text(encoding="utf-8")

    words = ("verySecretKey1", "accessKey1", "replicationKey1", "awsAccessKey1", "awsVerySecretKey1", "AWS4-HMAC")
    assert [word for word in (*words, "Signature=", "the content of it") if word in text] == []


def test_it_is_replayed_into_a_fresh_stack_without_difference(recorded: Path) -> None:
    result = replay(recorded)

    assert result.output.endswith("exchanges played; all as recorded\n")
    assert result.exit_code == 0


def test_an_answer_and_a_status_that_are_others_are_found(recorded: Path, tmp_path: Path) -> None:
    lines = recorded.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(index for index, line in enumerate(lines) if '"new":"COMPLETED"' in line)
    lines[last] = lines[last].replace('"new":"COMPLETED"', '"new":"FAILED"')
    changed = tmp_path / "changed.tape"
    changed.write_text("".join(lines), encoding="utf-8")

    result = replay(changed)

    assert ": recorded FAILED, here COMPLETED" in result.output
    assert result.exit_code == 1


def test_a_recording_of_the_real_cloudserver_is_replayed_by_name() -> None:
    result = replay(RECORDED / "crr-aws.tape")

    assert result.output == "304 exchanges played; all as recorded\n"
    assert result.exit_code == 0


def test_the_first_difference_is_shown_with_what_is_around_it(tmp_path: Path) -> None:
    header, *events = (RECORDED / "crr-aws.tape").read_text(encoding="utf-8").splitlines()
    short = [json.loads(line) for line in events[:8]]
    short[2]["res"]["status"] = 201
    (tmp_path / "config").symlink_to(RECORDED / "config")
    path = tmp_path / "short.tape"
    path.write_text("".join(f"{line}\n" for line in (header, *map(json.dumps, short))), encoding="utf-8")

    result = replay(path)

    assert "status: recorded 201, here 400" in result.output
    assert "> 3 client → cloudserver: put-replication" in result.output
    assert result.output.count("client → cloudserver") == 8
    assert result.exit_code == 1


def test_a_tape_that_is_none_is_refused_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.tape"
    path.write_text('{"tape":7}\n', encoding="utf-8")

    result = replay(path)

    assert result.exit_code == 2
    assert result.output == f"harness: {path}: line 1: a tape of version 7; this harness reads version 1\n"
