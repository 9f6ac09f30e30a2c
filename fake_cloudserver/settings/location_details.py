"""The ``details`` of a location: what every type shares, then what one type asks for.

Source: cloudserver lib/Config.js (locationConstraintAssert and the asserts of the single types).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.settings.azure import checked_azure_details
from fake_cloudserver.settings.values import (
    as_text,
    is_integer,
    is_list_of_strings,
    is_number,
    properties_of,
    require,
)

_REGION = "bad config: locationConstraints[region]"


def checked_details(name: str, location_type: str, document: Any, environ: Mapping[str, str]) -> dict[str, Any]:
    """A copy of a location's ``details`` with the defaults filled in and the environment's overrides applied.

    Raises:
        ConfigurationError: CloudServer's text for the first thing it would refuse.
    """
    details = copy.deepcopy(properties_of(document, f"{_REGION}.details is mandatory and must be an object"))
    _check_common(details, is_ceph=environ.get("CI_CEPH") == "true")
    if location_type == "azure":
        details.update(checked_azure_details(name, details, environ))
    elif location_type == "gcp":
        _check_gcp(details)
    elif location_type == "dmf":
        _check_dmf(details)
    elif location_type == "azure_archive":
        _check_azure_archive(details)
    elif location_type == "pfs":
        properties_of(
            details.get("pfsDaemonEndpoint"), "bad config: pfsDaemonEndpoint is mandatory and must be an object"
        )
    if "connector" in details:
        _check_connector(location_type, details["connector"])
    return details


def _check_common(details: dict[str, Any], *, is_ceph: bool) -> None:
    _check_boolean(details, "serverSideEncryption", f"{_REGION}.details.serverSideEncryption must be a boolean", False)
    for field in ("awsEndpoint", "bucketName", "credentialsProfile", "region"):
        require(isinstance(details.get(field, ""), str), f"bad config: {field} must be a string")
    _check_boolean(details, "bucketMatch", "bad config: details.bucketMatch must be a boolean", False)
    if "credentials" in details:
        credentials = properties_of(details["credentials"], "bad config: details.credentials must be an object")
        for key in ("accessKey", "secretKey"):
            require(isinstance(credentials.get(key), str), f"bad config: credentials must include {key} as string")
    _check_boolean(details, "https", f"{_REGION}.details https must be a boolean", True)
    if is_ceph:
        details["https"] = False
    _check_boolean(details, "pathStyle", f"{_REGION}.pathStyle must be a boolean", is_ceph)
    # The missing space is CloudServer's.
    _check_boolean(details, "supportsVersioning", f"{_REGION}.supportsVersioningmust be a boolean", True)


def _check_boolean(details: dict[str, Any], field: str, message: str, default: bool) -> None:
    require(isinstance(details.setdefault(field, default), bool), message)


def _check_gcp(details: dict[str, Any]) -> None:
    # The text shows the value where one expects the field: gcpLocationConstraintAssert.
    for field in ("gcpEndpoint", "bucketName", "mpuBucketName"):
        if field in details:
            _check_string(details[field])


def _check_dmf(details: dict[str, Any]) -> None:
    if not all(field in details for field in ("endpoint", "username", "password", "repoId", "nsId")):
        return
    for field in ("endpoint", "username", "password", "nsId"):
        _check_string(details[field])
    require(isinstance(details["repoId"], list), "bad config: repoId must be an array of strings")
    require(is_list_of_strings(details["repoId"]), "bad config: each repoId must be a string")


def _check_azure_archive(details: dict[str, Any]) -> None:
    if not ("azureContainerName" in details and "azureStorageEndpoint" in details):
        return
    _check_string(details["azureContainerName"])
    _check_string(details["azureStorageEndpoint"])
    has_method = False
    for method in (
        ("sasToken",),
        ("azureStorageAccountName", "azureStorageAccessKey"),
        ("tenantId", "clientId", "clientKey"),
    ):
        if all(field in details for field in method):
            for field in method:
                _check_string(details[field])
            require(not has_method, "Multiple authentication methods are not allowed")
            has_method = True
    require(has_method, "Missing authentication method")


def _check_string(value: Any) -> None:
    require(isinstance(value, str), f"bad config: {as_text(value)} must be a string")


def _check_connector(location_type: str, document: Any) -> None:
    connector = properties_of(document, "bad config: connector must be an object")
    if location_type == "scality" and "hdclient" in connector:
        _check_hdclient(connector["hdclient"])
    if "sproxyd" in connector:
        _check_sproxyd(connector["sproxyd"])


def _check_hdclient(document: Any) -> None:
    bootstrap = properties_of(document, "bad config: hdclient must be an object").get("bootstrap")
    require(is_list_of_strings(bootstrap), "bad config: hdclient.bootstrap must be an array of strings")
    require(bool(bootstrap), "bad config: hdclient bootstrap list is empty")


def _check_sproxyd(document: Any) -> None:
    """The texts are those of the schema library behind parseSproxydConfig, which says no more than is needed."""
    sproxyd = properties_of(document, 'bad config "value" must be of type object')
    bootstrap = sproxyd.get("bootstrap", ["absent"])
    require(isinstance(bootstrap, list), 'bad config "bootstrap" must be an array')
    for index, server in enumerate(bootstrap):
        _check_schema_string(f"bootstrap[{index}]", server)
    require(len(bootstrap) > 0, 'bad config "bootstrap" must contain at least 1 items')
    chord_cos = sproxyd.get("chordCos", 0)
    require(is_number(chord_cos), 'bad config "chordCos" must be a number')
    require(is_integer(chord_cos), 'bad config "chordCos" must be an integer')
    require(chord_cos >= 0, 'bad config "chordCos" must be greater than or equal to 0')
    require(chord_cos <= 6, 'bad config "chordCos" must be less than or equal to 6')
    _check_schema_string("path", sproxyd.get("path", "absent"))


def _check_schema_string(field: str, value: Any) -> None:
    require(isinstance(value, str), f'bad config "{field}" must be a string')
    require(value != "", f'bad config "{field}" is not allowed to be empty')
