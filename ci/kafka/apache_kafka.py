"""Apache Kafka without Docker: brokers in KRaft mode from their Maven artifacts, on the installed JDK.

``ci/kafka/run`` is its command line; tests use :class:`ApacheKafka`.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fake_cloudserver import Clock, SystemClock
from harness.errors import StackError
from harness.queue.broker_process import BrokerProcess
from harness.queue.kafka_settings import MAX_REQUEST_SIZE
from harness.reserved_port import ReservedPort

_HERE = Path(__file__).parent
_HOST = "127.0.0.1"

#: A broker that lives for minutes: the quick compiler, the simple collector, a small heap.
_JVM = ("-Xmx320m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")

#: Brokers of Kafka 4 need at least this.
_OLDEST_JAVA = 17


class Unavailable(StackError):  # noqa: N818  (a state of the machine, not a fault)
    """This machine cannot run Apache Kafka; says what is missing."""


def artifacts(folder: Path | None = None) -> Path:
    """The folder with the broker's jars; Maven fetches them the first time.

    Args:
        folder: where to keep them; by default a folder of the pinned version in the user's cache.

    Raises:
        Unavailable: no Java, an old one, no Maven, or Maven's own last words.
    """
    _check_java()
    pom = _HERE / "pom.xml"
    version = re.search("<kafka.version>(.*)</kafka.version>", pom.read_text(encoding="utf-8"))
    assert version is not None
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cloudserver-harness"
    target = folder or cache / f"apache-kafka-{version[1]}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_suffix(".lock")):
        if not target.is_dir():
            _fetch(pom, target)
    return target


def _check_java() -> None:
    try:
        said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True, timeout=60).stderr
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"Apache Kafka needs Java {_OLDEST_JAVA} or newer: {error}") from error
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        raise Unavailable(f"Apache Kafka needs Java {_OLDEST_JAVA} or newer, there is: {said.strip()}")


def _fetch(pom: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        jars = Path(folder) / "jars"
        command = ["mvn", "--quiet", "--batch-mode", "--file", str(pom), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={jars}", "-DincludeScope=runtime"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(f"the artifacts of Apache Kafka cannot be fetched: {error}") from error
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip()[-2000:]
            raise Unavailable(f"the artifacts of Apache Kafka cannot be fetched; Maven said:\n{said}")
        jars.rename(target)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class ApacheKafka:
    """A cluster of ``brokers``, each broker and controller at once, on free ports of one address.

    With three or more brokers topics have three replicas, of which two must acknowledge.

    Args:
        host: where they listen, and what clients are told.
        ports: of the brokers, one each; free ones unless given.
        folder: for the data; without one they go to a temporary folder that :meth:`stop` removes.
        jars: what :func:`artifacts` found.
    """

    def __init__(
        self,
        brokers: int = 1,
        *,
        host: str = _HOST,
        ports: Sequence[int] = (),
        folder: Path | None = None,
        jars: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._count = brokers
        self._host = host
        self._wanted_ports = tuple(ports)
        self._wanted_folder = folder
        self._jars = jars
        self._clock = clock or SystemClock()
        self._cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._folder: Path | None = None
        self._commands: list[list[str]] = []
        self._brokers: list[BrokerProcess] = []
        self._reserved: list[ReservedPort] = []
        self.ports: tuple[int, ...] = ()

    def __enter__(self) -> ApacheKafka:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """A comma list."""
        return ",".join(f"{self._host}:{port}" for port in self.ports)

    @property
    def is_running(self) -> bool:
        """Whether every broker is."""
        return bool(self._brokers) and all(broker.is_running for broker in self._brokers)

    def start(self, timeout: float = 120.0) -> None:
        """Format the data folders, start all brokers, and wait until each answers.

        Raises:
            Unavailable: this machine cannot run it.
            StackError: a broker ended or did not answer; with its last words.
        """
        jars = self._jars or artifacts()
        self._plan(jars)
        with ThreadPoolExecutor(self._count) as pool:
            list(pool.map(self._format, range(self._count)))
        for number in range(self._count):
            self._launch(number)
        if all(broker.answers(timeout) for broker in self._brokers):
            return
        said = "\n".join(broker.last_words for broker in self._brokers if not broker.is_running)
        self.stop()
        raise StackError(f"Apache Kafka did not start:\n{said or 'nothing was answered'}")

    def stop(self) -> None:
        """End all brokers at once. Data in a folder of its own stay there."""
        for broker in self._brokers:
            broker.kill()
        self._brokers.clear()
        for port in self._reserved:
            port.release()
        self._reserved.clear()
        if self._folder is not None and self._wanted_folder is None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    def kill(self, number: int) -> None:
        """SIGKILL for one broker; the others go on."""
        self._brokers[number].kill()

    def revive(self, timeout: float = 120.0) -> None:
        """Start again what was killed, on its old port and data. StackError when it does not get ready."""
        for broker in self._brokers:
            if not broker.is_running:
                broker.launch()
                if not broker.answers(timeout):
                    raise StackError(f"a broker did not come back:\n{broker.last_words}")

    def pause(self) -> None:
        """Freeze all brokers: connections stay, nothing is answered, nothing is lost."""
        for broker in self._brokers:
            if broker.is_running:
                broker.pause()

    def resume(self) -> None:
        """Let them go on after :meth:`pause`."""
        for broker in self._brokers:
            if broker.is_running:
                broker.resume()

    def _plan(self, jars: Path) -> None:
        self._folder = self._wanted_folder or Path(tempfile.mkdtemp(prefix="apache-kafka-"))
        self._folder.mkdir(parents=True, exist_ok=True)
        # kept as long as the brokers, which come and go: others look for free ports, too
        for port in (*(self._wanted_ports or [0] * self._count), *[0] * self._count):
            self._reserved.append(ReservedPort(self._host, port))
        ports = tuple(reserved.port for reserved in self._reserved)
        self.ports, controllers = ports[: self._count], ports[self._count :]
        java = ["java", *_JVM, "-cp", f"{jars}/*"]
        self._commands = []
        for number in range(self._count):
            properties = _properties(self._host, number, self.ports, controllers, self._folder / f"broker-{number}")
            file = self._folder / f"broker-{number}.properties"
            file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")
            self._commands.append([*java, "kafka.Kafka", str(file)])

    def _format(self, number: int) -> None:
        assert self._folder is not None
        if (self._folder / f"broker-{number}/meta.properties").exists():
            return  # data of an earlier cluster, which keeps its own id
        *java, _, properties = self._commands[number]
        command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        command += ["--cluster-id", self._cluster, "--config", properties]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise StackError(f"the data folder cannot be formatted:\n{(done.stdout + done.stderr).strip()}")

    def _launch(self, number: int) -> None:
        name = f"Apache Kafka broker {number}"
        broker = BrokerProcess(name, self._commands[number], self._host, self.ports[number], clock=self._clock)
        self._brokers.append(broker)
        broker.launch()


def _properties(
    host: str, number: int, ports: Sequence[int], controllers: Sequence[int], folder: Path
) -> dict[str, str | int | Path]:
    """A broker's configuration: what differs from Kafka's defaults."""
    replicas = min(3, len(ports))
    in_sync = 2 if replicas == 3 else 1
    return {
        "process.roles": "broker,controller",
        "node.id": number + 1,
        "controller.quorum.voters": ",".join(f"{n}@{host}:{port}" for n, port in enumerate(controllers, start=1)),
        "listeners": f"PLAINTEXT://{host}:{ports[number]},CONTROLLER://{host}:{controllers[number]}",
        "advertised.listeners": f"PLAINTEXT://{host}:{ports[number]}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": folder,
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 5,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        # Backbeat's messages may be larger than Kafka's default (Backbeat lib/config/configItems.joi.js)
        "message.max.bytes": MAX_REQUEST_SIZE,
        # a group of one member need not wait for others; a killed member may be replaced soon
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # a broker that was killed is noticed soon
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "replica.lag.time.max.ms": 5000,
        "controlled.shutdown.enable": "false",
    }
