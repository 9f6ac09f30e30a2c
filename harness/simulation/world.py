"""One run of a script: it is played on twins, everything comes to rest, and all of it is looked at."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Iterator
from importlib.metadata import version
from typing import IO, TYPE_CHECKING, Any

from fake_cloudserver import Clock, FakeCloudServer, iso
from harness.engine.signing import Credentials
from harness.faults.description import to_rule
from harness.simulation.audit import Report, Truth
from harness.simulation.clients import ClientError, Clients
from harness.simulation.clock import Stuck
from harness.simulation.script import Call, Fault, Item, Outage, Script, Step, Wait
from harness.simulation.trace import Trace
from harness.simulation.twins import HOST, Twins
from harness.stack_plan import ROLE, SITE
from harness.transport import WsgiTransport

if TYPE_CHECKING:
    from harness.tape.model import Header

SOURCE = "src"
IMPATIENT = {"maxRetries": 2, "timeoutS": 60, "backoff": {"min": 10, "max": 1000, "jitter": 0.2, "factor": 2}}


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
    """One run; :meth:`run` once.

    Args:
        tape: a tape of everything is written to it.
    """

    def __init__(self, script: Script, tape: IO[str] | None = None) -> None:
        self._script = script
        self.twins = Twins(script.dialect, script.seed, script.engines, overrides(script))
        fake, clock = self.twins.fake, self.twins.clock
        if tape is not None:
            self.twins.record(tape, tape_header(script, clock))
        self._clients = Clients(WsgiTransport(self.twins.app(fake.app)), f"http://{HOST}", SOURCE, _owner(fake), clock)

    def run(self) -> Result:
        """Do what the script says, let everything come to rest, and look."""
        twins, script = self.twins, self._script
        problems: list[tuple[str, str]] = []
        with contextlib.closing(twins):
            self._clients.prepare(ROLE, SITE)
            with _noting(problems):
                for number, item in enumerate(script.items):
                    self._do(number, item)
                self._settle()
            problems = [*twins.problems, *problems]
            told = None if script.patient else twins.told()
            report = twins.judge(SOURCE, Truth(self._clients.sent, self._clients.tags, told))
            problems += zip(report.kinds, report.wrong, strict=True)
            twins.trace_the_end()
            for kind, line in problems:
                twins.trace.add("problem", what=kind, line=line)
        fired = twins.board.fired()
        kills = sum(one.occasion.site == "engine" for one in fired)
        hours = twins.clock.monotonic() / 3600
        return Result(script, tuple(problems), report, twins.trace, hours, len(fired) - kills, kills)

    def _do(self, number: int, item: Item) -> None:
        twins = self.twins
        twins.allow()
        match item:
            case Call():
                told = {name: value for name in ("size", "back") if (value := getattr(item, name))}
                twins.tell("call", do=item.kind, key=item.key, number=item.number, **told)
                version_id = self._clients.do(item)
                twins.trace.add("call", do=item.kind, key=item.key, number=item.number, version=version_id)
            case Fault():
                twins.trace.add("rule", rule=dict(item.rule))
                twins.tell("rule", do="set", name=f"rule-{number}", rule=dict(item.rule))
                twins.board.add(f"rule-{number}", to_rule(dict(item.rule)))
            case Step():
                twins.turn(item.engine, item.rounds, item.requests)
            case Wait():
                twins.advance(item.seconds)
            case Outage():
                twins.outage(item.seconds)

    def _settle(self) -> None:
        """Nothing breaks any more; whoever lives goes on."""
        self.twins.board.clear()
        self.twins.queue.end_outage()
        self.twins.trace.add("peace")
        self.twins.tell("call", do="settle", key="", number=0)
        self.twins.settle()


@contextlib.contextmanager
def _noting(problems: list[tuple[str, str]]) -> Iterator[None]:
    """What ends the run early is a problem; what is there by then is looked at all the same."""
    try:
        yield
    except Stuck as stuck:
        problems.append(("stuck", str(stuck)))
    except ClientError as error:
        problems.append(("client refused", str(error)))


def simulate(script: Script) -> Result:
    """Run a script from its beginning, in a world of its own."""
    return World(script).run()


def taped(script: Script) -> tuple[Result, str]:
    """The same, and the tape of it: the same from the same script, byte for byte."""
    stream = io.StringIO()
    return World(script, stream).run(), stream.getvalue()


def tape_header(script: Script, clock: Clock) -> Header:
    """What a tape says of twins: enough to put them together again."""
    from harness.tape.model import Header

    began = iso(clock.now())
    return Header(
        f"a simulation, seed {script.seed}",
        {"cloudserver": "cloudserver"},
        harness=version("cloudserver-harness"),
        profile="8.8",
        recorded=began,
        seed=script.seed,
        dialect=script.dialect,
        clock=began,
        twins={"engines": script.engines, "multipart": int(script.multipart), "patient": int(script.patient)},
    )


def overrides(script: Script) -> dict[str, Any]:
    """The settings in which its engines are not those of every simulation."""
    processor: dict[str, Any] = {"minMPUSizeMB": 0} if script.multipart else {}
    if script.patient:
        return {"queueProcessor": processor} if processor else {}
    return {
        "queueProcessor": processor | {"retry": {"aws_s3": IMPATIENT}},
        "replayTopics": [{"topicName": "replay-0", "retries": 1}],
    }


def _owner(fake: FakeCloudServer) -> Credentials:
    keys = (pair for account in fake.settings.accounts for pair in account.keys)
    return next(Credentials(*pair) for pair in keys if pair[0] == "accessKey1")
