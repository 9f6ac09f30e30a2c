"""What is to go wrong, and when: rules, the occasions they are held against, and what has fired; no IO."""

from __future__ import annotations

import dataclasses
import fnmatch
import threading
from collections.abc import Callable, Iterable
from typing import Any

from fake_cloudserver import Clock, Randomness

#: Where a reset can come: no byte of the request was read; in the middle of the body; the work is done and nobody
#: is told.
RESETS = ("before", "during", "after")
_MOST_FIRED = 10_000


@dataclasses.dataclass(frozen=True, slots=True)
class S3Failure:
    """An answer in place of the real one. Without ``code`` it is a bare HTTP status, as a proxy gives it."""

    status: int
    code: str = ""
    message: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Effect:
    """What a rule does; exactly one of these is set.

    Attributes:
        error: answer this, and do nothing.
        delay: seconds before it goes on.
        stall: seconds for which nothing comes in the middle; then the connection is cut.
        reset: the connection ends hard, at one of RESETS.
        truncate: the answer's body ends after so many bytes, and the connection with it.
        corrupt: one byte of the request's body is another; of the answer's where the request has none.
        duplicate: a message is there so many times more.
        kill: the process ends as SIGKILL ends it.
        decided: which state of a board it comes from, once :meth:`FaultBoard.decide` gave it.
    """

    error: S3Failure | None = None
    delay: float | None = None
    stall: float | None = None
    reset: str | None = None
    truncate: int | None = None
    corrupt: bool = False
    duplicate: int | None = None
    kill: bool = False
    decided: int = dataclasses.field(default=0, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Occasion:
    """Something that happens, and may go wrong.

    Attributes:
        site: ``aws``, ``cloudserver``, ``kafka``, ``engine``.
        operation: botocore's name, ``<resource>:<operation>`` for internal routes, ``Produce`` and ``Consume`` for
            Kafka, a checkpoint's name for the engine.
        bucket, key: decoded; a topic and the message's key for Kafka.
    """

    site: str
    operation: str
    method: str = ""
    bucket: str = ""
    key: str = ""

    def __str__(self) -> str:
        what = "/".join(part for part in (self.bucket, self.key) if part)
        return f"{self.operation} {what}".rstrip()


@dataclasses.dataclass(frozen=True, slots=True)
class FaultRule:
    """What must match, how often it fires, what it does.

    Attributes:
        operation, method, bucket, key: patterns as file names have them; None matches everything.
        after: so many matches go well before the first that does not.
        times: it fires so often, then never again; None for no end.
        probability: of each match that is left.
        text: the rule as it was written, for people.
    """

    effect: Effect
    site: str
    operation: str | None = None
    method: str | None = None
    bucket: str | None = None
    key: str | None = None
    after: int = 0
    times: int | None = None
    probability: float = 1.0
    text: str = ""

    def matches(self, occasion: Occasion) -> bool:
        """Whether the rule is about ``occasion``, however often it has fired."""
        pairs = (
            (self.operation, occasion.operation),
            (self.method, occasion.method),
            (self.bucket, occasion.bucket),
            (self.key, occasion.key),
        )
        return self.site == occasion.site and all(
            pattern is None or fnmatch.fnmatchcase(value, pattern) for pattern, value in pairs
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Fired:
    """One fault that happened; ``at`` in seconds since the epoch."""

    rule: str
    text: str
    occasion: Occasion
    at: float = 0.0

    def __str__(self) -> str:
        return f"{self.rule} ({self.text}) at {self.occasion.site}: {self.occasion}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, to be sent."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Fired:
        """The reverse."""
        return cls(document["rule"], document["text"], Occasion(**document["occasion"]), float(document["at"]))


@dataclasses.dataclass(slots=True)
class _Counted:
    rule: FaultRule
    seen: int = 0
    fired: int = 0


class FaultBoard:
    """The rules in force in one process, and what they did; safe to use from several threads.

    The first rule that matches and fires wins. Chance comes from ``randomness``, so that a seed repeats a
    single-threaded run.

    Attributes:
        listener: told of each fault as it happens, under the board's lock: it neither waits nor asks the board.
    """

    listener: Callable[[Fired], None] | None = None

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._changed = threading.Condition()
        self._rules: dict[str, _Counted] = {}
        self._fired: list[Fired] = []
        self._generation = 0

    def add(self, name: str, rule: FaultRule) -> None:
        """Put a rule in force; one of the same name is replaced."""
        with self._changed:
            self._rules[name] = _Counted(rule)

    def clear(self, names: Iterable[str] | None = None) -> None:
        """Take rules out of force, all of them unless named, and let whatever they hold up go on."""
        with self._changed:
            for name in list(self._rules) if names is None else names:
                self._rules.pop(name, None)
        self.let_go()

    def reset(self) -> None:
        """The same for all of them, and what they did is forgotten."""
        self.clear()
        with self._changed:
            self._fired.clear()

    def let_go(self) -> None:
        """Whatever is held up goes on now; the rules stay in force."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    def concerns(self, site: str) -> bool:
        """Whether any rule is about ``site``: nothing need be found out about an occasion otherwise."""
        return any(counted.rule.site == site for counted in list(self._rules.values()))

    def counts(self) -> dict[str, int]:
        """How often each rule has fired."""
        with self._changed:
            return {name: counted.fired for name, counted in self._rules.items()}

    def fired(self) -> list[Fired]:
        """What has happened so far, oldest first; the last ten thousand."""
        with self._changed:
            return list(self._fired)

    def decide(self, occasion: Occasion, now: float = 0.0) -> Effect | None:
        """What is to go wrong with ``occasion``; None for nothing. What it gives has fired."""
        with self._changed:
            for name, counted in self._rules.items():
                if counted.rule.matches(occasion) and self._fires(counted):
                    counted.fired += 1
                    self._fired.append(Fired(name, counted.rule.text, occasion, now))
                    if self.listener is not None:
                        self.listener(self._fired[-1])
                    del self._fired[:-_MOST_FIRED]
                    return self._dated(counted.rule.effect)
        return None

    def hold(self, clock: Clock, effect: Effect) -> None:
        """Let the seconds of its delay or stall pass, less when rules are cleared, or were since it was decided."""
        left = effect.delay or effect.stall or 0.0
        with self._changed:
            while left > 0 and effect.decided == self._generation:
                before = clock.monotonic()
                if not clock.wait(self._changed, left):
                    return
                left -= clock.monotonic() - before

    def _dated(self, effect: Effect) -> Effect:
        now = self._generation
        return effect if effect.decided == now else dataclasses.replace(effect, decided=now)

    def _fires(self, counted: _Counted) -> bool:
        rule = counted.rule
        counted.seen += 1
        if counted.seen <= rule.after or (rule.times is not None and counted.fired >= rule.times):
            return False
        return rule.probability >= 1.0 or self._randomness.random() < rule.probability
