"""What a scenario is, once read: plain values, no IO."""

from __future__ import annotations

import dataclasses
from typing import Any

DIALECTS = ("design", "release")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclasses.dataclass(frozen=True, slots=True)
class BucketSpec:
    """A bucket that exists while the scenario runs.

    Attributes:
        alias: its name in the scenario; the real name is made for each run.
        site: where it is created: ``cloudserver`` or ``aws``.
        versioning: ``Enabled``, ``Suspended`` or None (never configured).
        replicates_to: sites of its one replication rule, in StorageClass order; empty for none.
        prefix: the rule's prefix.
        location: LocationConstraint, None for the default.
    """

    alias: str
    site: str
    versioning: str | None
    replicates_to: tuple[str, ...]
    prefix: str
    location: str | None
    place: Place


@dataclasses.dataclass(frozen=True, slots=True)
class Eventually:
    """Try again until the expectations hold; ``unless`` names what ends the wait at once. Seconds."""

    within: float
    every: float | None = None
    unless: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Holds:
    """The expectations hold now and for the whole time. Seconds."""

    duration: float
    every: float = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One verb with what is expected of it."""

    verb: str
    arguments: Any
    place: Place
    at: str = "cloudserver"
    account: str | None = None
    save: dict[str, str] = dataclasses.field(default_factory=dict)
    expect: dict[str, Any] = dataclasses.field(default_factory=dict)
    error: dict[str, Any] | None = None
    wait: Eventually | Holds | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario; ``rows`` and ``dialects`` make several runs of it.

    Attributes:
        stack: what the stack it runs on must be like beyond the dialect (``retry`` and the like); a scenario with
            needs of its own, or one that stops parts of the stack, gets a stack of its own.
    """

    title: str
    place: Place
    steps: tuple[Step, ...]
    about: str = ""
    tags: tuple[str, ...] = ()
    since: str | None = None
    dialects: tuple[str, ...] = ("design",)
    buckets: tuple[BucketSpec, ...] = ()
    rows: tuple[dict[str, Any], ...] = ({},)
    final_steps: tuple[Step, ...] = ()
    stack: dict[str, Any] = dataclasses.field(default_factory=dict)

    def runs(self) -> list[ScenarioRun]:
        """Each row in each dialect."""
        return [ScenarioRun(self, dialect, row) for dialect in self.dialects for row in self.rows]


@dataclasses.dataclass(frozen=True, slots=True)
class ScenarioRun:
    """One scenario with one row in one dialect: what passes or fails."""

    scenario: Scenario
    dialect: str
    row: dict[str, Any]

    @property
    def title(self) -> str:
        """The scenario's title, with what sets this run apart from the others."""
        differences = [f"{name}={value}" for name, value in self.row.items()]
        if len(self.scenario.dialects) > 1:
            differences.insert(0, self.dialect)
        return self.scenario.title + (f" [{', '.join(differences)}]" if differences else "")
