from __future__ import annotations

import hashlib

import pytest
from routes_backend import BART, Backend, json_of, make_backend, make_settings
from scripted_remote import REFUSED

from fake_cloudserver.backbeat import router
from fake_cloudserver.locations.base import LocationError
from fake_cloudserver.request import Answer

BODY = b"hello crr world\n"
HEADERS = {
    "x-scal-replication-storage-type": "aws_s3",
    "x-scal-replication-storage-class": "aws-site",
    "content-md5": hashlib.md5(BODY).hexdigest(),
    "x-scal-content-type": "text/plain",
    "x-scal-user-metadata": '{"x-amz-meta-color":"blue"}',
    "x-scal-tags": '{"k 1":"v/1"}',
}


def put(backend: Backend, version_id: str, body: bytes = BODY, headers: dict[str, str] | None = None) -> Answer:
    sent = HEADERS | {"content-md5": hashlib.md5(body).hexdigest()} | (headers or {})
    return backend.ask("PUT", f"/_/backbeat/data/src/k?versionId={version_id}", sent, body)


def test_the_object_arrives_as_a_replica(backend: Backend) -> None:
    version_id = backend.add_object("src", "k")
    answer = put(backend, version_id)
    assert json_of(answer) == [{"key": "k", "dataStoreName": "aws-site"}]
    assert answer.headers[2:] == [("x-amz-scal-version-id", "aws-version-1"), ("x-amz-version-id", "aws-version-1")]
    [version] = backend.remote.objects["k"]
    assert version.body == BODY
    upload = version.upload
    assert upload is not None
    assert (upload.replica, upload.source_version_id, upload.size) == (True, version_id, len(BODY))
    assert (upload.content_type, upload.metadata, upload.tags) == (
        "text/plain",
        {"x-amz-meta-color": "blue"},
        "k%201=v%2F1",
    )


def test_a_repeat_is_answered_without_writing_again(backend: Backend) -> None:
    version_id = backend.add_object("src", "k")
    first, second = put(backend, version_id), put(backend, version_id)
    assert (first.headers, first.body) == (second.headers, second.body)
    assert len(backend.remote.objects["k"]) == 1


def test_the_body_of_a_repeat_is_read_and_compared(backend: Backend) -> None:
    version_id = backend.add_object("src", "k")
    put(backend, version_id)
    url = f"/_/backbeat/data/src/k?versionId={version_id}"
    request = backend.request("PUT", url, HEADERS, BODY)
    router.handle(backend.server, request)
    assert request.stream.read() == b""
    assert backend.refusal("PUT", url, HEADERS, b"damaged").code == "BadDigest"
    assert len(backend.remote.objects["k"]) == 1


def test_another_version_is_written(backend: Backend) -> None:
    older, newer = backend.add_object("src", "k"), backend.add_object("src", "k")
    put(backend, older, b"one")
    put(backend, newer, b"two")
    assert [version.body for version in backend.remote.objects["k"]] == [b"one", b"two"]


def test_only_the_current_version_there_counts(backend: Backend) -> None:
    version_id = backend.add_object("src", "k")
    put(backend, version_id)
    backend.remote.delete_marker("src", "k")
    put(backend, version_id)
    assert [version.body for version in backend.remote.objects["k"]] == [BODY, None, BODY]


def test_null_versions_cannot_be_told_apart(backend: Backend) -> None:
    backend.add_object("src", "k", versioning=False)
    put(backend, "null", b"one")
    put(backend, "null", b"two")
    assert [version.body for version in backend.remote.objects["k"]] == [b"one", b"two"]


def test_without_a_version_id_everything_is_written(backend: Backend) -> None:
    for _ in range(2):
        backend.ask("PUT", "/_/backbeat/data/src/k", HEADERS, BODY)
    assert len(backend.remote.objects["k"]) == 2
    assert "head" not in backend.remote.calls


def test_a_damaged_body_does_not_pass_for_the_replica(backend: Backend) -> None:
    version_id = backend.add_object("src", "k")
    url = f"/_/backbeat/data/src/k?versionId={version_id}"
    assert backend.refusal("PUT", url, HEADERS, b"damaged").code == "BadDigest"
    assert backend.remote.objects["k"] == []
    put(backend, version_id)
    assert [version.body for version in backend.remote.objects["k"]] == [BODY]


def test_a_damaged_body_that_cannot_be_removed_is_still_refused(backend: Backend) -> None:
    backend.remote.failures["delete"] = [REFUSED] * 3
    assert backend.refusal("PUT", "/_/backbeat/data/src/k", HEADERS, b"damaged").code == "BadDigest"


