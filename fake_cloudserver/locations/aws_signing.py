"""Signatures of requests to a remote S3: version 2 over plain HTTP, version 4 over HTTPS, by botocore's signers.

The headers are those of the real server's client library: the date travels in ``X-Amz-Date``, and over HTTPS the
body is not part of the signature.
"""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Mapping
from typing import Any, Protocol

from botocore.auth import HmacV1Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fake_cloudserver.clock import Clock


class Signer(Protocol):
    """Signs a request in place."""

    def add_auth(self, request: AWSRequest) -> None:
        """Add date and ``Authorization`` to the headers."""


class SignerV2(HmacV1Auth):
    """Signature version 2."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        super().__init__(credentials)
        self._clock = clock

    def add_auth(self, request: AWSRequest) -> None:
        request.headers["X-Amz-Date"] = email.utils.formatdate(self._clock.now(), usegmt=True)
        super().add_auth(request)

    def canonical_standard_headers(self, headers: Mapping[str, Any]) -> str:
        """Content-MD5, Content-Type and an empty line in place of the date, which ``X-Amz-Date`` carries."""
        return "\n".join([headers.get("Content-MD5", ""), headers.get("Content-Type", ""), ""])


class SignerV4(S3SigV4Auth):
    """Signature version 4 without the body."""

    def __init__(self, credentials: Credentials, region: str, clock: Clock) -> None:
        super().__init__(credentials, "s3", region)
        self._clock = clock

    def add_auth(self, request: AWSRequest) -> None:
        now = datetime.datetime.fromtimestamp(self._clock.now(), datetime.UTC)
        request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
        # botocore's own steps, which it takes with a clock of its own; its stubs leave the inner ones out
        self._modify_request_before_signing(request)  # type: ignore[attr-defined]
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))  # type: ignore[attr-defined]

    def payload(self, request: AWSRequest) -> str:  # noqa: ARG002  (botocore's signature)
        return "UNSIGNED-PAYLOAD"
