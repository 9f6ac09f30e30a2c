"""From a tape on which something goes wrong to a small one."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

from harness.simulation.script import Call, Item, Script, Step, Wait
from harness.simulation.shrinking import Shrinker
from harness.simulation.world import Result, simulate, taped


@dataclasses.dataclass(frozen=True, slots=True)
class Small:
    """The smallest script found.

    Attributes:
        tape: of its run.
        runs: how many it took.
    """

    result: Result
    tape: str
    runs: int


def failing_schedule(script: Script, schedules: int) -> Script | None:
    """The script, or else the first of so many with the same calls and other turns of engines, that fails."""
    candidates = [script, *(_scheduled(script, number) for number in range(schedules))]
    return next((one for one in candidates if simulate(one).problems), None)


def shrunk(script: Script, limit: int = 600) -> Small:
    """As small as can be found in so many runs, failing in the same way."""
    shrinker = Shrinker(limit=limit)
    smaller = shrinker.shrink(script)
    result, tape = taped(smaller)
    return Small(result, tape, shrinker.runs)


def _scheduled(script: Script, number: int) -> Script:
    """Everything but turns and moments in its order; two engines work whenever chance has it, in the middle too."""
    chance = random.Random(f"schedule-{script.seed}-{number}")
    items = [item for one in script.items for item in _with_turns(chance, one)]
    return dataclasses.replace(script, seed=script.seed + number, items=tuple(items), engines=chance.choice((1, 2)))


def _with_turns(chance: random.Random, item: Item) -> Iterator[Item]:
    if isinstance(item, Step) or (isinstance(item, Wait) and item.seconds < 1):
        return
    yield item
    if not isinstance(item, Call):
        return
    for engine in (0, 1):
        if chance.random() < 0.6:
            yield Step(engine, chance.choice((1, 1, 2)), chance.choice((None, chance.randrange(8))))
