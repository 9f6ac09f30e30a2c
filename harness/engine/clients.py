"""Clients of source and targets, made anew for every entry as Backbeat does; their connections are shared."""

from __future__ import annotations

import threading

from fake_cloudserver import Clock, Randomness
from harness.engine.backbeat_client import BackbeatClient
from harness.engine.credentials import RoleKeys
from harness.engine.hosts import TargetHosts
from harness.engine.settings import AuthSettings, DestinationSettings, SiteSettings, SourceSettings
from harness.engine.signing import Credentials, CredentialsSource, SignatureV2, SignatureV4
from harness.engine.vault import PROXY_PATH, AccountOwner, VaultClient, account_id_of, account_not_found
from harness.transport import Transport


class SourceClients:
    """Makes clients that speak to the source: with the keys of an account, or with those of the entry's first role."""

    def __init__(self, settings: SourceSettings, transport: Transport, clock: Clock, randomness: Randomness) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._randomness = randomness
        self._keys = RoleKeys(clock)

    def new(self, role_arn: str | None = None) -> BackbeatClient:
        """A client whose requests share one id, so that both sides' logs can be brought together.

        ``role_arn`` counts where the source's ``auth.type`` is ``role``; without it nothing can be signed there.
        """
        credentials = self._credentials(role_arn or "")
        return BackbeatClient(
            self._transport,
            self._settings.url,
            SignatureV2(credentials, self._clock),
            SignatureV4(credentials, self._clock),
            request_uids=self._randomness.hex(20),
        )

    def _credentials(self, role_arn: str) -> CredentialsSource:
        auth = self._settings.auth
        if auth.type != "role":
            return _account_keys(auth)
        assert auth.vault is not None
        assert auth.vault.url is not None
        vault = VaultClient(self._transport, auth.vault.url, origin="source")
        keys = self._keys.of(role_arn)
        return lambda: keys.get(vault)


class TargetClients:
    """Makes the connections to one CloudServer site."""

    def __init__(
        self,
        site: SiteSettings,
        destination: DestinationSettings,
        transport: Transport,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self.destination = destination
        self.hosts = TargetHosts(site.servers, randomness)
        self.transport = transport
        self.clock = clock
        self.keys = RoleKeys(clock)
        self.owners: dict[str, AccountOwner] = {}

    def connect(self, role_arn: str, request_uids: str) -> TargetConnection:
        """For one entry; ``role_arn`` is its second role."""
        return TargetConnection(self, role_arn, request_uids)


class TargetConnection:
    """One entry's way to its target: a host, and another one when that fails."""

    def __init__(self, clients: TargetClients, role_arn: str, request_uids: str) -> None:
        self._clients = clients
        self._role_arn = role_arn
        self._request_uids = request_uids
        self._lock = threading.Lock()
        self._host = clients.hosts.pick()
        self._client = self._new_client()

    @property
    def client(self) -> BackbeatClient:
        """Of the host that is asked now."""
        return self._client

    def fail_over(self, failed: BackbeatClient) -> None:
        """Ask another host than ``failed`` did, if there is one."""
        with self._lock:
            if failed is self._client:
                self._host = self._clients.hosts.after(self._host)
                self._client = self._new_client()

    def owner(self) -> AccountOwner:
        """Whom the replica is to belong to: the account of the role.

        Raises ReplicationError of origin ``target``, AccountNotFound among others.
        """
        account_id = account_id_of(self._role_arn)
        auth = self._clients.destination.auth
        if auth.type != "role":
            if account_id_of(auth.arn) != account_id:
                raise account_not_found(account_id, "target")
            return AccountOwner(auth.canonical_id, auth.display_name)
        known = self._clients.owners.get(account_id)
        if known is None:
            known = self._clients.owners[account_id] = self._vault().account(account_id)
        return known

    def _new_client(self) -> BackbeatClient:
        credentials, clock = self._credentials(), self._clients.clock
        return BackbeatClient(
            self._clients.transport,
            self._url(),
            SignatureV2(credentials, clock),
            SignatureV4(credentials, clock),
            request_uids=self._request_uids,
            origin="target",
        )

    def _url(self) -> str:
        return f"{self._clients.destination.transport}://{self._host}"

    def _credentials(self) -> CredentialsSource:
        auth = self._clients.destination.auth
        if auth.type != "role":
            return _account_keys(auth)
        vault, keys = self._vault(), self._clients.keys.of(self._role_arn)
        return lambda: keys.get(vault)

    def _vault(self) -> VaultClient:
        vault = self._clients.destination.auth.vault
        url = None if vault is None else vault.url
        return VaultClient(self._clients.transport, url or self._url() + PROXY_PATH, origin="target")


def _account_keys(auth: AuthSettings) -> Credentials:
    return Credentials(auth.access_key, auth.secret_key)
