from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from location_helpers import location, remote_failure, stream, with_scripted_remote

from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import CompletedPart, Upload
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.locations.gateway_errors import MISSING_VERSION_ID

Operation = Callable[[MultipleBackendGateway, str], Any]

OPERATIONS: dict[str, Operation] = {
    "create_upload": lambda gateway, name: gateway.create_upload(name, Upload("b", "k")),
    "put_part": lambda gateway, name: gateway.put_part(name, "b", "k", "u", "1", stream(b"abc"), 3),
    "list_parts": lambda gateway, name: gateway.list_parts(name, "b", "k", "u", 0, 1000),
    "complete_upload": lambda gateway, name: gateway.complete_upload(name, "b", "k", "u", [CompletedPart(1, "e")]),
    "abort_upload": lambda gateway, name: gateway.abort_upload(name, "b", "k", "u"),
}


def error_of(operation: Operation, gateway: MultipleBackendGateway, name: str) -> tuple[str, str]:
    with pytest.raises(S3Error) as caught:
        operation(gateway, name)
    return caught.value.code, caught.value.message


def test_operations_reach_the_remote() -> None:
    gateway, remote = with_scripted_remote()
    assert OPERATIONS["create_upload"](gateway, "aws") == "upload-1"
    assert OPERATIONS["put_part"](gateway, "aws") == "etag-1"
    assert OPERATIONS["list_parts"](gateway, "aws").parts == []
    assert OPERATIONS["complete_upload"](gateway, "aws").etag == "abc-1"
    OPERATIONS["abort_upload"](gateway, "aws")
    assert remote.calls == [
        ("create_upload", Upload("b", "k")),
        ("put_part", "b", "k", "u", "1", b"abc", 3),
        ("list_parts", "b", "k", "u", 0, 1000),
        ("complete_upload", "b", "k", "u", [CompletedPart(1, "e")]),
        ("abort_upload", "b", "k", "u"),
    ]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("message", ["slow down", None])
def test_the_remote_is_quoted(operation: str, message: str | None) -> None:
    gateway, remote = with_scripted_remote()
    remote.failures[operation] = [remote_failure("SlowDown", message)]
    expected = f"Error returned from AWS: {'null' if message is None else message}"
    assert error_of(OPERATIONS[operation], gateway, "aws") == ("ServiceUnavailable", expected)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ["us-east-1", "nope"])
def test_locations_that_keep_no_parts(operation: str, name: str) -> None:
    gateway, _ = with_scripted_remote(location("us-east-1", "mem"))
    assert error_of(OPERATIONS[operation], gateway, name)[0] == "InternalError"


@pytest.mark.parametrize("code", ["InvalidPart", "InvalidPartOrder", "EntityTooSmall"])
def test_completion_passes_on_the_clients_own_faults(code: str) -> None:
    gateway, remote = with_scripted_remote()
    remote.failures["complete_upload"] = [remote_failure(code)]
    assert error_of(OPERATIONS["complete_upload"], gateway, "aws") == (code, S3Error(code).message)


@pytest.mark.parametrize("operation", ["put_part", "abort_upload"])
def test_nothing_else_does(operation: str) -> None:
    gateway, remote = with_scripted_remote()
    remote.failures[operation] = [remote_failure("InvalidPart")]
    assert error_of(OPERATIONS[operation], gateway, "aws")[0] == "ServiceUnavailable"


def test_an_object_without_a_version() -> None:
    gateway, remote = with_scripted_remote()
    remote.failures["complete_upload"] = [remote_failure(MISSING_VERSION_ID)]
    code, message = error_of(OPERATIONS["complete_upload"], gateway, "aws")
    assert (code, message.startswith("Invalid state. Please ensure versioning is enabled")) == ("InternalError", True)
