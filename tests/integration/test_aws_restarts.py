"""The stack's AWS in a folder: what it acknowledged is there again, ids and all, however it ended."""

from __future__ import annotations

import contextlib
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.aws_pickles import from_bytes, to_bytes
from harness.aws_server import ACCESS_KEY, SECRET_KEY
from harness.errors import StackError
from harness.processes import Child, start_module
from support.restarts import Writer, broken_off, s3_client, seen_of

BUCKET = "aws-target"
MIB = 1024 * 1024


@contextlib.contextmanager
def aws(folder: Path) -> Iterator[tuple[Child, Any]]:
    child = start_module("AWS", "harness.aws_server", [f"--bucket={BUCKET}", "--data", str(folder)])
    try:
        yield child, s3_client(child.ready["endpoint"], (ACCESS_KEY, SECRET_KEY))
    finally:
        child.kill()


def fill(s3: Any) -> tuple[str, str]:
    """Something of everything; upload id and part's ETag of a multipart upload that is left in the middle."""
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "Ä"}]})
    s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={
            "Rules": [{"ID": "old", "Filter": {"Prefix": "a"}, "Status": "Enabled", "Expiration": {"Days": 3}}]
        },
    )
    versions = []
    for body in (b"one", b"", b"x" * MIB):
        answer = s3.put_object(
            Bucket=BUCKET, Key="a/é \u2603", Body=body, Metadata={"n": str(len(body))}, Tagging="k=v&l=w"
        )
        versions.append(answer["VersionId"])
    first = {"Bucket": BUCKET, "Key": "a/é \u2603", "VersionId": versions[0]}
    s3.put_object_tagging(**first, Tagging={"TagSet": [{"Key": "only", "Value": "the first"}]})
    for key in ("gone", "deleted", "gone as one of many"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    s3.delete_object(Bucket=BUCKET, Key="gone")
    many = [{"Key": "gone as one of many"}, {"Key": "a/é \u2603", "VersionId": versions[1]}]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": many})
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "deleted"})
    whole = s3.create_multipart_upload(Bucket=BUCKET, Key="whole", Metadata={"of": "parts"})["UploadId"]
    parts = []
    for number, body in ((1, b"1" * 5 * MIB), (2, b"2")):
        answer = s3.upload_part(Bucket=BUCKET, Key="whole", UploadId=whole, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3.complete_multipart_upload(Bucket=BUCKET, Key="whole", UploadId=whole, MultipartUpload={"Parts": parts})
    aborted = s3.create_multipart_upload(Bucket=BUCKET, Key="aborted")["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key="aborted", UploadId=aborted, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="aborted", UploadId=aborted)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts", Metadata={"of": "an upload"})["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=2, Body=b"will be replaced")
    etag = s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=2, Body=b"part")["ETag"]
    s3.create_bucket(Bucket="another")
    s3.put_object(Bucket="another", Key="unversioned", Body=b"1")
    s3.put_object(Bucket="another", Key="unversioned", Body=b"2")
    s3.create_bucket(Bucket="deleted")
    s3.delete_bucket(Bucket="deleted")
    return upload, etag


def test_what_it_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    with aws(tmp_path) as (child, s3):
        upload, etag = fill(s3)
        before = [seen_of(s3, bucket) for bucket in (BUCKET, "another")]
        dumped = child.ask(f"dump {BUCKET}")
    with aws(tmp_path) as (child, s3):
        assert [seen_of(s3, bucket) for bucket in (BUCKET, "another")] == before
        assert child.ask(f"dump {BUCKET}") == dumped
        assert len(before[0]["versions"]) == 7
        # each version and part has a file, and nothing else has
        assert len(list((tmp_path / "bodies").iterdir())) == 7 + 1 + 1
        # and it goes on where it was
        parts = {"Parts": [{"PartNumber": 2, "ETag": etag}]}
        s3.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload=parts)
        s3.put_object(Bucket=BUCKET, Key="whole", Body=b"newer")
        s3.delete_object(Bucket="another", Key="unversioned")
        s3.delete_bucket(Bucket="another")
        left = seen_of(s3, BUCKET)
    with aws(tmp_path) as (_, s3):
        assert seen_of(s3, BUCKET) == left
        assert s3.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == b"part"
        assert s3.head_object(Bucket=BUCKET, Key="parts")["Metadata"] == {"of": "an upload"}
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]


def killed_and_checked(folder: Path, seed: int, rounds: int) -> int:
    chance = random.Random(seed)
    done: list[Writer] = []
    for number in range(rounds):
        with aws(folder) as (child, s3):
            done += broken_off(s3, BUCKET, f"round-{number}", chance.uniform(0.1, 1.0), child.kill)
    with aws(folder) as (_, s3):
        return sum(writer.check(s3) for writer in done)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
def test_nothing_that_was_acknowledged_is_lost_when_it_is_killed(tmp_path: Path, seed: int) -> None:
    assert killed_and_checked(tmp_path, seed, rounds=4) > 40


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").touch()
    with pytest.raises(StackError, match=r"holds other things than data of AWS of moto \d+\.\d+"), aws(tmp_path):
        pass


class Harmful:
    def __reduce__(self) -> Any:
        return print, ("done",)


def test_a_folder_runs_no_code_of_its_own() -> None:
    from moto.s3.models import FakeKey

    key = FakeKey("k", b"v", "123456789012", "us-east-1")
    again = from_bytes(to_bytes(key))
    assert again.name == "k"
    again.dispose()
    key._metadata["x"] = Harmful()
    data = to_bytes(key)
    key.dispose()
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.print is no part of a bucket"):
        from_bytes(data)
