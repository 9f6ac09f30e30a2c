from __future__ import annotations

import dataclasses
import json

import pytest

from fake_cloudserver.metadata.bucket_info import BucketInfo

BUCKET = BucketInfo("bkt", "79a59df9", "Bart", "2026-11-22T20:51:28.538Z", "1d2f5b0c-7d3e-4d31-9f3b-111111111111")


def test_a_new_bucket_is_written_with_all_properties_but_the_two_that_are_absent_until_set() -> None:
    document = BUCKET.to_json()
    assert list(document) == [
        *("acl", "name", "owner", "ownerDisplayName", "creationDate", "mdBucketModelVersion", "transient", "deleted"),
        *("serverSideEncryption", "versioningConfiguration", "locationConstraint", "readLocationConstraint", "cors"),
        *("replicationConfiguration", "lifecycleConfiguration", "bucketPolicy", "uid", "isNFS", "ingestion"),
        *("azureInfo", "objectLockEnabled", "objectLockConfiguration", "notificationConfiguration", "tags"),
        "quotaMax",
    ]
    assert document["mdBucketModelVersion"] == 16
    assert document["acl"]["Canned"] == "private"


def test_every_property_survives_writing_and_reading() -> None:
    values = {
        field.name: [{"Key": field.name}] if field.name in ("tags", "cors") else field.name
        for field in dataclasses.fields(BucketInfo)
    }
    bucket = BucketInfo(**values)  # type: ignore[arg-type]
    document = json.loads(json.dumps(bucket.to_json()))
    assert {"websiteConfiguration", "capabilities"} <= document.keys()
    assert BucketInfo.from_json(document) == bucket


def test_a_document_that_is_no_bucket_is_refused() -> None:
    with pytest.raises(KeyError, match="owner"):
        BucketInfo.from_json({"name": "bkt"})


@pytest.mark.parametrize(
    ("configuration", "status", "configured"),
    [(None, None, False), ({"Status": "Enabled"}, "Enabled", True), ({"Status": "Suspended"}, "Suspended", True)],
)
def test_versioning_has_three_states(
    configuration: dict[str, str] | None, status: str | None, configured: bool
) -> None:
    bucket = dataclasses.replace(BUCKET, versioning_configuration=configuration)
    assert bucket.versioning_status == status
    assert bucket.is_versioning_configured is configured
