"""A whole fake, put together: settings in, WSGI applications out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import Clock, SystemClock
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.kept_state import KeptState
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
        folder: where everything is kept across restarts, locations of type ``mem`` and ``file`` included; it is this
            fake's alone. Without it everything is gone with the process.
        locations: what stands for some of the locations, by name, such as a :class:`MemoryAws`.

    Attributes:
        app: the S3 API and the internal routes, a WSGI application.
        metrics_app: ``/live``, ``/ready`` and ``/metrics``, which CloudServer has on a port of their own.
        bucketd: the journal over HTTP, a WSGI application of its own, as bucketd is a server of its own.
        journal: the journal itself, for an engine in the same process.

    Raises:
        DataFolderError: ``folder`` is damaged, in use, or not ours.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
        data_folder: Path | None = None,
        folder: Path | None = None,
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
        self._kept = None if folder is None else KeptState(folder, self.clock, version_ids)
        metadata = None if self._kept is None else self._kept.metadata
        self.journal = Journal(self.clock) if metadata is None else metadata.journal
        store = MetadataStore(self.clock, version_ids, self.journal, metadata)
        self._gateway = MultipleBackendGateway(
            self.settings,
            self.clock,
            randomness,
            data_folder=data_folder if self._kept is None else self._kept.data_folder,
            locations=locations,
            durable=self._kept is not None,
            markers=None if metadata is None else metadata.markers,
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

    @property
    def unfinished_since(self) -> int | None:
        """Where an engine that has lost its position reads on: all records before are of work that is done.

        It is after the last record when nothing is left to be done. Without a folder there is nothing to go on with:
        None.
        """
        if self._kept is None:
            return None
        end = self.journal.last_sequence + 1
        return self._kept.metadata.unfinished_since or end

    def close(self) -> None:
        """Give back what the locations hold: temporary files and connections; and the folder."""
        self._gateway.close()
        if self._kept is not None:
            self._kept.close()

    def __enter__(self) -> FakeCloudServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
