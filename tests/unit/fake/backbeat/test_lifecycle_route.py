from __future__ import annotations

from typing import Any

import pytest
from routes_backend import BART, Backend, json_of, make_backend, make_settings

from fake_cloudserver.clock import iso

MD5 = "9dd4e461268c8034f5c8564e155c67a6"
OWNER = {"ID": BART, "DisplayName": "Bart"}


def ask(backend: Backend, query: str, bucket: str = "src", access_key: str = "lifecycleKey1") -> Any:
    return json_of(backend.ask("GET", f"/_/backbeat/lifecycle/{bucket}?{query}", access_key=access_key))


def add(backend: Backend, key: str, **values: Any) -> tuple[str, str]:
    """A version of one byte; its encoded id and its date."""
    described = {"content-length": 1, "content-md5": MD5, "dataStoreName": "us-east-1", **values}
    version_id = backend.add_object("src", key, described)
    return version_id, iso(backend.clock.now())


def entry(key: str, date: str, **more: Any) -> dict[str, Any]:
    return {
        "Key": key,
        "LastModified": date,
        "ETag": f'"{MD5}"',
        "Size": 1,
        "Owner": OWNER,
        "StorageClass": "STANDARD",
        "TagSet": [],
        **more,
    }


def test_current(backend: Backend) -> None:
    version_id, date = add(backend, "a", tags={"k1": "v1", "k2": "v2"})
    add(backend, "b", isDeleteMarker=True)
    found = ask(backend, "list-type=current")
    assert found == {
        "Name": "src",
        "MaxKeys": 1000,
        "MaxScannedLifecycleListingEntries": 10000,
        "IsTruncated": False,
        "Contents": [
            entry(
                "a",
                date,
                TagSet=[{"Key": "k1", "Value": "v1"}, {"Key": "k2", "Value": "v2"}],
                IsLatest=True,
                DataStoreName="us-east-1",
                ListType="current",
                VersionId=version_id,
            )
        ],
    }
    assert list(found) == ["Name", "MaxKeys", "MaxScannedLifecycleListingEntries", "IsTruncated", "Contents"]


def test_current_of_an_unversioned_bucket_has_no_version_ids() -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src", versioning=None)
    backend.add_object("src", "a", versioning=False)
    [found] = ask(backend, "list-type=current")["Contents"]
    assert "VersionId" not in found


def test_current_by_pages(backend: Backend) -> None:
    for key in "abc":
        add(backend, key)
    page = ask(backend, "list-type=current&max-keys=2&prefix=&before-date=2100-01-01T00:00:00.000Z")
    assert [found["Key"] for found in page.pop("Contents")] == ["a", "b"]
    assert page == {
        "Name": "src",
        "Prefix": "",
        "MaxKeys": 2,
        "MaxScannedLifecycleListingEntries": 10000,
        "IsTruncated": True,
        "BeforeDate": "2100-01-01T00:00:00.000Z",
        "NextMarker": "b",
    }
    page = ask(backend, "list-type=current&max-keys=2&marker=b")
    assert [found["Key"] for found in page["Contents"]] == ["c"]
    assert (page["Marker"], page["IsTruncated"]) == ("b", False)
    assert "NextMarker" not in page


def test_noncurrent(backend: Backend) -> None:
    oldest, first = add(backend, "a")
    middle, second = add(backend, "a", isDeleteMarker=True)
    _, third = add(backend, "a")
    more = {"DataStoreName": "us-east-1", "ListType": "noncurrent"}
    page = ask(backend, "list-type=noncurrent")
    assert page["Contents"] == [
        entry("a", second, staleDate=third, VersionId=middle, **more),
        entry("a", first, staleDate=second, VersionId=oldest, **more),
    ]
    page = ask(backend, "list-type=noncurrent&max-keys=1")
    assert (page["IsTruncated"], page["NextKeyMarker"], page["NextVersionIdMarker"]) == (True, "a", middle)
    page = ask(backend, f"list-type=noncurrent&max-keys=1&key-marker=a&version-id-marker={middle}")
    assert [found["VersionId"] for found in page["Contents"]] == [oldest]
    assert (page["KeyMarker"], page["VersionIdMarker"], page["IsTruncated"]) == ("a", middle, False)


def test_noncurrent_null_versions_go_by_that_name(backend: Backend) -> None:
    infinite = "99999999999999999999RG001  "
    md = {"last-modified": "2020-01-01T00:00:00.000Z", "isNull": True, "versionId": infinite}
    backend.server.metadata.put_object("src", "a", md, version_id=infinite)
    add(backend, "a")
    [found] = ask(backend, "list-type=noncurrent")["Contents"]
    assert found["VersionId"] == "null"


def test_a_marker_without_version_id(backend: Backend) -> None:
    """Such a master can be under any bucket that had objects before versioning."""
    for key in "ab":
        backend.add_object("src", key, versioning=False)
    backend.add_object("src", "c")
    add(backend, "c")
    page = ask(backend, "list-type=noncurrent&max-scanned-lifecycle-listing-entries=3")
    while page["IsTruncated"]:
        marker = f"key-marker={page['NextKeyMarker']}&version-id-marker={page.get('NextVersionIdMarker', '')}"
        page = ask(backend, f"list-type=noncurrent&max-scanned-lifecycle-listing-entries=3&{marker}")
    assert [found["Key"] for found in page["Contents"]] == ["c"]


