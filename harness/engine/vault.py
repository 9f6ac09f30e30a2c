"""Vault, as far as replication needs it: keys of a role, and who owns an account.

Source: vaultclient lib/IAMClient.js; Backbeat lib/credentials/RoleCredentials.js.
"""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from typing import Any

from harness.engine.errors import ReplicationError
from harness.engine.signing import Credentials
from harness.engine.xml_errors import xml_error
from harness.transport import Response, Transport, TransportError

#: Where the front end of a CloudServer hands requests on to its Vault.
PROXY_PATH = "/_/backbeat/vault"
SESSION_NAME = "backbeat-replication"

_RETRYABLE = frozenset({"InternalError", "ServiceUnavailable"})
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclasses.dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """``expires``: seconds since the epoch."""

    credentials: Credentials
    expires: float


@dataclasses.dataclass(frozen=True, slots=True)
class AccountOwner:
    """An account as objects name their owner."""

    canonical_id: str
    display_name: str


class VaultClient:
    """One Vault. Requests are not signed: its replication API is for a network of its own.

    Every method raises ReplicationError with ``origin``. Retryable are InternalError, ServiceUnavailable and, other
    than in Backbeat, a Vault that does not answer: another host may.

    Args:
        url: with the path of a proxy, where there is one.
    """

    def __init__(self, transport: Transport, url: str, *, origin: str) -> None:
        self._transport = transport
        self._url = url if urllib.parse.urlsplit(url).path else f"{url}/"
        self._origin = origin

    def assume_role(self, role_arn: str) -> TemporaryCredentials:
        """Keys to act in a role with, for a while."""
        form = {"Action": "AssumeRoleBackbeat", "RoleArn": role_arn, "RoleSessionName": SESSION_NAME}
        answer = self._ask("POST", self._url, _FORM, urllib.parse.urlencode(form).encode())
        try:
            keys = answer["Credentials"]
            credentials = Credentials(
                _text(keys["AccessKeyId"]), _text(keys["SecretAccessKey"]), _text(keys["SessionToken"])
            )
            return TemporaryCredentials(credentials, float(keys["Expiration"]) / 1000)
        except (KeyError, TypeError, ValueError) as error:
            raise self._malformed("AssumeRoleBackbeat") from error

    def account(self, account_id: str) -> AccountOwner:
        """Raises AccountNotFound, too."""
        query = urllib.parse.urlencode({"Action": "AccountsCanonicalIds", "accountIds": account_id})
        answer = self._ask("GET", f"{self._url}?{query}", {})
        if answer == []:
            raise account_not_found(account_id, self._origin)
        try:
            return AccountOwner(_text(answer[0]["canonicalId"]), _text(answer[0]["name"]))
        except (KeyError, TypeError, IndexError) as error:
            raise self._malformed("AccountsCanonicalIds") from error

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Any:
        try:
            response = self._transport.send(method, url, headers, body)
            content = response.read()
        except TransportError as error:
            raise ReplicationError(error.code, str(error), retryable=True, origin=self._origin) from error
        if response.status != 200:
            raise self._refusal(response, content)
        try:
            return json.loads(content)
        except ValueError as error:
            raise self._malformed("the request") from error

    def _refusal(self, response: Response, content: bytes) -> ReplicationError:
        name, message = xml_error(content, response)
        return ReplicationError(
            name,
            message,
            http_status=response.status,
            retryable=name in _RETRYABLE or response.status in {500, 503},
            origin=self._origin,
        )

    def _malformed(self, action: str) -> ReplicationError:
        return ReplicationError("InternalError", f"malformed answer of Vault to {action}", origin=self._origin)


def account_not_found(account_id: str, origin: str) -> ReplicationError:
    return ReplicationError("AccountNotFound", f"there is no account {account_id}", origin=origin)


def account_id_of(arn: str) -> str:
    """The fifth field of an ARN; ``""`` when it has none."""
    fields = arn.split(":")
    return fields[4] if len(fields) > 4 else ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
