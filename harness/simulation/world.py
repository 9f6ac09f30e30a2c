"""The whole stack on one thread: the fake, an AWS in memory, Kafka in memory, engines; it does what a script says."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fake_cloudserver import FakeCloudServer, MemoryAws, SeededRandomness, Settings
from harness.engine.checkpoints import Checkpoints
from harness.engine.engine import Engine
from harness.engine.settings import EngineSettings
from harness.engine.signing import Credentials
from harness.engine.topics import all_topics
from harness.faults.description import to_rule
from harness.faults.middleware import Faults
from harness.faults.rules import FaultBoard, Fired
from harness.faults.seams import FaultyCheckpoints
from harness.queue.memory import MemoryQueue
from harness.simulation.audit import Report, Truth, audit
from harness.simulation.clients import ClientError, Clients
from harness.simulation.clock import SimulationClock, Stuck
from harness.simulation.engines import Crash, Deaths, MemberQueue, MortalTransport
from harness.simulation.network import FaultyNetwork
from harness.simulation.script import Call, Fault, Item, Kill, Outage, Script, Step, Wait
from harness.simulation.trace import Trace, fingerprint
from harness.transport import WsgiTransport

SOURCE, TARGET = "src", "target"
SITE = "aws-us-east-1"
_HOST = "127.0.0.1:8000"
_ROLE = "arn:aws:iam::root:role/s3-replication-role"
_PATIENT = {"maxRetries": 1000, "timeoutS": 1e9, "backoff": {"min": 10, "max": 1000, "jitter": 0.2, "factor": 2}}
_IMPATIENT = {"maxRetries": 2, "timeoutS": 60, "backoff": {"min": 10, "max": 1000, "jitter": 0.2, "factor": 2}}
#: What goes wrong with a request to CloudServer whose work may be done all the same.
_WORK_DONE = ("reset: after", "reset: during", "stall", "truncate", "corrupt")
#: After the last trouble everything must be done in so many rounds, and in so many seconds.
_ROUNDS = 1500
_SETTLE_SECONDS = 100_000.0


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What came of a run.

    Attributes:
        problems: a kind and a line each; none for a run in which all was well.
        hours: how much time passed on the virtual clock.
        faults: how many happened, of ``kills`` apart.
    """

    script: Script
    problems: tuple[tuple[str, str], ...]
    report: Report
    trace: Trace
    hours: float
    faults: int
    kills: int

    @property
    def kind(self) -> str:
        """In what way it failed; "" when it did not."""
        return self.problems[0][0] if self.problems else ""