def test_orphans(backend: Backend) -> None:
    version_id, date = add(backend, "a", isDeleteMarker=True)
    add(backend, "b")
    add(backend, "b", isDeleteMarker=True)
    add(backend, "c", isDeleteMarker=True)
    page = ask(backend, "list-type=orphan&max-keys=1")
    assert page["Contents"] == [
        {
            "Key": "a",
            "LastModified": date,
            "Owner": OWNER,
            "VersionId": version_id,
            "IsLatest": True,
            "ListType": "orphan",
        }
    ]
    assert (page["IsTruncated"], page["NextMarker"]) == (True, "a")
    page = ask(backend, "list-type=orphan&max-keys=1&marker=a")
    assert ([found["Key"] for found in page["Contents"]], page["Marker"]) == (["c"], "a")


@pytest.mark.parametrize("list_type", ["current", "noncurrent", "orphan"])
def test_no_keys_wanted(backend: Backend, list_type: str) -> None:
    add(backend, "a")
    page = ask(backend, f"list-type={list_type}&max-keys=0")
    assert (page["MaxKeys"], page["IsTruncated"], page["Contents"]) == (0, False, [])


@pytest.mark.parametrize("list_type", ["current", "noncurrent", "orphan"])
def test_never_more_than_a_thousand_keys(backend: Backend, list_type: str) -> None:
    assert ask(backend, f"list-type={list_type}&max-keys=5000")["MaxKeys"] == 1000


@pytest.mark.parametrize("list_type", ["current", "noncurrent"])
def test_an_excluded_location(backend: Backend, list_type: str) -> None:
    add(backend, "a")
    add(backend, "a")
    for name, count in (("us-east-1", 0), ("us-east-2", 1)):
        page = ask(backend, f"list-type={list_type}&excluded-data-store-name={name}")
        assert len(page["Contents"]) == count


NO_LOCATION = "value of the location you are attempting to set - nope - is not listed in the locationConstraint config"


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("", "BadRequest", "bad request: missing list-type query parameter"),
        ("list-type=", "BadRequest", "bad request: missing list-type query parameter"),
        ("list-type=foo", "BadRequest", "bad request: invalid list-type query parameter: foo"),
        ("list-type=current&max-keys=a", "InvalidArgument", "Invalid Argument"),
        ("list-type=orphan&max-keys=-1", "InvalidArgument", "Invalid Argument"),
        ("list-type=current&max-scanned-lifecycle-listing-entries=a", "InvalidArgument", "Invalid Argument"),
        ("list-type=current&max-scanned-lifecycle-listing-entries=0", "InvalidArgument", "Invalid Argument"),
        ("list-type=current&max-scanned-lifecycle-listing-entries=10001", "InvalidArgument", "Invalid Argument"),
        ("list-type=noncurrent&max-scanned-lifecycle-listing-entries=2", "InvalidArgument", "Invalid Argument"),
        ("list-type=orphan&max-scanned-lifecycle-listing-entries=2", "InvalidArgument", "Invalid Argument"),
        ("list-type=current&excluded-data-store-name=nope", "InvalidLocationConstraint", NO_LOCATION),
        ("list-type=noncurrent&excluded-data-store-name=nope", "InvalidLocationConstraint", NO_LOCATION),
        ("list-type=noncurrent&key-marker=a&version-id-marker=bad", "InvalidArgument", "Invalid Argument"),
    ],
)
def test_refused_queries(backend: Backend, query: str, code: str, text: str) -> None:
    error = backend.refusal("GET", f"/_/backbeat/lifecycle/src?{query}", access_key="lifecycleKey1")
    assert (error.code, error.message) == (code, text)


@pytest.mark.parametrize(("list_type", "least"), [("current", 1), ("noncurrent", 3), ("orphan", 3)])
def test_the_fewest_entries_to_look_at(backend: Backend, list_type: str, least: int) -> None:
    page = ask(
        backend, f"list-type={list_type}&max-scanned-lifecycle-listing-entries={least}&excluded-data-store-name="
    )
    assert page["MaxScannedLifecycleListingEntries"] == least


def test_orphans_know_no_excluded_location(backend: Backend) -> None:
    assert ask(backend, "list-type=orphan&excluded-data-store-name=nope")["Contents"] == []


@pytest.mark.parametrize("list_type", ["noncurrent", "orphan"])
def test_an_unversioned_bucket_has_no_versions(list_type: str) -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src", versioning=None)
    error = backend.refusal("GET", f"/_/backbeat/lifecycle/src?list-type={list_type}")
    assert (error.code, error.message) == ("InvalidRequest", "bucket is not versioned")


@pytest.mark.parametrize(
    ("bucket", "access_key", "code"),
    [
        ("none", "lifecycleKey1", "NoSuchBucket"),
        ("", "lifecycleKey1", "NoSuchBucket"),
        ("src", "accessKey1", None),
        ("src", "replicationKey1", None),
        ("src", "accessKey2", "AccessDenied"),
    ],
)
def test_who_may_list(backend: Backend, bucket: str, access_key: str, code: str | None) -> None:
    if code is None:
        assert ask(backend, "list-type=current", bucket, access_key)["Contents"] == []
    else:
        url = f"/_/backbeat/lifecycle/{bucket}?list-type=current"
        assert backend.refusal("GET", url, access_key=access_key).code == code
