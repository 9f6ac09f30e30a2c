"""What happened beside the exchanges of clients, in two runs of the same calls: compared as far as it cannot depend on
who was faster.

A kind of event is compared where the tape has any of it: one that was recorded from outside has no messages of Kafka.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from harness.tape.format import event_document
from harness.tape.model import Fact, Tape

#: Something that happened, in words that two runs share.
_Word = tuple[Hashable, ...]
#: Of these, what happened here alone is a difference too: of messages more may be sent when engines are started anew.
_BOTH_WAYS = frozenset({"status", "journal", "fault"})


def differences(recorded: Tape, again: Tape) -> list[tuple[int | None, str]]:
    """What happened in one run only: the event's number on the tape (None for what happened here only), and a line."""
    found: list[tuple[int | None, str]] = []
    ours_of, theirs_of = _words(recorded), _words(again)
    for kind in _WORDS:
        ours, theirs = ours_of[kind], theirs_of[kind]
        if not ours:
            continue
        found += [
            (n, f"{kind} {_shown(word)}: recorded, and not so here") for word, n in ours.items() if word not in theirs
        ]
        if kind in _BOTH_WAYS:
            found += [
                (None, f"{kind} {_shown(word)}: here, and not on the tape") for word in theirs if word not in ours
            ]
    return sorted(found, key=lambda one: one[0] or float("inf"))


def first_difference(recorded: Tape, again: Tape) -> tuple[int | None, str] | None:
    """The first event that is another one, of two tapes of twins: times, ids and all. None when there is none.

    A tape that was cut short is compared as far as it goes.
    """
    for ours, theirs in zip(recorded.events, again.events, strict=False):
        wanted, seen = event_document(ours), event_document(theirs)
        if wanted != seen:
            names = [name for name in dict.fromkeys((*wanted, *seen)) if wanted.get(name) != seen.get(name)]
            lines = (f"  {name}: recorded {_brief(wanted.get(name))}, here {_brief(seen.get(name))}" for name in names)
            return ours.n, "\n".join((f"event {ours.n} is another one:", *lines))
    missing = len(recorded.events) - len(again.events)
    if missing > 0:
        n = recorded.events[len(again.events)].n
        return n, f"event {n}: recorded, and here it was over; {missing} events are missing"
    if missing < 0 and not recorded.cut_short:
        return None, f"{-missing} events more here, the first of them {_brief(event_document(again.events[missing]))}"
    return None


def _words(tape: Tape) -> dict[str, dict[_Word, int]]:
    """By kind and by what happened: the number of the event in which it did so first."""
    found: dict[str, dict[_Word, int]] = {kind: {} for kind in _WORDS}
    versions: dict[_Word, dict[str, int]] = {}
    for fact in tape.facts:
        number = _number(fact, versions)
        if fact.kind in _WORDS:
            for word in _WORDS[fact.kind](fact, number):
                found[fact.kind].setdefault(word, fact.n)
    return found


def _number(fact: Fact, versions: dict[_Word, dict[str, int]]) -> int:
    """Which version of its object it is about, from 1 in the order of the tape; 0 for none."""
    version = fact.what.get("versionId")
    if not version:
        return 0
    known = versions.setdefault((fact.what["bucket"], fact.what["key"]), {})
    return known.setdefault(version, len(known) + 1)


def _status(fact: Fact, number: int) -> Iterator[_Word]:
    what = fact.what
    yield what["bucket"], what["key"], f"version {number}", what.get("site", ""), what["new"]


def _journal(fact: Fact, number: int) -> Iterator[_Word]:
    what = fact.what
    yield what["bucket"], what["key"], f"version {number}" if number else "master", what["do"]


def _send(fact: Fact, _: int) -> Iterator[_Word]:
    yield fact.what["topic"], fact.what.get("key", "")


def _fault(fact: Fact, _: int) -> Iterator[_Word]:
    yield tuple(fact.what.get(name, "") for name in ("rule", "site", "operation", "bucket", "key"))


def _clock(fact: Fact, _: int) -> Iterator[_Word]:
    yield (f"put forward by {fact.what['seconds']} s",)


_WORDS: dict[str, Callable[[Fact, int], Iterator[_Word]]] = {
    "status": _status,
    "journal": _journal,
    "send": _send,
    "fault": _fault,
    "clock": _clock,
}


def _shown(word: _Word) -> str:
    return " ".join(str(part) for part in word if part != "")


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."
