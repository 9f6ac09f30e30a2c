"""What a comparison finds: places where a live answer is not the recorded one."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from harness.tape import fields
from harness.tape.aliases import Bindings

_LONGEST = 200
_DIGITS = re.compile(r"[0-9]+")
_WORDS = re.compile(r"[A-Z][a-z]{2}\b")


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One place.

    Attributes:
        where: ``status``, ``header etag``, ``body/Error/Code``, ``body.replicationInfo.status`` ...
        what: what was recorded there, and what came.
        only_exact: it counts in an exact comparison only: the content is the same, its form is not.
    """

    where: str
    what: str
    only_exact: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (" (form only)" if self.only_exact else "")


class Findings:
    """The differences of one answer, while it is compared; learns ids on the way."""

    def __init__(self, bindings: Bindings) -> None:
        self.bindings = bindings
        self.list: list[Difference] = []

    def add(self, where: str, what: str, *, only_exact: bool = False) -> None:
        self.list.append(Difference(where, what, only_exact))

    def differ(self, where: str, recorded: object, live: object, *, only_exact: bool = False) -> None:
        self.add(where, f"recorded {short(recorded)}, here {short(live)}", only_exact=only_exact)

    def value(self, where: str, kind: str | None, recorded: Any, live: Any) -> None:
        """Compare a scalar of a field of that kind; None is a field like any other."""
        if kind == "secret":
            return
        if kind == "time":
            if form_of_time(recorded) != form_of_time(live):
                self.differ(where, recorded, live, only_exact=True)
            return
        if kind == "etag":
            if not self.bindings.sums_agree(recorded, live):
                self.differ(where, recorded, live)
        elif kind in fields.ID_KINDS:
            if not self.bindings.agrees(kind, recorded, live):
                self.differ(where, recorded, self.bindings.alias_of(kind, live))
        elif type(recorded) is not type(live) or recorded != live:
            self.differ(where, recorded, live)


def short(value: object) -> str:
    """A value in one line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def form_of_time(value: object) -> str:
    """What a time looks like: its digits, weekday and month do not count."""
    return _WORDS.sub("Www", _DIGITS.sub("9", value)) if isinstance(value, str) else type(value).__name__
