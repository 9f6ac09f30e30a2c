"""The accounts a CloudServer knows: authdata.json.

Source: Arsenal lib/auth/backends/in_memory/AuthLoader.ts (checks), Indexer.ts (lower-cased e-mails).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.settings.values import require

_REFUSAL = "bad config: invalid auth config file."

_ACCOUNT_PROPERTIES = {"name", "email", "arn", "canonicalID", "shortid", "keys"}
_ACCOUNT_ARN = re.compile(r"arn:aws:iam::[0-9]{12}:root")
_SHORT_ID = re.compile(r"[0-9]{12}")
_ATOM = r"[\w!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_EMAIL = re.compile(rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")


@dataclasses.dataclass(frozen=True, slots=True)
class AccountSettings:
    """One account.

    Attributes:
        email: lower case.
        short_id: 12 digits.
        keys: pairs of access key and secret key; never shown in texts.
    """

    name: str
    email: str
    arn: str
    canonical_id: str
    short_id: str
    keys: tuple[tuple[str, str], ...] = dataclasses.field(repr=False)


def account_of_environment(environ: Mapping[str, str]) -> AccountSettings | None:
    """The one account that replaces the file when the environment has both of its keys.

    Source: cloudserver lib/Config.js, lib/auth/in_memory/builder.js.
    """
    access = environ.get("SCALITY_ACCESS_KEY_ID")
    secret = environ.get("SCALITY_SECRET_ACCESS_KEY")
    if not (access and secret):
        return None
    return AccountSettings(
        name="CustomAccount",
        email="customaccount1@setbyenv.com",
        arn="arn:aws:iam::123456789012:root",
        canonical_id="12349df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47qwer",
        short_id="123456789012",
        keys=((access, secret),),
    )


def parse_accounts(document: Any) -> tuple[AccountSettings, ...]:
    """The accounts of an authdata document, in its order.

    Raises:
        ConfigurationError: CloudServer's one text for everything that can be wrong with it.
    """
    require(isinstance(document, dict) and set(document) == {"accounts"}, _REFUSAL)
    require(isinstance(document["accounts"], list), _REFUSAL)
    for entry in document["accounts"]:
        _check_account(entry)
    for field in ("arn", "email", "canonicalID"):
        _check_unique([entry[field] for entry in document["accounts"]])
    accounts = tuple(_account(entry) for entry in document["accounts"])
    _check_unique([access for account in accounts for access, _ in account.keys])
    return accounts


def _check_account(entry: Any) -> None:
    # ``users`` is in the real schema, but its mere presence makes the file invalid: it is unknown here.
    require(isinstance(entry, dict) and set(entry) == _ACCOUNT_PROPERTIES, _REFUSAL)
    for field in _ACCOUNT_PROPERTIES - {"keys"}:
        require(_is_filled_string(entry[field]), _REFUSAL)
    require(_EMAIL.fullmatch(entry["email"]) is not None, _REFUSAL)
    require(_ACCOUNT_ARN.fullmatch(entry["arn"]) is not None, _REFUSAL)
    require(_SHORT_ID.fullmatch(entry["shortid"]) is not None, _REFUSAL)
    require(isinstance(entry["keys"], list), _REFUSAL)
    for key in entry["keys"]:
        require(isinstance(key, dict) and set(key) == {"access", "secret"}, _REFUSAL)
        require(_is_filled_string(key["access"]) and _is_filled_string(key["secret"]), _REFUSAL)


def _is_filled_string(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _check_unique(values: list[str]) -> None:
    require(len(set(values)) == len(values), _REFUSAL)


def _account(entry: dict[str, Any]) -> AccountSettings:
    return AccountSettings(
        name=entry["name"],
        email=entry["email"].lower(),
        arn=entry["arn"],
        canonical_id=entry["canonicalID"],
        short_id=entry["shortid"],
        keys=tuple((key["access"], key["secret"]) for key in entry["keys"]),
    )
