"""The ``details`` of an azure location: they may come from the environment, one variable a field.

Source: cloudserver lib/Config.js (azureLocationConstraintAssert, azureGetLocationCredentials).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.s3.names import is_valid_bucket_name
from fake_cloudserver.settings.values import as_text, is_truthy, require

# Field in ``details`` -> what follows the location's name in the variable that overrides it.
_VARIABLES = {
    "azureStorageAccountName": "STORAGE_ACCOUNT_NAME",
    "azureStorageAccessKey": "STORAGE_ACCESS_KEY",
    "sasToken": "SAS_TOKEN",
    "clientKey": "CLIENT_KEY",
    "tenantId": "TENANT_ID",
    "clientId": "CLIENT_ID",
    "azureStorageEndpoint": "STORAGE_ENDPOINT",
    "authMethod": "AUTH_METHOD",
}

# Authentication method -> (name in messages, field in ``details``) of each parameter. A method of any other name
# takes the parameters of the first one, but none of its extra checks.
_SHARED_KEY = (("storageAccountName", "azureStorageAccountName"), ("storageAccessKey", "azureStorageAccessKey"))
_PARAMETERS = {
    "shared-key": _SHARED_KEY,
    "shared-access-signature": (("sasToken", "sasToken"),),
    "client-secret": (("tenantId", "tenantId"), ("clientId", "clientId"), ("clientKey", "clientKey")),
}

_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def checked_azure_details(name: str, details: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The fields that count for the location ``name``: the environment's where it has them, and ``authMethod``.

    Raises:
        ConfigurationError: CloudServer's text for the first thing it would refuse.
    """
    values = dict(details)
    for field, variable in _VARIABLES.items():
        override = environ.get(f"{name}_AZURE_{variable}")
        if override:
            values[field] = override
    method = _authentication_method(values)
    parameters = [("authMethod", method)]
    parameters += [(parameter, values.get(field)) for parameter, field in _parameters_of(method)]
    parameters += [(field, values.get(field)) for field in ("azureStorageEndpoint", "azureContainerName")]
    problem = f'bad location constraint: "{name}"'
    for parameter, value in parameters:
        require(value is not None, f"{problem} {parameter} must be set in locationConfig or environment variable")
        require(isinstance(value, str), f'{problem} {parameter} "{as_text(value)}" must be a string')
    if method == "shared-key":
        account_name = values["azureStorageAccountName"]
        require(
            _ACCOUNT_NAME.fullmatch(account_name) is not None,
            f'{problem} azureStorageAccountName "{account_name}" is an invalid value',
        )
        require(
            _BASE64.fullmatch(values["azureStorageAccessKey"]) is not None,
            f"{problem} azureStorageAccessKey is not a valid base64 string",
        )
    require(
        is_valid_bucket_name(values["azureContainerName"]),
        f"{problem} azureContainerName is an invalid container name",
    )
    return {**values, "authMethod": method}


def _authentication_method(values: Mapping[str, Any]) -> Any:
    """The one that is named, else the first whose secret is there."""
    if is_truthy(values.get("authMethod")):
        return values["authMethod"]
    if is_truthy(values.get("azureStorageAccessKey")):
        return "shared-key"
    if is_truthy(values.get("sasToken")):
        return "shared-access-signature"
    if is_truthy(values.get("clientKey")):
        return "client-secret"
    return "shared-key"


def _parameters_of(method: Any) -> tuple[tuple[str, str], ...]:
    return _PARAMETERS.get(method, _SHARED_KEY) if isinstance(method, str) else _SHARED_KEY
