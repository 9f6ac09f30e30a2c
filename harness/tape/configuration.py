"""The configuration that a tape was recorded with: CloudServer's own three files, kept beside the tape.

Where a file names the address of another site of the tape, it says ``<site:aws>``; the address of the server that
plays the site takes its place.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.tape.signing import KeyPair

#: Names of the files, as CloudServer's users know them.
CONFIG, LOCATIONS, ACCOUNTS = "config.json", "locationConfig.json", "authdata.json"
_ENDPOINT = "awsEndpoint"


@dataclasses.dataclass(frozen=True, slots=True)
class Configuration:
    """The three documents."""

    config: dict[str, Any]
    locations: dict[str, Any]
    accounts: dict[str, Any]

    def key_pairs(self) -> dict[str, KeyPair]:
        """By the name of the account, the first pair of each."""
        return {
            account["name"]: KeyPair(account["keys"][0]["access"], account["keys"][0]["secret"])
            for account in self.accounts["accounts"]
            if account["keys"]
        }

    def key_pair_at(self, endpoint: str) -> KeyPair:
        """What CloudServer signs with at an endpoint. Raises UsageError for one that no location has."""
        for location in self.locations.values():
            details = location["details"]
            if details.get(_ENDPOINT) == endpoint and "credentials" in details:
                return KeyPair(details["credentials"]["accessKey"], details["credentials"]["secretKey"])
        raise UsageError(f"no location has the endpoint {endpoint}")


def load(folder: Path, endpoints: Mapping[str, str]) -> Configuration:
    """The configuration in a folder.

    Args:
        endpoints: ``host:port`` of each site that a location may name.

    Raises:
        UsageError: a file is missing or not what CloudServer would read, or a location names a site that is not given.
    """
    locations, accounts = _read(folder / LOCATIONS), _accounts(folder)
    if not all(_is_location(location) for location in locations.values()):
        raise UsageError(f"{folder / LOCATIONS}: a location without details")
    for name, location in locations.items():
        details = location["details"]
        endpoint = str(details.get(_ENDPOINT, ""))
        if not endpoint.startswith("<site:"):
            continue
        site = endpoint.removeprefix("<site:").removesuffix(">")
        if site not in endpoints:
            raise UsageError(f"location {name} is at the site {site!r}, which is not given")
        details[_ENDPOINT] = endpoints[site]
    return Configuration(_read(folder / CONFIG), locations, accounts)


def accounts(folder: Path) -> dict[str, KeyPair]:
    """The first key pair of each account by its name. Raises UsageError as :func:`load` does."""
    return Configuration({}, {}, _accounts(folder)).key_pairs()


def names_by_key(folder: Path) -> dict[str, str]:
    """Names of accounts by each of their access keys. Raises UsageError as :func:`load` does."""
    return {key["access"]: one["name"] for one in _accounts(folder)["accounts"] for key in one["keys"]}


def _accounts(folder: Path) -> dict[str, Any]:
    document = _read(folder / ACCOUNTS)
    if not _are_accounts(document.get("accounts")):
        raise UsageError(f"{folder / ACCOUNTS}: no list of accounts with keys")
    return document


def _is_location(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("details"), dict)


def _are_accounts(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(account, dict)
        and isinstance(account.get("name"), str)
        and isinstance(account.get("keys"), list)
        and all(isinstance(key, dict) and {"access", "secret"} <= key.keys() for key in account["keys"])
        for account in value
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: no JSON object")
    return document
