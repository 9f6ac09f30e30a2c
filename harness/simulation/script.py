"""What happens in a run, in order: plain data, so that a run can be kept, repeated and made smaller."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, cast

from harness.engine.settings import Dialect
from harness.errors import UsageError

CallKind = Literal["put", "multipart", "copy", "delete", "tag", "untag"]
_VERSION = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """What a client does to the source.

    Attributes:
        number: varies body, metadata and tags.
        size: bytes.
        back: ``tag`` and ``untag``: how many versions before the newest one.
    """

    kind: CallKind
    key: str
    number: int
    size: int = 0
    back: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A rule that is in force from here on, as scenarios and fault files have it."""

    rule: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One engine does so many rounds.

    ``requests``: it is held in front of the next request after so many, and everything else goes on; its next step
    begins with what it was at.
    """

    engine: int
    rounds: int = 1
    requests: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """Seconds pass."""

    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Outage:
    """Kafka is gone for so many seconds."""

    seconds: float


Item: TypeAlias = Call | Fault | Step | Wait | Outage
_KINDS: dict[str, type[Any]] = {
    "call": Call,
    "fault": Fault,
    "step": Step,
    "wait": Wait,
    "outage": Outage,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Script:
    """A whole run.

    Attributes:
        seed: of everything that is not written down: ids, jitter.
        engines: how many there are, of one consumer group.
        multipart: the engine copies in parts whatever is bigger than nothing.
        patient: it never gives up; otherwise objects may end FAILED, and be tried again out of order before.
    """

    seed: int
    dialect: Dialect
    items: tuple[Item, ...]
    engines: int = 2
    multipart: bool = False
    patient: bool = True

    @property
    def calls(self) -> list[Call]:
        return [item for item in self.items if isinstance(item, Call)]

    def with_items(self, items: Iterable[Item]) -> Script:
        return dataclasses.replace(self, items=tuple(items))

    def dumped(self) -> str:
        """JSON Lines: the run first, then an item each."""
        head = {"simulation": _VERSION} | {
            field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "items"
        }
        lines = [head, *(_document(item) for item in self.items)]
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def load(text: str) -> Script:
    """The reverse of :meth:`Script.dumped`; UsageError with one line for anything else."""
    number = 1
    try:
        head, *rest = text.splitlines()
        fields = json.loads(head)
        if fields.pop("simulation") != _VERSION:
            raise ValueError("of another version")
        items = []
        for line in rest:
            number += 1
            items.append(_item(json.loads(line)))
        return Script(items=tuple(items), **fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(f"line {number}: no script of a simulation: {error}") from None


def _document(item: Item) -> dict[str, Any]:
    kind = next(name for name, one in _KINDS.items() if isinstance(item, one))
    return {"do": kind} | dataclasses.asdict(item)


def _item(document: dict[str, Any]) -> Item:
    return cast("Item", _KINDS[document.pop("do")](**document))
