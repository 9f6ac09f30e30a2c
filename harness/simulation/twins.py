"""The whole stack on twins: the fake, an AWS and a Kafka in memory, engines that take turns, a clock that jumps."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from fake_cloudserver import FakeCloudServer, MemoryAws, SeededRandomness, Settings
from harness.engine.checkpoints import Checkpoints
from harness.engine.engine import Engine
from harness.engine.settings import EngineSettings
from harness.engine.topics import all_topics
from harness.errors import UsageError
from harness.faults.middleware import Faults
from harness.faults.rules import FaultBoard, Fired
from harness.faults.seams import FaultyCheckpoints
from harness.queue.base import Queue
from harness.queue.memory import MemoryQueue
from harness.request_log import WsgiApp
from harness.simulation.audit import Report, Truth, audit, told_by
from harness.simulation.clock import SimulationClock, Stuck
from harness.simulation.engines import Crash, Deaths, HoldingCheckpoints, MemberQueue, TracedTransport
from harness.simulation.network import FaultyNetwork
from harness.simulation.trace import Trace, fingerprint
from harness.simulation.turns import Turn
from harness.simulation.watching import StatusWatch
from harness.stack_plan import SITE
from harness.transport import WsgiTransport

if TYPE_CHECKING:
    from harness.tape.model import Header
    from harness.tape.recorder import Recorder

TARGET = "target"
HOST = "127.0.0.1:8000"
ENGINE_KEYS = ("replicationKey1", "replicationSecretKey1")
#: An engine that never gives up.
PATIENT = {"maxRetries": 1000, "timeoutS": 1e9, "backoff": {"min": 10, "max": 1000, "jitter": 0.2, "factor": 2}}
MOST_ENGINES = 9
#: What goes wrong with a request to CloudServer whose work may be done all the same.
_WORK_DONE = ("reset: after", "reset: during", "stall", "truncate", "corrupt")
#: A signature is good for 900 s (Arsenal lib/auth/v4/timeUtils.ts).
_HELD_SECONDS = 600.0
#: When nothing breaks any more everything must be done in so many rounds, and in so many seconds.
_ROUNDS = 1500
_SETTLE_SECONDS = 100_000.0


class Twins:
    """One stack; :meth:`close` it.

    Args:
        seed: of everything that nobody writes down: ids, jitter.
        engines: how many there are, of one consumer group; each begins with its first turn.
        overrides: merged over the engine's settings, in Backbeat's names.

    Attributes:
        problems: what broke: a kind and a line each.

    Raises:
        UsageError: a number of engines, or settings, that make no sense.
    """

    def __init__(self, dialect: str, seed: int, engines: int, overrides: Mapping[str, Any] | None = None) -> None:
        if not 1 <= engines <= MOST_ENGINES:
            raise UsageError(f"{engines} engines; 1 to {MOST_ENGINES} can take turns")
        self.settings = _settings(dialect, overrides or {})
        self.clock = SimulationClock()
        self.trace = Trace(self.clock.monotonic)
        self.board = FaultBoard(SeededRandomness(seed + 1))
        self.deaths = Deaths()
        self.problems: list[tuple[str, str]] = []
        network = FaultyNetwork(self.board, self.clock, self.trace, TARGET)
        self.aws = MemoryAws(SITE, self.clock, network)
        self.fake = FakeCloudServer(
            Settings.default(aws_endpoint="aws:80", aws_bucket=TARGET),
            clock=self.clock,
            randomness=SeededRandomness(seed),
            locations={SITE: self.aws},
        )
        self.queue = MemoryQueue(self.clock, SeededRandomness(seed + 2))
        self._seed = seed
        self._watch = StatusWatch(self.fake.journal, self.aws, SITE)
        self._engines: list[tuple[Engine, MemberQueue] | None] = [None] * engines
        self._held: dict[int, Turn] = {}
        self._starts = itertools.count()
        self._recorder: Recorder | None = None
        self._exits = contextlib.ExitStack()

    def close(self) -> None:
        self._let_go()
        self._exits.close()
        self.fake.close()

    def record(self, stream: IO[str], header: Header) -> None:
        """Write a tape of everything from now on, which is to be before anything has happened."""
        from harness.tape.recorder import Recorder
        from harness.tape.writer import TapeWriter

        settings = self.fake.settings
        recorder = self._recorder = Recorder(self.clock, engine_keys={ENGINE_KEYS[0]})
        names = {access: account.name for account in settings.accounts for access, _ in account.keys}
        self._exits.enter_context(recorder.writing(TapeWriter(stream, header, accounts=names)))
        self._exits.callback(recorder.watch_journal(self.fake.journal, "cloudserver"))
        recorder.watch_board(self.board)

    def tell(self, kind: str, **what: Any) -> None:
        """A fact for the tape, if there is one."""
        if self._recorder is not None:
            self._recorder.fact(kind, **what)

    def app(self, inner: WsgiApp) -> WsgiApp:
        """The fake as it is asked."""
        return inner if self._recorder is None else self._recorder.wrap(inner, "cloudserver")

    @property
    def engines(self) -> int:
        """How many there are."""
        return len(self._engines)

    def aws_contents(self) -> list[dict[str, Any]]:
        return self.aws.contents()

    # what happens

    def allow(self, seconds: float = 0.0) -> None:
        """From now on whatever takes much longer than ``seconds`` is stuck."""
        self.clock.deadline = self.clock.monotonic() + _SETTLE_SECONDS + seconds

    def advance(self, seconds: float) -> None:
        """Time passes. Whoever is held goes on before the request it has signed becomes too old. Raises Stuck."""
        self.allow(seconds)
        if seconds > _HELD_SECONDS:
            for index in sorted(self._held):
                self.turn(index)
        self.tell("clock", seconds=seconds)
        self.clock.advance(seconds)

    def outage(self, seconds: float) -> None:
        """Kafka is gone from now on, and back when so much time has passed."""
        self.trace.add("outage", seconds=seconds)
        self.tell("outage", seconds=seconds)
        self.queue.begin_outage()
        self.clock.at(seconds, self.queue.end_outage)

    def turn(self, engine: int, rounds: int = 1, requests: int | None = None) -> int:
        """Rounds of one engine, held in front of the next request after ``requests``, if it comes to that.

        How much there was to do. One that was held finishes what it was at instead. Raises Stuck.
        """
        index = engine % len(self._engines)
        held = {} if requests is None else {"requests": requests}
        self.tell("step", part=f"engine-{index}", rounds=rounds, **held)
        turn = self._held.pop(index, None)
        if turn is None and requests is None:
            return self._rounds(index, rounds)
        turn = turn or Turn(lambda: self._rounds(index, rounds))
        self._held[index] = turn
        taken = turn.go(requests)
        if taken is None:
            self.trace.add("held", engine=index)
            return 1
        del self._held[index]
        return taken

    def kill(self, engine: int) -> None:
        """It ends where it is, and begins anew with its next turn."""
        held = self._held.pop(engine, None)
        if held is not None:
            held.abandon()
        if self._engines[engine] is not None:
            self.deaths.count += 1
            self._bury(engine)

    def settle(self) -> None:
        """Turns until nothing is left to do. Raises Stuck."""
        self.allow()
        for _ in range(_ROUNDS):
            taken = sum(self.turn(index) for index in range(len(self._engines)))
            if not taken and all(one is not None and one[0].idle() for one in self._engines):
                return
            self.clock.advance(0.5)
        raise Stuck(f"still at work after {_ROUNDS} rounds")

    def _rounds(self, index: int, rounds: int) -> int:
        return sum(self._step(index) for _ in range(rounds))

    def _step(self, index: int) -> int:
        """One round of one engine; how much there was to do."""
        try:
            running = self._engines[index]
            if running is None:
                queue = MemberQueue(self._seen_queue(), self.board, self.clock)
                running = self._engines[index] = self._new_engine(index, queue), queue
            return self._worked(running[0])
        except Crash:
            self.trace.add("killed", engine=index)
            self.tell("crash", part=f"engine-{index}")
        except Exception as error:  # noqa: BLE001  (whatever it is, a part of an engine ended by it)
            self.trace.add("broken", engine=index, error=repr(error))
            self.problems.append(("engine broke", repr(error)))
        self._bury(index)
        return 1

    def _worked(self, engine: Engine) -> int:
        taken = engine.step()
        self.problems += self._watch.look()
        return taken

    def _bury(self, index: int) -> None:
        running, self._engines[index] = self._engines[index], None
        if running is not None:
            running[1].bury()

    def _seen_queue(self) -> Queue:
        from harness.tape.seams import RecordedQueue

        return self.queue if self._recorder is None else RecordedQueue(self.queue, self._recorder)

    def _new_engine(self, index: int, queue: MemberQueue) -> Engine:
        app = self.app(Faults(self.fake.app, self.board, "cloudserver", self.clock))
        checkpoints: Checkpoints = HoldingCheckpoints(lambda: self._before_request(index))
        return Engine(
            self.settings,
            queue,
            self.clock,
            SeededRandomness(1000 * self._seed + next(self._starts)),
            self.fake.journal,
            transport=TracedTransport(WsgiTransport({HOST: app}), self.trace, f"engine-{index}"),
            checkpoints=FaultyCheckpoints(self.board, self.clock, checkpoints, self.deaths.die),
            threaded=False,
        )

    def _before_request(self, index: int) -> None:
        if index in self._held:
            self._held[index].before_request()

    def _let_go(self) -> None:
        for turn in self._held.values():
            turn.abandon()
        self._held.clear()

    # what came of it

    def judge(self, bucket: str, truth: Truth) -> Report:
        """Look at a bucket and its copy; copies that nothing explains are among what is wrong."""
        report = audit(self, bucket, SITE, truth)
        most = 0
        if self.settings.dialect == "release" or truth.told is not None:
            # a released copy whose result was lost with its engine, or whose answer was lost, is made again
            most = self.deaths.count + sum(_loses_an_answer(fired) for fired in self.board.fired())
        if report.duplicates > most:
            report.add("extra copy", f"{report.duplicates} duplicates: {', '.join(report.repeated)}")
        return report

    def told(self) -> frozenset[str]:
        """The version ids of all failures that were told."""
        return told_by(self.queue.read(self.settings.replication_failed_topic))

    def trace_the_end(self) -> None:
        """All messages, the journal, and what AWS holds, into the trace."""
        self._let_go()
        for topic in self._topics():
            for message in self.queue.read(topic):
                where = {"topic": topic, "partition": message.partition, "offset": message.offset}
                self.trace.add("kafka", **where, value=fingerprint(message.value))
        journal = self.fake.journal
        for record in journal.read(journal.first_sequence, journal.last_sequence + 1):
            value = fingerprint(None if record.value is None else record.value.encode())
            self.trace.add("journal", db=record.db, key=record.key, value=value)
        for one in self.aws_contents():
            self.trace.add("copy", **one)

    def _topics(self) -> list[str]:
        """In their order; none where no engine ever made them."""
        return sorted(topic.name for topic in all_topics(self.settings)) if any(self._engines) else []


def _loses_an_answer(fired: Fired) -> bool:
    """Whether the work may have been done, and nobody was told; the released routes store before they compare."""
    if fired.occasion.site == "cloudserver":
        return any(word in fired.text for word in _WORK_DONE)
    return fired.occasion.site == "aws" and ("reset: after" in fired.text or "truncate" in fired.text)


def _settings(dialect: str, overrides: Mapping[str, Any]) -> EngineSettings:
    host, _, port = HOST.partition(":")
    source = {"auth": {"type": "service", "accessKey": ENGINE_KEYS[0], "secretKey": ENGINE_KEYS[1]}}
    processor = {"retry": {"aws_s3": PATIENT}} | dict(overrides.get("queueProcessor", {}))
    return EngineSettings.model_validate(
        {
            "source": {"host": host, "port": int(port)} | source,
            "bootstrapList": [{"site": SITE, "type": "aws_s3"}],
            "dialect": dialect,
            "monitorReplicationFailures": True,
            "replayTopics": [],
            **overrides,
            "queueProcessor": processor,
        }
    )
