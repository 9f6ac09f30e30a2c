from __future__ import annotations

import hashlib
from typing import Any

import pytest
from routes_backend import BART, Backend, json_of
from scripted_remote import REFUSED

from fake_cloudserver.backbeat import router
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import LocationError
from fake_cloudserver.metadata.version_id import decode

BODY = b"hello crr world\n"
MD5 = hashlib.md5(BODY).hexdigest()
COMMON = {"x-scal-storage-type": "aws_s3", "x-scal-storage-class": "aws-site"}
PUT_OBJECT = COMMON | {"x-scal-canonical-id": BART, "content-md5": MD5}
PUT_TAGGING = COMMON | {
    "x-scal-data-store-version-id": "aws-version-1",
    "x-scal-source-bucket": "src",
    "x-scal-replication-endpoint-site": "aws-site",
    "x-scal-tags": '{"k9":"v9"}',
}
METHODS = {
    "putobject": "PUT",
    "putpart": "PUT",
    "initiatempu": "POST",
    "completempu": "POST",
    "puttagging": "POST",
    "deleteobject": "DELETE",
    "deleteobjecttagging": "DELETE",
    "abortmpu": "DELETE",
}
STANDARD_TEXT = "The request has failed due to a temporary failure of the server."
QUOTED = "Error returned from AWS: connect ECONNREFUSED 127.0.0.1:9"


def url(operation: str, key: str = "k") -> str:
    return f"/_/backbeat/multiplebackenddata/src/{key}?operation={operation}"


def ask(backend: Backend, operation: str, headers: dict[str, str], body: bytes | str = b"", **more: Any) -> Any:
    return json_of(backend.ask(METHODS[operation], url(operation), headers, body, **more))


def refusal(backend: Backend, operation: str, headers: dict[str, str], body: bytes | str = b"") -> S3Error:
    return backend.refusal(METHODS[operation], url(operation), headers, body)


def without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


MISSING: list[tuple[str, dict[str, str], str]] = [
    (operation, {}, "missing x-scal-storage-type header") for operation in METHODS
] + [
    ("putobject", without(PUT_OBJECT, "x-scal-canonical-id"), "missing x-scal-canonical-id header"),
    ("putobject", without(PUT_OBJECT, "content-md5"), "missing content-md5 header"),
    ("putobject", without(PUT_OBJECT, "x-scal-storage-class", "content-md5"), "missing content-md5 header"),
    ("putobject", without(PUT_OBJECT, "x-scal-storage-class"), "missing x-scal-storage-class header"),
    ("putpart", COMMON, "missing part-number header"),
    ("putpart", COMMON | {"x-scal-part-number": "1"}, "missing upload-id header"),
    ("completempu", COMMON, "missing upload-id header"),
    ("abortmpu", COMMON, "missing upload-id header"),
    ("initiatempu", without(COMMON, "x-scal-storage-class"), "missing x-scal-storage-class header"),
    ("puttagging", COMMON, "missing x-scal-data-store-version-id header"),
    ("puttagging", without(PUT_TAGGING, "x-scal-source-bucket"), "missing x-scal-source-bucket header"),
    (
        "puttagging",
        without(PUT_TAGGING, "x-scal-replication-endpoint-site"),
        "missing x-scal-replication-endpoint-site",
    ),
    ("puttagging", COMMON | {"x-scal-storage-type": "azure,aws_s3"}, "missing x-scal-data-store-version-id header"),
    ("puttagging", {"x-scal-storage-type": "azure"}, "missing x-scal-storage-class header"),
    ("deleteobjecttagging", without(COMMON, "x-scal-storage-class"), "missing x-scal-storage-class header"),
]


@pytest.mark.parametrize(("operation", "headers", "text"), MISSING)
def test_the_first_missing_header(backend: Backend, operation: str, headers: dict[str, str], text: str) -> None:
    error = refusal(backend, operation, headers)
    assert (error.code, error.message) == ("BadRequest", f"bad request: {text}")


