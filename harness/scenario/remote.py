"""A target that is reached over HTTP: a CloudServer and its AWS, wherever they run.

It can do what needs nothing but endpoints and keys. An embedded stack builds on it, and adds the rest.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from fake_cloudserver import Clock, SystemClock
from harness.faults.control import FaultControl
from harness.queue.base import Message, Queue
from harness.scenario.target import JournalRecord, Unsupported
from harness.transport import RequestsTransport, Transport

_REGION = "us-east-1"
_CONNECT_TIMEOUT = 5.0
_READ_TIMEOUT = 60.0
_CONNECTIONS = 50


@dataclasses.dataclass(frozen=True, slots=True)
class SiteAccess:
    """How to reach one site.

    Attributes:
        endpoint: ``http://127.0.0.1:8000``.
        owner: the account that owns the scenarios' buckets.
        keys: account -> access key and secret key.
    """

    endpoint: str
    owner: str
    keys: Mapping[str, tuple[str, str]]


class RemoteTarget:
    """A :class:`~harness.scenario.target.Target`; the attributes are described there.

    Args:
        sites: ``cloudserver``, ``aws`` and whatever else there is.
        queue: Kafka, where there is one to look into.
    """

    disposable = False

    def __init__(
        self,
        name: str,
        sites: Mapping[str, SiteAccess],
        *,
        dialect: str,
        aws_bucket: str,
        storage_classes: Mapping[str, str],
        role: str,
        version: str = "8.8",
        clock: Clock | None = None,
        transport: Transport | None = None,
        queue: Queue | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.dialect = dialect
        self.aws_bucket = aws_bucket
        self.storage_classes = storage_classes
        self.role = role
        self.clock: Clock = clock or SystemClock()
        self.transport: Transport = transport or RequestsTransport(connect_timeout=_CONNECT_TIMEOUT)
        self._sites = sites
        self._queue = queue
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, site: str, account: str | None = None) -> Any:
        """Made once for each site and account."""
        access = self._site(site)
        name = account or access.owner
        with self._lock:
            if (site, name) not in self._clients:
                self._clients[site, name] = s3_client(access.endpoint, self.credentials(site, name))
            return self._clients[site, name]

    def endpoint(self, site: str) -> str:
        return self._site(site).endpoint

    def credentials(self, site: str, account: str | None = None) -> tuple[str, str] | None:
        if account == "anonymous":
            return None
        access = self._site(site)
        keys = access.keys.get(account or access.owner)
        if keys is None:
            raise Unsupported(f"{self.name} has no account {account} at {site}")
        return keys

    def _site(self, site: str) -> SiteAccess:
        if site not in self._sites:
            raise Unsupported(f"{self.name} has no site {site}")
        return self._sites[site]

    def settle(self, timeout: float) -> str:  # noqa: ARG002  (the protocol's shape)
        raise Unsupported(f"{self.name} cannot tell when no work is left")

    def messages(self, topic: str) -> Sequence[Message]:
        if self._queue is None:
            raise Unsupported(f"{self.name} has no Kafka to look into")
        return self._queue.read(topic)

    def journal(self, bucket: str) -> Sequence[JournalRecord]:  # noqa: ARG002  (the protocol's shape)
        raise Unsupported(f"{self.name} does not show its journal")

    def stop(self, part: str) -> None:
        raise Unsupported(f"{self.name} cannot stop {part}")

    def kill(self, part: str) -> None:
        raise Unsupported(f"{self.name} cannot kill {part}")

    def start(self, part: str) -> None:
        raise Unsupported(f"{self.name} cannot start {part}")

    def faults(self) -> FaultControl:
        raise Unsupported(f"nothing can be made to go wrong at {self.name}")

    def evidence(self, bucket: str, key: str) -> Sequence[str]:  # noqa: ARG002  (the protocol's shape)
        return []

    def close(self) -> None:
        """Give back connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
        self.transport.close()


def s3_client(endpoint: str, credentials: tuple[str, str] | None) -> Any:
    """A boto3 client as scenarios want it: what fails, fails at once. No credentials: nothing is signed."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        signature_version="s3v4" if credentials else UNSIGNED,
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        max_pool_connections=_CONNECTIONS,
    )
    access_key, secret_key = credentials or (None, None)
    session = boto3.session.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=_REGION)
    return session.client("s3", endpoint_url=endpoint, config=config)
