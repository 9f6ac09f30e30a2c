"""What a run did, step by step: shown beside a failure; no IO."""

from __future__ import annotations

import dataclasses
from typing import Any

from harness.scenario.waiting import seconds

_MOST_LINES = 30


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """What a step is about; None where it names none. Real names."""

    bucket: str | None = None
    key: str | None = None

    @classmethod
    def of(cls, arguments: Any, buckets: dict[str, str]) -> Subject:
        """The bucket and key that the arguments of a verb name."""
        if not isinstance(arguments, dict):
            return cls()
        bucket, key = (arguments.get(name, arguments.get(name.lower())) for name in ("Bucket", "Key"))
        return cls(
            buckets.get(bucket, bucket) if isinstance(bucket, str) else None, key if isinstance(key, str) else None
        )

    def at_source(self, buckets: dict[str, str], aws_bucket: str) -> Subject:
        """The object that a replica on AWS was copied from, when the name tells; itself otherwise.

        Without ``bucketMatch`` a replica is called ``<source bucket>/<key>`` (Arsenal lib/storage/data/external).
        """
        if self.bucket == aws_bucket and self.key is not None:
            source, slash, key = self.key.partition("/")
            if slash and source in buckets.values():
                return Subject(source, key)
        return self

    def __str__(self) -> str:
        return "/".join(part for part in (self.bucket, self.key) if part is not None)


@dataclasses.dataclass(slots=True)
class Action:
    """One thing that a run did, or several neighbours that are alike; times in seconds, from the run's start."""

    at: str
    verb: str
    subject: Subject
    came: str
    started: float
    took: float
    until: float
    count: int = 1

    def __str__(self) -> str:
        times = f" ×{self.count}" if self.count > 1 else ""
        where = f" {self.subject}" if str(self.subject) else ""
        return f"+{seconds(self.started)} {self.at} {self.verb}{where} → {self.came}{times} ({seconds(self.took)})"


class Trace:
    """All actions of one run, neighbours that are alike counted together."""

    def __init__(self) -> None:
        self._actions: list[Action] = []

    def add(self, at: str, verb: str, subject: Subject, came: str, started: float, took: float) -> None:
        """Note that ``verb`` was done: seconds after the start of the run, seconds it took, and what it came to."""
        if self._actions:
            last = self._actions[-1]
            if (last.at, last.verb, last.subject, last.came) == (at, verb, subject, came):
                last.count += 1
                last.until = started + took
                return
        self._actions.append(Action(at, verb, subject, came, started, took, started + took))

    @property
    def actions(self) -> tuple[Action, ...]:
        return tuple(self._actions)

    def about(self, subject: Subject) -> tuple[str, ...]:
        """The actions about the same object, or bucket when ``subject`` is one; those about nothing named are all."""
        chosen = [str(action) for action in self._actions if _related(action.subject, subject)]
        if len(chosen) > _MOST_LINES:
            chosen = [f"({len(chosen) - _MOST_LINES} before)", *chosen[-_MOST_LINES:]]
        return tuple(chosen)


def _related(action: Subject, subject: Subject) -> bool:
    if action.bucket is None or subject.bucket is None:
        return True
    if action.bucket == subject.bucket:
        return action.key is None or subject.key is None or action.key == subject.key
    replica = f"{subject.bucket}/{subject.key}"
    return subject.key is not None and action.key == replica
