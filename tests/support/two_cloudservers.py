"""Two CloudServers and an engine between them, without sockets and threads, in virtual time.

with pair() as crr:
    crr.source.request("PUT", "/src/key", body=b"data")
    crr.run()
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from fake_cloudserver import FakeCloudServer, SeededRandomness, Settings, VirtualClock
from harness.engine.engine import Engine
from harness.engine.settings import EngineSettings
from harness.queue.memory import MemoryQueue
from harness.transport import WsgiTransport
from support.in_process import Client, Reply

SOURCE = "127.0.0.1:8000"
SITE = "target"
OTHER_SITE = "other"
ROLES = "arn:aws:iam::123456789012:role/source,arn:aws:iam::123456789013:role/target"
LISA = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2bf"

_ACCOUNT = {
    "type": "account",
    "accessKey": "accessKey2",
    "secretKey": "verySecretKey2",
    "arn": "arn:aws:iam::123456789013:root",
    "canonicalID": LISA,
    "displayName": "Lisa",
}


def servers_of(site: str) -> tuple[str, ...]:
    """Two of each site."""
    return (f"{site}-1:8000", f"{site}-2:8000")


def rule(storage_class: str = SITE, *, prefix: str = "", status: str = "Enabled", bucket: str = "tgt") -> str:
    """A replication rule as XML."""
    return (
        f"<Rule><ID>{prefix or 'all'}</ID><Prefix>{prefix}</Prefix><Status>{status}</Status><Destination>"
        f"<Bucket>arn:aws:s3:::{bucket}</Bucket><StorageClass>{storage_class}</StorageClass></Destination></Rule>"
    )


def configuration(*rules: str, role: str = ROLES) -> str:
    """A replication configuration as XML."""
    return f"<ReplicationConfiguration>{''.join(rules)}<Role>{role}</Role></ReplicationConfiguration>"


class Pair:
    """Bart owns ``src`` on the source, Lisa owns ``tgt`` on the targets; both buckets have versions.

    Attributes:
        source, target, other: signed requests, as the owner of the bucket there.
        network: applications by ``host:port``; what is taken out does not answer.
    """

    def __init__(self, dialect: str, **overrides: Any) -> None:
        self.clock = VirtualClock(1_767_225_600.0)
        sites = {site: servers_of(site) for site in (SITE, OTHER_SITE)}
        self.source_fake = FakeCloudServer(
            Settings.default(cloudserver_sites=sites), clock=self.clock, randomness=SeededRandomness(1)
        )
        self.fakes = {
            site: FakeCloudServer(
                Settings.default(replication_group_id=f"RG00{number}", cloudserver_sites={"next": ["next:80"]}),
                clock=self.clock,
                randomness=SeededRandomness(number),
            )
            for number, site in enumerate(sites, start=2)
        }
        self.source = Client(self.source_fake)
        self.target = Client(self.fakes[SITE], "accessKey2")
        self.other = Client(self.fakes[OTHER_SITE], "accessKey2")
        self.network: dict[str, Any] = {SOURCE: self.source_fake.app}
        self.network |= {host: self.fakes[site].app for site in sites for host in servers_of(site)}
        self.queue = MemoryQueue(self.clock, SeededRandomness(4))
        keys = {"type": "service", "accessKey": "replicationKey1", "secretKey": "replicationSecretKey1"}
        document: dict[str, Any] = {
            "source": {"host": "127.0.0.1", "port": 8000, "auth": keys},
            "destination": {"auth": _ACCOUNT},
            "bootstrapList": [{"site": site, "servers": servers} for site, servers in sites.items()],
            "dialect": dialect,
            "queueProcessor": {"retry": {"scality": {"maxRetries": 3, "timeoutS": 60}}},
        }
        self.settings = EngineSettings.model_validate(document | overrides)
        self.engine = self.new_engine()
        self._make_buckets()

    def new_engine(self) -> Engine:
        return Engine(
            self.settings,
            self.queue,
            self.clock,
            SeededRandomness(5),
            self.source_fake.journal,
            transport=WsgiTransport(self.network),
            threaded=False,
        )

    def _make_buckets(self) -> None:
        for client, bucket in ((self.source, "src"), (self.target, "tgt"), (self.other, "tgt")):
            _expect(client.request("PUT", f"/{bucket}"))
            versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            _expect(client.request("PUT", f"/{bucket}", "versioning", body=versioning))
        self.replicate(rule())

    def replicate(self, *rules: str, role: str = ROLES, bucket: str = "src") -> None:
        """Give a bucket of the source these rules."""
        _expect(self.source.request("PUT", f"/{bucket}", "replication", body=configuration(*rules, role=role)))

    def started(self) -> Engine:
        """The engine, with its parts made."""
        self.engine.step()
        return self.engine

    def run(self) -> None:
        """Until there is nothing left to do."""
        self.engine.run_until_idle()

    def put(self, key: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> str:
        """A new version in ``src``; its version id."""
        reply = _expect(self.source.request("PUT", f"/src/{key}", headers=headers, body=body))
        return reply.header("x-amz-version-id") or "null"

    def status(self, key: str, version: str | None = None) -> str | None:
        """The source's replication status."""
        query = f"versionId={version}" if version else ""
        return _expect(self.source.request("HEAD", f"/src/{key}", query)).header("x-amz-replication-status")

    def replica(self, key: str, version: str | None = None, client: Client | None = None) -> Reply:
        """GET of the target's object."""
        query = f"versionId={version}" if version else ""
        return (client or self.target).request("GET", f"/tgt/{key}", query)

    def metadata(self, client: Client, bucket: str, key: str, version: str | None = None) -> dict[str, Any]:
        """The whole document, as the internal route shows it to the bucket's owner or to the service account."""
        asking = Client(client.fake, "replicationKey1")
        query = f"versionId={version}" if version else ""
        reply = _expect(asking.request("GET", f"/_/backbeat/metadata/{bucket}/{key}", query))
        document: dict[str, Any] = json.loads(reply.json["Body"])
        return document

    def pieces_kept(self, site: str = SITE) -> int:
        """How many pieces of data a target keeps."""
        memory = self.fakes[site]._gateway._factory._memory
        return 0 if memory is None else len(memory._bucket.keys)

    def close(self) -> None:
        self.engine.stop()
        for fake in (self.source_fake, *self.fakes.values()):
            fake.close()


@contextlib.contextmanager
def pair(dialect: str = "design", **overrides: Any) -> Iterator[Pair]:
    crr = Pair(dialect, **overrides)
    try:
        yield crr
    finally:
        crr.close()


def _expect(reply: Reply) -> Reply:
    assert reply.status < 300, reply
    return reply
