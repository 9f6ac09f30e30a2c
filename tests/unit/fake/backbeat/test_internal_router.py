from __future__ import annotations

import pytest
from routes_backend import BART, Backend, json_of, make_backend, make_settings

from fake_cloudserver.backbeat import router
from fake_cloudserver.errors import S3Error

MD5 = "5d41402abc4b2a76b9719d911017c592"
NO_ANSWER = "InternalError"


@pytest.mark.parametrize("url", ["/_/nothing/x", "/_/healthcheck", "/_/backbeat?x", "/_/"])
def test_an_unknown_service_is_an_invalid_uri(backend: Backend, url: str) -> None:
    error = backend.refusal("GET", url)
    assert (error.code, error.message) == ("InvalidURI", "Couldn't parse the specified URI.")


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/_/backbeat"),
        ("GET", "/_/backbeat/"),
        ("GET", "/_/backbeat/foo/src/k"),
        ("GET", "/_/backbeat/metadata"),
        ("GET", "/_/backbeat/metadata/src"),
        ("GET", "/_/backbeat/metadata/src/"),
        ("GET", "/_/backbeat/metadata//k"),
        ("POST", "/_/backbeat/metadata/src/k"),
        ("HEAD", "/_/backbeat/metadata/src/k"),
        ("OPTIONS", "/_/backbeat/metadata/src/k"),
        ("DELETE", "/_/backbeat/metadata/src/k"),
        ("GET", "/_/backbeat/data/src/k"),
        ("GET", "/_/backbeat/batchdelete"),
        ("POST", "/_/backbeat/expiration/src/k"),
        ("POST", "/_/backbeat/lifecycle/src"),
        ("PUT", "/_/backbeat/index/src"),
        ("DELETE", "/_/backbeat/index/src"),
        ("PUT", "/_/backbeat/multiplebackendmetadata/src/k"),
        ("GET", "/_/backbeat/multiplebackendmetadata/src"),
        ("PUT", "/_/backbeat/multiplebackenddata/src/k"),
        ("PUT", "/_/backbeat/multiplebackenddata/src/k?operation="),
        ("PUT", "/_/backbeat/multiplebackenddata/src/k?operation=foo"),
        ("PUT", "/_/backbeat/multiplebackenddata/src/k?operation=abortmpu"),
        ("POST", "/_/backbeat/multiplebackenddata/src/k?operation=putobject"),
        ("DELETE", "/_/backbeat/multiplebackenddata/src/k?operation=deletetagging"),
        ("GET", "/_/backbeat/multiplebackenddata/src/k?operation=putobject"),
        ("PUT", "/_/backbeat/multiplebackenddata/src?operation=putobject"),
        ("GET", "/_/workflow-engine-operator"),
        ("GET", "/_/workflow-engine-operator/foo"),
        ("GET", "/_/workflow-engine-operator/api/x"),
        ("GET", "/_/backbeat/api/metrics"),
        ("POST", "/_/veeam/src/k"),
    ],
)
def test_there_is_no_such_route_whoever_asks(backend: Backend, method: str, url: str) -> None:
    """Even with a signature that would be refused: the path is judged first."""
    request = backend.request(method, url)
    request.headers["authorization"] = "nonsense"
    with pytest.raises(S3Error) as raised:
        router.handle(backend.server, request)
    assert raised.value.code == "MethodNotAllowed"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/_/backbeat/metadata/src/k"),
        ("PUT", "/_/backbeat/metadata/src/k"),
        ("PUT", "/_/backbeat/data/src/k"),
        ("POST", "/_/backbeat/batchdelete"),
        ("DELETE", "/_/backbeat/expiration/src/k"),
        ("GET", "/_/backbeat/lifecycle/src?list-type=current"),
        ("GET", "/_/backbeat/index/src"),
        ("POST", "/_/backbeat/index/src?operation=add"),
    ],
)
def test_nobody_may_not(backend: Backend, method: str, url: str) -> None:
    assert backend.refusal(method, url, access_key=None).code == "AccessDenied"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/_/backbeat/metadata/src/k"),
        ("POST", "/_/backbeat/batchdelete"),
        ("DELETE", "/_/backbeat/multiplebackenddata/src/k?operation=deleteobject"),
        ("GET", "/_/backbeat/multiplebackendmetadata/src/k"),
    ],
)
def test_a_wrong_signature_is_refused_everywhere(backend: Backend, method: str, url: str) -> None:
    request = backend.request(method, url)
    request.headers["authorization"] = request.headers["authorization"][:-4] + "0000"
    with pytest.raises(S3Error) as raised:
        router.handle(backend.server, request)
    assert raised.value.code == "SignatureDoesNotMatch"


def test_every_scality_header_has_to_be_signed(backend: Backend) -> None:
    request = backend.request(
        "PUT", "/_/backbeat/data/src/k", {"x-scal-canonical-id": BART}, unsigned=("x-scal-canonical-id",)
    )
    with pytest.raises(S3Error) as raised:
        router.handle(backend.server, request)
    assert raised.value.code == "AccessDenied"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/_/backbeat/metadata/src/k?versionId=bad"),
        ("PUT", "/_/backbeat/metadata/src/k?versionId=bad"),
        ("GET", "/_/backbeat/metadata/none/k?versionId=bad"),
        ("PUT", "/_/backbeat/data/src/k?versionId=bad"),
        ("GET", "/_/backbeat/multiplebackendmetadata/src/k?versionId=bad"),
        ("DELETE", "/_/backbeat/multiplebackenddata/src/k?operation=deleteobject&versionId=bad"),
    ],
)
def test_a_bad_version_id_has_the_generic_text(backend: Backend, method: str, url: str) -> None:
    error = backend.refusal(method, url)
    assert (error.code, error.message) == ("InvalidArgument", "Invalid Argument")


