"""From a seed to a script: what clients do, what breaks meanwhile, and who works when."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from harness.engine.checkpoints import NAMES, REQUESTS
from harness.engine.settings import Dialect
from harness.simulation.script import Call, CallKind, Fault, Item, Outage, Script, Step, Wait

KIB = 1024
_ERRORS: tuple[Any, ...] = ("SlowDown", "InternalError", 502, 503)
_AWS = ("PutObject", "DeleteObject", "PutObjectTagging", "HeadObject", "*Multipart*", "UploadPart", "*")
_SOURCE = (
    "metadata:get",
    "metadata:put",
    "data:put",
    "multiplebackenddata:putobject",
    "multiplebackenddata:deleteobject",
    "multiplebackenddata:puttagging",
    "multiplebackenddata:*",
    "GetBucketReplication",
    "GetObject",
    "*",
)
#: Data that carry their MD5: whoever gets them damaged finds out.
_CHECKED = ("data:put", "multiplebackenddata:putobject", "GetObject")


def script_of(
    seed: int, *, dialect: Dialect | None = None, objects: int = 20, hours: float = 24.0, faults: float = 0.8
) -> Script:
    """The same from the same arguments, always.

    Args:
        dialect: by default design for even seeds and release for odd ones.
        objects: versions that clients make, delete markers among them.
        hours: how much time passes, about.
        faults: how many for each version.
    """
    chance = random.Random(f"simulation-{seed}")
    chosen: Dialect = dialect or ("design" if seed % 2 == 0 else "release")
    keys = _calls(chance, objects)
    total = sum(len(calls) for calls in keys)
    items = _mixed(chance, keys, hours * 3600 / max(1, total))
    patient = chance.random() < 0.8
    for _ in range(round(objects * faults)):
        items.insert(chance.randrange(len(items) + 1), _trouble(chance, patient=patient))
    return Script(
        seed,
        chosen,
        tuple(items),
        engines=chance.choice((1, 2, 2)),
        multipart=chance.random() < 0.25,
        patient=patient,
    )


def _calls(chance: random.Random, objects: int) -> list[list[Call]]:
    """The calls of each key, in order: few keys, so that they get into each other's way."""
    keys: list[list[Call]] = []
    left, number = objects, 0
    while left > 0:
        versions = min(left, chance.choice((1, 2, 3, 4, 6)))
        key = f"{chance.choice(('a', 'photos', 'ünï cødé', 'x+y'))}/{len(keys):03d}"
        calls: list[Call] = []
        for version in range(versions):
            number += 1
            calls.append(_version(chance, key, number, first=version == 0))
            while calls[-1].kind != "delete" and chance.random() < 0.35:
                number += 1
                kind: CallKind = chance.choice(("tag", "tag", "untag"))
                calls.append(Call(kind, key, number, back=chance.randint(0, min(2, version))))
        keys.append(calls)
        left -= versions
    return keys


def _version(chance: random.Random, key: str, number: int, *, first: bool) -> Call:
    kind = chance.random()
    if not first and kind < 0.15:
        return Call("delete", key, number)
    if not first and kind < 0.2:
        return Call("copy", key, number)
    size = 0 if chance.random() < 0.1 else chance.randint(1, 4 * KIB)
    return Call("multipart" if kind > 0.9 and size else "put", key, number, size)


def _mixed(chance: random.Random, keys: list[list[Call]], pause: float) -> list[Item]:
    """Clients and engines side by side; most pauses are short, some are long."""
    items: list[Item] = []
    waiting = [list(calls) for calls in keys]
    window: list[list[Call]] = []
    while waiting or window:
        while waiting and len(window) < 3:
            window.append(waiting.pop(0))
        if chance.random() < 0.5:
            calls = chance.choice(window)
            call = calls.pop(0)
            if calls and chance.random() < 0.4:
                items += _race(chance, call, calls.pop(0))
            elif chance.random() < 0.3:
                items += _amid(chance, call)
            else:
                items.append(call)
            window = [calls for calls in window if calls]
            if chance.random() < 0.3:
                items.append(Wait(round(chance.random() * pause * 6, 1)))
        else:
            items.append(Step(chance.randrange(2), chance.choice((1, 1, 2, 3))))
            items.append(Wait(round(chance.random() * 0.2, 3)))
    return items


