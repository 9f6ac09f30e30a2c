"""Multipart uploads by boto3 over HTTP, to data of this server and to an S3 behind it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.server import serving
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import AWS_BUCKET, AWS_SITE
from support.aws import moto_s3

MIB = 1024 * 1024
TRANSFER = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=3)
WHOLE = b"".join(bytes([number]) * MIB for number in range(12)) + b"end"


def s3_client(url: str, access_key: str, secret_key: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            connect_timeout=10,
            read_timeout=30,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",  # CloudServer knows no trailers
            response_checksum_validation="when_required",
        ),
    )


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_s3([AWS_BUCKET]) as address:
        yield address


@pytest.fixture
def s3(aws: str) -> Iterator[Any]:
    settings = Settings.default(aws_endpoint=aws)
    with FakeCloudServer(settings) as fake, serving(fake.app) as server:
        client = s3_client(server.url, "accessKey1", "verySecretKey1")
        yield client
        client.close()


def create_bucket(s3: Any, location: str) -> None:
    s3.create_bucket(Bucket="src", CreateBucketConfiguration={"LocationConstraint": location})
    s3.put_bucket_versioning(Bucket="src", VersioningConfiguration={"Status": "Enabled"})


@pytest.mark.parametrize("location", ["us-east-1", AWS_SITE])
def test_managed_upload(s3: Any, location: str) -> None:
    create_bucket(s3, location)
    s3.upload_fileobj(io.BytesIO(WHOLE), "src", "k", ExtraArgs={"Metadata": {"m": "n"}}, Config=TRANSFER)
    head = s3.head_object(Bucket="src", Key="k")
    digests = b"".join(hashlib.md5(WHOLE[start : start + 5 * MIB]).digest() for start in range(0, len(WHOLE), 5 * MIB))
    assert head["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert (head["ContentLength"], head["Metadata"]) == (len(WHOLE), {"m": "n"})
    assert s3.get_object(Bucket="src", Key="k")["Body"].read() == WHOLE
    assert s3.get_object(Bucket="src", Key="k", Range="bytes=-4")["Body"].read() == b"\x0bend"
    assert s3.list_multipart_uploads(Bucket="src").get("Uploads", []) == []


def test_small_parts_are_refused(s3: Any) -> None:
    create_bucket(s3, "us-east-1")
    upload = {"Bucket": "src", "Key": "k"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(PartNumber=number, Body=b"small", **upload)["ETag"]}
        for number in (1, 2)
    ]
    with pytest.raises(ClientError, match="EntityTooSmall"):
        s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts[:1]}, **upload)
    assert s3.get_object(Bucket="src", Key="k")["Body"].read() == b"small"


def test_parts_behind_an_external_location(s3: Any, aws: str) -> None:
    create_bucket(s3, AWS_SITE)
    s3.put_object(Bucket="src", Key="source", Body=b"0123456789")
    upload = {"Bucket": "src", "Key": "copied"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    first = s3.upload_part(PartNumber=1, Body=WHOLE[: 5 * MIB], **upload)["ETag"]
    copy = s3.upload_part_copy(PartNumber=2, CopySource="src/source", CopySourceRange="bytes=2-4", **upload)
    second = copy["CopyPartResult"]["ETag"]
    listed = s3.list_parts(MaxParts=1, **upload)
    assert ([part["ETag"] for part in listed["Parts"]], listed["IsTruncated"]) == ([first], True)
    assert listed["NextPartNumberMarker"] == 1
    listed = s3.list_parts(PartNumberMarker=1, **upload)
    assert [(part["PartNumber"], part["ETag"], part["Size"]) for part in listed["Parts"]] == [(2, second, 3)]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    answer = s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    remote = s3_client(f"http://{aws}", "motoAccess", "motoSecret")
    keys = [one["Key"] for one in remote.list_objects_v2(Bucket=AWS_BUCKET)["Contents"]]
    (key,) = [key for key in keys if key.endswith("copied")]
    stored = remote.get_object(Bucket=AWS_BUCKET, Key=key)
    remote.close()
    assert stored["ETag"] == answer["ETag"]
    assert stored["Body"].read() == WHOLE[: 5 * MIB] + b"234"
    assert s3.get_object(Bucket="src", Key="copied", Range="bytes=5242878-5242882")["Body"].read() == b"\x04\x04234"


def test_abort_behind_an_external_location(s3: Any, aws: str) -> None:
    create_bucket(s3, AWS_SITE)
    upload = {"Bucket": "src", "Key": "given-up"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    s3.upload_part(PartNumber=1, Body=b"x", **upload)
    s3.abort_multipart_upload(**upload)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.list_parts(**upload)
    remote = s3_client(f"http://{aws}", "motoAccess", "motoSecret")
    going_on = remote.list_multipart_uploads(Bucket=AWS_BUCKET).get("Uploads", [])
    remote.close()
    assert going_on == []
