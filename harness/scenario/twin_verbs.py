"""The verbs of stacks whose engines take turns (``stack: {twins: …}``), and the one that compares both sides."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from harness.scenario import shapes
from harness.scenario.target import Unsupported
from harness.scenario.values import duration
from harness.scenario.verb import Call, Verb, VerbError

#: The member of ``stack`` that asks for it.
TWINS = "twins"
#: What it takes.
TWINS_SHAPE = shapes.Record(
    {
        "engines": shapes.Number(about="how many engines; 1 unless given"),
        "seed": shapes.Number(about="of ids, and of chance"),
    },
    shorthand="engines",
    about="everything on one thread: Kafka and AWS in memory, engines that work when it is their turn, a clock that"
    " moves when it is told",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Audited:
    """What a comparison found.

    Attributes:
        versions: those of the source, delete markers among them.
        duplicates: copies beyond one for each version.
        wrong: a line each.
    """

    versions: int
    duplicates: int
    wrong: Sequence[str]


@runtime_checkable
class TakesTurns(Protocol):
    """A target whose engines work when it is their turn."""

    def turn(self, engine: int, rounds: int, requests: int | None) -> str:
        """See :meth:`harness.simulation.twins.Twins.turn`; what broke, in words."""

    def outage(self, seconds: float) -> None:
        """Kafka is gone for so long."""


@runtime_checkable
class Auditable(Protocol):
    """A target that can look at both sides of a bucket."""

    def audit(self, bucket: str, *, may_fail: bool) -> Audited: ...


def take_turn(call: Call) -> dict[str, Any]:
    """One engine works."""
    arguments = call.arguments
    told = _turning(call).turn(arguments.get("engine", 0), arguments.get("rounds", 1), arguments.get("requests"))
    if told:
        raise VerbError({"Code": "EngineBroke", "Message": told, "HTTPStatusCode": None})
    return {}


def have_outage(call: Call) -> dict[str, Any]:
    """Kafka goes, and comes back."""
    _turning(call).outage(duration(call.arguments["lasts"]))
    return {}


def audit(call: Call) -> dict[str, Any]:
    """Compare a bucket with its copy."""
    if not isinstance(call.target, Auditable):
        raise Unsupported(f"{call.target.name} shows the copies to nobody")
    found = call.target.audit(call.bucket(call.arguments["bucket"]), may_fail=call.arguments.get("may_fail", False))
    return {"versions": found.versions, "duplicates": found.duplicates, "wrong": list(found.wrong)}


def _turning(call: Call) -> TakesTurns:
    if not isinstance(call.target, TakesTurns):
        raise Unsupported(f"the engine of {call.target.name} takes no turns")
    return call.target


def _wrong_turn(arguments: dict[str, Any]) -> str:
    for name, least in (("engine", 0), ("rounds", 1), ("requests", 0)):
        value = arguments.get(name, least)
        if isinstance(value, int) and not least <= value <= _MOST:
            return f"turn.{name} is from {least} to {_MOST}, not {value}"
    return ""


_MOST = 10_000

TWIN_VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "turn",
            shapes.Record(
                {
                    "engine": shapes.Number(about="which one, from 0"),
                    "rounds": shapes.Number(about="1 unless given"),
                    "requests": shapes.Number(about="it is held in front of the next request after so many"),
                },
                shorthand="engine",
            ),
            take_turn,
            about="let an engine work that works when it is its turn; one that was held finishes what it was at",
            output=shapes.Record({}),
            own_stack=True,
            why_wrong=_wrong_turn,
        ),
        Verb(
            "outage",
            shapes.Record({"lasts": shapes.Duration(about="how long")}, frozenset({"lasts"}), shorthand="lasts"),
            have_outage,
            about="Kafka is gone for a while, from now on",
            output=shapes.Record({}),
            own_stack=True,
        ),
        Verb(
            "audit",
            shapes.Record(
                {
                    "bucket": shapes.Text(about="an alias or a name"),
                    "may_fail": shapes.Flag(about="objects may end FAILED, as long as that was told"),
                },
                frozenset({"bucket"}),
                shorthand="bucket",
            ),
            audit,
            about="compare a bucket with its copy: statuses, versions, order, bytes, metadata, tags, nothing more",
            output=shapes.Record(
                {
                    "versions": shapes.Number(about="of the source"),
                    "duplicates": shapes.Number(about="copies beyond one for each version"),
                    "wrong": shapes.Sequence(shapes.Text(), about="a line for each thing that is wrong"),
                }
            ),
            reads=True,
            own_stack=True,
        ),
    )
}