@pytest.mark.parametrize("operation", ["putobject", "deleteobject", "initiatempu", "deleteobjecttagging"])
@pytest.mark.parametrize(("kind", "name"), [("aws_s3", "nowhere"), ("azure", "aws-site"), ("aws_s3", "us-east-1")])
def test_the_location_has_to_be_one_of_that_type(backend: Backend, operation: str, kind: str, name: str) -> None:
    headers = PUT_OBJECT | {"x-scal-storage-type": kind, "x-scal-storage-class": name}
    error = refusal(backend, operation, headers)
    assert (error.code, error.message) == ("InvalidRequest", "invalid request: invalid location constraint in request")


@pytest.mark.parametrize("access_key", [None, "accessKey2", "replicationKey1"])
@pytest.mark.parametrize("kind", ["aws_s3", "azure,aws_s3"])
def test_putobject(backend: Backend, access_key: str | None, kind: str) -> None:
    headers = PUT_OBJECT | {
        "x-scal-storage-type": kind,
        "x-scal-version-id": "any text",
        "x-scal-content-type": "text/plain",
        "x-scal-cache-control": "max-age=7",
        "x-scal-content-disposition": "attachment",
        "x-scal-content-encoding": "gzip",
        "x-scal-user-metadata": '{"x-amz-meta-color":"blue"}',
        "x-scal-tags": '{"k1":"v 1","k2":2,"k3":true,"k4":null}',
    }
    element = {
        "dataStoreName": "aws-site",
        "dataStoreType": "aws_s3",
        "key": "k",
        "start": 0,
        "size": len(BODY),
        "dataStoreETag": f"1:{MD5}",
        "dataStoreVersionId": "aws-version-1",
    }
    found = ask(backend, "putobject", headers, BODY, access_key=access_key)
    assert found == {"versionId": "aws-version-1", "location": [element]}
    assert list(found["location"][0]) == list(element)
    upload = backend.remote.objects["k"][0].upload
    assert upload is not None
    assert (upload.replica, upload.source_version_id, upload.metadata) == (
        True,
        "any text",
        {"x-amz-meta-color": "blue"},
    )
    assert upload.tags == "k1=v%201&k2=2&k3=true&k4="
    assert (upload.content_type, upload.cache_control) == ("text/plain", "max-age=7")
    assert (upload.content_disposition, upload.content_encoding) == ("attachment", "gzip")


def test_putobject_of_a_bucket_that_is_not_there(backend: Backend) -> None:
    answer = backend.ask("PUT", "/_/backbeat/multiplebackenddata/none/k?operation=putobject", PUT_OBJECT, BODY)
    assert json_of(answer)["versionId"] == "aws-version-1"


def test_putobject_to_a_remote_without_versions(backend: Backend) -> None:
    backend.remote.versioned = False
    found = ask(backend, "putobject", PUT_OBJECT, BODY)
    assert found["versionId"] == ""
    assert "dataStoreVersionId" not in found["location"][0]


def test_putobject_without_a_length(backend: Backend) -> None:
    request = backend.request("PUT", url("putobject"), PUT_OBJECT | {"content-length": ""}, BODY)
    assert json_of(router.handle(backend.server, request))["location"][0]["size"] is None


def test_putobject_to_a_local_location(backend: Backend) -> None:
    headers = PUT_OBJECT | {"x-scal-storage-type": "mem", "x-scal-storage-class": "us-east-2"}
    [element] = ask(backend, "putobject", headers, BODY)["location"]
    assert "dataStoreType" not in element
    assert backend.read([element]) == BODY


def test_putobject_with_another_md5_leaves_the_object(backend: Backend) -> None:
    assert refusal(backend, "putobject", PUT_OBJECT | {"content-md5": "0" * 32}, BODY).code == "BadDigest"
    assert backend.remote.objects["k"][0].body == BODY


