"""Recorded through the proxy, replayed without difference; what is on such a tape, and what is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from fake_cloudserver import serving
from harness.errors import UsageError
from harness.processes import start_child
from harness.s3_client import s3_client
from harness.tape import files
from harness.tape.blobs import Blobs
from harness.tape.model import Tape
from harness.tape.recording import recording_proxies
from harness.tape.replay import Outcome, Player, report
from harness.tape.serve import TapeServer
from harness.tape.signing import KeyPair
from harness.tape.wire import HttpSender
from support.running import fresh

KEYS = ("accessKey1", "verySecretKey1")
PART = b"p" * 5 * 1024 * 1024


def work(client: Any) -> None:
    """What a client of boto3 does of an afternoon, mistakes included."""
    client.create_bucket(Bucket="bucket")
    client.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket="bucket", Key="a b/ü", Body=b"hello", Metadata={"colour": "red"})
    client.put_object(Bucket="bucket", Key="a b/ü", Body=b"again")
    client.get_object(Bucket="bucket", Key="a b/ü", VersionId=first["VersionId"])["Body"].read()
    upload = client.create_multipart_upload(Bucket="bucket", Key="big")["UploadId"]
    named = {"Bucket": "bucket", "Key": "big", "UploadId": upload}
    parts = [
        {"PartNumber": number, "ETag": client.upload_part(PartNumber=number, Body=body, **named)["ETag"]}
        for number, body in ((1, PART), (2, b"the end"))
    ]
    client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **named)
    client.get_object(Bucket="bucket", Key="big", Range="bytes=5242870-5242882")["Body"].read()
    client.head_object(Bucket="bucket", Key="big")
    client.list_object_versions(Bucket="bucket")
    client.delete_object(Bucket="bucket", Key="a b/ü")
    with pytest.raises(botocore.exceptions.ClientError):
        client.get_object(Bucket="bucket", Key="a b/ü")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "big"})
    assert urllib.request.urlopen(url).read() == PART + b"the end"


def replayed(tape: Tape, blobs: Blobs | None = None) -> list[Outcome]:
    pair = KeyPair(*KEYS)
    with fresh() as url:
        return list(
            Player(tape, {"cloudserver": HttpSender(url)}, {}, others={"cloudserver": pair}, blobs=blobs).play()
        )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tapes") / "boto3.tape"
    with fresh() as url, recording_proxies(path, {"cloudserver": url}, with_bodies=True) as urls:
        work(s3_client(urls["cloudserver"], KEYS))
        with pytest.raises(botocore.exceptions.ClientError):
            s3_client(urls["cloudserver"], (KEYS[0], "wrong")).list_buckets()
    return path


@pytest.mark.parametrize("with_blobs", [True, False], ids=["with bodies", "with stand-ins for bodies"])
def test_a_tape_of_boto3_is_replayed_without_difference(recorded: Path, with_blobs: bool) -> None:
    outcomes = replayed(files.load(recorded), Blobs(recorded) if with_blobs else None)

    assert len(outcomes) == 16
    assert report(outcomes) == ""


def test_no_secret_and_no_content_is_on_the_tape(recorded: Path) -> None:
    text = recorded.read_text(encoding="utf-8")

    leaked = [word for word in (*KEYS, "AWS4-HMAC", "X-Amz-Signature=", "Signature=", "hello") if word in text]
    assert leaked == []
    assert {event.request.sign.account for event in files.load(recorded).exchanges if event.request.sign} == {"<key:1>"}


def test_one_changed_answer_is_found(recorded: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.tape"
    changed.write_text(recorded.read_text(encoding="utf-8").replace('"colour","red"', '"colour","blue"'), "utf-8")
    text = recorded.read_text(encoding="utf-8").replace("<IsTruncated>false", "<IsTruncated>true")
    changed.write_text(text, encoding="utf-8")

    difference = report(replayed(files.load(changed)))

    assert 'body/ListVersionsResult/IsTruncated: recorded "true", here "false"' in difference
    assert difference.count("[cloudserver:") == 1


def test_a_tape_answers_as_the_server_did(recorded: Path) -> None:
    with serving(TapeServer(files.load(recorded), "cloudserver", Blobs(recorded))) as server:
        client = s3_client(server.url, KEYS)
        client.create_bucket(Bucket="bucket")
        versions = [client.put_object(Bucket="bucket", Key="a b/ü", Body=b"x")["VersionId"] for _ in range(2)]
        content = client.get_object(Bucket="bucket", Key="a b/ü", VersionId=versions[0])["Body"].read()
        with pytest.raises(botocore.exceptions.ClientError) as once_too_often:
            client.create_bucket(Bucket="bucket")
        with pytest.raises(botocore.exceptions.ClientError) as unknown:
            client.head_bucket(Bucket="buckets")
        with pytest.raises(botocore.exceptions.ClientError) as near:
            client.get_object(Bucket="bucket", Key="bigger")

    assert content == b"hello"
    assert versions[0] != versions[1]
    assert "PUT /bucket was recorded 1 times" in str(once_too_often.value)
    assert unknown.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "GET /bucket/bigger is not on the tape; the closest is GET /bucket/big" in str(near.value)


def test_an_upstream_that_is_gone_breaks_the_connection_and_is_on_the_tape(tmp_path: Path) -> None:
    path = tmp_path / "gone.tape"
    with fresh() as url:
        pass
    with recording_proxies(path, {"cloudserver": url}) as urls, pytest.raises(botocore.exceptions.HTTPClientError):
        s3_client(urls["cloudserver"], KEYS).list_buckets()

    assert [event.response for event in files.load(path).exchanges] == [None]


@pytest.mark.parametrize("url", ["https://s3.example.com", "ftp://a", "http://a/path", "a:80"])
def test_only_plain_http_can_be_recorded(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no http://host:port"), recording_proxies(tmp_path / "t", {"aws": url}):
        pass


def test_the_command_line_records_until_it_is_told_to_end(tmp_path: Path) -> None:
    path = tmp_path / "a.tape"
    with fresh() as url:
        command = [sys.executable, "-m", "harness.cli", "tape", "record", str(path), "--upstream", url, "--json"]
        child = start_child("recorder", command)
        s3_client(child.ready["cloudserver"]["endpoint"], KEYS).create_bucket(Bucket="bucket")
        child.stop()

    tape = files.load(path)
    assert not tape.cut_short
    assert [event.request.path for event in tape.exchanges] == ["/bucket"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("aws") is None, reason="the aws CLI is not installed here")
def test_a_tape_of_the_aws_cli_is_replayed_without_difference(tmp_path: Path) -> None:
    path, source = tmp_path / "cli.tape", tmp_path / "source"
    source.write_bytes(b"q" * 9 * 1024 * 1024)  # in parts, as the CLI has it
    environ = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
    environ |= {"AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": KEYS[1], "AWS_DEFAULT_REGION": "us-east-1"}
    with fresh() as url, recording_proxies(path, {"cloudserver": url}) as urls:
        for command in (["mb", "s3://cli"], ["cp", str(source), "s3://cli/big"], ["ls", "s3://cli"]):
            done = subprocess.run(
                ["aws", "--endpoint-url", urls["cloudserver"], "s3", *command],
                env=environ,
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
            assert done.returncode == 0, done.stderr

    tape = files.load(path)

    assert report(replayed(tape)) == ""
    assert any("partNumber=" in event.request.query for event in tape.exchanges)
    assert [word for word in (*KEYS, "Signature=") if word in path.read_text(encoding="utf-8")] == []
