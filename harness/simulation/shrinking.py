"""Makes a script that fails smaller, as long as it fails in the same way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from harness.simulation.clients import UNIQUE
from harness.simulation.script import Call, Fault, Item, Script, Step, Wait
from harness.simulation.world import simulate

Thing = TypeVar("Thing")

#: Says how a script fails; "" when it does not.
Runner = Callable[[Script], str]

_SIMPLIFICATIONS: tuple[Callable[[Script], Script], ...] = (
    lambda script: dataclasses.replace(script, engines=1),
    lambda script: dataclasses.replace(script, multipart=False),
    lambda script: dataclasses.replace(script, patient=True),
)


def kind_of(script: Script) -> str:
    """In what way a script fails when it is run."""
    return simulate(script).kind


class Shrinker:
    """Delta debugging (A. Zeller, R. Hildebrandt: Simplifying and Isolating Failure-Inducing Input), then each item
    for itself.

    Args:
        runner: runs a script.
        limit: how many runs at most.

    Attributes:
        runs: how many there were.
    """

    def __init__(self, runner: Runner = kind_of, limit: int = 600) -> None:
        self._runner = runner
        self._limit = limit
        self.runs = 0

    def shrink(self, script: Script, kind: str | None = None) -> Script:
        """A script as small as can be found that fails in the way of ``kind``, by default as this one does."""
        wanted = self._runner(script) if kind is None else kind
        while self.runs < self._limit:
            smaller = self._once(script, wanted)
            if smaller == script:
                break
            script = smaller
        return script

    def _once(self, script: Script, wanted: str) -> Script:
        """Whole keys first, then the rest in pieces; what is left is made simpler."""

        def fails(candidate: Script) -> bool:
            if self.runs >= self._limit:
                return False
            self.runs += 1
            return self._runner(candidate) == wanted

        for key in sorted({call.key for call in script.calls}):
            without = script.with_items(one for one in script.items if not (isinstance(one, Call) and one.key == key))
            if without.calls and fails(without):
                script = without
        script = script.with_items(minimised(script.items, lambda items: fails(script.with_items(items))))
        return self._simplified(script, fails)

    def _simplified(self, script: Script, fails: Callable[[Script], bool]) -> Script:
        for index in range(len(script.items)):
            for simpler in _simpler(script.items[index]):
                candidate = script.with_items((*script.items[:index], simpler, *script.items[index + 1 :]))
                if fails(candidate):
                    script = candidate
                    break
        for simplify in _SIMPLIFICATIONS:
            candidate = simplify(script)
            if candidate != script and fails(candidate):
                script = candidate
        return script


def minimised(things: Sequence[Thing], fails: Callable[[Sequence[Thing]], bool]) -> list[Thing]:
    """Things of which none can be left out, alone or with its neighbours; all of ``things`` together fail."""
    left = list(things)
    size = max(1, len(left) // 2)
    while left:
        start = 0
        while start < len(left):
            candidate = left[:start] + left[start + size :]
            if len(candidate) < len(left) and fails(candidate):
                left = candidate
            else:
                start += size
        if size == 1:
            break
        size = max(1, size // 2)
    return left


def _simpler(item: Item) -> Iterator[Item]:
    match item:
        case Call():
            if item.size > UNIQUE:
                yield dataclasses.replace(item, size=UNIQUE)
        case Fault(rule=rule):
            for name, value in (("after", 0), ("times", 1)):
                if rule.get(name, value) != value:
                    yield Fault({**rule, name: value})
        case Step():
            if item.requests is not None:
                yield dataclasses.replace(item, requests=None)
                yield dataclasses.replace(item, requests=0)
            if item.rounds > 1:
                yield dataclasses.replace(item, rounds=1)
        case Wait(seconds=seconds) if seconds > 1:
            yield Wait(1.0)
        case _:
            pass