@pytest.mark.parametrize("name", ["x-scal-user-metadata", "x-scal-tags"])
@pytest.mark.parametrize("operation", ["putobject", "initiatempu", "completempu"])
@pytest.mark.parametrize("text", ["{", ""])
def test_what_describes_the_object_has_to_be_json(backend: Backend, operation: str, name: str, text: str) -> None:
    headers = PUT_OBJECT | {"x-scal-upload-id": "u", name: text}
    assert refusal(backend, operation, headers, b"[]").code == "MalformedPOSTRequest"
    assert not backend.remote.calls


@pytest.mark.parametrize("text", ["null", "[]", "1", '"text"'])
def test_what_describes_nothing(backend: Backend, text: str) -> None:
    ask(backend, "putobject", PUT_OBJECT | {"x-scal-user-metadata": text, "x-scal-tags": text}, BODY)
    upload = backend.remote.objects["k"][0].upload
    assert upload is not None
    assert (upload.metadata, upload.tags) == ({}, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-scal-tags": '{"' + "k" * 129 + '":"v"}'},
        {"x-scal-tags": '{"k":"' + "v" * 257 + '"}'},
        {"x-scal-tags": "{" + ",".join(f'"{n}":""' for n in range(51)) + "}"},
        {"x-scal-user-metadata": '{"x-amz-meta-a":1}'},
    ],
)
def test_what_no_remote_takes_is_service_unavailable(backend: Backend, headers: dict[str, str]) -> None:
    error = refusal(backend, "putobject", PUT_OBJECT | headers, BODY)
    assert (error.code, error.message) == ("ServiceUnavailable", STANDARD_TEXT)
    assert not backend.remote.objects


def test_putobject_hides_what_the_remote_says(backend: Backend) -> None:
    backend.remote.failures["put"] = [REFUSED]
    error = refusal(backend, "putobject", PUT_OBJECT, BODY)
    assert (error.code, error.message) == ("ServiceUnavailable", STANDARD_TEXT)


UPLOAD = COMMON | {"x-scal-upload-id": "upload-1"}


@pytest.mark.parametrize(
    ("operation", "method", "headers", "body"),
    [
        ("initiatempu", "create_upload", COMMON, b""),
        ("putpart", "put_part", UPLOAD | {"x-scal-part-number": "1"}, BODY),
        ("completempu", "complete_upload", UPLOAD, b'[{"PartNumber":[1],"ETag":["e"]}]'),
        ("abortmpu", "abort_upload", UPLOAD, b""),
        ("puttagging", "put_tags", PUT_TAGGING, b""),
        ("deleteobjecttagging", "delete_tags", COMMON, b""),
        ("deleteobject", "delete", COMMON, b""),
    ],
)
def test_all_others_quote_the_remote(
    backend: Backend, operation: str, method: str, headers: dict[str, str], body: bytes
) -> None:
    backend.remote.failures[method] = [REFUSED]
    error = refusal(backend, operation, headers, body)
    assert (error.code, error.message) == ("ServiceUnavailable", QUOTED)
    assert backend.remote.calls == [method]


@pytest.mark.parametrize(
    ("operation", "headers", "body"),
    [
        ("initiatempu", {}, b""),
        ("putpart", {"x-scal-part-number": "1", "x-scal-upload-id": "u"}, BODY),
        ("completempu", {"x-scal-upload-id": "u"}, b"[]"),
        ("abortmpu", {"x-scal-upload-id": "u"}, b""),
        ("deleteobject", {}, b""),
    ],
)
def test_a_local_location_never_answers(backend: Backend, operation: str, headers: dict[str, str], body: bytes) -> None:
    local = {"x-scal-storage-type": "mem", "x-scal-storage-class": "us-east-1"}
    assert refusal(backend, operation, local | headers, body).code == "InternalError"


