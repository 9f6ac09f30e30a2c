from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from location_helpers import gateway_of, location, stream, upload_of

from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import CompletedPart, Upload
from fake_cloudserver.locations.gateway import MultipleBackendGateway

AZURE = location("azure", "azure", azureStorageEndpoint="https://account.blob.example/x", bucketMatch=True)
GCP = location("gcp", "gcp", gcpEndpoint="127.0.0.1:9", https=False)

Operation = Callable[[MultipleBackendGateway, str], Any]

QUOTING: dict[str, Operation] = {
    "head": lambda gateway, name: gateway.head({"key": "k", "dataStoreName": name}),
    "delete_object": lambda gateway, name: gateway.delete_object(name, "b", "k"),
    "put_tags": lambda gateway, name: gateway.put_tags(name, "b", "k", "", {}),
    "delete_tags": lambda gateway, name: gateway.delete_tags(name, "b", "k", ""),
    "put_part": lambda gateway, name: gateway.put_part(name, "b", "k", "u", "1", stream(b""), 0),
    "list_parts": lambda gateway, name: gateway.list_parts(name, "b", "k", "u", 0, 1),
    "complete_upload": lambda gateway, name: gateway.complete_upload(name, "b", "k", "u", [CompletedPart(1, "e")]),
    "copy": lambda gateway, name: gateway.copy([{"key": "k", "dataStoreName": name}], name, Upload("b", "k")),
}


def error_of(operation: Operation, gateway: MultipleBackendGateway, name: str) -> tuple[str, str]:
    with pytest.raises(S3Error) as caught:
        operation(gateway, name)
    return caught.value.code, caught.value.message


@pytest.fixture
def gateway() -> MultipleBackendGateway:
    return gateway_of(AZURE, GCP)


@pytest.mark.parametrize("operation", QUOTING)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("azure", "Error returned from Azure: connect ECONNREFUSED account.blob.example:443"),
        ("gcp", "Error returned from GCP: connect ECONNREFUSED 127.0.0.1:9"),
    ],
)
def test_every_operation_finds_nobody(gateway: MultipleBackendGateway, operation: str, name: str, text: str) -> None:
    assert error_of(QUOTING[operation], gateway, name) == ("ServiceUnavailable", text)


@pytest.mark.parametrize("name", ["azure", "gcp"])
def test_puts_are_masked(gateway: MultipleBackendGateway, name: str) -> None:
    standard = S3Error("ServiceUnavailable").message
    put: Operation = lambda gateway, name: gateway.put(name, stream(b"x"), upload_of(b"x"))  # noqa: E731
    marker: Operation = lambda gateway, name: gateway.delete_marker(name, "b", "k")  # noqa: E731
    assert error_of(put, gateway, name) == ("ServiceUnavailable", standard)
    assert error_of(marker, gateway, name) == ("ServiceUnavailable", standard)


@pytest.mark.parametrize("name", ["azure", "gcp"])
def test_deletes_are_given_up(gateway: MultipleBackendGateway, name: str) -> None:
    delete: Operation = lambda gateway, name: gateway.delete([{"key": "k", "dataStoreName": name}])  # noqa: E731
    assert error_of(delete, gateway, name)[0] == "InternalError"


def test_azure_has_no_uploads_to_begin_or_abort(gateway: MultipleBackendGateway) -> None:
    create: Operation = lambda gateway, name: gateway.create_upload(name, Upload("b", "k"))  # noqa: E731
    abort: Operation = lambda gateway, name: gateway.abort_upload(name, "b", "k", "u")  # noqa: E731
    assert error_of(create, gateway, "azure")[0] == "InternalError"
    abort(gateway, "azure")
    assert error_of(create, gateway, "gcp")[0] == "ServiceUnavailable"
    assert error_of(abort, gateway, "gcp")[0] == "ServiceUnavailable"


def test_keys_and_health(gateway: MultipleBackendGateway) -> None:
    assert gateway.remote_key("azure", "bucket", "key") == "key"
    assert gateway.remote_key("gcp", "bucket", "key") == "bucket/key"
    assert gateway.healthcheck("gcp") == {"error": "connect ECONNREFUSED 127.0.0.1:9", "external": True}
    gateway.start()
    gateway.close()


def test_an_endpoint_that_nobody_configured() -> None:
    gateway = gateway_of(location("azure", "azure"), location("gcp", "gcp"))
    assert gateway.healthcheck("azure")["error"] == "connect ECONNREFUSED 127.0.0.1:80"
    assert gateway.healthcheck("gcp")["error"] == "connect ECONNREFUSED storage.googleapis.com:80"
