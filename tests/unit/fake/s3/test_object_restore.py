"""POST ?restore: what is refused, what is noted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from object_client import FOREIGN_VERSION, LOCAL, Client, Reply

COLD = "cold"
BODY = b"<RestoreRequest><Days>3</Days></RestoreRequest>"
ARCHIVE = {"archiveInfo": {"archiveId": "a"}}
NOW = "2026-11-22T22:19:31.741Z"


@pytest.fixture
def client() -> Client:
    base = Client()
    locations = dict(base.settings.locations)
    locations[COLD] = dataclasses.replace(locations[LOCAL], name=COLD, is_cold=True)
    client = Client(dataclasses.replace(base.settings, locations=locations))
    client.create_bucket("b")
    client.create_bucket("versioned", versioning="Enabled")
    return client


def archive(client: Client, path: str = "b/k", **archive: Any) -> None:
    """Make the object as the transition to a cold location leaves it."""
    client.put(path)
    bucket, _, key = path.partition("/")
    md = client.md(path)
    md |= {"location": None, "dataStoreName": COLD, "archive": {**ARCHIVE, **archive}}
    client.server.metadata.put_object(bucket, key, md, version_id=md.get("versionId"))


def restore(client: Client, path: str = "b/k", body: bytes = BODY, **options: Any) -> Reply:
    return client.ask("object_restore", path, body, **options)


def test_a_request_is_noted(client: Client) -> None:
    archive(client)
    before = client.md("b/k")
    reply = restore(client)
    assert (reply.status, reply.headers, reply.body) == (202, [], b"")
    after = client.md("b/k")
    assert after["archive"] == {**ARCHIVE, "restoreRequestedAt": NOW, "restoreRequestedDays": 3}
    assert after["originOp"] == "s3:ObjectRestore:Post"
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"archive", "originOp"}


def test_a_version_is_changed_in_place(client: Client) -> None:
    archive(client, "versioned/k")
    internal = client.md("versioned/k")["versionId"]
    client.put("versioned/k", b"newer")
    assert restore(client, "versioned/k", versionId=internal.encode().hex()).status == 202
    assert client.md("versioned/k", internal)["archive"]["restoreRequestedDays"] == 3
    assert client.get("versioned/k").body == b"newer"
    assert len(client.stored("versioned")) == 3


def test_a_second_request_has_to_wait(client: Client) -> None:
    archive(client)
    restore(client)
    reply = restore(client)
    assert (reply.status, reply.code) == (409, "RestoreAlreadyInProgress")


def test_what_is_restored_may_be_kept_longer(client: Client) -> None:
    times = {"restoreRequestedAt": "2026-11-20T00:00:00.000Z", "restoreCompletedAt": "2026-11-21T00:00:00.000Z"}
    archive(client, restoreWillExpireAt="2026-11-24T00:00:00.000Z", restoreRequestedDays=1, **times)
    assert restore(client).status == 200
    stored = client.md("b/k")["archive"]
    assert (stored["restoreRequestedAt"], stored["restoreRequestedDays"]) == (NOW, 3)
    assert stored["restoreCompletedAt"] == times["restoreCompletedAt"]


def test_what_has_expired_cannot_be_prolonged(client: Client) -> None:
    archive(client, restoreCompletedAt="2026-11-21T00:00:00.000Z", restoreWillExpireAt="2026-11-22T00:00:00.000Z")
    assert restore(client).code == "InvalidObjectState"


def test_an_object_that_is_not_archived(client: Client) -> None:
    client.put("b/k")
    reply = restore(client)
    assert (reply.status, reply.code) == (403, "InvalidObjectState")


def test_a_cold_object_without_archive(client: Client) -> None:
    client.put("b/k")
    client.server.metadata.put_object("b", "k", {**client.md("b/k"), "dataStoreName": COLD})
    assert restore(client).code == "InternalError"


def test_objects_that_are_not_there(client: Client) -> None:
    client.put("versioned/k")
    client.delete("versioned/k")
    marker = client.md("versioned/k")["versionId"].encode().hex()
    assert restore(client, "nowhere/k").code == "NoSuchBucket"
    assert restore(client, "b/k", b"").code == "NoSuchKey"
    assert restore(client, "b/k", b"", versionId=FOREIGN_VERSION).code == "NoSuchVersion"
    assert restore(client, "versioned/k", b"").code == "NoSuchKey"
    assert restore(client, "versioned/k", b"", versionId=marker).code == "MethodNotAllowed"
    assert restore(client, "b/k", versionId="x").message == "Invalid version id specified"


def test_restoring_needs_the_right(client: Client) -> None:
    archive(client)
    assert restore(client, as_="Lisa").code == "AccessDenied"
    assert restore(client, as_=None).code == "AccessDenied"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "MalformedXML", "request xml is undefined or empty"),
        (b" ", "MalformedXML", "request xml does not contain RestoreRequest"),
        (b"<Restore/>", "MalformedXML", "request xml does not contain RestoreRequest"),
        (b"<RestoreRequest/>", "MalformedXML", "request xml does not contain RestoreRequest"),
        (
            b"<RestoreRequest><Day/></RestoreRequest>",
            "MalformedXML",
            "request xml does not contain RestoreRequest.Days",
        ),
        (
            b"<RestoreRequest><Days>x</Days></RestoreRequest>",
            "MalformedXML",
            "RestoreRequest.Days is invalid type. [x]",
        ),
        (
            b"<RestoreRequest><Days>0</Days></RestoreRequest>",
            "MalformedXML",
            "RestoreRequest.Days must be greater than 0. [0]",
        ),
        (
            b"<RestoreRequest><Days>1</Days><Tier>Bulk</Tier></RestoreRequest>",
            "NotImplemented",
            "A header you provided implies functionality that is not implemented.",
        ),
        (
            b"<RestoreRequest><Days>1</Days><GlacierJobParameters><Tier>Expedited</Tier></GlacierJobParameters>"
            b"</RestoreRequest>",
            "NotImplemented",
            "A header you provided implies functionality that is not implemented.",
        ),
    ],
)
def test_requests_that_are_refused(client: Client, body: bytes, code: str, message: str) -> None:
    archive(client)
    reply = restore(client, body=body)
    assert (reply.code, reply.message) == (code, message)
    assert client.md("b/k")["archive"] == ARCHIVE


@pytest.mark.parametrize(
    "tier", [b"<Tier>Standard</Tier>", b"<GlacierJobParameters><Tier>Standard</Tier></GlacierJobParameters>"]
)
def test_the_standard_tier(client: Client, tier: bytes) -> None:
    archive(client)
    assert restore(client, body=b"<RestoreRequest><Days>1</Days>" + tier + b"</RestoreRequest>").status == 202
