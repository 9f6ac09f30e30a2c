"""Requests are told apart as botocore names them: each of its operations, made by botocore itself, is recognised."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from harness.faults.operations import known, occasion_of


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("PUT", "/b", {}, "CreateBucket"),
        ("GET", "/b?list-type=2&prefix=", {}, "ListObjectsV2"),
        ("GET", "/b?prefix=x", {}, "ListObjects"),
        ("GET", "/b?versions", {}, "ListObjectVersions"),
        ("GET", "/b?replication", {}, "GetBucketReplication"),
        ("GET", "/b?lifecycle", {}, "GetBucketLifecycleConfiguration"),
        ("POST", "/b?delete", {}, "DeleteObjects"),
        ("PUT", "/b/k", {}, "PutObject"),
        ("PUT", "/b/k", {"x-amz-copy-source": "b/o"}, "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {"x-amz-copy-source": "b/o"}, "UploadPartCopy"),
        ("POST", "/b/k?uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b/k?uploadId=u", {}, "CompleteMultipartUpload"),
        ("DELETE", "/b/k?uploadId=u", {}, "AbortMultipartUpload"),
        ("DELETE", "/b/k?versionId=v", {}, "DeleteObject"),
        ("GET", "/b/k?versionId=v", {}, "GetObject"),
        ("GET", "/b/k?uploadId=u", {}, "ListParts"),
        ("PUT", "/b/k?tagging", {}, "PutObjectTagging"),
        ("PATCH", "/b/k", {}, "PATCH"),
        ("PUT", "/_/backbeat/multiplebackenddata/b/k?operation=putobject", {}, "multiplebackenddata:putobject"),
        (
            "DELETE",
            "/_/backbeat/multiplebackenddata/b/k?operation=deleteobject",
            {},
            "multiplebackenddata:deleteobject",
        ),
        ("GET", "/_/backbeat/metadata/b/k?versionId=v", {}, "metadata:get"),
        ("PUT", "/_/backbeat/data/b/k?versionId=v", {}, "data:put"),
        ("GET", "/_/healthcheck", {}, "internal:get"),
    ],
)
def test_operation(method: str, target: str, headers: dict[str, str], operation: str) -> None:
    assert occasion_of("aws", method, target, headers).operation == operation
    assert ":" in operation or operation in known() or operation == method


@pytest.mark.parametrize("target", ["/b%2Fc/k%20x/y", "/_/backbeat/metadata/b%2Fc/k%20x/y"])
def test_bucket_and_key_are_decoded(target: str) -> None:
    occasion = occasion_of("cloudserver", "PUT", target, {})
    assert (occasion.bucket, occasion.key) == ("b/c", "k x/y")


@functools.cache
def _requests() -> dict[str, Any]:
    """One request of every S3 operation that has no other requirement than a bucket and a key."""
    from botocore.session import get_session

    model = get_session().get_service_model("s3")
    found = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        needed = operation.input_shape.required_members if operation.input_shape else []
        if not operation.deprecated and set(needed) <= {"Bucket", "Key"} and operation.http["requestUri"] != "/":
            found[name] = operation.http
    return found


@pytest.mark.parametrize("name", sorted(_requests()))
def test_every_operation_of_botocore_is_recognised(name: str) -> None:
    http = _requests()[name]
    target = http["requestUri"].replace("{Bucket}", "b").replace("{Key+}", "k")
    seen = occasion_of("aws", http["method"], target, {}).operation
    assert seen == name or _same_line(seen, name)


def _same_line(one: str, other: str) -> bool:
    """Operations that one request line may mean, such as getting and listing configurations."""
    requests = _requests()
    return one in requests and requests[one] == requests[other]