def test_a_multipart_upload(backend: Backend) -> None:
    headers = COMMON | {"x-scal-version-id": "v", "x-scal-user-metadata": '{"x-amz-meta-a":"b"}'}
    assert ask(backend, "initiatempu", headers) == {"uploadId": "upload-1"}
    parts = []
    for number, content in (("1", b"one"), ("2", b"two")):
        found = ask(backend, "putpart", UPLOAD | {"x-scal-part-number": number}, content)
        assert found == {"partNumber": number, "ETag": hashlib.md5(content).hexdigest()}
        parts.append(f'{{"PartNumber":["{number}"],"ETag":["{found["ETag"]}"],"Size":["3"]}}')
    etag = f"{hashlib.md5(b'onetwo').hexdigest()}-2"
    assert ask(backend, "completempu", UPLOAD, f"[{','.join(parts)}]") == {
        "versionId": "aws-version-1",
        "location": [
            {
                "dataStoreName": "aws-site",
                "dataStoreType": "aws_s3",
                "key": "k",
                "start": 0,
                "size": 6,
                "dataStoreETag": etag,
                "dataStoreVersionId": "aws-version-1",
            }
        ],
    }


def test_an_aborted_upload(backend: Backend) -> None:
    ask(backend, "initiatempu", COMMON)
    assert ask(backend, "abortmpu", UPLOAD) == {}
    assert refusal(backend, "abortmpu", UPLOAD).message == (
        "Error returned from AWS: The specified upload does not exist."
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "MalformedPOSTRequest"),
        ("", "MalformedPOSTRequest"),
        ("null", "InternalError"),
        ("1", "InternalError"),
        ("{}", "InternalError"),
        ('{"a":1}', "InternalError"),
        ("[1]", "InternalError"),
        ("[{}]", "InternalError"),
        ('[{"PartNumber":[],"ETag":["e"]}]', "InternalError"),
        ('[{"PartNumber":1,"ETag":["e"]}]', "InternalError"),
        ('[{"PartNumber":[1],"ETag":[2]}]', "InternalError"),
        ('[{"PartNumber":[null],"ETag":["e"]}]', "InternalError"),
    ],
)
def test_the_list_of_parts(backend: Backend, body: str, code: str) -> None:
    assert refusal(backend, "completempu", UPLOAD, body).code == code
    assert not backend.remote.calls


@pytest.mark.parametrize("code", ["InvalidPart", "InvalidPartOrder", "EntityTooSmall"])
def test_completion_passes_three_errors_on(backend: Backend, code: str) -> None:
    backend.remote.failures["complete_upload"] = [LocationError(code, "AWS's own text", 400)]
    error = refusal(backend, "completempu", UPLOAD, '[{"PartNumber":[1],"ETag":["e"]}]')
    assert (error.code, error.status) == (code, 400)
    assert error.message != "AWS's own text"


def put_version(backend: Backend) -> None:
    ask(backend, "putobject", PUT_OBJECT, BODY)


def test_tagging_of_a_version(backend: Backend) -> None:
    put_version(backend)
    put_version(backend)
    assert ask(backend, "puttagging", PUT_TAGGING) == {"versionId": "aws-version-1"}
    assert [version.tags for version in backend.remote.objects["k"]] == [{"k9": "v9"}, {}]
    found = ask(backend, "deleteobjecttagging", COMMON | {"x-scal-data-store-version-id": "aws-version-1"})
    assert found == {"versionId": "aws-version-1"}
    assert [version.tags for version in backend.remote.objects["k"]] == [{}, {}]


def test_tags_of_the_latest_version_are_deleted_where_none_is_named(backend: Backend) -> None:
    put_version(backend)
    put_version(backend)
    for version in backend.remote.objects["k"]:
        version.tags = {"a": "b"}
    assert ask(backend, "deleteobjecttagging", COMMON) == {}
    assert [version.tags for version in backend.remote.objects["k"]] == [{"a": "b"}, {}]