class World:
    """One run; :meth:`run` once."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._clock = SimulationClock()
        self._trace = Trace(self._clock.monotonic)
        self._board = FaultBoard(SeededRandomness(script.seed + 1))
        self._deaths = Deaths()
        self._network = FaultyNetwork(self._board, self._clock, self._trace, TARGET)
        self.aws = MemoryAws(SITE, self._clock, self._network)
        self.fake = FakeCloudServer(
            Settings.default(aws_endpoint="aws:80", aws_bucket=TARGET),
            clock=self._clock,
            randomness=SeededRandomness(script.seed),
            locations={SITE: self.aws},
        )
        self._queue = MemoryQueue(self._clock, SeededRandomness(script.seed + 2))
        self._settings = _settings(script)
        self._engines: list[tuple[Engine, MemberQueue] | None] = [None] * script.engines
        self._clients = Clients(WsgiTransport(self.fake.app), f"http://{_HOST}", SOURCE, _owner(self.fake), self._clock)
        self._problems: list[tuple[str, str]] = []
        self._amid: tuple[int, Call] | None = None

    def aws_contents(self) -> list[dict[str, Any]]:
        return self.aws.contents()

    def run(self) -> Result:
        """Do what the script says, let everything come to rest, and look."""
        with contextlib.closing(self.fake):
            self._clients.prepare(_ROLE, SITE)
            with self._noting():
                for number, item in enumerate(self._script.items):
                    self._do(number, item)
                self._settle()
            report = audit(self, SOURCE, SITE, Truth(self._clients.sent, self._clients.tags, self._told()))
            self._judge(report)
            self._trace_the_end()
        fired = self._board.fired()
        kills = sum(one.occasion.site == "engine" for one in fired)
        return Result(
            self._script,
            tuple(self._problems),
            report,
            self._trace,
            self._clock.monotonic() / 3600,
            len(fired) - kills,
            self._deaths.count,
        )

    # what happens

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        """What ends the run early is a problem; what is there by then is looked at all the same."""
        try:
            yield
        except Stuck as stuck:
            self._problems.append(("stuck", str(stuck)))
        except ClientError as error:
            self._problems.append(("client refused", str(error)))

    def _do(self, number: int, item: Item) -> None:
        self._clock.deadline = self._clock.monotonic() + _SETTLE_SECONDS
        match item:
            case Call():
                self._finish_calls()
                if item.amid is None:
                    self._call(item)
                else:
                    self._amid = item.amid, item
            case Fault():
                self._trace.add("rule", rule=dict(item.rule))
                self._board.add(f"rule-{number}", to_rule(dict(item.rule)))
            case Kill():
                self._deaths.add(item.when, item.after)
            case Step():
                for _ in range(item.rounds):
                    self._step(item.engine % len(self._engines))
            case Wait():
                self._clock.deadline += item.seconds
                self._clock.advance(item.seconds)
            case Outage():
                self._trace.add("outage", seconds=item.seconds)
                self._queue.begin_outage()
                self._clock.at(item.seconds, self._queue.end_outage)

    def _call(self, call: Call) -> None:
        version = self._clients.do(call)
        self._trace.add("call", do=call.kind, key=call.key, number=call.number, version=version)

    def _finish_calls(self) -> None:
        """No engine asked for enough: the call comes before the next one all the same."""
        if self._amid is not None:
            _, call = self._amid
            self._amid = None
            self._call(call)

    def _meanwhile(self) -> None:
        """An engine is about to ask."""
        if self._amid is not None:
            left, call = self._amid
            self._amid = (left - 1, call)
            if left <= 0:
                self._finish_calls()

    def _step(self, index: int) -> int:
        """One round of one engine; how much there was to do."""
        running = self._engines[index]
        try:
            if running is None:
                queue = MemberQueue(self._queue, self._board, self._clock)
                running = self._engines[index] = self._new_engine(index, queue), queue
            return running[0].step()
        except Crash:
            self._trace.add("killed", engine=index)
        except Exception as error:  # noqa: BLE001  (whatever it is, a part of an engine ended by it)
            self._trace.add("broken", engine=index, error=repr(error))
            self._problems.append(("engine broke", repr(error)))
        assert running is not None
        running[1].bury()
        self._engines[index] = None
        return 1

    def _new_engine(self, index: int, queue: MemberQueue) -> Engine:
        app: Callable[..., Iterable[bytes]] = Faults(self.fake.app, self._board, "cloudserver", self._clock)
        return Engine(
            self._settings,
            queue,
            self._clock,
            SeededRandomness(1000 * self._script.seed + len(self._trace)),
            self.fake.journal,
            transport=MortalTransport(
                WsgiTransport({_HOST: app}), self._deaths, self._trace, f"engine-{index}", self._meanwhile
            ),
            checkpoints=FaultyCheckpoints(self._board, self._clock, Checkpoints(), self._deaths.die),
            threaded=False,
        )

    def _settle(self) -> None:
        """Nothing breaks any more; whoever lives goes on."""
        self._finish_calls()
        self._board.clear()
        self._deaths.clear()
        self._queue.end_outage()
        self._trace.add("peace")
        self._clock.deadline = self._clock.monotonic() + _SETTLE_SECONDS
        for _ in range(_ROUNDS):
            taken = sum(self._step(index) for index in range(len(self._engines)))
            if not taken and all(one is not None and one[0].idle() for one in self._engines):
                return
            self._clock.advance(0.5)
        raise Stuck(f"still at work after {_ROUNDS} rounds")

    # what came of it

    def _told(self) -> frozenset[str] | None:
        """The version ids of all failures that were told; None where nothing may fail."""
        if self._script.patient:
            return None
        messages = self._queue.read(self._settings.replication_failed_topic)
        return frozenset(json.loads(message.value)["member"].rpartition(":")[2] for message in messages)

    def _judge(self, report: Report) -> None:
        self._problems += zip(report.kinds, report.wrong, strict=True)
        most = 0
        if self._script.dialect == "release" or not self._script.patient:
            # a released copy whose result was lost with its engine, or whose answer was lost, is made again
            most = self._deaths.count + sum(_loses_an_answer(fired) for fired in self._board.fired())
        if report.duplicates > most:
            self._problems.append(("extra copy", f"{report.duplicates} duplicates: {', '.join(report.repeated)}"))

    def _trace_the_end(self) -> None:
        for topic in self._topics():
            for message in self._queue.read(topic):
                where = {"topic": topic, "partition": message.partition, "offset": message.offset}
                self._trace.add("kafka", **where, value=fingerprint(message.value))
        journal = self.fake.journal
        for record in journal.read(journal.first_sequence, journal.last_sequence + 1):
            value = fingerprint(None if record.value is None else record.value.encode())
            self._trace.add("journal", db=record.db, key=record.key, value=value)
        for one in self.aws_contents():
            self._trace.add("copy", **one)
        for kind, line in self._problems:
            self._trace.add("problem", what=kind, line=line)

    def _topics(self) -> list[str]:
        """In their order; none where no engine ever made them."""
        return sorted(topic.name for topic in all_topics(self._settings)) if any(self._engines) else []


def simulate(script: Script) -> Result:
    """Run a script from its beginning, in a world of its own."""
    return World(script).run()


def _loses_an_answer(fired: Fired) -> bool:
    """Whether the work may have been done, and nobody was told; the released routes store before they compare."""
    if fired.occasion.site == "cloudserver":
        return any(word in fired.text for word in _WORK_DONE)
    return fired.occasion.site == "aws" and ("reset: after" in fired.text or "truncate" in fired.text)


def _settings(script: Script) -> EngineSettings:
    retry = _PATIENT if script.patient else _IMPATIENT
    processor: dict[str, Any] = {"retry": {"aws_s3": retry}} | ({"minMPUSizeMB": 0} if script.multipart else {})
    source = {"auth": {"type": "service", "accessKey": "replicationKey1", "secretKey": "replicationSecretKey1"}}
    host, _, port = _HOST.partition(":")
    return EngineSettings.model_validate(
        {
            "source": {"host": host, "port": int(port)} | source,
            "bootstrapList": [{"site": SITE, "type": "aws_s3"}],
            "dialect": script.dialect,
            "queueProcessor": processor,
            "monitorReplicationFailures": True,
            "replayTopics": [] if script.patient else [{"topicName": "replay-0", "retries": 1}],
        }
    )


def _owner(fake: FakeCloudServer) -> Credentials:
    keys = (pair for account in fake.settings.accounts for pair in account.keys)
    return next(Credentials(*pair) for pair in keys if pair[0] == "accessKey1")
