"""``fake-cloudserver --data``: what was acknowledged is there again, however the process ended."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_cloudserver import FakeCloudServer, serving
from support.restarts import Writer, broken_off, s3_client, seen_of

KEYS = ("accessKey1", "verySecretKey1")
BUCKET = "kept"
BIG = b"0123456789abcdef" * 80_000
RULE = {
    "ID": "all",
    "Prefix": "",
    "Status": "Enabled",
    "Destination": {"Bucket": "arn:aws:s3:::anywhere", "StorageClass": "aws-us-east-1"},
}
LIFECYCLE = {"ID": "old", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 3}}
ALLOWED = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
POLICY = {"Version": "2012-10-17", "Statement": [ALLOWED]}
REPLICATION = {"Role": "arn:aws:iam::root:role/s3-replication-role", "Rules": [RULE]}


@contextlib.contextmanager
def client_of_a_fake(folder: Path) -> Iterator[Any]:
    with FakeCloudServer(folder=folder) as fake, serving(fake.app) as server:
        yield s3_client(server.url, KEYS)


def fill(s3: Any) -> tuple[str, str]:
    """Something of everything; upload id and part's ETag of a multipart upload that is left in the middle."""
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="null", Body=b"from before versioning")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket=BUCKET, ReplicationConfiguration=REPLICATION)
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "Ä"}]})
    s3.put_bucket_cors(
        Bucket=BUCKET, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    )
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [LIFECYCLE]})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(POLICY))
    s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    for body in (b"one", b"", BIG):
        s3.put_object(Bucket=BUCKET, Key="a/é \u2603", Body=body, Metadata={"n": str(len(body))}, Tagging="k=v")
    s3.put_object(Bucket=BUCKET, Key="gone", Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key="gone")
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "null"})
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts", Metadata={"of": "an upload"})["UploadId"]
    etag = s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=2, Body=BIG)["ETag"]
    return upload, etag


def test_buckets_versions_markers_tags_and_uploads_are_as_they_were(tmp_path: Path) -> None:
    with client_of_a_fake(tmp_path) as s3:
        upload, etag = fill(s3)
        before = seen_of(s3, BUCKET)
    with client_of_a_fake(tmp_path) as s3:
        after = seen_of(s3, BUCKET)
        assert len(after["versions"]) == 6
        assert after == before
        # and it goes on where it was
        parts = {"Parts": [{"PartNumber": 2, "ETag": etag}]}
        s3.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload=parts)
        newest = s3.put_object(Bucket=BUCKET, Key="a/é \u2603", Body=b"newer")["VersionId"]
    with client_of_a_fake(tmp_path) as s3:
        assert s3.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == BIG
        assert s3.head_object(Bucket=BUCKET, Key="parts")["Metadata"]["of"] == "an upload"
        assert s3.head_object(Bucket=BUCKET, Key="a/é \u2603")["VersionId"] == newest
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_deleted_bucket_comes_back_empty(tmp_path: Path) -> None:
    with client_of_a_fake(tmp_path) as s3:
        for bucket in ("two", "three"):
            s3.create_bucket(Bucket=bucket)
        s3.delete_bucket(Bucket="three")
    with client_of_a_fake(tmp_path) as s3:
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["two"]
        s3.create_bucket(Bucket="three")
        assert "Contents" not in s3.list_objects_v2(Bucket="three")


def test_without_a_folder_everything_is_gone_with_it() -> None:
    for _ in range(2):
        with FakeCloudServer() as fake, serving(fake.app) as server:
            s3 = s3_client(server.url, KEYS)
            assert s3.list_buckets()["Buckets"] == []
            s3.create_bucket(Bucket=BUCKET)


@contextlib.contextmanager
def fake_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    command = [sys.executable, "-m", "fake_cloudserver", "--port", "0", "--json", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, s3_client(json.loads(process.stdout.readline())["endpoint"], KEYS)
        finally:
            process.kill()


def killed_and_checked(folder: Path, seed: int, rounds: int) -> int:
    """Writers at work when the process is killed, round after round; how many versions were acknowledged."""
    chance = random.Random(seed)
    done: list[Writer] = []
    for number in range(rounds):
        with fake_process(folder) as (process, s3):
            if number == 0:
                s3.create_bucket(Bucket=BUCKET)
                s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
            done += broken_off(s3, BUCKET, f"round-{number}", chance.uniform(0.1, 1.0), process.kill)
    with fake_process(folder) as (_, s3):
        counted = sum(writer.check(s3) for writer in done)
        total = sum(
            len(page.get("Versions", [])) for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET)
        )
    certain = sum(len(writer.acknowledged.keys() - writer.uncertain) for writer in done)
    # what each writer was not answered at the end may be there, or not
    assert certain <= total <= counted + len(done)
    return counted


@pytest.mark.parametrize("seed", [1])
def test_nothing_that_was_acknowledged_is_lost_when_it_is_killed(tmp_path: Path, seed: int) -> None:
    assert killed_and_checked(tmp_path, seed, rounds=1) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_nor_when_it_is_killed_many_times(tmp_path: Path, seed: int) -> None:
    assert killed_and_checked(tmp_path, seed, rounds=8) > 100


def test_two_processes_cannot_have_one_folder(tmp_path: Path) -> None:
    with FakeCloudServer(folder=tmp_path):
        command = [sys.executable, "-m", "fake_cloudserver", "--port", "0", "--data", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 1
        assert f"{tmp_path} is in use by another process" in second.stderr
        assert "Traceback" not in second.stderr