@pytest.mark.parametrize("operation", ["puttagging", "deleteobjecttagging"])
def test_an_empty_version_id_is_looked_up_in_the_source(backend: Backend, operation: str) -> None:
    put_version(backend)
    backends = [
        {"site": "other", "dataStoreVersionId": "x"},
        {"site": "aws-site", "dataStoreVersionId": "aws-version-1"},
    ]
    older = backend.add_object("src", "k", {"replicationInfo": {"backends": backends}})
    backend.add_object("src", "k")
    headers = PUT_TAGGING | {"x-scal-data-store-version-id": ""}
    assert refusal(backend, operation, headers).code == "InternalError"  # the current version is at no such site
    assert refusal(backend, operation, headers | {"x-scal-source-version-id": older}).code == "NoSuchKey"
    found = ask(backend, operation, headers | {"x-scal-source-version-id": decode(older)})
    assert found == {"versionId": "aws-version-1"}


def test_a_source_that_is_not_there(backend: Backend) -> None:
    headers = PUT_TAGGING | {"x-scal-data-store-version-id": ""}
    assert refusal(backend, "puttagging", headers).code == "NoSuchKey"
    assert refusal(backend, "puttagging", headers | {"x-scal-source-bucket": "none"}).code == "NoSuchBucket"


@pytest.mark.parametrize("tags", [None, "{", ""])
def test_tags_have_to_be_json(backend: Backend, tags: str | None) -> None:
    headers = without(PUT_TAGGING, "x-scal-tags") | ({} if tags is None else {"x-scal-tags": tags})
    assert refusal(backend, "puttagging", headers).code == "MalformedPOSTRequest"


def test_tagging_on_a_location_that_has_no_tags(backend: Backend) -> None:
    local = {"x-scal-storage-type": "mem", "x-scal-storage-class": "us-east-1"}
    assert ask(backend, "puttagging", PUT_TAGGING | local) == {"versionId": "aws-version-1"}
    assert ask(backend, "deleteobjecttagging", local) == {}


def test_deleteobject_marks_the_object(backend: Backend) -> None:
    put_version(backend)
    assert ask(backend, "deleteobject", COMMON, access_key=None) == {}
    assert [version.body for version in backend.remote.objects["k"]] == [BODY, None]


METADATA = "/_/backbeat/multiplebackendmetadata/none/whatever"


def test_when_remote_data_was_modified(backend: Backend) -> None:
    put_version(backend)
    headers = {"x-scal-locations": '[{"key":"k","dataStoreName":"aws-site","dataStoreVersionId":"aws-version-1"},7]'}
    found = json_of(backend.ask("GET", METADATA, headers, access_key=None))
    assert found == {"lastModified": "2026-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("locations", "code", "text"),
    [
        (None, "InvalidRequest", "x-scal-locations header is invalid"),
        ("", "InvalidRequest", "x-scal-locations header is invalid"),
        ("{", "InvalidRequest", "x-scal-locations header is invalid"),
        ("{}", "InvalidRequest", "x-scal-locations header is invalid"),
        ("null", "InvalidRequest", "x-scal-locations header is invalid"),
        ("[]", "InternalError", None),
        ("[null]", "InternalError", None),
        ("[{}]", "InternalError", None),
        ('[{"key":"k","dataStoreName":"nope"}]', "InternalError", None),
        ('[{"key":"k","dataStoreName":"us-east-1"}]', "InternalError", None),
        ('[{"key":"never","dataStoreName":"aws-site"}]', "LocationNotFound", None),
    ],
)
def test_what_cannot_be_looked_up(backend: Backend, locations: str | None, code: str, text: str | None) -> None:
    error = backend.refusal("GET", METADATA, {} if locations is None else {"x-scal-locations": locations})
    assert error.code == code
    assert text is None or error.message == text


def test_a_remote_that_does_not_tell(backend: Backend) -> None:
    backend.remote.failures["head"] = [REFUSED]
    error = backend.refusal("GET", METADATA, {"x-scal-locations": '[{"key":"k","dataStoreName":"aws-site"}]'})
    assert (error.code, error.message) == ("ServiceUnavailable", QUOTED)
