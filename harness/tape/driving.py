"""Drives what clients did, and what was done to the stack meanwhile, into a stack that runs.

What depends on who is faster is not compared: a replication status on its way, and reads that come before the engine
is done. They are asked again until they are as recorded, within reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from fake_cloudserver import Clock
from harness.tape.differences import Difference
from harness.tape.model import Fact, HttpEvent, Tape
from harness.tape.replay import CLIENT, Outcome, Player

_PAUSE = 0.05
_IN_PASSING = frozenset({"PENDING", "PROCESSING"})
_READS = frozenset({"GET", "HEAD"})
#: A version of an object, as its status facts tell of it.
Place = tuple[str, str, str, int]


class Faults(Protocol):
    """What sets faults; :class:`harness.faults.control.FaultControl` does."""

    def set(self, rule: Mapping[str, Any]) -> str: ...

    def clear(self, names: list[str]) -> None: ...


class Driver:
    """One replay.

    Args:
        sites: which sites of the tape take part.
        faults: where rules of the tape come into force; None leaves them out.
        advance: puts the stack's clock forward; None leaves that out.
        patience: seconds for which a read is asked again; 0 for a stack in which nothing goes on by itself.
    """

    def __init__(
        self,
        tape: Tape,
        player: Player,
        sites: frozenset[str],
        clock: Clock,
        *,
        faults: Faults | None = None,
        advance: Any = None,
        patience: float = 0.0,
    ) -> None:
        self._tape = tape
        self._player = player
        self._sites = sites
        self._clock = clock
        self._faults = faults
        self._advance = advance
        self._patience = patience
        self._rules: dict[str, str] = {}

    def play(self) -> Iterator[Outcome]:
        """The exchanges of clients, as they go."""
        for event in self._tape.events:
            if isinstance(event, Fact):
                self._do(event)
            elif event.by == CLIENT and event.at in self._sites:
                yield self._exchange(event)

    def _do(self, fact: Fact) -> None:
        what = fact.what
        if fact.kind == "clock" and self._advance is not None:
            self._advance(what["seconds"])
        if fact.kind != "rule" or self._faults is None:
            return
        if what["do"] == "set" and "rule" in what:
            self._rules[what["name"]] = self._faults.set(what["rule"])
        elif what["name"] in self._rules:
            self._faults.clear([self._rules.pop(what["name"])])

    def _exchange(self, event: HttpEvent) -> Outcome:
        outcome = self._once(event)
        deadline = self._clock.monotonic() + self._patience
        while outcome.counted() and event.request.method in _READS and self._clock.monotonic() < deadline:
            self._clock.sleep(_PAUSE)
            outcome = self._once(event)
        return outcome

    def _once(self, event: HttpEvent) -> Outcome:
        outcome = self._player.exchange(event)
        if not self._patience or not _was_in_passing(event):
            return outcome
        return dataclasses.replace(outcome, differences=tuple(one for one in outcome.differences if not _passes(one)))


def _was_in_passing(event: HttpEvent) -> bool:
    headers = () if event.response is None else event.response.headers
    return any(name.lower() == "x-amz-replication-status" and value in _IN_PASSING for name, value in headers)


def _passes(difference: Difference) -> bool:
    """Whether a difference only says that the engine was faster."""
    where = difference.where
    return where == "header x-amz-replication-status" or (
        where.startswith("header x-amz-meta-") and where.endswith("-version-id")
    )


def final_statuses(tape: Tape) -> dict[Place, dict[str, str]]:
    """Status by site ("" for all of them) in which each version of each object was left, versions in their order."""
    found: dict[Place, dict[str, str]] = {}
    order: dict[tuple[str, str, str], dict[str, int]] = {}
    for fact in tape.facts:
        if fact.kind != "status":
            continue
        what = fact.what
        versions = order.setdefault((what["at"], what["bucket"], what["key"]), {})
        number = versions.setdefault(what.get("versionId", ""), len(versions) + 1)
        place = (what["at"], what["bucket"], what["key"], number)
        found.setdefault(place, {})[what.get("site", "")] = what["new"]
    return found


def status_differences(recorded: Tape, again: Tape) -> list[str]:
    """Objects that were left in another replication status than on the tape, one line each."""
    ours, theirs = final_statuses(recorded), final_statuses(again)
    lines = []
    for place, statuses in ours.items():
        _, bucket, key, number = place
        for site, status in statuses.items():
            here = theirs.get(place, {}).get(site)
            if here != status:
                where = f" at {site}" if site else ""
                lines.append(
                    f"{bucket}/{key}, version {number}{where}: recorded {status}, here {here or 'never so far'}"
                )
    return lines
