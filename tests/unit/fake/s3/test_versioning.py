"""Null versions and the versions around them, whatever the bucket went through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from object_client import Client

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.versioning import decode_version_id

INFINITE = "99999999999999999999RG001  "


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("b")
    return client


def keys(client: Client) -> list[str]:
    return list(client.stored("b"))


def test_object_from_before_versioning_becomes_the_oldest_version(client: Client) -> None:
    client.put("b/k", b"zero")
    client.set_versioning("b", "Enabled")
    client.put("b/k", b"one")
    version_id = client.md("b/k")["versionId"]
    assert keys(client) == ["k", f"k|{version_id}", f"k|{INFINITE}"]
    null_version = client.stored("b")[f"k|{INFINITE}"]
    assert (null_version["isNull"], null_version["versionId"]) == (True, INFINITE)
    assert client.md("b/k")["nullVersionId"] == INFINITE
    reply = client.get("b/k", versionId="null")
    assert (reply.body, reply.version_id) == (b"zero", "null")


def test_the_reference_to_the_null_version_is_handed_on(client: Client) -> None:
    client.put("b/k", b"zero")
    client.set_versioning("b", "Enabled")
    client.put("b/k", b"one")
    client.put("b/k", b"two")
    client.delete("b/k")
    assert client.md("b/k")["nullVersionId"] == INFINITE
    assert client.get("b/k", versionId="null").body == b"zero"


def test_suspended_write_is_a_master_alone(client: Client) -> None:
    client.set_versioning("b", "Suspended")
    client.put("b/k", b"a")
    md = client.md("b/k")
    assert (md["isNull"], keys(client)) == (True, ["k"])
    client.put("b/k", b"b")
    assert client.md("b/k")["versionId"] < md["versionId"]
    assert keys(client) == ["k"]
    assert client.data_of(md["location"][0]) is None


def test_suspended_write_keeps_versions_and_replaces_null(client: Client) -> None:
    client.put("b/k", b"zero")
    element = client.md("b/k")["location"][0]
    client.set_versioning("b", "Enabled")
    version_id = client.put("b/k", b"one").version_id
    client.set_versioning("b", "Suspended")
    assert client.put("b/k", b"null").header("x-amz-version-id") is None
    assert client.data_of(element) is None
    assert client.get("b/k", versionId=version_id).body == b"one"
    assert client.get("b/k", versionId="null").body == b"null"
    assert "nullVersionId" not in client.md("b/k")
    assert keys(client) == ["k", f"k|{bytes.fromhex(version_id).decode()}"]


def test_enabled_again_keeps_the_null_version_below(client: Client) -> None:
    client.set_versioning("b", "Suspended")
    client.put("b/k", b"null")
    null_id = client.md("b/k")["versionId"]
    client.set_versioning("b", "Enabled")
    client.put("b/k", b"two")
    assert client.md("b/k")["nullVersionId"] == null_id
    assert client.stored("b")[f"k|{null_id}"]["isNull"] is True
    assert client.get("b/k", versionId="null").body == b"null"
    assert client.delete("b/k", versionId="null").version_id == "null"
    assert client.get("b/k", versionId="null").code == "NoSuchVersion"
    assert client.get("b/k").body == b"two"


def test_deleting_a_null_master_uncovers_the_version_below(client: Client) -> None:
    client.set_versioning("b", "Enabled")
    client.put("b/k", b"one")
    client.set_versioning("b", "Suspended")
    client.put("b/k", b"null")
    client.delete("b/k", versionId="null")
    assert client.get("b/k").body == b"one"


def test_upload_id_of_the_null_version_is_kept(client: Client) -> None:
    client.put("b/k", b"zero")
    md = client.md("b/k") | {"uploadId": "u"}
    client.server.metadata.put_object("b", "k", md)
    client.set_versioning("b", "Enabled")
    client.put("b/k", b"one")
    client.put("b/k", b"two")
    assert client.md("b/k")["nullUploadId"] == "u"


@pytest.mark.parametrize(("text", "expected"), [(None, None), ("", None), ("null", "null"), ("6" * 40, "f" * 20)])
def test_decode_version_id(text: str | None, expected: str | None) -> None:
    assert decode_version_id(text) == expected


@pytest.mark.parametrize("text", ["x", "badid", "x" * 31, "z" * 40, "!" * 32])
def test_undecodable(text: str) -> None:
    with pytest.raises(S3Error) as raised:
        decode_version_id(text)
    assert raised.value.message == "Invalid version id specified"


class Versions(RuleBasedStateMachine):
    """Against a list of versions, newest first: what a client can read of one key is what the model says."""

    def __init__(self) -> None:
        super().__init__()
        self.client = Client()
        self.client.create_bucket("b")
        self.status: str | None = None
        self.model: list[tuple[str, bytes | None]] = []  # (version id or "null", bytes or None for a marker)
        self.count = 0

    @initialize(status=st.sampled_from([None, "Enabled", "Suspended"]))
    def start(self, status: str | None) -> None:
        if status is not None:
            self.change(status)

    @rule(status=st.sampled_from(["Enabled", "Suspended"]))
    def change(self, status: str) -> None:
        self.status = status
        self.client.set_versioning("b", status)

    @rule()
    def put(self) -> None:
        self.count += 1
        body = f"body {self.count}".encode()
        reply = self.client.put("b/k", body)
        self._add(reply.header("x-amz-version-id") or "null", body)

    @rule()
    def delete(self) -> None:
        reply = self.client.delete("b/k")
        assert reply.status == 204
        if self.status is None:
            self._remove("null")
        else:
            self._add(reply.version_id, None)

    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        version_id = data.draw(st.sampled_from(["null", *(version for version, _ in self.model)]))
        reply = self.client.delete("b/k", versionId=version_id)
        assert (reply.status, reply.version_id) == (204, version_id)
        was_marker = dict(self.model).get(version_id, b"") is None
        assert (reply.header("x-amz-delete-marker") == "true") is was_marker
        self._remove(version_id)

    def _add(self, version_id: str, body: bytes | None) -> None:
        self._remove(version_id)
        self.model.insert(0, (version_id, body))

    def _remove(self, version_id: str) -> None:
        self.model = [version for version in self.model if version[0] != version_id]

    @invariant()
    def every_version_reads_as_written(self) -> None:
        for version_id, body in self.model:
            reply = self.client.get("b/k", versionId=version_id)
            if body is None:
                assert reply.code == "MethodNotAllowed"
            else:
                assert reply.body == body
        if "null" not in dict(self.model):
            assert self.client.get("b/k", versionId="null").code == "NoSuchVersion"

    @invariant()
    def the_newest_is_current(self) -> None:
        reply = self.client.get("b/k")
        newest: tuple[str, Any] = self.model[0] if self.model else ("", None)
        if newest[1] is None:
            assert reply.code == "NoSuchKey"
            assert (reply.header("x-amz-delete-marker") == "true") is bool(newest[0])
        else:
            assert reply.body == newest[1]
            assert reply.header("x-amz-version-id") == (newest[0] if self.status else None)


TestVersions = Versions.TestCase
TestVersions.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
