from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from location_helpers import (
    Body,
    ScriptedLocation,
    gateway_of,
    location,
    remote_failure,
    stream,
    upload_of,
    with_scripted_remote,
)

from fake_cloudserver.errors import ConfigurationError, S3Error
from fake_cloudserver.locations.base import HeadResult, NoSuchData, Upload
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.locations.gateway_errors import MISSING_VERSION_ID

STANDARD_TEXT = "The request has failed due to a temporary failure of the server."
ON_AWS = {"key": "bucket/key", "dataStoreName": "aws", "size": 3}


@pytest.fixture
def gateway() -> Iterator[MultipleBackendGateway]:
    gateway = gateway_of(location("us-east-1", "mem"), location("us-east-2", "mem"), location("disk", "file"))
    yield gateway
    gateway.close()


@pytest.fixture
def both() -> Iterator[tuple[MultipleBackendGateway, ScriptedLocation]]:
    gateway, remote = with_scripted_remote(location("us-east-1", "mem"))
    yield gateway, remote
    gateway.close()


def error_of(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(S3Error) as caught:
        call()
    return caught.value.code, caught.value.message


def test_put_and_read_on_every_local_type(gateway: MultipleBackendGateway) -> None:
    for name in ("us-east-1", "us-east-2", "disk"):
        stored = gateway.put(name, stream(b"hello"), upload_of(b"hello"))
        assert stored.element["dataStoreName"] == name
        assert "dataStoreType" not in stored.element
        assert b"".join(gateway.read([stored.element])) == b"hello"


def test_a_location_is_made_once(gateway: MultipleBackendGateway) -> None:
    assert gateway.find("us-east-1") is gateway.find("us-east-1")


def test_locations_without_a_data_client() -> None:
    gateway = gateway_of(location("cold", "dmf"), location("archive", "azure_archive"))
    assert [gateway.find(name) for name in ("cold", "archive", "nowhere")] == [None, None, None]


@given(
    st.lists(st.binary(max_size=4), min_size=1, max_size=4),
    st.none() | st.integers(0, 12),
    st.none() | st.integers(0, 12),
)
def test_a_range_over_several_elements(pieces: list[bytes], first: int | None, last: int | None) -> None:
    gateway = gateway_of(location("us-east-1", "mem"))
    elements, start = [], 0
    for piece in pieces:
        stored = gateway.put("us-east-1", stream(piece), upload_of(piece))
        elements.append({**stored.element, "start": start})
        start += len(piece)
    content = b"".join(pieces)
    expected = content[first or 0 : len(content) if last is None else last + 1]
    assert b"".join(gateway.read(elements, first, last)) == expected
    gateway.close()


def test_a_range_touches_only_the_elements_it_needs(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    remote.objects = {"a": b"abc", "b": b"def", "c": b"ghi"}
    elements = [{"key": key, "dataStoreName": "aws", "size": "3"} for key in "abc"]
    assert b"".join(gateway.read(elements, 4, 5)) == b"ef"
    assert remote.calls == [("get", "b", 1, 2)]


def test_an_element_without_a_size_is_read_to_its_end(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    remote.objects = {"a": b"abcdef"}
    element = {"key": "a", "dataStoreName": "aws"}
    assert b"".join(gateway.read([element])) == b"abcdef"
    assert b"".join(gateway.read([element], 2, 3)) == b"cd"


@pytest.mark.parametrize("name", ["us-east-1", "nowhere"])
def test_reading_what_is_gone_is_an_error_at_once(gateway: MultipleBackendGateway, name: str) -> None:
    gone = {"key": 9, "dataStoreName": name, "size": 3}
    assert error_of(lambda: gateway.read([gone]))[0] == "InternalError"


def test_reading_what_is_gone_later_breaks_off(gateway: MultipleBackendGateway) -> None:
    there = gateway.put("us-east-1", stream(b"abc"), upload_of(b"abc")).element
    chunks = gateway.read([there, {"key": 9, "dataStoreName": "us-east-1", "size": 3}])
    assert next(chunks) == b"abc"
    with pytest.raises(NoSuchData):
        next(chunks)


def test_reading_nothing(gateway: MultipleBackendGateway) -> None:
    assert list(gateway.read([])) == []


@pytest.mark.parametrize("code", ["SlowDown", "NoSuchBucket", "InvalidPart", MISSING_VERSION_ID])
def test_put_hides_every_remote_error(both: tuple[MultipleBackendGateway, ScriptedLocation], code: str) -> None:
    gateway, remote = both
    remote.failures["put"] = [remote_failure(code)]
    assert error_of(lambda: gateway.put("aws", stream(b"x"), upload_of(b"x"))) == ("ServiceUnavailable", STANDARD_TEXT)


def test_put_to_nowhere(gateway: MultipleBackendGateway) -> None:
    error = error_of(lambda: gateway.put("nowhere", stream(b"x"), upload_of(b"x")))
    assert error == ("ServiceUnavailable", STANDARD_TEXT)


def test_put_with_tags_that_no_location_takes(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    error = error_of(lambda: gateway.put("aws", stream(b"x"), upload_of(b"x", tags="k=" + "v" * 257)))
    assert error == ("ServiceUnavailable", STANDARD_TEXT)
    assert remote.calls == []


def test_put_passes_on_what_reading_the_body_raises(gateway: MultipleBackendGateway) -> None:
    body = Body.of(b"x", end=S3Error("SignatureDoesNotMatch"))
    assert error_of(lambda: gateway.put("us-east-1", body, upload_of(b"xy")))[0] == "SignatureDoesNotMatch"


def test_delete(gateway: MultipleBackendGateway) -> None:
    elements = [gateway.put("us-east-1", stream(b"x"), upload_of(b"x")).element for _ in range(2)]
    gateway.delete(elements)
    assert error_of(lambda: gateway.read(elements))[0] == "InternalError"
    gateway.delete(elements)


@pytest.mark.parametrize(("failures", "attempts", "fails"), [(0, 1, False), (2, 3, False), (3, 3, True)])
def test_delete_is_tried_three_times(
    both: tuple[MultipleBackendGateway, ScriptedLocation], failures: int, attempts: int, fails: bool
) -> None:
    gateway, remote = both
    remote.failures["delete"] = [remote_failure() for _ in range(failures)]
    if fails:
        assert error_of(lambda: gateway.delete([ON_AWS]))[0] == "InternalError"
    else:
        gateway.delete([ON_AWS])
    assert remote.calls == [("delete", "bucket/key", True)] * attempts


def test_delete_in_a_location_that_is_not_there(gateway: MultipleBackendGateway) -> None:
    assert error_of(lambda: gateway.delete([{"key": "k", "dataStoreName": "nope"}]))[0] == "InternalError"
    assert error_of(lambda: gateway.delete([{"key": "k"}]))[0] == "InternalError"


def test_replaced_data_stays_on_the_same_remote(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    gateway.delete_replaced([ON_AWS], "aws")
    gateway.delete_replaced([], "aws")
    assert remote.calls == []


def test_replaced_data_elsewhere_is_deleted_without_version(
    both: tuple[MultipleBackendGateway, ScriptedLocation],
) -> None:
    gateway, remote = both
    gateway.delete_replaced([ON_AWS], "us-east-1")
    assert remote.calls == [("delete", "bucket/key", False)]
    local = gateway.put("us-east-1", stream(b"x"), upload_of(b"x")).element
    gateway.delete_replaced([local], "us-east-1")
    assert error_of(lambda: gateway.read([local]))[0] == "InternalError"


def test_replaced_data_that_cannot_be_deleted_is_nobodys_error(
    both: tuple[MultipleBackendGateway, ScriptedLocation],
) -> None:
    gateway, remote = both
    remote.failures["delete"] = [remote_failure() for _ in range(3)]
    gateway.delete_replaced([ON_AWS], "us-east-1")
    assert len(remote.calls) == 3


def test_delete_object_asks_once_and_quotes(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    gateway.delete_object("aws", "bucket", "key")
    remote.failures["delete"] = [remote_failure()]
    error = error_of(lambda: gateway.delete_object("aws", "bucket", "key"))
    assert error == ("ServiceUnavailable", "Error returned from AWS: slow down")
    assert remote.calls == [("delete", "bucket/key", False)] * 2


def test_an_error_without_a_message_is_quoted_as_null(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    remote.failures["delete"] = [remote_failure("Forbidden", None)]
    assert error_of(lambda: gateway.delete_object("aws", "b", "k"))[1] == "Error returned from AWS: null"


def test_delete_marker(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    assert gateway.delete_marker("aws", "bucket", "key") == {
        "key": "bucket/key",
        "size": 0,
        "dataStoreName": "aws",
        "dataStoreType": "aws_s3",
        "dataStoreETag": "1:d41d8cd98f00b204e9800998ecf8427e",
        "dataStoreVersionId": "v1",
    }
    remote.failures["delete_marker"] = [remote_failure(MISSING_VERSION_ID)]
    assert error_of(lambda: gateway.delete_marker("aws", "b", "k")) == ("ServiceUnavailable", STANDARD_TEXT)


def test_head(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    remote.heads["bucket/key"] = HeadResult(1.0, 3)
    assert gateway.head(ON_AWS) == HeadResult(1.0, 3)
    assert error_of(lambda: gateway.head({"key": "other", "dataStoreName": "aws"})) == (
        "LocationNotFound",
        "The object data location does not exist.",
    )
    remote.failures["head"] = [remote_failure("Forbidden", None)]
    assert error_of(lambda: gateway.head(ON_AWS)) == ("ServiceUnavailable", "Error returned from AWS: null")


@pytest.mark.parametrize("name", ["us-east-1", "nope", ""])
def test_head_of_what_is_not_remote(both: tuple[MultipleBackendGateway, ScriptedLocation], name: str) -> None:
    assert error_of(lambda: both[0].head({"key": 1, "dataStoreName": name}))[0] == "InternalError"


def test_only_remote_data_is_checked_before_reading(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    gateway.check_readable([])
    gateway.check_readable([{"key": 99, "dataStoreName": "us-east-1"}])
    assert remote.calls == []
    assert error_of(lambda: gateway.check_readable([ON_AWS, ON_AWS]))[0] == "LocationNotFound"
    assert remote.calls == [("head", "bucket/key")]


def test_replica_version(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    assert gateway.replica_version("aws", "bucket", "key") is None
    remote.heads["bucket/key"] = HeadResult(1.0, 3, version_id="r1", metadata={"scal-version-id": "s1"})
    assert gateway.replica_version("aws", "bucket", "key") == ("s1", "r1")
    remote.heads["bucket/key"] = HeadResult(1.0, 3, version_id="r1")
    assert gateway.replica_version("aws", "bucket", "key") is None
    remote.failures["head"] = [remote_failure()]
    assert error_of(lambda: gateway.replica_version("aws", "bucket", "key"))[0] == "ServiceUnavailable"


def test_tags(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    gateway.put_tags("aws", "bucket", "key", "v1", {"a": "b"})
    gateway.delete_tags("aws", "bucket", "key", "")
    assert remote.calls == [("put_tags", "bucket", "key", "v1", {"a": "b"}), ("delete_tags", "bucket", "key", "")]
    for name in ("put_tags", "delete_tags"):
        remote.failures[name] = [remote_failure()]
    text = ("ServiceUnavailable", "Error returned from AWS: slow down")
    assert error_of(lambda: gateway.put_tags("aws", "b", "k", "", {})) == text
    assert error_of(lambda: gateway.delete_tags("aws", "b", "k", "")) == text


def test_local_locations_take_tags_without_effect(gateway: MultipleBackendGateway) -> None:
    gateway.put_tags("us-east-1", "bucket", "key", "", {"a": "b"})
    gateway.delete_tags("disk", "bucket", "key", "")


def test_copy_between_local_locations(gateway: MultipleBackendGateway) -> None:
    elements: list[dict[str, Any]] = []
    for start, piece in ((0, b"abc"), (3, b"de")):
        element = gateway.put("us-east-1", stream(piece), upload_of(piece)).element
        elements.append({**element, "start": start, "dataStoreETag": f"{start}:given"})
    copied = gateway.copy(elements, "disk", Upload("bucket", "copy"))
    assert [(piece["start"], piece["size"], piece["dataStoreETag"]) for piece in copied] == [
        (0, 3, "0:given"),
        (3, 2, "3:given"),
    ]
    gateway.delete(elements)
    assert b"".join(gateway.read(copied)) == b"abcde"


def test_copy_of_data_that_is_gone(gateway: MultipleBackendGateway) -> None:
    gone = {"key": 9, "dataStoreName": "us-east-1", "size": 3}
    assert error_of(lambda: gateway.copy([gone], "disk", Upload("b", "k"))) == ("ServiceUnavailable", STANDARD_TEXT)


def test_copy_to_a_remote_streams(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    element = {**gateway.put("us-east-1", stream(b"hello"), upload_of(b"hello")).element, "start": 0}
    copied = gateway.copy([element], "aws", Upload("bucket", "copy", metadata={"x-amz-meta-a": "b"}))
    assert copied[0]["dataStoreETag"] == "1:5d41402abc4b2a76b9719d911017c592"
    name, upload, content = remote.calls[0]
    assert (name, upload.size, upload.metadata, content) == ("put", 5, {"x-amz-meta-a": "b"}, b"hello")


def test_a_remote_copies_by_itself(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    source = {**ON_AWS, "start": 0, "dataStoreETag": "1:abc", "dataStoreVersionId": "old"}
    copied = gateway.copy([source], "aws", Upload("bucket", "copy"), directive="COPY")
    assert remote.calls == [("copy", "bucket/key", "remote-bucket", "copy", "COPY")]
    assert copied == [
        {
            "key": "bucket/copy",
            "size": 3,
            "start": 0,
            "dataStoreName": "aws",
            "dataStoreType": "aws_s3",
            "dataStoreETag": "1:abc",
            "dataStoreVersionId": "v1",
        }
    ]


def test_differently_encrypted_buckets_copy_through_the_server(
    both: tuple[MultipleBackendGateway, ScriptedLocation],
) -> None:
    gateway, remote = both
    remote.objects["bucket/key"] = b"abc"
    gateway.copy([ON_AWS], "aws", Upload("bucket", "copy"), same_encryption=False)
    assert [call[0] for call in remote.calls] == ["get", "put"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDenied", ("AccessDenied", "Error: Unable to access remote-bucket AWS bucket")),
        ("SlowDown", ("ServiceUnavailable", "Error returned from AWS: slow down")),
        (
            MISSING_VERSION_ID,
            (
                "InternalError",
                "Invalid state. Please ensure versioning is enabled in AWS for the location constraint and try again.",
            ),
        ),
    ],
)
def test_errors_of_a_remote_copy(
    both: tuple[MultipleBackendGateway, ScriptedLocation], code: str, expected: tuple[str, str]
) -> None:
    gateway, remote = both
    remote.failures["copy"] = [remote_failure(code)]
    assert error_of(lambda: gateway.copy([ON_AWS], "aws", Upload("bucket", "copy"))) == expected


def test_what_the_configuration_says(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, _ = both
    assert [gateway.is_external(name) for name in ("aws", "us-east-1", "nope")] == [True, False, False]
    assert not gateway.is_transient("us-east-1")
    assert not gateway.is_transient("nope")
    assert gateway.remote_key("aws", "bucket", "key") == "bucket/key"
    assert error_of(lambda: gateway.remote_key("us-east-1", "b", "k"))[0] == "InternalError"
    assert gateway.healthcheck("aws") == {"message": "fine"}
    assert gateway.healthcheck("us-east-1") == {}


def test_start_asks_every_remote(both: tuple[MultipleBackendGateway, ScriptedLocation]) -> None:
    gateway, remote = both
    gateway.start()
    assert remote.calls == [("setup",)]


def test_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gateway, remote = with_scripted_remote(location("disk", "file"))
    gateway.put("disk", stream(b"x"), upload_of(b"x"))
    assert list(tmp_path.iterdir())
    gateway.close()
    assert list(tmp_path.iterdir()) == []
    assert remote.closed


def test_a_data_folder_that_was_given_is_kept(tmp_path: Path) -> None:
    gateway = gateway_of(location("disk", "file"), data_folder=tmp_path)
    gateway.put("disk", stream(b"x"), upload_of(b"x"))
    gateway.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["aws_s3", "gcp"])
def test_a_remote_without_credentials_is_refused_at_start(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="location bare"):
        gateway_of(location("bare", kind, credentials=None))
    gateway_of(location("profile", kind, credentials=None, credentialsProfile="somebody"))


def test_moto_is_not_loaded_before_it_is_needed() -> None:
    import subprocess

    code = (
        "import sys, fake_cloudserver.locations.gateway; sys.exit('moto' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
