"""The stack's AWS lists versions without copying the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto.s3.models import FakeKey

from fake_cloudserver import HttpServer
from harness.aws_server import ACCESS_KEY, SECRET_KEY, create_app, create_bucket
from harness.s3_client import s3_client


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    server = HttpServer(create_app(), "127.0.0.1", 0).start()
    try:
        yield s3_client(server.url, (ACCESS_KEY, SECRET_KEY))
    finally:
        server.stop(grace=0)


def test_the_newest_version_comes_first_and_is_the_latest(aws: Any) -> None:
    create_bucket("listed-newest", versioned=True)
    place = {"Bucket": "listed-newest", "Key": "k"}
    made = [aws.put_object(**place, Body=str(number).encode())["VersionId"] for number in range(5)]
    page = aws.list_object_versions(Bucket="listed-newest", Prefix="k")["Versions"]
    assert [version["VersionId"] for version in page] == made[::-1]
    assert [version["IsLatest"] for version in page] == [True, False, False, False, False]
    aws.delete_object(**place)
    page = aws.list_object_versions(Bucket="listed-newest", Prefix="k")
    assert [marker["IsLatest"] for marker in page["DeleteMarkers"]] == [True]
    assert not any(version["IsLatest"] for version in page["Versions"])


def test_a_listing_keeps_nothing_and_leaves_the_bytes(aws: Any) -> None:
    create_bucket("listed-kept", versioned=True)
    for number in range(20):
        aws.put_object(Bucket="listed-kept", Key=f"{number:02d}", Body=b"x" * 100)
    kept = len(FakeKey.instances_tracked)  # type: ignore[attr-defined]
    assert len(aws.list_object_versions(Bucket="listed-kept")["Versions"]) == 20
    assert len(aws.list_object_versions(Bucket="listed-kept", Prefix="1")["Versions"]) == 10
    assert len(FakeKey.instances_tracked) == kept  # type: ignore[attr-defined]
    assert aws.get_object(Bucket="listed-kept", Key="07")["Body"].read() == b"x" * 100
