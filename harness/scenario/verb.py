"""What a verb is, and what it is given when it acts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from harness.scenario.shapes import Record, Shape
from harness.scenario.target import Target


class VerbError(Exception):
    """The failure of an operation that a scenario may expect.

    Attributes:
        output: ``Code``, ``Message``, ``HTTPStatusCode`` (None when no answer came), and what else is known.
    """

    def __init__(self, output: dict[str, Any]) -> None:
        super().__init__(f"{output['Code']}: {output['Message']}")
        self.output = output

    @property
    def is_missing(self) -> bool:
        """Whether the thing is simply not there (yet)."""
        return self.output.get("HTTPStatusCode") == 404

    @classmethod
    def of_connection(cls, error: BaseException) -> VerbError:
        """No answer: the code is the kind of fault."""
        return cls({"Code": type(error).__name__, "Message": str(error), "HTTPStatusCode": None})


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One action of one step.

    Attributes:
        arguments: checked, substituted, shorthands written out.
        buckets: alias -> real name.
    """

    target: Target
    verb: str
    arguments: dict[str, Any]
    at: str
    account: str | None
    buckets: Mapping[str, str]

    def bucket(self, name: str) -> str:
        """The real name of a bucket that is named by its alias; other names are real ones."""
        return self.buckets.get(name, name)


Action = Callable[[Call], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Verb:
    """One word of the language.

    Attributes:
        arguments: what it takes.
        output: what ``expect`` and ``save`` can name; None when that is not known beforehand.
        act: does it; gives the output, or raises VerbError.
        about: one line for people.
        reads: it changes nothing (or may be repeated), so that ``eventually`` and ``holds`` may do it many times.
        own_stack: nobody else can use a stack where this happens.
        sites: which kinds of site ``at`` can name; none for verbs that are about the whole stack.
        account: whom it acts as when the step does not say; None for the owner of the site's buckets.
        why_wrong: why arguments of the right shape make no sense, "" when they do; asked before anything runs.
    """

    name: str
    arguments: Record
    act: Action
    about: str = ""
    output: Shape | None = None
    reads: bool = False
    own_stack: bool = False
    sites: tuple[str, ...] = ()
    account: str | None = None
    why_wrong: Callable[[dict[str, Any]], str] | None = None
