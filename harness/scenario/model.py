"""What a scenario is, once read: plain values, no IO."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

DIALECTS = ("design", "release")

#: The sites that every stack has; a scenario may declare more under ``sites``.
CLOUDSERVER = "cloudserver"
AWS = "aws"

#: Accounts a step can act ``as``: those CloudServer ships (cloudserver conf/authdata.json), and nobody.
ACCOUNTS = ("bart", "lisa", "clueso", "replication", "lifecycle", "anonymous")

#: Names that every scenario can use: the stack's AWS bucket, the site and role of its replication rules, a text that
#: no other run has, the dialect.
BUILT_IN_NAMES = ("aws", "site", "role", "run", "dialect")

_LONGEST_VALUE = 40


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclasses.dataclass(frozen=True, slots=True)
class Destination:
    """Where a bucket replicates to.

    Attributes:
        site: a site of the stack (``aws``), or a storage class as CloudServer's rules have it (``aws-us-east-1``).
        prefix: the rule's prefix.
        bucket: the destination bucket: an alias or a real name; None for the site's own one.
    """

    site: str
    prefix: str = ""
    bucket: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class BucketSpec:
    """A bucket that exists while the scenario runs.

    Attributes:
        alias: its name in the scenario; the real name is made for each run.
        site: where it is created.
        versioning: ``Enabled``, ``Suspended`` or None (never configured).
        replicates_to: destinations with the same prefix make one rule, their sites in this order.
        location: LocationConstraint, None for the default.
    """

    alias: str
    place: Place
    site: str = CLOUDSERVER
    versioning: str | None = None
    replicates_to: tuple[Destination, ...] = ()
    location: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Eventually:
    """Try again until the expectations hold; ``unless`` names what ends the wait at once. Durations as written."""

    within: Any
    every: Any = None
    unless: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Holds:
    """The expectations hold now and for the whole time. Durations as written."""

    duration: Any
    every: Any = "100ms"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One verb with what is expected of it; texts may hold ``$name``.

    Attributes:
        arguments: what the verb was given, as written.
        at: the site it speaks to.
        account: whom it acts as; None for the verb's usual account.
        save: name -> JMESPath over the output.
        expect: JMESPath over the output -> literal or operators.
        error: the failure that is expected: a code, or a mapping like ``expect`` over the error; None for none.
    """

    verb: str
    arguments: Any
    place: Place
    at: str = CLOUDSERVER
    account: str | None = None
    save: dict[str, str] = dataclasses.field(default_factory=dict)
    expect: dict[str, Any] = dataclasses.field(default_factory=dict)
    error: Any = None
    wait: Eventually | Holds | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """What the stack that a run gets must be like.

    Attributes:
        own: nobody else may use it meanwhile: the run stops or kills parts of it.
        settings: what ``stack:`` asks for, as written; a stack with settings is always an own one.
        sites: sites beyond ``cloudserver`` and ``aws``: name -> kind.
        roles: the engine is to run as processes, one for each role.
        movable: the clock is to be one that can be put forward.
    """

    own: bool = False
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    sites: dict[str, str] = dataclasses.field(default_factory=dict)
    roles: bool = False
    movable: bool = False

    @property
    def shared(self) -> bool:
        """Whether any other run that needs nothing but the same sites may use the same stack at the same time."""
        return not (self.own or self.settings)

    @property
    def site_kinds(self) -> tuple[tuple[str, str], ...]:
        """``sites`` as a key."""
        return tuple(sorted(self.sites.items()))


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario; ``rows`` and ``dialects`` make several runs of it."""

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
    needs: Needs = dataclasses.field(default_factory=Needs)

    @property
    def leaves_whole(self) -> bool:
        """Whether every part of the stack that it stops is started again, so that another run can use the stack."""
        down: set[str] = set()
        if "twins" in self.needs.settings:
            return False  # who repeats a run begins with nothing
        for step in (*self.steps, *self.final_steps):
            match step.verb:
                case "stop" | "kill":
                    down.add(str(step.arguments["part"]))
                case "start":
                    down.discard(str(step.arguments["part"]))
                case "pause":
                    down.add(f"site {step.arguments.get('site', AWS)}")
                case "resume":
                    down.discard(f"site {step.arguments.get('site', AWS)}")
                case "engine" | "advance":
                    down.add(step.verb)  # how many there are of a role, and what time it is, nobody else expects
        return not down

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
    def kind(self) -> tuple[str, ...]:
        """Equal for runs that can have the same stack, one after the other; those that share one come first."""
        needs = self.scenario.needs
        return ("", self.dialect, repr(needs.site_kinds)) if needs.shared else ("own", self.dialect, repr(needs))

    @property
    def title(self) -> str:
        """The scenario's title, with what sets this run apart from the others.

        A row that has a ``case`` is called by that alone.
        """
        if "case" in self.row:
            differences = [str(self.row["case"])]
        else:
            differences = [f"{name}={_short(value)}" for name, value in self.row.items()]
        if len(self.scenario.dialects) > 1:
            differences.insert(0, self.dialect)
        return self.scenario.title + (f" [{', '.join(differences)}]" if differences else "")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
