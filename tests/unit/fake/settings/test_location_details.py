"""The details of single location types: every check with its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.settings.location_details import checked_details

ABSENT = object()


def details_of(location_type: str, details: Any, **environ: str) -> dict[str, Any]:
    return checked_details("loc", location_type, details, environ)


def refusal(location_type: str, details: Any, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        details_of(location_type, details, **environ)
    return str(caught.value)


AZURE: dict[str, Any] = {
    "azureStorageEndpoint": "http://127.0.0.1:9/account",
    "azureStorageAccountName": "account",
    "azureStorageAccessKey": "Fake00Key001",
    "azureContainerName": "container",
}
LOC = 'bad location constraint: "loc"'


def azure(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**AZURE, **changes}.items() if value is not ABSENT}


def must_be_set(parameter: str) -> str:
    return f"{LOC} {parameter} must be set in locationConfig or environment variable"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"azureStorageAccountName": ABSENT}, must_be_set("storageAccountName")),
        ({"azureStorageAccessKey": ABSENT}, must_be_set("storageAccessKey")),
        ({"azureStorageEndpoint": ABSENT}, must_be_set("azureStorageEndpoint")),
        ({"azureContainerName": ABSENT}, must_be_set("azureContainerName")),
        ({"azureContainerName": None}, must_be_set("azureContainerName")),
        ({"authMethod": "shared-access-signature"}, must_be_set("sasToken")),
        ({"authMethod": "client-secret"}, must_be_set("tenantId")),
        ({"authMethod": "client-secret", "tenantId": "t"}, must_be_set("clientId")),
        ({"authMethod": "client-secret", "tenantId": "t", "clientId": "c"}, must_be_set("clientKey")),
        ({"azureStorageAccountName": 12}, f'{LOC} storageAccountName "12" must be a string'),
        ({"azureStorageAccessKey": True}, f'{LOC} storageAccessKey "true" must be a string'),
        ({"azureStorageEndpoint": {"a": 1}}, f'{LOC} azureStorageEndpoint "[object Object]" must be a string'),
        ({"azureContainerName": ["a", None, 2.0]}, f'{LOC} azureContainerName "a,,2" must be a string'),
        ({"authMethod": 1}, f'{LOC} authMethod "1" must be a string'),
        ({"azureStorageAccountName": "Account"}, f'{LOC} azureStorageAccountName "Account" is an invalid value'),
        ({"azureStorageAccountName": "ab"}, f'{LOC} azureStorageAccountName "ab" is an invalid value'),
        ({"azureStorageAccountName": "a\n" * 3}, f'{LOC} azureStorageAccountName "a\na\na\n" is an invalid value'),
        ({"azureStorageAccessKey": "not base64"}, f"{LOC} azureStorageAccessKey is not a valid base64 string"),
        ({"azureStorageAccessKey": "abcd\n"}, f"{LOC} azureStorageAccessKey is not a valid base64 string"),
        ({"azureContainerName": "No"}, f"{LOC} azureContainerName is an invalid container name"),
    ],
)
def test_azure(changes: dict[str, Any], message: str) -> None:
    assert refusal("azure", azure(**changes)) == message


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, "shared-key"),
        ({"sasToken": "s"}, "shared-key"),
        ({"azureStorageAccessKey": ABSENT, "sasToken": "s", "clientKey": "k"}, "shared-access-signature"),
        ({"azureStorageAccessKey": ABSENT, "clientKey": "k", "clientId": "c", "tenantId": "t"}, "client-secret"),
        ({"authMethod": "shared-access-signature", "sasToken": "s"}, "shared-access-signature"),
    ],
)
def test_azure_authentication_method(changes: dict[str, Any], method: str) -> None:
    assert details_of("azure", azure(**changes))["authMethod"] == method


def test_an_unknown_azure_method_takes_the_shared_key_without_its_checks() -> None:
    changes = {"authMethod": "own", "azureStorageAccountName": "ANY", "azureStorageAccessKey": "?"}
    assert details_of("azure", azure(**changes))["authMethod"] == "own"
    assert refusal("azure", azure(**{**changes, "azureStorageAccessKey": ABSENT})) == must_be_set("storageAccessKey")


@pytest.mark.parametrize(
    ("variable", "field", "value"),
    [
        ("STORAGE_ACCOUNT_NAME", "azureStorageAccountName", "fromenv"),
        ("STORAGE_ACCESS_KEY", "azureStorageAccessKey", "RnJvbUVudg=="),
        ("SAS_TOKEN", "sasToken", "sv=1"),
        ("CLIENT_KEY", "clientKey", "from-environment"),
        ("TENANT_ID", "tenantId", "from-environment"),
        ("CLIENT_ID", "clientId", "from-environment"),
        ("STORAGE_ENDPOINT", "azureStorageEndpoint", "http://from.environment"),
    ],
)
def test_the_environment_overrides_azure_fields(variable: str, field: str, value: str) -> None:
    details = azure(**{field: ABSENT, "authMethod": "shared-key"})
    assert details_of("azure", azure(), **{f"loc_AZURE_{variable}": value})[field] == value
    assert details_of("azure", details, **{f"loc_AZURE_{variable}": value})[field] == value
    assert details_of("azure", azure(), **{f"other_AZURE_{variable}": value}).get(field) == AZURE.get(field)


def test_the_environment_chooses_the_azure_method() -> None:
    environ = {"loc_AZURE_AUTH_METHOD": "client-secret"}
    assert refusal("azure", azure(authMethod="shared-key"), **environ) == must_be_set("tenantId")


def test_environment_values_are_checked_too() -> None:
    assert refusal("azure", azure(), loc_AZURE_STORAGE_ACCOUNT_NAME="NO") == (
        f'{LOC} azureStorageAccountName "NO" is an invalid value'
    )


DMF: dict[str, Any] = {"endpoint": "h:1", "username": "u", "password": "p", "repoId": ["r"], "nsId": "n"}
ARCHIVE: dict[str, Any] = {"azureContainerName": "c", "azureStorageEndpoint": "e"}
SHARED_KEY = {"azureStorageAccountName": "a", "azureStorageAccessKey": "k"}
CLIENT_SECRET = {"tenantId": "t", "clientId": "c", "clientKey": "k"}
SEVERAL = "Multiple authentication methods are not allowed"
MISSING = "Missing authentication method"
HDCLIENT_STRINGS = "bad config: hdclient.bootstrap must be an array of strings"


@pytest.mark.parametrize(
    ("location_type", "details", "message"),
    [
        ("gcp", {"gcpEndpoint": 5}, "bad config: 5 must be a string"),
        ("gcp", {"mpuBucketName": None}, "bad config: null must be a string"),
        ("dmf", {**DMF, "endpoint": 1}, "bad config: 1 must be a string"),
        ("dmf", {**DMF, "username": False}, "bad config: false must be a string"),
        ("dmf", {**DMF, "password": {}}, "bad config: [object Object] must be a string"),
        ("dmf", {**DMF, "nsId": None}, "bad config: null must be a string"),
        ("dmf", {**DMF, "repoId": "r"}, "bad config: repoId must be an array of strings"),
        ("dmf", {**DMF, "repoId": ["r", 1]}, "bad config: each repoId must be a string"),
        ("azure_archive", ARCHIVE, MISSING),
        ("azure_archive", {**ARCHIVE, "azureStorageAccountName": "a"}, MISSING),
        ("azure_archive", {**ARCHIVE, "tenantId": "t", "clientId": "c"}, MISSING),
        ("azure_archive", {**ARCHIVE, "sasToken": "s", **SHARED_KEY}, SEVERAL),
        ("azure_archive", {**ARCHIVE, "sasToken": "s", **CLIENT_SECRET}, SEVERAL),
        ("azure_archive", {**ARCHIVE, **SHARED_KEY, **CLIENT_SECRET}, SEVERAL),
        ("azure_archive", {**ARCHIVE, "azureContainerName": 7}, "bad config: 7 must be a string"),
        ("azure_archive", {**ARCHIVE, "azureStorageEndpoint": 7}, "bad config: 7 must be a string"),
        ("azure_archive", {**ARCHIVE, "sasToken": 1.5}, "bad config: 1.5 must be a string"),
        ("azure_archive", {**ARCHIVE, **SHARED_KEY, "azureStorageAccessKey": 1}, "bad config: 1 must be a string"),
        ("pfs", {}, "bad config: pfsDaemonEndpoint is mandatory and must be an object"),
        ("pfs", {"pfsDaemonEndpoint": "h"}, "bad config: pfsDaemonEndpoint is mandatory and must be an object"),
        ("scality", {"connector": {"hdclient": None}}, "bad config: hdclient must be an object"),
        ("scality", {"connector": {"hdclient": {}}}, HDCLIENT_STRINGS),
        ("scality", {"connector": {"hdclient": {"bootstrap": "h"}}}, HDCLIENT_STRINGS),
        ("scality", {"connector": {"hdclient": {"bootstrap": [1]}}}, HDCLIENT_STRINGS),
        ("scality", {"connector": {"hdclient": {"bootstrap": []}}}, "bad config: hdclient bootstrap list is empty"),
    ],
)
def test_single_types(location_type: str, details: dict[str, Any], message: str) -> None:
    assert refusal(location_type, details) == message


@pytest.mark.parametrize(
    ("sproxyd", "message"),
    [
        ("h:1", 'bad config "value" must be of type object'),
        ({"bootstrap": "h:1"}, 'bad config "bootstrap" must be an array'),
        ({"bootstrap": []}, 'bad config "bootstrap" must contain at least 1 items'),
        ({"bootstrap": ["h", 1]}, 'bad config "bootstrap[1]" must be a string'),
        ({"bootstrap": [""]}, 'bad config "bootstrap[0]" is not allowed to be empty'),
        ({"chordCos": "x"}, 'bad config "chordCos" must be a number'),
        ({"chordCos": 1.5}, 'bad config "chordCos" must be an integer'),
        ({"chordCos": -1}, 'bad config "chordCos" must be greater than or equal to 0'),
        ({"chordCos": 7}, 'bad config "chordCos" must be less than or equal to 6'),
        ({"path": 1}, 'bad config "path" must be a string'),
        ({"path": ""}, 'bad config "path" is not allowed to be empty'),
    ],
)
def test_sproxyd(sproxyd: Any, message: str) -> None:
    assert refusal("mem", {"connector": {"sproxyd": sproxyd}}) == message


@pytest.mark.parametrize(
    ("location_type", "details"),
    [
        ("gcp", {"gcpEndpoint": "e", "bucketName": "b", "mpuBucketName": "m"}),
        ("gcp", {}),
        ("dmf", {}),
        ("dmf", DMF),
        ("dmf", {"endpoint": 1, "username": 1}),
        ("azure_archive", {}),
        ("azure_archive", {"azureContainerName": 1}),
        ("azure_archive", {**ARCHIVE, "sasToken": "s"}),
        ("azure_archive", {**ARCHIVE, **SHARED_KEY}),
        ("azure_archive", {**ARCHIVE, **CLIENT_SECRET, "azureStorageAccountName": "a"}),
        ("pfs", {"pfsDaemonEndpoint": {"host": "h"}}),
        ("mem", {"pfsDaemonEndpoint": "no concern of mem"}),
        ("mem", {"connector": {"hdclient": {"bootstrap": []}}}),
        ("scality", {"connector": {"hdclient": {"bootstrap": ["h:1"]}}}),
        ("scality", {"connector": {"sproxyd": {"bootstrap": ["h:1"], "chordCos": 6, "path": "/proxy", "more": 1}}}),
        ("scality", {"connector": {"sproxyd": {"chordCos": 0}}}),
        ("scality", {"connector": {}}),
        ("mongodb", {}),
    ],
)
def test_what_single_types_accept(location_type: str, details: dict[str, Any]) -> None:
    assert details_of(location_type, details).items() >= details.items()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
known_details = st.sampled_from(
    [
        "https", "pathStyle", "bucketMatch", "credentials", "region", "connector", "azureContainerName", "sasToken",
        "azureStorageEndpoint", "repoId", "endpoint", "authMethod", "pfsDaemonEndpoint", "supportsVersioning",
    ]
)  # fmt: skip
location_types = st.sampled_from(["mem", "aws_s3", "azure", "gcp", "dmf", "azure_archive", "pfs", "scality"])


@given(location_types, st.dictionaries(known_details, json_values) | json_values)
def test_any_json_is_read_or_refused(location_type: str, document: Any) -> None:
    try:
        details = details_of(location_type, document)
    except ConfigurationError:
        return
    assert all(isinstance(details[field], bool) for field in ("https", "pathStyle", "supportsVersioning"))
