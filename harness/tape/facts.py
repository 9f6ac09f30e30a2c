"""What a tape holds beside HTTP exchanges, kind by kind, as it stands in a line.

journal  a metadata record: at, bucket, key, versionId, do (put, del), value
status   an object's replication status is another one: at, bucket, key, versionId, site (absent: of all), old, new
send     a message that Kafka has acknowledged: topic, key, value
take     a message that a group's member received: group, topic, partition, offset, key
commit   where a group goes on: group, offsets by topic/partition
clock    the clock was put forward: seconds
rule     a fault's rule came into force, or went out of it: do (set, clear), name, rule
fault    a rule has fired: rule, site, operation, bucket, key
step     a part of a single-threaded run gets its turn: part, rounds, requests (after so many of them it is held)
crash    a part ended as by SIGKILL: part, point
outage   Kafka is gone from now on: seconds
call     what a simulated client does next: do, key, number, size, back
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.tape import bodies
from harness.tape.checking import Fields
from harness.tape.http_events import MAX_NUMBER
from harness.tape.model import Body, Fact

MAX_TEXT = 65_536
#: Partitions in one commit.
MAX_OFFSETS = 10_000
MAX_SECONDS = 100 * 366 * 86_400.0

_Reader = Callable[[Fields, str], Any]


def _text(fields: Fields, name: str) -> str:
    return str(fields.text(name, MAX_TEXT))


def _number(fields: Fields, name: str) -> int:
    return int(fields.integer(name, 0, MAX_NUMBER))


def _seconds(fields: Fields, name: str) -> float:
    seconds = fields.seconds(name)
    if seconds is None or seconds > MAX_SECONDS:
        raise fields.refuse(name, "not a time in seconds, or more than a century")
    return seconds


def _offsets(fields: Fields, name: str) -> dict[str, int]:
    value = fields.any(name)
    if not isinstance(value, dict) or len(value) > MAX_OFFSETS:
        raise fields.refuse(name, f"not an object of at most {MAX_OFFSETS} offsets")
    inner = Fields(value, fields.path(name))
    return {partition: int(inner.integer(partition, 0, MAX_NUMBER)) for partition in value}


def _object(fields: Fields, name: str) -> dict[str, Any]:
    value = fields.any(name)
    if not isinstance(value, dict):
        raise fields.refuse(name, "not an object")
    return value


def _one_of(*words: str) -> _Reader:
    def read(fields: Fields, name: str) -> str:
        value = _text(fields, name)
        if value not in words:
            raise fields.refuse(name, f"{value!r:.60} is none of {', '.join(words)}")
        return value

    return read


def _name(fields: Fields, name: str) -> str:
    return str(fields.name(name))


_OBJECT: dict[str, _Reader] = {"at": _name, "bucket": _text, "key": _text}
_VERSION: dict[str, _Reader] = {"versionId": _text}

#: What a fact of each kind must have, and what it may have.
KINDS: Mapping[str, tuple[Mapping[str, _Reader], Mapping[str, _Reader]]] = {
    "journal": ({**_OBJECT, "do": _one_of("put", "del")}, {**_VERSION, "value": bodies.body_of}),
    "status": ({**_OBJECT, "new": _text}, {**_VERSION, "site": _text, "old": _text}),
    "send": ({"topic": _text, "value": bodies.body_of}, {"key": _text}),
    "take": ({"group": _text, "topic": _text, "partition": _number, "offset": _number}, {"key": _text}),
    "commit": ({"group": _text, "offsets": _offsets}, {}),
    "clock": ({"seconds": _seconds}, {}),
    "rule": ({"do": _one_of("set", "clear"), "name": _text}, {"rule": _object}),
    "fault": ({"rule": _text, "site": _text, "operation": _text}, {"bucket": _text, "key": _text}),
    "step": ({"part": _text}, {"rounds": _number, "requests": _number}),
    "crash": ({"part": _text}, {"point": _text}),
    "outage": ({"seconds": _seconds}, {}),
    "call": ({"do": _text, "key": _text, "number": _number}, {"size": _number, "back": _number}),
}


def fact(kind: str, fields: Fields) -> Fact:
    """The fact of a line whose other fields are checked by the caller. Raises ValueError."""
    n, t = fields.integer("n", 1, MAX_NUMBER), fields.seconds("t")
    needed, possible = KINDS[kind]
    for name in needed:
        if not fields.has(name):
            raise fields.refuse(name, "missing")
    what = {name: read(fields, name) for name, read in (*needed.items(), *possible.items()) if fields.has(name)}
    return Fact(n, kind, what, t)


def fact_document(event: Fact) -> dict[str, Any]:
    """What stands in the line of a fact."""
    document: dict[str, Any] = {"n": event.n}
    if event.t is not None:
        document["t"] = event.t
    document["k"] = event.kind
    for name in (*KINDS[event.kind][0], *KINDS[event.kind][1]):
        if name not in event.what:
            continue
        value = event.what[name]
        document[name] = bodies.document(value) if isinstance(value, Body) else value
    return document
