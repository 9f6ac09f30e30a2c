"""The keys of roles, kept for as long as they are good.

Source: Backbeat lib/credentials/RoleCredentials.js, CredentialsManager.js.
"""

from __future__ import annotations

import threading

from fake_cloudserver import Clock
from harness.engine.signing import Credentials
from harness.engine.vault import TemporaryCredentials, VaultClient

#: Seconds before their end from which on credentials are renewed.
ANTICIPATION = 60.0


class RoleCredentials:
    """Keys of one role, asked for when they are first needed; safe to use from several threads.

    Backbeat asks anew for each entry; here the entries of a role share its keys while they are good.
    """

    def __init__(self, role_arn: str, clock: Clock) -> None:
        self._role_arn = role_arn
        self._clock = clock
        self._lock = threading.Lock()
        self._held: TemporaryCredentials | None = None

    def get(self, vault: VaultClient) -> Credentials:
        """Good for a minute at least, if Vault's are; raises what :meth:`VaultClient.assume_role` raises."""
        with self._lock:
            if self._held is None or self._clock.now() >= self._held.expires - ANTICIPATION:
                self._held = vault.assume_role(self._role_arn)
            return self._held.credentials


class RoleKeys:
    """The keys of all roles that one Vault knows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._roles: dict[str, RoleCredentials] = {}

    def of(self, role_arn: str) -> RoleCredentials:
        with self._lock:
            return self._roles.setdefault(role_arn, RoleCredentials(role_arn, self._clock))
