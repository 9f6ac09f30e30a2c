"""Finding accounts, and telling the services among them.

Source: Arsenal lib/auth/backends/in_memory/Indexer.ts; cloudserver constants.js (serviceAccountProperties) and
lib/api/apiUtils/authorization/permissionChecks.js.
"""

from __future__ import annotations

from collections.abc import Iterable

from fake_cloudserver.settings.accounts import AccountSettings

# Service name -> whether what it writes is replicated (``canReplicate``). Clueso is an ordinary account.
_SERVICES = {"replication": False, "lifecycle": False, "gc": False, "md-ingestion": True}


class Accounts:
    """The accounts of the settings, by everything that a request can name them with."""

    def __init__(self, accounts: Iterable[AccountSettings]) -> None:
        self._by_access_key: dict[str, tuple[AccountSettings, str]] = {}
        self._by_canonical_id: dict[str, AccountSettings] = {}
        self._by_email: dict[str, AccountSettings] = {}
        for account in accounts:
            self._by_canonical_id[account.canonical_id] = account
            self._by_email[account.email.lower()] = account
            for access, secret in account.keys:
                self._by_access_key[access] = (account, secret)

    def by_access_key(self, access: str) -> tuple[AccountSettings, str] | None:
        """The account and the secret that belongs to the access key."""
        return self._by_access_key.get(access)

    def by_canonical_id(self, canonical_id: str) -> AccountSettings | None:
        return self._by_canonical_id.get(canonical_id)

    def by_email(self, email: str) -> AccountSettings | None:
        """The account of an address in any letter case."""
        return self._by_email.get(email.lower())


def service_name(canonical_id: str) -> str | None:
    """The service that the text after the last ``/`` names; None for an ordinary account.

    Nobody looks at what stands before it, and the bare name is enough.
    """
    name = canonical_id.rpartition("/")[2]
    return name if name in _SERVICES else None


def is_service_account(canonical_id: str) -> bool:
    """Whether the requester may do everything on every bucket and object."""
    return service_name(canonical_id) is not None


def may_replicate(canonical_id: str) -> bool:
    """Whether objects and delete markers of this requester are replicated."""
    name = service_name(canonical_id)
    return name is None or _SERVICES[name]
