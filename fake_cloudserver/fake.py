"""A whole fake, put together: settings in, WSGI applications out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import Clock, SystemClock
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.randomness import Randomness, SystemRandomness
from fake_cloudserver.settings import Settings

if TYPE_CHECKING:
    from fake_cloudserver.http_connection import WsgiApp
    from fake_cloudserver.locations.base import Location


class FakeCloudServer:
    """One fake CloudServer; several may live in one process.

    Args:
        settings: what :meth:`Settings.load` or :meth:`Settings.default` gives.
        clock, randomness: the seams; real time and real randomness unless given.
        data_folder: where locations of type ``file`` keep their bytes; a temporary folder unless given.
        locations: what stands for some of the locations, by name, such as a :class:`MemoryAws`.

    Attributes:
        app: the S3 API and the internal routes, a WSGI application.
        metrics_app: ``/live``, ``/ready`` and ``/metrics``, which CloudServer has on a port of their own.
        bucketd: the journal over HTTP, a WSGI application of its own, as bucketd is a server of its own.
        journal: the journal itself, for an engine in the same process.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
        data_folder: Path | None = None,
        locations: Mapping[str, Location] | None = None,
    ) -> None:
        from fake_cloudserver.app import create_app
        from fake_cloudserver.bucketd.app import create_app as create_bucketd_app
        from fake_cloudserver.health import HealthApp
        from fake_cloudserver.metrics import Metrics

        self.settings = settings or Settings.default()
        self.clock = clock or SystemClock()
        randomness = randomness or SystemRandomness()
        version_ids = VersionIdGenerator(
            self.clock, self.settings.replication_group_id, self.settings.version_id_encoding
        )
        self.journal = Journal(self.clock)
        store = MetadataStore(self.clock, version_ids, self.journal)
        self._gateway = MultipleBackendGateway(
            self.settings, self.clock, randomness, data_folder=data_folder, locations=locations
        )
        server = CloudServer(
            settings=self.settings,
            accounts=Accounts(self.settings.accounts),
            metadata=store,
            gateway=self._gateway,
            clock=self.clock,
            randomness=randomness,
        )
        metrics = Metrics(self.clock)
        self.app: WsgiApp = metrics.counting(create_app(server))
        self.metrics_app: WsgiApp = HealthApp(self.settings, self._gateway, metrics)
        self.bucketd: WsgiApp = create_bucketd_app(store, self.clock)

    def warm_up(self) -> None:
        """Do now what the first requests would wait for: load moto, ask the locations where their buckets are."""
        self._gateway.start()

    def close(self) -> None:
        """Give back what the locations hold: temporary files and connections."""
        self._gateway.close()

    def __enter__(self) -> FakeCloudServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
