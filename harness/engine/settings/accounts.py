"""The accounts of authdata.json, as Backbeat looks them up.

Source: Backbeat lib/credentials/AccountAuthManager.js, conf/authdata.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic

from harness.engine.settings.base import Model
from harness.engine.settings.reading import read_json, validated
from harness.errors import UsageError

#: Names another file than the one beside the configuration.
VARIABLE = "S3AUTH_CONFIG"


class _Keys(Model):
    access: str
    secret: str


def _first(value: Any) -> Any:
    # CloudServer's own file has a list of pairs where Backbeat's has one pair
    return value[0] if isinstance(value, list) and value else value


class Account(Model):
    """One account of the file."""

    name: str
    arn: str
    canonical_id: str = pydantic.Field(validation_alias=pydantic.AliasChoices("canonicalID", "canonical_id"))
    display_name: str = ""
    keys: Annotated[_Keys, pydantic.BeforeValidator(_first)]

    def auth(self) -> dict[str, str]:
        """In the form of :class:`AuthSettings`."""
        return {
            "access_key": self.keys.access,
            "secret_key": self.keys.secret,
            "arn": self.arn,
            "canonical_id": self.canonical_id,
            "display_name": self.display_name or self.name,
        }


class _File(Model):
    accounts: tuple[dict[str, Any], ...]


class Accounts:
    """The file, read when the first account is wanted: an engine that assumes roles needs none.

    Args:
        config: the configuration file beside which it is.
    """

    def __init__(self, config: Path, environ: Mapping[str, str]) -> None:
        beside = config.parent / "authdata.json"
        named = environ.get(VARIABLE)
        self.path = Path(named) if named else beside if beside.exists() else config.parent / "conf" / "authdata.json"

    def find(self, name: str, wanted_by: str) -> Account:
        """Raises UsageError when the file has no such account, or not all of it; ``wanted_by`` is the key's path."""
        accounts = validated(_File, read_json(self.path), self.path).accounts
        for index, account in enumerate(accounts):
            if account.get("name") == name:
                return validated(Account, account, self.path, lambda location: ("accounts", index, *location))  # noqa: B023
        known = ", ".join(str(account.get("name")) for account in accounts) or "none"
        raise UsageError(f"{self.path}: has no account {name}, which {wanted_by} names; it has {known}")
