"""CloudServers that replicas go to, beside the one that the stack is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_cloudserver import Clock
from harness.errors import StackError
from harness.listening import LOOPBACK, reached

if TYPE_CHECKING:
    from fake_cloudserver import FakeCloudServer, HttpServer, Settings

#: Whom buckets and replicas belong to at these sites: somebody else than at the source.
OWNER = "Lisa"
#: How many servers each site has.
SERVERS = 2


class CloudServerSite:
    """One CloudServer behind several servers, which come and go; what it holds stays.

    Args:
        number: makes its version ids differ from those of the others.
        port: of its first server; 0 takes a free one.
        host: where they listen.
        folder: where it keeps everything across restarts; in memory without one.
    """

    def __init__(
        self,
        name: str,
        number: int,
        clock: Clock,
        port: int = 0,
        host: str = LOOPBACK,
        folder: Path | None = None,
    ) -> None:
        from fake_cloudserver import FakeCloudServer, Settings

        self.name = name
        self.settings: Settings = Settings.default(replication_group_id=f"RG{number:03d}")
        self.fake: FakeCloudServer = FakeCloudServer(self.settings, clock=clock, folder=folder)
        self._clock = clock
        self._host = host
        self._ports = [port] + [0] * (SERVERS - 1)
        self._running: dict[int, HttpServer] = {}

    @property
    def servers(self) -> tuple[str, ...]:
        """``host:port`` of each, whether it runs or not."""
        return tuple(f"{reached(self._host)}:{port}" for port in self._ports)

    @property
    def endpoint(self) -> str:
        """Of a server that runs, if one does."""
        return f"http://{self.servers[min(self._running, default=0)]}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of all its servers together, and of each."""
        return (self.name, *(f"{self.name}-{number}" for number in range(1, SERVERS + 1)))

    def keys(self, account: str | None = None) -> tuple[str, str] | None:
        """Access and secret key of an account, the owner's unless one is named; None for one that there is not."""
        wanted = (account or OWNER).lower()
        return next((one.keys[0] for one in self.settings.accounts if one.name.lower() == wanted), None)

    def facts(self) -> dict[str, Any]:
        access_key, secret_key = self.keys() or ("", "")
        return {
            "endpoint": self.endpoint,
            "access_key": access_key,
            "secret_key": secret_key,
            "servers": list(self.servers),
        }

    def up(self, part: str | None = None) -> None:
        """Start one of ``parts``, or all of it; raises StackError for a port that is taken."""
        from fake_cloudserver import HttpServer

        for index in self._indexes(part):
            if index in self._running:
                continue
            try:
                server = HttpServer(self.fake.app, self._host, self._ports[index], self._clock).start()
            except OSError as error:
                raise StackError(
                    f"{self.name} cannot listen on {self.servers[index]}: {error.strerror or error}"
                ) from None
            self._ports[index] = server.port
            self._running[index] = server

    def down(self, part: str | None = None) -> None:
        """Stop one of ``parts``, or all of it."""
        for index in self._indexes(part):
            server = self._running.pop(index, None)
            if server is not None:
                server.stop(grace=1.0)

    def close(self) -> None:
        self.down()
        self.fake.close()

    def _indexes(self, part: str | None) -> Iterable[int]:
        if part is None or part == self.name:
            return range(SERVERS)
        return [self.parts.index(part) - 1]


def destination_of(sites: Mapping[str, CloudServerSite]) -> dict[str, Any] | None:
    """The engine's ``destination``: the account that owns the replicas; None without a CloudServer site."""
    for site in sites.values():
        account = next(one for one in site.settings.accounts if one.name == OWNER)
        access_key, secret_key = account.keys[0]
        auth = {
            "type": "account",
            "account": account.name,
            "accessKey": access_key,
            "secretKey": secret_key,
            "arn": account.arn,
            "canonicalID": account.canonical_id,
            "displayName": account.name,
        }
        return {"transport": "http", "auth": auth}
    return None


def target_role(sites: Mapping[str, CloudServerSite]) -> str:
    """A role of the account that owns the replicas."""
    site = next(iter(sites.values()))
    account = next(one for one in site.settings.accounts if one.name == OWNER)
    return f"arn:aws:iam::{account.short_id}:role/s3-replication-role"
