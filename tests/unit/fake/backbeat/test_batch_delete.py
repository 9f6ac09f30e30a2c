from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from routes_backend import BART, Backend, json_of
from scripted_remote import REFUSED

from fake_cloudserver.clock import iso
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Upload

URL = "/_/backbeat/batchdelete"
CONDITIONAL = "/_/backbeat/batchdelete/src/k%201"
AWS = {"key": "k 1", "dataStoreName": "aws-site"}


def body_of(*elements: Any) -> str:
    return json.dumps({"Locations": elements})


def local_data(backend: Backend, content: bytes) -> dict[str, Any]:
    headers = {"x-scal-canonical-id": BART, "content-md5": hashlib.md5(content).hexdigest()}
    [element] = json_of(backend.ask("PUT", "/_/backbeat/data/src/k", headers, content))
    return {**element, "size": len(content)}


def remote_data(backend: Backend, content: bytes) -> str:
    """A version of ``k 1``; its id."""
    return backend.remote.put(io.BytesIO(content), Upload("src", "k 1")).version_id


@pytest.mark.parametrize(
    "body", ["", "{", "null", "1", '"Locations"', "[]", "{}", '{"Locations":{}}', '{"Locations":null}']
)
def test_what_is_no_list_of_locations(backend: Backend, body: str) -> None:
    assert backend.refusal("POST", URL, None, body).code == "MalformedPOSTRequest"


@pytest.mark.parametrize("access_key", ["replicationKey1", "accessKey1", "accessKey2"])
@pytest.mark.parametrize("url", [URL, "/_/backbeat/batchdelete/", "/_/backbeat/batchdelete/none/k"])
def test_any_account_may_delete_nothing(backend: Backend, access_key: str, url: str) -> None:
    answer = backend.ask("POST", url, None, body_of(), access_key=access_key)
    assert answer.body == b"null"
    assert json_of(answer) is None


def test_local_data_is_deleted_once_and_again(backend: Backend) -> None:
    doomed, kept = local_data(backend, b"doomed"), local_data(backend, b"kept")
    for _ in range(2):
        assert json_of(backend.ask("POST", URL, None, body_of(doomed), access_key="accessKey2")) is None
    assert backend.read([kept]) == b"kept"
    with pytest.raises(S3Error, match="InternalError"):
        backend.read([doomed])


def test_a_remote_version_is_deleted(backend: Backend) -> None:
    doomed, kept = remote_data(backend, b"one"), remote_data(backend, b"two")
    assert json_of(backend.ask("POST", URL, None, body_of({**AWS, "dataStoreVersionId": doomed}))) is None
    assert [version.version_id for version in backend.remote.objects["k 1"]] == [kept]


def test_without_a_version_the_remote_marks_it(backend: Backend) -> None:
    remote_data(backend, b"one")
    assert json_of(backend.ask("POST", URL, None, body_of(AWS))) is None
    assert [version.body for version in backend.remote.objects["k 1"]] == [b"one", None]


def test_three_attempts(backend: Backend) -> None:
    version_id = remote_data(backend, b"one")
    body = body_of({**AWS, "dataStoreVersionId": version_id})
    backend.remote.failures["delete"] = [REFUSED] * 3
    error = backend.refusal("POST", URL, None, body)
    assert (error.code, error.message) == ("InternalError", "We encountered an internal error. Please try again.")
    backend.remote.failures["delete"] = [REFUSED] * 2
    assert json_of(backend.ask("POST", URL, None, body)) is None
    assert backend.remote.objects["k 1"] == []


@pytest.mark.parametrize("element", [None, "text", {}, {"key": "k"}, {"key": "k", "dataStoreName": "nope"}])
def test_what_is_no_location_is_never_answered(backend: Backend, element: Any) -> None:
    assert backend.refusal("POST", URL, None, body_of(element)).code == "InternalError"


def conditional(backend: Backend, **headers: str) -> Any:
    sent = {"x-scal-storage-class": "aws-site"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return json_of(backend.ask("POST", CONDITIONAL, sent, body_of(AWS)))


def test_without_a_date_nothing_is_done(backend: Backend) -> None:
    assert conditional(backend) is None
    assert backend.remote.calls == []


@pytest.mark.parametrize(
    ("offset", "result"), [(-1, None), (0, {}), (1, {})], ids=["modified after", "modified then", "modified before"]
)
def test_unmodified_data_is_tagged_instead(backend: Backend, offset: float, result: Any) -> None:
    remote_data(backend, b"one")
    date = iso(backend.clock.now() + offset)
    found = conditional(backend, if_unmodified_since=date, x_scal_tags='{"expire":"yes"}')
    assert found == result
    [version] = backend.remote.objects["k 1"]
    assert version.tags == ({} if result is None else {"expire": "yes"})


def test_a_date_in_any_form(backend: Backend) -> None:
    remote_data(backend, b"one")
    tags = '{"expire":"yes"}'
    assert conditional(backend, if_unmodified_since="Wed, 31 Dec 2025 23:59:59 GMT", x_scal_tags=tags) is None
    assert conditional(backend, if_unmodified_since="whenever", x_scal_tags=tags) == {}


def test_conditional_failures(backend: Backend) -> None:
    headers = {"x-scal-storage-class": "aws-site", "if-unmodified-since": iso(backend.clock.now())}
    assert backend.refusal("POST", CONDITIONAL, headers, body_of(AWS)).code == "LocationNotFound"
    remote_data(backend, b"one")
    assert backend.refusal("POST", CONDITIONAL, headers, body_of(AWS)).code == "MalformedPOSTRequest"
    backend.remote.failures["head"] = [REFUSED]
    error = backend.refusal("POST", CONDITIONAL, headers, body_of(AWS))
    assert error.message == "Error returned from AWS: connect ECONNREFUSED 127.0.0.1:9"


@pytest.mark.parametrize(
    ("storage_class", "version_id"), [("us-east-1", ""), ("nowhere", ""), ("", ""), ("aws-site", "aws-version-1")]
)
def test_everything_else_is_deleted_without_condition(backend: Backend, storage_class: str, version_id: str) -> None:
    remote_data(backend, b"one")
    element = {**AWS, "dataStoreVersionId": version_id} if version_id else AWS
    headers = {"x-scal-storage-class": storage_class}
    assert json_of(backend.ask("POST", CONDITIONAL, headers, body_of(element))) is None
    assert backend.remote.calls == ["put", "delete"]
