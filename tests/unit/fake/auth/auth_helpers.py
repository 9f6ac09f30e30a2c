"""A fake of the fake: accounts and a clock are all that authentication asks of a server."""

from __future__ import annotations

import dataclasses
import datetime
import io
from collections.abc import Mapping

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.request import Request, Requester, parse_query
from fake_cloudserver.settings.accounts import AccountSettings

BART_ID = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LISA_ID = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2bf"

BART = AccountSettings(
    name="Bart",
    email="sampleaccount1@sampling.com",
    arn="arn:aws:iam::123456789012:root",
    canonical_id=BART_ID,
    short_id="123456789012",
    keys=(("accessKey1", "verySecretKey1"), ("accessKey1b", "verySecretKey1b")),
)
LISA = AccountSettings(
    name="Lisa",
    email="sampleaccount2@sampling.com",
    arn="arn:aws:iam::123456789013:root",
    canonical_id=LISA_ID,
    short_id="123456789013",
    keys=(("accessKey2", "verySecretKey2"),),
)
# the key pair of the examples in the S3 documentation
AWS_EXAMPLE = AccountSettings(
    name="Example",
    email="example@example.com",
    arn="arn:aws:iam::123456789099:root",
    canonical_id="e" * 63 + "1",
    short_id="123456789099",
    keys=(("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),),
)


@dataclasses.dataclass
class SmallServer:
    """The two parts of a CloudServer that matter here."""

    accounts: Accounts
    clock: VirtualClock


def build_request(
    method: str = "GET",
    url: str = "/bucket/key",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    virtual_bucket: str | None = None,
) -> Request:
    raw_path, _, raw_query = url.partition("?")
    query, repeated = parse_query(raw_query)
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    return Request(
        method=method,
        raw_path=raw_path,
        raw_query=raw_query,
        query=query,
        repeated=repeated,
        headers=lower,
        header_list=list(lower.items()),
        stream=io.BytesIO(body),
        request_id="0123456789401234abcd",
        virtual_bucket=virtual_bucket,
    )


def requester_of(account: AccountSettings) -> Requester:
    return Requester(account.canonical_id, account.name, account.email, account.arn, account.short_id)


ACCOUNTS = Accounts([BART, LISA, AWS_EXAMPLE])
NOBODY = Requester()


def server_at(text: str = "2026-01-01T00:00:00Z") -> SmallServer:
    """A server whose clock stands at a time given in ISO form."""
    return SmallServer(ACCOUNTS, VirtualClock(datetime.datetime.fromisoformat(text).timestamp()))
