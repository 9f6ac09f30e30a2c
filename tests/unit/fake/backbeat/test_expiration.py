from __future__ import annotations

import pytest
from routes_backend import BART, Backend, json_of, make_backend, make_settings

from fake_cloudserver.metadata.version_id import decode

LIFECYCLE = "http://acs.zenko.io/accounts/service/lifecycle"
URL = "/_/backbeat/expiration/src/a%2Fkey"


def expire(backend: Backend, url: str = URL, access_key: str = "lifecycleKey1") -> None:
    answer = backend.ask("DELETE", url, access_key=access_key)
    assert json_of(answer) == {}
    assert len(answer.headers) == 2


def test_a_delete_marker_of_the_lifecycle_account(backend: Backend) -> None:
    older = backend.add_object("src", "a/key")
    expire(backend)
    marker = backend.stored("src", "a/key")
    assert marker["isDeleteMarker"] is True
    assert marker["originOp"] == "s3:LifecycleExpiration:DeleteMarkerCreated"
    assert marker["owner-id"] == LIFECYCLE
    assert marker["replicationInfo"]["status"] == ""
    assert backend.stored("src", "a/key", decode(older))["owner-id"] == BART


def test_its_marker_is_out_of_reach_for_the_owner_of_the_bucket(backend: Backend) -> None:
    expire(backend)
    assert backend.refusal("GET", "/_/backbeat/metadata/src/a/key", access_key="accessKey1").code == "AccessDenied"


def test_a_version_is_deleted_for_good(backend: Backend) -> None:
    version_id = backend.add_object("src", "a/key")
    expire(backend, f"{URL}?versionId={version_id}")
    assert backend.server.metadata.get_object("src", "a/key") is None


def test_a_missing_version_is_an_error(backend: Backend) -> None:
    version_id = backend.add_object("src", "a/key")
    expire(backend, f"{URL}?versionId={version_id}")
    error = backend.refusal("DELETE", f"{URL}?versionId={version_id}", access_key="lifecycleKey1")
    assert error.code == "NoSuchVersion"


def test_a_missing_key_of_an_unversioned_bucket_is_an_error() -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src", versioning=None)
    assert backend.refusal("DELETE", URL, access_key="lifecycleKey1").code == "NoSuchKey"
    backend.add_object("src", "a/key", versioning=False)
    expire(backend)
    assert backend.server.metadata.get_object("src", "a/key") is None


def test_a_bad_version_id_has_the_text_of_the_s3_api(backend: Backend) -> None:
    error = backend.refusal("DELETE", f"{URL}?versionId=bad")
    assert (error.code, error.message) == ("InvalidArgument", "Invalid version id specified")


@pytest.mark.parametrize(
    ("url", "access_key", "code"),
    [
        ("/_/backbeat/expiration/none/k", "lifecycleKey1", "NoSuchBucket"),
        ("/_/backbeat/expiration", "lifecycleKey1", "NoSuchBucket"),
        ("/_/backbeat/expiration/src", "lifecycleKey1", "NoSuchKey"),
        (URL, "accessKey2", "AccessDenied"),
    ],
)
def test_refusals(backend: Backend, url: str, access_key: str, code: str) -> None:
    assert backend.refusal("DELETE", url, access_key=access_key).code == code


def test_the_owner_of_the_bucket_may(backend: Backend) -> None:
    backend.add_object("src", "a/key")
    expire(backend, access_key="accessKey1")
    assert backend.stored("src", "a/key")["owner-id"] == BART