@pytest.mark.parametrize("access_key", [None, "accessKey2", "replicationKey1"])
@pytest.mark.parametrize("bucket", ["none", "being-made"])
def test_a_missing_bucket_is_missing_for_everybody(backend: Backend, access_key: str | None, bucket: str) -> None:
    backend.add_bucket("other")
    assert backend.refusal("GET", f"/_/backbeat/metadata/{bucket}/k", access_key=access_key).code == "NoSuchBucket"


@pytest.mark.parametrize(
    ("access_key", "owner", "code"),
    [
        ("replicationKey1", BART, None),
        ("lifecycleKey1", BART, None),
        ("accessKey1", BART, None),
        ("accessKey1", "somebody", "AccessDenied"),
        ("accessKey2", BART, "AccessDenied"),
        ("cluesoKey1", BART, "AccessDenied"),
        (None, BART, "AccessDenied"),
    ],
)
def test_metadata_is_for_services_and_who_owns_bucket_and_object(
    backend: Backend, access_key: str | None, owner: str, code: str | None
) -> None:
    backend.add_object("src", "k", {"owner-id": owner})
    if code is None:
        assert "Body" in json_of(backend.ask("GET", "/_/backbeat/metadata/src/k", access_key=access_key))
    else:
        assert backend.refusal("GET", "/_/backbeat/metadata/src/k", access_key=access_key).code == code


def test_who_owns_the_object_only_may_not(backend: Backend) -> None:
    backend.add_bucket("hers", owner="somebody")
    backend.add_object("hers", "k")
    assert backend.refusal("GET", "/_/backbeat/metadata/hers/k", access_key="accessKey1").code == "AccessDenied"


def test_the_owner_of_the_bucket_may_write_what_is_not_there(backend: Backend) -> None:
    body = '{"replicationInfo":{}}'
    assert json_of(backend.ask("PUT", "/_/backbeat/metadata/src/new", None, body, access_key="accessKey1")) is None


def test_a_malformed_percent_sequence_is_never_answered(backend: Backend) -> None:
    assert backend.refusal("GET", "/_/backbeat/metadata/src/%zz", access_key=None).code == NO_ANSWER


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
def test_veeam_is_not_there(backend: Backend, method: str) -> None:
    assert backend.refusal(method, "/_/veeam/src/k").code == "NotImplemented"


@pytest.mark.parametrize(
    ("token", "sent", "address", "allowed"),
    [
        ("secret", "secret", "127.0.0.1", True),
        ("secret", "secret", "::1", True),
        ("secret", "secret", "192.0.2.1", False),
        ("secret", "secret", "unknown", False),
        ("secret", "other", "127.0.0.1", False),
        ("secret", None, "127.0.0.1", False),
        (None, None, "127.0.0.1", False),
        (None, "", "127.0.0.1", False),
    ],
)
def test_the_report_is_for_who_knows_its_token(
    token: str | None, sent: str | None, address: str, allowed: bool
) -> None:
    backend = make_backend(make_settings(config={"reportToken": token} if token else {}))
    headers = {} if sent is None else {"x-scal-report-token": sent}
    request = backend.request("GET", "/_/report", headers, access_key=None)
    request.remote_address = address
    if allowed:
        document = json_of(router.handle(backend.server, request))
        assert document["utcTime"] == "2026-01-01T00:00:00.000Z"
        assert document["config"]["locationConstraints"]["aws-site"] == {"type": "aws_s3", "objectId": "aws-site"}
        assert document["config"]["replicationEndpoints"] == [{"site": "aws-site", "type": "aws_s3"}]
    else:
        with pytest.raises(S3Error) as raised:
            router.handle(backend.server, request)
        assert raised.value.code == "AccessDenied"


@pytest.mark.parametrize(
    ("method", "url", "body", "code"),
    [
        ("GET", "", "", "NotImplemented"),
        ("POST", "?operation=add", '[{"name":"i","keys":[{"key":"k","order":1}]}]', "NotImplemented"),
        ("POST", "?operation=delete", '[{"name":"i","keys":[{"key":"k","order":-1}]}]', "NotImplemented"),
        ("POST", "?operation=foo", "[]", "BadRequest"),
        ("POST", "", "[]", "BadRequest"),
        ("POST", "?operation=add", "", "BadRequest"),
        ("POST", "?operation=add", "{", "BadRequest"),
        ("POST", "?operation=add", "{}", "BadRequest"),
        ("POST", "?operation=add", "[]", "BadRequest"),
        ("POST", "?operation=add", "[1]", "BadRequest"),
        ("POST", "?operation=add", '[{"name":"i"}]', "BadRequest"),
        ("POST", "?operation=add", '[{"name":"","keys":[]}]', "BadRequest"),
        ("POST", "?operation=add", '[{"name":"i","keys":[],"more":1}]', "BadRequest"),
        ("POST", "?operation=add", '[{"name":"i","keys":[{"key":"k","order":2}]}]', "BadRequest"),
        ("POST", "?operation=add", '[{"name":"i","keys":[{"key":"k","order":true}]}]', "BadRequest"),
        ("POST", "?operation=add", '[{"name":"i","keys":[{"key":"k","order":[1]}]}]', "BadRequest"),
        ("POST", "?operation=add", '[{"name":"i","keys":["k"]}]', "BadRequest"),
    ],
)
def test_there_are_no_indexes(backend: Backend, method: str, url: str, body: str, code: str) -> None:
    error = backend.refusal(method, f"/_/backbeat/index/src{url}", None, body)
    assert error.code == code
    assert error.message in {"BadRequest", "A header you provided implies functionality that is not implemented."}
