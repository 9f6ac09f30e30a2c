from __future__ import annotations

import json

import pytest

from fake_cloudserver.metadata.object_metadata import (
    complete,
    empty_replication_info,
    encoded_version_id,
    is_null,
    location_elements,
    new_object_md,
    user_metadata,
)
from fake_cloudserver.metadata.versioning_request import to_text

# What a real CloudServer stored for a small PUT, without the version id that the store appends.
STORED = (
    '{"owner-display-name":"Bart","owner-id":"79a59df9","cache-control":"max-age=7","content-length":16,'
    '"content-type":"text/plain","content-md5":"4a2854e1f3b2307571b5c3bae21eab8f","content-language":"",'
    '"x-amz-version-id":"null","x-amz-server-version-id":"","x-amz-storage-class":"STANDARD",'
    '"x-amz-server-side-encryption":"","x-amz-server-side-encryption-aws-kms-key-id":"",'
    '"x-amz-server-side-encryption-customer-algorithm":"","x-amz-website-redirect-location":"",'
    '"x-amz-scal-transition-in-progress":false,'
    '"acl":{"Canned":"private","FULL_CONTROL":[],"WRITE_ACP":[],"READ":[],"READ_ACP":[]},"key":"docs/a key",'
    '"location":[{"key":118,"size":16,"start":0,"dataStoreName":"us-east-1","dataStoreETag":"1:4a28"}],'
    '"isDeleteMarker":false,"tags":{"k1":"v1"},"replicationInfo":{"status":"","backends":[],"content":[],'
    '"destination":"","storageClass":"","role":"","storageType":"","dataStoreVersionId":"","isNFS":null},'
    '"dataStoreName":"us-east-1","originOp":"s3:ObjectCreated:Put","deleted":false,"isPHD":false,'
    '"last-modified":"2026-11-22T20:51:28.538Z","md-model-version":6,"x-amz-meta-color":"blue"}'
)


def test_a_document_has_the_properties_of_the_real_one_in_its_order() -> None:
    md = new_object_md(
        {
            "last-modified": "2026-11-22T20:51:28.538Z",
            "originOp": "s3:ObjectCreated:Put",
            "dataStoreName": "us-east-1",
            "tags": {"k1": "v1"},
            "isDeleteMarker": False,
            "location": [{"key": 118, "size": 16, "start": 0, "dataStoreName": "us-east-1", "dataStoreETag": "1:4a28"}],
            "key": "docs/a key",
            "content-md5": "4a2854e1f3b2307571b5c3bae21eab8f",
            "content-type": "text/plain",
            "content-length": 16,
            "cache-control": "max-age=7",
            "expires": None,
            "owner-id": "79a59df9",
            "owner-display-name": "Bart",
        },
        {"x-amz-meta-color": "blue"},
    )
    assert to_text(md) == STORED


def test_a_location_is_null_and_not_absent() -> None:
    assert new_object_md({"last-modified": "now", "location": None})["location"] is None


def test_documents_share_nothing() -> None:
    first, second = (new_object_md({"last-modified": "now"}) for _ in range(2))
    first["acl"]["READ"].append("x")
    first["tags"]["x"] = "y"
    first["replicationInfo"]["backends"].append({})
    assert second["acl"]["READ"] == []
    assert second["tags"] == {}
    assert second["replicationInfo"] == empty_replication_info()


@pytest.mark.parametrize("values", [{"last-modified": "now", "contentLength": 3}, {"key": "k"}])
def test_what_is_no_document_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="metadata"):
        new_object_md(values)


@pytest.mark.parametrize(
    ("md", "null", "shown"),
    [
        ({}, True, "null"),
        ({"isNull": True, "versionId": "98376906954349999999RG001  "}, True, "null"),
        ({"versionId": "98376906954349999999RG001  "}, False, "aJLWKz4Ko9Ij00000000001I4j3QKItW"),
    ],
)
def test_null_versions_are_shown_as_null(md: dict[str, object], null: bool, shown: str) -> None:
    assert is_null(md) is null
    assert encoded_version_id(md) == shown


def test_user_metadata_keeps_its_full_names() -> None:
    assert user_metadata(json.loads(STORED)) == {"x-amz-meta-color": "blue"}


@pytest.mark.parametrize(
    ("location", "elements"), [(None, []), ([{"key": 1}], [{"key": 1}]), ("abc", [{"key": "abc"}]), ([], [])]
)
def test_locations_of_all_model_versions_are_lists_of_elements(location: object, elements: list[object]) -> None:
    assert location_elements({"location": location}) == elements
    assert location_elements({}) == []


def test_a_complete_document_is_left_alone() -> None:
    md = json.loads(STORED)
    assert complete(md) is md


def test_what_a_document_lacks_is_added_and_nothing_is_changed() -> None:
    md = {"owner-id": "o", "tags": {}}
    completed = complete(md)
    assert completed.items() >= md.items()
    assert completed["acl"]["Canned"] == "private"
    assert (completed["content-length"], completed["content-md5"]) == (0, "")
    assert md == {"owner-id": "o", "tags": {}}
    assert complete({})["acl"] is not completed["acl"]
