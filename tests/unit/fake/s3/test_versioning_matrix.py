"""What each state of a bucket's versioning makes of each operation, as a client sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.in_process import Client, Reply, start_fake

NEVER, ENABLED, SUSPENDED = "", "Enabled", "Suspended"
STATES = [NEVER, ENABLED, SUSPENDED]
# decodes, and is no version of anything here
FOREIGN = "3938353030363133303437363339393939393939524730303120203130"


@pytest.fixture
def bart() -> Iterator[Client]:
    with start_fake() as fake:
        client = Client(fake)
        assert client.request("PUT", "/bkt").status == 200
        yield client


def set_state(client: Client, state: str) -> None:
    if state:
        body = f"<VersioningConfiguration><Status>{state}</Status></VersioningConfiguration>"
        assert client.request("PUT", "/bkt", "versioning", body=body).status == 200


def put(client: Client, body: str, key: str = "k") -> str | None:
    """The version id that the answer names."""
    reply = client.request("PUT", f"/bkt/{key}", body=body)
    assert reply.status == 200
    return reply.header("x-amz-version-id")


def get(client: Client, version_id: str | None = None, key: str = "k") -> Reply:
    return client.request("GET", f"/bkt/{key}", "" if version_id is None else f"versionId={version_id}")


def delete(client: Client, version_id: str | None = None, key: str = "k") -> dict[str, str]:
    """What is said of versions; the status is always 204, without a body and its length."""
    reply = client.request("DELETE", f"/bkt/{key}", "" if version_id is None else f"versionId={version_id}")
    assert (reply.status, reply.body, reply.header("content-length")) == (204, b"", None)
    names = {"x-amz-version-id": "version", "x-amz-delete-marker": "marker"}
    return {names[name]: value for name, value in reply.headers if name in names}


def listed(client: Client) -> list[tuple[str, str, str]]:
    """Kind, version id and whether it is the latest; in the order of the listing."""
    reply = client.request("GET", "/bkt", "versions")
    kinds = reply.text.replace("<DeleteMarker>", "<Version>-").split("<Version>")[1:]
    markers = ["marker" if kind.startswith("-") else "version" for kind in kinds]
    return list(zip(markers, reply.elements("VersionId"), reply.elements("IsLatest"), strict=True))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("operation", ["put", "copy", "complete"])
def test_a_new_object(bart: Client, operation: str, state: str) -> None:
    put(bart, "source", "source")
    set_state(bart, state)
    if operation == "put":
        named = put(bart, "new")
    elif operation == "copy":
        reply = bart.request("PUT", "/bkt/k", headers={"x-amz-copy-source": "/bkt/source"})
        named = reply.header("x-amz-version-id")
    else:
        named = complete(bart).header("x-amz-version-id")
    shown = get(bart).header("x-amz-version-id")
    if state == ENABLED:
        assert named == shown
        assert named is not None
    else:
        assert (named, shown) == (None, "null" if state else None)


def complete(client: Client) -> Reply:
    upload_id = client.request("POST", "/bkt/k", "uploads").elements("UploadId")[0]
    etag = client.request("PUT", "/bkt/k", f"uploadId={upload_id}&partNumber=1", body="part").header("etag")
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"
    return client.request("POST", "/bkt/k", f"uploadId={upload_id}", body=body)


@pytest.mark.parametrize(("state", "still_there"), [(NEVER, False), (ENABLED, True), (SUSPENDED, False)])
def test_what_was_written_before_versioning(bart: Client, state: str, still_there: bool) -> None:
    put(bart, "old")
    set_state(bart, state)
    if state:
        assert get(bart).header("x-amz-version-id") == "null"
    put(bart, "new")
    assert get(bart).text == "new"
    assert get(bart, "null").text == ("old" if still_there else "new")
    if still_there:
        assert [version_id for _, version_id, _ in listed(bart)][1:] == ["null"]
        assert [latest for *_, latest in listed(bart)] == ["true", "false"]


@pytest.mark.parametrize(("state", "header"), [(NEVER, None), (SUSPENDED, "null")])
def test_the_null_version_by_name(bart: Client, state: str, header: str | None) -> None:
    set_state(bart, state)
    put(bart, "x")
    reply = get(bart, "null")
    assert (reply.status, reply.header("x-amz-version-id")) == (200, header)


def test_there_may_be_no_null_version(bart: Client) -> None:
    set_state(bart, ENABLED)
    put(bart, "x")
    assert get(bart, "null").error == (404, "NoSuchVersion")


@pytest.mark.parametrize("state", STATES)
def test_a_foreign_version(bart: Client, state: str) -> None:
    set_state(bart, state)
    put(bart, "x")
    assert get(bart, FOREIGN).error == (404, "NoSuchVersion")
    assert get(bart, "").status == 200
    before = listed(bart)
    assert delete(bart, FOREIGN) == {"version": FOREIGN}
    assert listed(bart) == before


def test_an_empty_version_is_the_latest(bart: Client) -> None:
    set_state(bart, ENABLED)
    first = put(bart, "x")
    assert get(bart, "").header("x-amz-version-id") == first
    assert delete(bart, "").keys() == {"marker", "version"}
    assert [entry[:1] for entry in listed(bart)] == [("marker",), ("version",)]


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_delete_without_version(bart: Client, state: str, exists: bool) -> None:
    set_state(bart, state)
    first = put(bart, "x") if exists else None
    said = delete(bart)
    if state == NEVER:
        assert (said, listed(bart)) == ({}, [])
        return
    assert get(bart).error == (404, "NoSuchKey")
    assert get(bart).header("x-amz-delete-marker") == "true"
    if state == SUSPENDED:
        assert said == {"marker": "true", "version": "null"}
        assert listed(bart) == [("marker", "null", "true")]  # the null version is gone, data and all
        return
    assert said.keys() == {"marker", "version"}
    below = [("version", first, "false")] if exists else []
    assert listed(bart) == [("marker", said["version"], "true"), *below]


def test_delete_markers_pile_up_where_they_have_ids(bart: Client) -> None:
    set_state(bart, ENABLED)
    put(bart, "x")
    first, second = delete(bart), delete(bart)
    assert first["version"] != second["version"]
    set_state(bart, SUSPENDED)
    for _ in range(2):  # the null marker stands above the real ones, and is replaced by the next
        assert delete(bart) == {"marker": "true", "version": "null"}
        assert [entry[:2] for entry in listed(bart)][:3] == [
            ("marker", "null"),
            ("marker", second["version"]),
            ("marker", first["version"]),
        ]
    assert len(listed(bart)) == 4


@pytest.mark.parametrize("state", [ENABLED, SUSPENDED])
def test_delete_of_a_version(bart: Client, state: str) -> None:
    set_state(bart, ENABLED)
    older, newer = put(bart, "older"), put(bart, "newer")
    marker = delete(bart)["version"]
    set_state(bart, state)
    assert delete(bart, marker) == {"version": marker, "marker": "true"}
    assert get(bart).text == "newer"
    assert delete(bart, newer) == {"version": newer}
    assert get(bart).text == "older"
    assert delete(bart, older) == {"version": older}
    assert listed(bart) == []


@pytest.mark.parametrize("state", STATES)
def test_delete_of_the_null_version(bart: Client, state: str) -> None:
    put(bart, "x")
    set_state(bart, state)
    for _ in range(2):
        assert delete(bart, "null") == {"version": "null"}
        assert get(bart).error == (404, "NoSuchKey")


TAGGING = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("query", "headers", "body"), [("tagging", {}, TAGGING), ("acl", {"x-amz-acl": "public-read"}, "")]
)
def test_changes_in_place(bart: Client, state: str, query: str, headers: dict[str, Any], body: str) -> None:
    set_state(bart, state)
    named = put(bart, "x")
    expected = named or ("null" if state else None)
    for version in ("", f"&versionId={named or 'null'}"):
        reply = bart.request("PUT", "/bkt/k", f"{query}{version}", headers, body)
        assert (reply.status, reply.header("x-amz-version-id")) == (200, expected)
        reply = bart.request("GET", "/bkt/k", f"{query}{version}")
        assert (reply.status, reply.header("x-amz-version-id")) == (200, expected)
    assert len(listed(bart)) == 1


def test_a_null_version_of_a_suspended_time_stands_where_it_was_written(bart: Client) -> None:
    set_state(bart, ENABLED)
    first = put(bart, "1")
    set_state(bart, SUSPENDED)
    put(bart, "null")
    set_state(bart, ENABLED)
    third = put(bart, "3")
    assert [version_id for _, version_id, _ in listed(bart)] == [third, "null", first]
    assert get(bart, "null").text == "null"


def test_markers_are_not_in_the_plain_listing(bart: Client) -> None:
    set_state(bart, ENABLED)
    put(bart, "x")
    put(bart, "y", "other")
    delete(bart)
    assert bart.request("GET", "/bkt").elements("Key") == ["other"]


def test_a_version_marker_needs_a_key_marker(bart: Client) -> None:
    set_state(bart, ENABLED)
    ids = [put(bart, str(number)) for number in range(3)]
    marked = bart.request("GET", "/bkt", f"versions&version-id-marker={ids[1]}")
    assert marked.elements("VersionId") == list(reversed(ids))
    both = bart.request("GET", "/bkt", f"versions&key-marker=k&version-id-marker={ids[1]}")
    assert (both.elements("VersionId"), both.elements("IsLatest")) == ([ids[0]], ["false"])
    # the next older one where the marker does not exist; nothing of the key where there is none
    assert bart.request("GET", "/bkt", f"versions&key-marker=k&version-id-marker={FOREIGN}").elements("Key") == []
    assert bart.request("GET", "/bkt", "versions&key-marker=k").elements("Key") == []


@pytest.mark.parametrize("version", ["", "versionId", "versionId=", "versionId=null"])
def test_writes_take_no_version(bart: Client, version: str) -> None:
    put(bart, "x")
    upload_id = bart.request("POST", "/bkt/k", "uploads").elements("UploadId")[0]
    for method, query, headers in (
        ("PUT", version, {}),
        ("PUT", version, {"x-amz-copy-source": "/bkt/k", "x-amz-metadata-directive": "REPLACE"}),
        ("POST", f"uploadId={upload_id}" + (f"&{version}" if version else ""), {}),
    ):
        reply = bart.request(method, "/bkt/k", query, headers)
        if version:
            assert (reply.status, reply.message) == (400, "This operation does not accept a version-id.")
        else:
            assert reply.message != "This operation does not accept a version-id."


def test_uploads_ignore_a_version(bart: Client) -> None:
    upload_id = bart.request("POST", "/bkt/k", "uploads&versionId=bad").elements("UploadId")[0]
    query = f"uploadId={upload_id}&versionId=bad"
    assert bart.request("PUT", "/bkt/k", f"{query}&partNumber=1", body="x").status == 200
    assert bart.request("GET", "/bkt/k", query).status == 200
    assert bart.request("DELETE", "/bkt/k", query).status == 204