def _race(chance: random.Random, first: Call, second: Call) -> list[Item]:
    """Two calls about one key, the second one while the first one's work is done: whichever engine does it."""
    items: list[Item] = [Step(0), Step(1)] if chance.random() < 0.5 else []
    held = [Step(engine, requests=chance.randrange(8)) for engine in (0, 1)]
    return [*items, first, *held, second, Step(0), Step(1)]


def _amid(chance: random.Random, call: Call) -> list[Item]:
    """A call while an engine is at work, most often in the middle of the same object; another one may be as well.

    No time passes meanwhile: an engine that is held for minutes has lost its patience.
    """
    engine = chance.randrange(2)
    items: list[Item] = [Step(engine, requests=chance.randrange(12)), call]
    if chance.random() < 0.25:
        items.append(Step(1 - engine))
    if chance.random() < 0.25:
        items.append(Step(engine, requests=chance.randrange(4)))
        if chance.random() < 0.5:
            items.append(Step(1 - engine))
    return [*items, Step(engine)]


def _trouble(chance: random.Random, *, patient: bool) -> Item:
    """Damaged data end in a failure that nobody tries again, so that they are for the impatient."""
    kind = chance.choices(list(_TROUBLES), [weight for weight, _ in _TROUBLES.values()])[0]
    if kind == "damage" and patient:
        kind = "kill"
    return _TROUBLES[kind][1](chance)


def _rule(chance: random.Random, site: str, operation: str, **effect: Any) -> Fault:
    often = {"after": chance.choice((0, 0, 0, 1, 2, 4)), "times": chance.choice((1, 1, 1, 1, 2, 6))}
    return Fault({"site": site, "operation": operation, **effect, **often})


def _http(chance: random.Random, site: str, operations: tuple[str, ...]) -> Fault:
    operation = chance.choice(operations)
    # after five minutes the engine's own patience with CloudServer ends, whatever its settings (Backbeat's, too)
    slow, still = ((1, 20, 400), (1, 60)) if site == "aws" else ((1, 20), (1, 5))
    effects: tuple[dict[str, Any], ...] = (
        {"error": chance.choice(_ERRORS)},
        {"reset": "before"},
        {"reset": "during"},
        {"reset": "after"},
        {"reset": "after"},
        {"delay": f"{chance.choice(slow)}s"},
        {"stall": f"{chance.choice(still)}s"},
        {"truncate": chance.choice((0, 7, 100))},
    )
    return _rule(chance, site, operation, **chance.choice(effects))


def _damaged(chance: random.Random) -> Fault:
    return _rule(chance, "cloudserver", chance.choice(_CHECKED), corrupt=True)


def _kill(chance: random.Random) -> Fault:
    return _death(chance.choice(NAMES), chance.choice((0, 0, 1, 3)))


def _death(point: str, after: int) -> Fault:
    return Fault({"site": "engine", "operation": point, "kill": True, "after": after, "times": 1})


def _produced_twice(chance: random.Random) -> Fault:
    return Fault({"site": "kafka", "operation": "Produce", "duplicate": 1, "after": chance.randint(0, 9), "times": 1})


def _comes_late(chance: random.Random) -> Fault:
    rule = {"site": "kafka", "operation": "Consume", "delay": f"{chance.choice((1, 30, 600))}s"}
    return Fault(rule | {"after": chance.randint(0, 9), "times": 1})


_TROUBLES: dict[str, tuple[float, Callable[[random.Random], Item]]] = {
    "aws": (5, lambda chance: _http(chance, "aws", _AWS)),
    "cloudserver": (5, lambda chance: _http(chance, "cloudserver", _SOURCE)),
    "damage": (1, _damaged),
    "kill": (3, _kill),
    "kill at a request": (3, lambda chance: _death(chance.choice(REQUESTS), chance.randint(0, 12))),
    "twice": (2, _produced_twice),
    "late": (1.5, _comes_late),
    # an engine that is held in front of a request waits for the others, whose Kafka is away: what it signed is good for
    # a quarter of an hour
    "outage": (0.5, lambda chance: Outage(chance.choice((1.0, 60.0, 600.0)))),
}
