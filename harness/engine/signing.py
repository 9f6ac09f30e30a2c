"""Signatures on the clock seam: version 2 for Backbeat's routes, version 4 for S3 calls, both by botocore."""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.auth import HmacV1Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from fake_cloudserver import Clock


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair; temporary ones come with a token."""

    access_key: str
    secret_key: str = dataclasses.field(repr=False)
    session_token: str | None = None


#: Keys that stay, or who knows those that are good now.
CredentialsSource = Credentials | Callable[[], Credentials]


class Signer(Protocol):
    """Adds what a signature needs."""

    def sign(self, method: str, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers to send, signature included. The body does not take part.

        Raises what a source of credentials raises.
        """


class SignatureV2:
    """Backbeat's own: the AWS SDK's ``s3`` signer.

    The date travels as ``X-Amz-Date``. Of the headers only ``x-amz-*``, Content-MD5 and Content-Type take part.
    """

    def __init__(self, credentials: CredentialsSource, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    def sign(self, method: str, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        dated = dict(headers) | {"X-Amz-Date": email.utils.formatdate(self._clock.now(), usegmt=True)}
        request = AWSRequest(method=method, url=url, headers=dated)
        _HmacV1Auth(_for_botocore(self._credentials)).add_auth(request)
        return dict(request.headers.items())


class SignatureV4:
    """Requests without a body, for the service ``s3``."""

    def __init__(self, credentials: CredentialsSource, clock: Clock, region: str = "us-east-1") -> None:
        self._credentials = credentials
        self._clock = clock
        self._region = region

    def sign(self, method: str, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        request = AWSRequest(method=method, url=url, headers=dict(headers))
        _SigV4Auth(_for_botocore(self._credentials), self._region, self._clock).add_auth(request)
        return dict(request.headers.items())


def _for_botocore(credentials: CredentialsSource) -> Any:
    good = credentials if isinstance(credentials, Credentials) else credentials()
    return BotocoreCredentials(good.access_key, good.secret_key, good.session_token)


class _HmacV1Auth(HmacV1Auth):
    def canonical_standard_headers(self, headers: Any) -> str:
        """With ``X-Amz-Date`` the line of the date is empty, and there is no Date header."""
        return "\n".join([headers.get("Content-MD5", ""), headers.get("Content-Type", ""), ""])


class _SigV4Auth(S3SigV4Auth):
    def __init__(self, credentials: Any, region: str, clock: Clock) -> None:
        super().__init__(credentials, "s3", region)
        self._clock = clock

    def add_auth(self, request: Any) -> None:
        now = datetime.datetime.fromtimestamp(self._clock.now(), datetime.UTC)
        request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)  # type: ignore[attr-defined]
        canonical_request = self.canonical_request(request)
        string_to_sign = self.string_to_sign(request, canonical_request)
        signature = self.signature(string_to_sign, request)
        self._inject_signature_to_request(request, signature)  # type: ignore[attr-defined]
