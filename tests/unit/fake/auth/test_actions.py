"""What a request needs, by name."""

from __future__ import annotations

import pytest

from fake_cloudserver.auth.actions import POLICY_NAMES, of_object_creation, of_object_get, of_version, without_version


def test_getting_an_object_needs_its_tags() -> None:
    assert of_object_get(None) == ["objectGet", "objectGetTagging"]
    assert of_object_get("") == ["objectGet", "objectGetTagging"]
    assert of_object_get("null") == ["objectGetVersion", "objectGetTaggingVersion"]


@pytest.mark.parametrize(
    ("headers", "companions"),
    [
        ({}, []),
        ({"x-amz-tagging": "a=b"}, ["objectPutTagging"]),
        ({"x-amz-acl": "private"}, ["objectPutACL"]),
        ({"x-amz-grant-full-control": "id=x"}, ["objectPutACL"]),
        ({"x-amz-grant-write": "id=x"}, []),
        ({"x-amz-object-lock-mode": "GOVERNANCE"}, ["objectPutRetention"]),
        (
            {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-acl": "private", "x-amz-tagging": ""},
            ["objectPutTagging", "objectPutACL", "objectPutRetention"],
        ),
    ],
)
def test_what_headers_add(headers: dict[str, str], companions: list[str]) -> None:
    assert of_object_creation(headers) == ["objectPut", *companions]
    assert of_object_creation(headers, "initiateMultipartUpload") == [
        "initiateMultipartUpload",
        *(name for name in companions if name != "objectPutTagging"),
    ]


def test_versions() -> None:
    assert of_version("objectDelete", None) == "objectDelete"
    assert of_version("objectDelete", "x") == "objectDeleteVersion"
    assert without_version("objectDeleteVersion") == without_version("objectDelete") == "objectDelete"


def test_policy_names() -> None:
    assert POLICY_NAMES["objectHead"] == POLICY_NAMES["objectGet"] == "s3:GetObject"
    assert POLICY_NAMES["bucketHead"] == POLICY_NAMES["bucketGet"] == "s3:ListBucket"
    assert POLICY_NAMES["bucketDeleteCors"] == "s3:PutBucketCORS"
    assert "ReplicateObject" not in POLICY_NAMES
    assert all(name.startswith("s3:") for name in POLICY_NAMES.values())
