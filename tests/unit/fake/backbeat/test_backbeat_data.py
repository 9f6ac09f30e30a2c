from __future__ import annotations

import base64
import hashlib
import json

import pytest
from routes_backend import BART, Backend, json_of, make_backend, make_settings

from fake_cloudserver.locations.base import LocationError

URL = "/_/backbeat/data/src/a%20key"
BODY = b"hello crr world\n"
MD5 = hashlib.md5(BODY).hexdigest()
HEADERS = {"x-scal-canonical-id": BART, "content-md5": MD5}


@pytest.mark.parametrize("query", ["", "?v2", "?v2=", "?v2=1", "?versionId="])
def test_data_is_stored_and_named(backend: Backend, query: str) -> None:
    [element] = json_of(backend.ask("PUT", f"{URL}{query}", HEADERS, BODY))
    assert element.keys() == {"key", "dataStoreName"}
    assert element["dataStoreName"] == "us-east-1"
    assert backend.read([{**element, "size": len(BODY)}]) == BODY
    assert backend.server.metadata.get_object("src", "a key") is None


@pytest.mark.parametrize("name", ["x-scal-canonical-id", "content-md5"])
def test_headers_that_must_be_there(backend: Backend, name: str) -> None:
    headers = {other: value for other, value in HEADERS.items() if other != name}
    error = backend.refusal("PUT", URL, headers, BODY)
    assert (error.code, error.message) == ("BadRequest", f"bad request: missing {name} header")


def test_the_canonical_id_is_missed_first(backend: Backend) -> None:
    assert "x-scal-canonical-id" in backend.refusal("PUT", URL, {}, BODY).message


@pytest.mark.parametrize("md5", ["0" * 32, MD5.upper(), base64.b64encode(bytes.fromhex(MD5)).decode(), ""])
def test_the_md5_is_compared_as_text(backend: Backend, md5: str) -> None:
    assert backend.refusal("PUT", URL, {**HEADERS, "content-md5": md5}, BODY).code == "BadDigest"


@pytest.mark.parametrize(
    ("bucket_location", "asked", "used"),
    [
        ("us-east-1", None, "us-east-1"),
        ("us-east-2", None, "us-east-2"),
        (None, None, "us-east-1"),
        ("us-east-1", "us-east-2", "us-east-2"),
        ("us-east-1", "nowhere", None),
        ("gone", None, None),
    ],
)
def test_where_data_goes(bucket_location: str | None, asked: str | None, used: str | None) -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src", location_constraint=bucket_location)
    headers = HEADERS | ({"x-amz-meta-scal-location-constraint": asked} if asked else {})
    if used is None:
        assert backend.refusal("PUT", URL, headers, BODY).code == "InternalError"
    else:
        assert json_of(backend.ask("PUT", URL, headers, BODY))[0]["dataStoreName"] == used


def test_data_in_a_bucket_on_aws(backend: Backend) -> None:
    headers = {**HEADERS, "x-amz-meta-scal-location-constraint": "aws-site"}
    assert json_of(backend.ask("PUT", URL, headers, BODY)) == [{"key": "a key", "dataStoreName": "aws-site"}]
    [version] = backend.remote.objects["a key"]
    assert version.body == BODY
    assert version.upload is not None
    assert not version.upload.replica


def test_a_location_that_fails(backend: Backend) -> None:
    backend.remote.failures["put"] = [LocationError("NetworkingError", "secret text")]
    headers = {**HEADERS, "x-amz-meta-scal-location-constraint": "aws-site"}
    error = backend.refusal("PUT", URL, headers, BODY)
    assert error.code == "ServiceUnavailable"
    assert error.message == "The request has failed due to a temporary failure of the server."


def test_a_replica_is_readable_once_its_metadata_is_there(backend: Backend) -> None:
    [element] = json_of(backend.ask("PUT", URL, HEADERS, BODY))
    location = [{**element, "start": 0, "size": len(BODY), "dataStoreETag": f"1:{MD5}"}]
    body = json.dumps({"owner-id": BART, "location": location, "replicationInfo": {"status": "REPLICA"}})
    version_id = b"98204613516502999999RG001  885".hex()
    backend.ask("PUT", f"/_/backbeat/metadata/src/a%20key?versionId={version_id}", {}, body)
    assert backend.read(backend.stored("src", "a key")["location"]) == BODY


@pytest.mark.parametrize(("query", "encrypted"), [("?v2", True), ("?v2=", True), ("?v2=1", False), ("", False)])
@pytest.mark.parametrize("algorithm", ["AES256", "aws:kms"])
def test_an_encrypted_bucket_encrypts_for_who_knows_of_it(query: str, encrypted: bool, algorithm: str) -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("enc", server_side_encryption={"algorithm": algorithm, "masterKeyId": "key", "mandatory": True})
    answer = backend.ask("PUT", f"/_/backbeat/data/enc/k{query}", HEADERS, BODY)
    [element] = json_of(answer)
    headers = {name.lower(): value for name, value in answer.headers}
    assert element.keys() == {"key", "dataStoreName"} | ({"cryptoScheme", "cipheredDataKey"} if encrypted else set())
    assert headers.get("x-amz-server-side-encryption") == (algorithm if encrypted else None)
    assert headers.get("x-amz-server-side-encryption-aws-kms-key-id") == ("key" if encrypted else None)
    assert backend.read([{**element, "size": len(BODY)}]) == BODY