@pytest.mark.parametrize("method", ["head", "put"])
def test_a_destination_that_fails_is_unavailable_and_then_tried_again(backend: Backend, method: str) -> None:
    version_id = backend.add_object("src", "k")
    backend.remote.failures[method] = [REFUSED]
    url = f"/_/backbeat/data/src/k?versionId={version_id}"
    assert backend.refusal("PUT", url, HEADERS, BODY).code == "ServiceUnavailable"
    put(backend, version_id)
    assert [version.body for version in backend.remote.objects["k"]] == [BODY]


def test_the_answer_that_got_lost(backend: Backend) -> None:
    """The remote stored it, but said so to nobody: the second time it is recognised."""
    version_id = backend.add_object("src", "k")
    stored = backend.remote.put

    def store_and_fail(*arguments: object) -> None:
        stored(*arguments)  # type: ignore[arg-type]
        raise LocationError("TimeoutError", "socket hang up")

    backend.remote.put = store_and_fail  # type: ignore[method-assign, assignment]
    url = f"/_/backbeat/data/src/k?versionId={version_id}"
    assert backend.refusal("PUT", url, HEADERS, BODY).code == "ServiceUnavailable"
    assert dict(put(backend, version_id).headers)["x-amz-version-id"] == "aws-version-1"
    assert len(backend.remote.objects["k"]) == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"x-scal-replication-storage-class": None}, None),
        ({"x-scal-replication-storage-class": ""}, None),
        ({"x-scal-replication-storage-class": "aws-site:preferred_read"}, None),
        ({"x-scal-replication-storage-type": "azure,aws_s3"}, None),
        ({"x-scal-replication-storage-class": "nowhere"}, "InvalidRequest"),
        ({"x-scal-replication-storage-class": "us-east-2"}, "InvalidRequest"),
        ({"x-scal-replication-storage-type": "azure"}, "InvalidRequest"),
        ({"x-scal-replication-storage-type": ""}, "InvalidRequest"),
        ({"x-scal-replication-storage-type": "azure", "x-scal-replication-storage-class": None}, "InvalidRequest"),
        ({"content-md5": None}, "BadRequest"),
        ({"x-scal-tags": "{"}, "MalformedPOSTRequest"),
        ({"x-scal-user-metadata": "{"}, "MalformedPOSTRequest"),
    ],
)
def test_headers(backend: Backend, changed: dict[str, str | None], code: str | None) -> None:
    headers = {name: value for name, value in (HEADERS | changed).items() if value is not None}
    if code is None:
        assert json_of(backend.ask("PUT", "/_/backbeat/data/src/k", headers, BODY))[0]["dataStoreName"] == "aws-site"
    else:
        assert backend.refusal("PUT", "/_/backbeat/data/src/k", headers, BODY).code == code
        assert not backend.remote.objects


def test_the_only_location_of_a_type_is_not_guessed_among_two() -> None:
    aws = {
        "type": "aws_s3",
        "legacyAwsBehavior": True,
        "details": {"credentials": {"accessKey": "a", "secretKey": "b"}},
    }
    local = {"type": "mem", "legacyAwsBehavior": True, "details": {}}
    backend = make_backend(make_settings({"us-east-1": local, "aws-site": aws, "aws-other": aws}))
    backend.add_bucket("src")
    headers = {name: value for name, value in HEADERS.items() if name != "x-scal-replication-storage-class"}
    assert backend.refusal("PUT", "/_/backbeat/data/src/k", headers, BODY).code == "InvalidRequest"


def test_a_destination_without_versions_names_none(backend: Backend) -> None:
    backend.remote.versioned = False
    assert put(backend, backend.add_object("src", "k")).headers[2:] == []


def test_a_local_destination(backend: Backend) -> None:
    headers = {"x-scal-replication-storage-type": "mem", "x-scal-replication-storage-class": "us-east-2"}
    answer = put(backend, backend.add_object("src", "k"), headers=headers)
    [element] = json_of(answer)
    assert element["dataStoreName"] == "us-east-2"
    assert backend.read([{**element, "size": len(BODY)}]) == BODY


@pytest.mark.parametrize("access_key", ["accessKey2", None])
def test_it_is_no_open_route(backend: Backend, access_key: str | None) -> None:
    error = backend.refusal("PUT", "/_/backbeat/data/src/k", HEADERS, BODY, access_key=access_key)
    assert error.code == "AccessDenied"


def test_the_owner_is_told_to_the_location(backend: Backend) -> None:
    put(backend, backend.add_object("src", "k"), headers={"x-scal-canonical-id": BART})
    upload = backend.remote.objects["k"][0].upload
    assert upload is not None
    assert upload.owner_id == BART
