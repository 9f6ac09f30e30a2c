"""What an AWS behind a whole fake is asked by the multiple-backend routes, request by request."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterator

import pytest

from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import (
    AWS_BUCKET,
    AWS_SITE,
    default_accounts,
    default_config,
    default_locations,
)
from support.aws import Reply, ScriptedRemote, Seen
from support.in_process import BART, Client, start_fake

COMMON = {"x-scal-storage-type": "aws_s3", "x-scal-storage-class": AWS_SITE}
PUT_OBJECT = {**COMMON, "x-scal-canonical-id": BART, "content-md5": hashlib.md5(b"hello").hexdigest()}
COMPLETED = b"<CompleteMultipartUploadResult><ETag>&quot;e-1&quot;</ETag></CompleteMultipartUploadResult>"
PARTS = '[{"PartNumber":[1],"ETag":["e"]}]'


@dataclasses.dataclass
class Stack:
    remote: ScriptedRemote
    client: Client

    def backend(
        self, method: str, operation: str, headers: dict[str, str], body: bytes | str = b"", key: str = "a/k"
    ) -> tuple[int, object]:
        path = f"/_/backbeat/multiplebackenddata/src/{key}"
        reply = self.client.request(method, path, f"operation={operation}", headers, body)
        return reply.status, reply.json

    def seen(self) -> list[tuple[str, str]]:
        """Method and target of each request but the one that every start begins with."""
        return [(seen.method, seen.target) for seen in self.remote.seen if "location" not in seen.target]


def versioned(seen: Seen) -> Reply:
    if seen.method == "HEAD":
        return Reply(headers={"Content-Length": "7", "x-amz-version-id": "DV"})
    return Reply(body=COMPLETED if seen.method == "POST" else b"", headers={"x-amz-version-id": "DV"})


def unversioned(seen: Seen) -> Reply:
    return Reply(body=COMPLETED if seen.method == "POST" else b"")


@contextlib.contextmanager
def start_stack(*, bucket_match: bool) -> Iterator[Stack]:
    with ScriptedRemote() as remote:
        remote.reply = versioned
        locations = default_locations(aws_endpoint=remote.endpoint)
        locations[AWS_SITE]["details"]["bucketMatch"] = bucket_match
        settings = Settings.from_documents(default_config(), locations, default_accounts())
        with start_fake(settings) as fake:
            yield Stack(remote, Client(fake, "replicationKey1"))


@pytest.fixture
def stack() -> Iterator[Stack]:
    with start_stack(bucket_match=True) as made:
        yield made


def test_an_object_arrives_signed_with_version_2_and_marked(stack: Stack) -> None:
    mine = '{"x-amz-meta-a":"b","other-name-color":"blue"}'
    headers = {**PUT_OBJECT, "x-scal-version-id": "V", "x-scal-user-metadata": mine}
    status, answer = stack.backend("PUT", "putobject", headers, b"hello")
    assert status == 200
    element = {"dataStoreName": AWS_SITE, "dataStoreType": "aws_s3", "key": "a/k", "start": 0, "size": 5}
    element |= {"dataStoreETag": f"1:{PUT_OBJECT['content-md5']}", "dataStoreVersionId": "DV"}
    assert answer == {"versionId": "DV", "location": [element]}
    assert stack.seen() == [("PUT", f"/{AWS_BUCKET}/a/k")]
    sent = stack.remote.seen[-1].headers
    assert sent["authorization"].startswith("AWS awsAccessKey:")
    assert {name: value for name, value in sent.items() if name.startswith("x-amz-meta-")} == {
        "x-amz-meta-scal-replication-status": "REPLICA",
        "x-amz-meta-scal-version-id": "V",
        "x-amz-meta-a": "b",
        "x-amz-meta-color": "blue",  # eleven characters are cut off, whatever they are
    }


def test_without_bucket_match_keys_begin_with_the_source_bucket() -> None:
    with start_stack(bucket_match=False) as stack:
        assert stack.backend("PUT", "putobject", PUT_OBJECT, b"hello")[0] == 200
        assert stack.seen() == [("PUT", f"/{AWS_BUCKET}/src/a/k")]


def test_user_metadata_overrides_the_marks(stack: Stack) -> None:
    mine = '{"x-amz-meta-scal-replication-status":"MINE","x-amz-meta-scal-version-id":"MINE"}'
    headers = {**PUT_OBJECT, "x-scal-version-id": "V", "x-scal-user-metadata": mine}
    assert stack.backend("PUT", "putobject", headers, b"hello")[0] == 200
    sent = stack.remote.seen[-1].headers
    assert sent["x-amz-meta-scal-replication-status"] == sent["x-amz-meta-scal-version-id"] == "MINE"


def test_the_size_of_a_completed_upload_is_that_of_the_latest_version(stack: Stack) -> None:
    status, answer = stack.backend("POST", "completempu", {**COMMON, "x-scal-upload-id": "UP1"}, PARTS)
    element = {"dataStoreName": AWS_SITE, "dataStoreType": "aws_s3", "key": "a/k", "start": 0, "size": 7}
    element |= {"dataStoreETag": "e-1", "dataStoreVersionId": "DV"}
    assert (status, answer) == (200, {"versionId": "DV", "location": [element]})
    assert stack.seen() == [("POST", f"/{AWS_BUCKET}/a/k?uploadId=UP1"), ("HEAD", f"/{AWS_BUCKET}/a/k")]


def test_a_remote_without_versions(stack: Stack) -> None:
    stack.remote.reply = unversioned
    status, answer = stack.backend("PUT", "putobject", PUT_OBJECT, b"hello")
    assert isinstance(answer, dict)
    assert (status, answer["code"]) == (503, "ServiceUnavailable")
    assert answer["message"] == "The request has failed due to a temporary failure of the server."
    status, answer = stack.backend("POST", "completempu", {**COMMON, "x-scal-upload-id": "UP1"}, PARTS)
    assert isinstance(answer, dict)
    assert (status, answer["code"]) == (500, "InternalError")
    assert answer["message"] == (
        "Invalid state. Please ensure versioning is enabled in AWS for the location constraint and try again."
    )


def test_what_the_remote_says_is_quoted_by_all_but_putobject(stack: Stack) -> None:
    stack.remote.reply = lambda _: Reply(403, b"<Error><Code>AccessDenied</Code><Message>no way</Message></Error>")
    quoted = "Error returned from AWS: no way"
    hidden = "The request has failed due to a temporary failure of the server."
    for method, operation, headers, message in (
        ("PUT", "putobject", PUT_OBJECT, hidden),
        ("POST", "initiatempu", COMMON, quoted),
        ("DELETE", "abortmpu", {**COMMON, "x-scal-upload-id": "UP1"}, quoted),
        ("DELETE", "deleteobject", COMMON, quoted),
        ("DELETE", "deleteobjecttagging", COMMON, quoted),
    ):
        status, answer = stack.backend(method, operation, headers, b"hello" if operation == "putobject" else b"")
        assert isinstance(answer, dict)
        assert (status, answer["code"], answer["message"]) == (503, "ServiceUnavailable", message)


def test_deletes(stack: Stack) -> None:
    assert stack.backend("DELETE", "deleteobject", COMMON) == (200, {})
    locations = {"Locations": [{"key": "a/k", "dataStoreName": AWS_SITE, "dataStoreVersionId": "DV"}]}
    reply = stack.client.request("POST", "/_/backbeat/batchdelete", body=json.dumps(locations))
    assert (reply.status, reply.body) == (200, b"null")
    assert stack.seen() == [("DELETE", f"/{AWS_BUCKET}/a/k"), ("DELETE", f"/{AWS_BUCKET}/a/k?versionId=DV")]
