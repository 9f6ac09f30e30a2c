"""Everything a run needs, started and stopped together: AWS, Kafka, CloudServer, engine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from fake_cloudserver import Clock, SeededRandomness, SystemClock, SystemRandomness
from harness.errors import StackError
from harness.faults.control import Board, FaultControl, LocalBoard
from harness.faults.middleware import Faults
from harness.faults.rules import FaultBoard
from harness.listening import LOOPBACK, is_wildcard, reached
from harness.request_log import RequestLog, SeenRequest, WsgiApp
from harness.reserved_port import ReservedPort
from harness.stack_aws import StackAws
from harness.stack_data import StackData
from harness.stack_plan import StackOptions, api_address, aws_plan, engine_settings, load_settings
from harness.stack_recording import attach
from harness.stack_sites import CloudServerSite, destination_of

if TYPE_CHECKING:
    from fake_cloudserver import FakeCloudServer, HttpServer, Settings
    from harness.engine.settings import EngineSettings
    from harness.queue.base import Queue
    from harness.queue.embedded import EmbeddedBroker
    from harness.queue.kafka import KafkaQueue
    from harness.stack_engine import RunningEngine
    from harness.stack_roles import EngineInProcesses
    from harness.tape.recorder import Recorder

Say = Callable[[str], None]


class Brokers(Protocol):
    """A Kafka that can be taken away."""

    def pause(self) -> None:
        """Nothing is answered from now on, and nothing is lost."""

    def resume(self) -> None:
        """Go on after :meth:`pause`."""


class Stack:
    """One stack. A context manager: started on entry, everything stopped on exit.

    AWS and Kafka are child processes; CloudServer runs in this one; the engine does too, unless it is to be killable.

    Args:
        say: told what is being started, a line each.
        clock: of CloudServer, and of an engine in this process; AWS and Kafka have the system's.
        recorder: hears everything that crosses the stack, what happens in other processes left out.
        brokers: what freezes and wakes the Kafka that ``options.kafka`` names; without it that one is never stopped.

    Raises:
        StackError: a part did not start; what had started is stopped again.
        ConfigurationError: CloudServer's own words about its files.
    """

    def __init__(
        self,
        options: StackOptions | None = None,
        *,
        say: Say | None = None,
        brokers: Brokers | None = None,
        clock: Clock | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.options = options or StackOptions()
        self.clock: Clock = clock or SystemClock()
        self._say = say or (lambda _: None)
        self._exits = contextlib.ExitStack()
        self._data = StackData(self.options.data)
        self._aws: StackAws | None = None
        self._broker: EmbeddedBroker | None = None
        self._brokers = brokers
        self._fake: FakeCloudServer | None = None
        self._servers: dict[str, HttpServer] = {}
        #: Further CloudServers, by name.
        self.sites: dict[str, CloudServerSite] = {}
        self._queue: KafkaQueue | None = None
        self._engine: RunningEngine | None = None
        self._api: ReservedPort
        self.settings: Settings
        self.engine_settings: EngineSettings
        self._board = FaultBoard(SeededRandomness(self.options.seed))
        #: What is to go wrong on purpose.
        self.faults = FaultControl(
            {
                "aws": lambda: [] if self._aws is None else self._aws.boards(),
                "cloudserver": lambda: [self._local_board],
                "engine": self._engine_boards,
                "kafka": self._engine_boards,
            }
        )
        self._local_board: Board = LocalBoard(self._board)
        self._recorder = recorder
        self._requests = RequestLog("cloudserver", self.clock)

    def __enter__(self) -> Stack:
        try:
            self._start()
        except BaseException:
            self._exits.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()

    # what there is

    @property
    def fake(self) -> FakeCloudServer:
        assert self._fake is not None
        return self._fake

    @property
    def queue(self) -> Queue:
        """The stack's Kafka, for whoever wants to look at the topics."""
        assert self._queue is not None
        return self._queue

    @property
    def aws(self) -> StackAws:
        assert self._aws is not None
        return self._aws

    @property
    def cloudserver(self) -> HttpServer:
        return self._servers["cloudserver"]

    @property
    def bucketd(self) -> HttpServer:
        return self._servers["bucketd"]

    @property
    def kafka(self) -> str:
        """``host:port`` of the brokers."""
        return self.engine_settings.kafka.hosts

    @property
    def api(self) -> str:
        """URL of the engine's HTTP API, which CloudServer's ``/_/backbeat/api`` leads to as well."""
        return f"http://{self._api.host}:{self._api.port}"

    def facts(self) -> dict[str, Any]:
        """What ``harness up`` says: endpoints, credentials, sites."""
        access_key, secret_key = self.settings.accounts[0].keys[0]
        aws_keys = self._aws_keys()
        return {
            "cloudserver": {"endpoint": self.cloudserver.url, "access_key": access_key, "secret_key": secret_key},
            "aws": {
                "endpoint": self.aws.endpoint,
                "access_key": aws_keys[0],
                "secret_key": aws_keys[1],
                "bucket": self.aws.bucket,
            },
            "sites": {name: site.facts() for name, site in self.sites.items()},
            "kafka": {"bootstrap_servers": self.kafka},
            "journal": {"endpoint": self.bucketd.url},
            "api": {"endpoint": self.api},
            "engine": {
                "state": "off" if self._engine is None else "running",
                "dialect": self.options.dialect,
                "sites": [site.site for site in self.engine_settings.bootstrap_list],
                "topic": self.engine_settings.topic,
            },
        }

    def _aws_keys(self) -> tuple[str, str]:
        for location in self.settings.locations.values():
            credentials = location.details.get("credentials")
            if location.type == "aws_s3" and credentials:
                return str(credentials["accessKey"]), str(credentials["secretKey"])
        return "", ""

    def check(self) -> None:
        """Raises StackError when a part died, or what made the engine fail."""
        if self._aws is not None:
            self._aws.check()
        if self._broker is not None and not self._broker.is_running:
            raise StackError("the embedded Kafka broker ended unexpectedly")
        if self._engine is not None:
            self._engine.check()

    def requests(self, words: Collection[str]) -> list[SeenRequest]:
        """What CloudServer and AWS were asked whose path holds one of ``words``, each site's in order."""
        return self._requests.about(words) + self.aws.requests(words)

    # starting

    def _start(self) -> None:
        self._exits.enter_context(self._data.opened())
        plan = aws_plan(self.options)  # what is wrong with files is said before anything is begun
        failures: list[BaseException] = []
        kafka = threading.Thread(target=self._caught, args=(self._kafka_start(), failures), name="start-kafka")
        kafka.start()
        try:
            self._say("starting AWS and Kafka…")
            aws = StackAws(plan, self.options.seed, self._data.aws, self._recorder, self._board, self.clock)
            self._exits.callback(aws.stop)
            self._load()
            aws.await_ready()
            self._aws = aws
            self._say("starting CloudServer…")
            self._start_cloudserver()
        finally:
            kafka.join()
        for failure in failures:
            raise failure
        self._plan_engine()
        self._exits.callback(self.stop_engine)  # also one that is started later
        if self.options.engine:
            self._say("starting the engine…")
            self.start_engine()

    def _load(self) -> None:
        """What is needed next; meanwhile AWS loads what it needs, in its own process."""
        from fake_cloudserver import FakeCloudServer  # noqa: F401
        from harness.queue.kafka import KafkaQueue  # noqa: F401

        if self.options.engine and not self.options.in_processes:
            from harness.stack_engine import EngineInThreads  # noqa: F401

    @staticmethod
    def _caught(work: Callable[[], None], failures: list[BaseException]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  (raised again by whoever waits for the thread)
            failures.append(error)

    def _kafka_start(self) -> Callable[[], None]:
        """Starts Kafka, and may do so in a thread: it imports nothing of ours.

        Where pytest runs it reads our modules itself, and Python 3.11 fails at times when two threads parse at once.
        """
        if self.options.kafka is not None:
            return lambda: None
        from harness.queue.embedded import EmbeddedBroker

        # clients are told this address, and come to it from wherever they are
        host = LOOPBACK if is_wildcard(self.options.host) else self.options.host
        broker = EmbeddedBroker(host=host, port=self.options.kafka_port)

        def start() -> None:
            broker.start()
            self._exits.callback(broker.stop)
            self._broker = self._brokers = broker

        return start

    def _start_cloudserver(self) -> None:
        from fake_cloudserver import FakeCloudServer

        self._start_sites()
        servers = {name: site.servers for name, site in self.sites.items()}
        # CloudServer is told of it before there is an engine; and the engine may come and go
        self._api = ReservedPort(*api_address(self.options))
        self._exits.callback(self._api.release)
        self.settings = load_settings(self.options, self.aws.endpoint, servers, (self._api.host, self._api.port))
        self._fake = FakeCloudServer(self.settings, clock=self.clock, folder=self._data.cloudserver)
        self._exits.callback(self._fake.close)
        if self._recorder is not None:
            attach(self._recorder, self._fake, self._board, self.faults)
        host, port = self.settings.listen_on[0]
        wanted = self.options.cloudserver_port
        self._listen("cloudserver", self._cloudserver_app(), host, port if wanted is None else wanted)
        self._listen("bucketd", self._fake.bucketd, self.options.host, self.options.bucketd_port)
        # moto is loaded while nobody waits for it
        threading.Thread(target=self._fake.warm_up, name="warm-up", daemon=True).start()
        self._exits.callback(self._stop_listening)

    def _start_sites(self) -> None:
        for number, name in enumerate(self.options.sites):
            port = self.options.site_port if number == 0 else 0
            folder = self._data.site(name)
            site = CloudServerSite(name, number + 2, self.clock, port, self.options.host, folder)
            self.sites[name] = site
            self._exits.callback(site.close)
            site.up()

    def _cloudserver_app(self) -> WsgiApp:
        app: WsgiApp = Faults(self.fake.app, self._board, "cloudserver", self.clock)
        return self._requests.wrap(app if self._recorder is None else self._recorder.wrap(app, "cloudserver"))

    def _listen(self, name: str, app: Any, host: str, port: int) -> None:
        from fake_cloudserver import HttpServer

        try:
            self._servers[name] = HttpServer(app, host, port, self.clock).start()
        except OSError as error:
            raise StackError(f"{name} cannot listen on {host}:{port}: {error.strerror or error}") from None

    def _stop_listening(self) -> None:
        self._board.let_go()
        for server in self._servers.values():
            server.stop(grace=1.0)

    def _plan_engine(self) -> None:
        from harness.queue.kafka import KafkaQueue
        from harness.stack_resume import tell_position

        assert self._broker is not None or self.options.kafka is not None
        kafka = self.options.kafka or self._broker.bootstrap_servers  # type: ignore[union-attr]
        self.engine_settings = engine_settings(
            self.options,
            self.settings,
            cloudserver=_address(self.cloudserver),
            bucketd=_address(self.bucketd),
            api=(self._api.host, self._api.port),
            kafka=kafka,
            destination=destination_of(self.sites),
        )
        self._queue = KafkaQueue(self.engine_settings.kafka.client_settings(), self.clock, SystemRandomness())
        self._exits.callback(self._queue.close)
        if self.options.kafka_prefix:
            self._exits.callback(self._remove_topics)
        tell_position(self._queue, self.engine_settings, self.fake)

    def _remove_topics(self) -> None:
        from harness.engine.topics import all_topics

        assert self._queue is not None
        self._queue.delete_topics(topic.name for topic in all_topics(self.engine_settings))

    # parts that come and go

    def start_engine(self, kill_at: str | None = None) -> None:
        """Start the engine, and wait until it is at work; nothing happens when it is running already.

        ``kill_at`` (``point`` or ``point:n``) needs an engine in a process of its own.
        """
        from harness.stack_engine import EngineInThreads
        from harness.stack_roles import WHOLE

        if self._engine is not None:
            return
        if self.options.in_processes:
            self._start_processes(self.options.engine_roles or {WHOLE: 1}, kill_at)
        else:
            self._engine = EngineInThreads(
                self.engine_settings,
                self.clock,
                SystemRandomness(),
                self.fake.journal,
                self._board,
                self._recorder,
            )

    def _engine_boards(self) -> list[Board]:
        """Where rules for the engine and its queue are in force: in its own processes, if it has any."""
        return [self._local_board] if self._engine is None else self._engine.boards() or [self._local_board]

    def stop_engine(self) -> None:
        """What is in flight is finished and committed."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.stop()

    def kill_engine(self) -> None:
        """As SIGKILL does; StackError for an engine in this process."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.kill()

    def settle(self, timeout: float) -> str:
        """Wait until no work is left; "" then, or what is still open after ``timeout`` seconds."""
        if self._engine is None:
            return "the engine is not running"
        return "" if self._engine.settle(timeout) else f"the engine was still at work after {timeout:g} s"

    def engine_ended(self, timeout: float) -> int:
        """Wait until an engine that was to be killed is gone; its exit status."""
        engine, self._engine = self._engine, None
        if engine is None:
            raise StackError("the engine is not running")
        return engine.ended(timeout)

    def start_role(self, role: str, count: int = 1, *, kill_at: str | None = None) -> None:
        """Start so many more processes of one of the engine's roles, and wait until they are at work.

        Raises StackError when the engine runs in this process, UsageError for a role that there is not.
        """
        self._start_processes({role: count}, kill_at)

    def stop_role(self, role: str, count: int | None = None) -> int:
        """SIGTERM for ``count`` processes of a role, the oldest first, or for all; how many there were."""
        return self._role_processes().stop_role(role, count)

    def kill_role(self, role: str, count: int | None = None) -> int:
        """SIGKILL for ``count`` processes of a role, the oldest first, or for all; how many there were."""
        return self._role_processes().kill_role(role, count)

    def running_roles(self, role: str) -> int:
        """How many processes of a role there are."""
        return self._role_processes().running(role)

    def _start_processes(self, counts: Mapping[str, int], kill_at: str | None) -> None:
        for process in self._role_processes().start(counts, kill_at):
            self.faults.install("kafka", process.board)
            self.faults.install("engine", process.board)

    def _role_processes(self) -> EngineInProcesses:
        from harness.stack_roles import EngineInProcesses

        if self._engine is None:
            self._engine = EngineInProcesses(self.engine_settings, self.queue, self.clock)
        if not isinstance(self._engine, EngineInProcesses):
            raise StackError("the engine runs in this process, whose roles do not come and go; give it its own")
        return self._engine

    def aws_contents(self) -> list[dict[str, Any]]:
        """See :meth:`harness.stack_aws.StackAws.contents`."""
        return self.aws.contents()

    def kafka_down(self) -> None:
        """The brokers freeze; nothing in them is lost."""
        self._own_brokers().pause()

    def kafka_up(self) -> None:
        self._own_brokers().resume()

    @property
    def can_stop_kafka(self) -> bool:
        """Whether :meth:`kafka_down` can do anything."""
        return self._brokers is not None

    def _own_brokers(self) -> Brokers:
        if self._brokers is None:
            raise StackError(f"{self.kafka} is not the stack's own Kafka")
        return self._brokers

    def cloudserver_down(self) -> None:
        """CloudServer's port closes; what it holds stays."""
        self._stop_listening()

    def cloudserver_up(self) -> None:
        addresses = {name: _address(server) for name, server in self._servers.items()}
        for name, app in (("cloudserver", self._cloudserver_app()), ("bucketd", self.fake.bucketd)):
            self._listen(name, app, *addresses[name])


def _address(server: HttpServer) -> tuple[str, int]:
    return reached(str(server.server_address[0])), server.port
