"""A Vault of a few lines, in process, that notes what it is asked and fails when told to."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from engine_helpers import Answer

from harness.transport import Body, TransportError


@dataclasses.dataclass
class Asked:
    """One request: ``path`` as in the URL, and the parameters of its query or form."""

    method: str
    path: str
    parameters: dict[str, str]
    signed: bool

    @property
    def name(self) -> str:
        return self.parameters["Action"]


class SmallVault:
    """The transport and the server in one.

    Attributes:
        faults: by the name of an action, what to answer instead, one after the other; None answers as usual.
        expires: milliseconds since the epoch, of the keys that it hands out.
    """

    def __init__(self, owner: str = "target-canonical-id", expires: float = 4e12) -> None:
        self.owner = owner
        self.expires = expires
        self.calls: list[Asked] = []
        self.faults: dict[str, list[Answer | TransportError | None]] = {}

    def names(self) -> list[str]:
        return [call.name for call in self.calls]

    def close(self) -> None: ...

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Answer:
        parts = urllib.parse.urlsplit(url)
        assert isinstance(body, bytes)
        parameters = dict(urllib.parse.parse_qsl(parts.query or body.decode()))
        signed = "authorization" in {name.lower() for name in headers}
        call = Asked(method, parts.path, parameters, signed)
        self.calls.append(call)
        faults = self.faults.get(call.name, [])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, TransportError):
            raise fault
        return fault or Answer(200, json.dumps(self._answer(call)).encode())

    def _answer(self, call: Asked) -> Any:
        if call.name == "AccountsCanonicalIds":
            return [{"accountId": call.parameters["accountIds"], "canonicalId": self.owner, "name": "Target"}]
        number = self.names().count("AssumeRoleBackbeat")
        return {
            "Credentials": {
                "AccessKeyId": f"temporary-{number}",
                "SecretAccessKey": "secret",
                "SessionToken": f"token-{number}",
                "Expiration": self.expires,
            },
            "AssumedRoleUser": {"AssumedRoleId": "id", "Arn": call.parameters["RoleArn"]},
        }


def vault_error(status: int, name: str) -> Answer:
    """An error as Vault answers it."""
    return Answer(
        status, f"<ErrorResponse><Error><Code>{name}</Code><Message>m</Message></Error></ErrorResponse>".encode()
    )
