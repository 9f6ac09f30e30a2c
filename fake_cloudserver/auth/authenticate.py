"""Who sends a request: the signature scheme is chosen, checked and verified, the account found.

Source: Arsenal lib/auth/auth.ts (extractParams, doAuth), lib/auth/backends/in_memory/Backend.ts.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from fake_cloudserver.auth import signature_v2, signature_v4
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request, Requester

if TYPE_CHECKING:
    from fake_cloudserver.cloudserver import CloudServer


def authenticate(server: CloudServer, request: Request) -> None:
    """Verify the signature; set ``request.requester`` and ``request.auth``.

    A request without any signature is the anonymous requester's: what it may do is decided later.
    ``request.auth`` becomes a StreamingSeed when the body comes in signed chunks, None otherwise.

    Raises:
        S3Error: of the scheme's own checks; then InvalidAccessKeyId, SignatureDoesNotMatch.
    """
    claim = _claim(request, server.clock.now())
    if claim is None:
        request.requester, request.auth = Requester(), None
        return
    found = server.accounts.by_access_key(claim.access_key)
    if found is None:
        raise S3Error("InvalidAccessKeyId")
    account, secret = found
    given = claim.signature.encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(claim.expected(secret).encode(), given):
        raise S3Error("SignatureDoesNotMatch")
    request.requester = Requester(account.canonical_id, account.name, account.email, account.arn, account.short_id)
    request.auth = claim.seed(secret) if isinstance(claim, signature_v4.Claim) else None


def _claim(request: Request, now: float) -> signature_v2.Claim | signature_v4.Claim | None:
    """The first scheme that the request shows; a header beats the query."""
    authorization = request.headers.get("authorization")
    if authorization:
        if authorization.startswith("AWS "):
            return signature_v2.claim_of_header(request, now)
        if authorization.startswith("AWS4"):
            return signature_v4.claim_of_header(request, now)
        raise S3Error("AccessDenied")
    if request.query.get("Signature"):
        return signature_v2.claim_of_query(request, now)
    if request.query.get("X-Amz-Algorithm"):
        return signature_v4.claim_of_query(request, now)
    return None
