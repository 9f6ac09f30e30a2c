"""A Vault of a few lines, in process, that notes what it is asked and fails when told to."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine_helpers import Answer

from harness.engine.vault import PROXY_PATH
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
        keys: access and secret key to hand out; new ones each time unless given.
    """

    def __init__(self, owner: str = "target-canonical-id", expires: float = 4e12) -> None:
        self.owner = owner
        self.expires = expires
        self.keys: tuple[str, str] | None = None
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
        access_key, secret_key = self.keys or (f"temporary-{number}", "secret")
        token = f"token-{number}" if self.keys is None else "AQoDYXdzEPT" * 20
        return {
            "Credentials": {
                "AccessKeyId": access_key,
                "SecretAccessKey": secret_key,
                "SessionToken": token,
                "Expiration": self.expires,
            },
            "AssumedRoleUser": {"AssumedRoleId": "id", "Arn": call.parameters["RoleArn"]},
        }


def vault_error(status: int, name: str) -> Answer:
    """An error as Vault answers it."""
    return Answer(
        status, f"<ErrorResponse><Error><Code>{name}</Code><Message>m</Message></Error></ErrorResponse>".encode()
    )


def wsgi_of(vault: SmallVault) -> Callable[..., Iterable[bytes]]:
    """The same as a WSGI application."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        url = f"http://vault{environ['RAW_URI']}"
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer = vault.send(environ["REQUEST_METHOD"], url, dict(environ["cloudserver.headers"]), body)
        start_response(f"{answer.status} {answer.reason}", list(answer.headers.items()))
        return [answer.read()]

    return app


def behind_front_end(app: Any, vault: SmallVault) -> Callable[..., Iterable[bytes]]:
    """A server that hands the proxy's path on to Vault, and everything else to ``app``."""
    asked = wsgi_of(vault)

    def front_end(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chosen = asked if environ["PATH_INFO"].startswith(PROXY_PATH) else app
        answer: Iterable[bytes] = chosen(environ, start_response)
        return answer

    return front_end
