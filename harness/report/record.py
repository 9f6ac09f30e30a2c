"""One run and what happened in it, in values that travel between processes and into a page; no IO."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

#: Where something can happen, from the client to the far side.
LANES = ("scenario", "cloudserver", "kafka", "engine", "aws")


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        lane: one of LANES.
        at: seconds from the start of the run.
        took: seconds; 0 for what has no length.
        label: a word or two.
        detail: a line that says all of it.
        about: the object, ``bucket/key``; "" when it is about none.
        state: ``PENDING``, ``COMPLETED``, ``FAILED``, …; ``wrong`` for what went wrong; "" for anything else.
    """

    lane: str
    at: float
    took: float
    label: str
    detail: str
    about: str = ""
    state: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes:
        outcome: ``passed``, ``failed``, ``broken`` or ``skipped``.
        seconds: how long it took.
        text: why it did not pass, as people read it; empty when it passed.
        reasons: the same in a few words, a line each.
        line: where: the line of the step that failed, of the scenario otherwise.
        again: the command that runs it again.
        stack_failed: the stack itself did not start: no fault of the scenario.
    """

    title: str
    file: str
    line: int
    about: str
    tags: tuple[str, ...]
    dialect: str
    seed: int
    outcome: str
    seconds: float
    reason: str = ""
    reasons: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    again: str = ""
    stack_failed: bool = False
    events: tuple[Event, ...] = ()

    @property
    def is_bad(self) -> bool:
        """Whether it should have passed and did not."""
        return self.outcome in {"failed", "broken"}

    def to_plain(self) -> dict[str, Any]:
        """Lists, texts and numbers only."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name, value in plain.items():
            if isinstance(value, tuple):
                plain[name] = list(value)
        plain["events"] = [list(dataclasses.astuple(event)) for event in self.events]
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> RunRecord:
        """What :meth:`to_plain` gave."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()
        }
        values["events"] = tuple(Event(*event) for event in plain["events"])
        return cls(**values)
