"""A tape's text: JSON Lines, a header first, then one event a line.

    {"tape":1,"about":"...","sites":{"cloudserver":"cloudserver","aws":"s3"},...}
    {"n":1,"k":"http","at":"cloudserver","name":"...","req":{...},"res":{...}}
    {"n":2,"k":"commit","group":"...","offsets":{"topic/0":1}}

``k`` is the kind of an event: ``http``, or one of ``facts.py``. A tape is untrusted input: everything in it has a type,
a limit and a form, and what is beyond them is refused with one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.tape import json_text
from harness.tape.checking import Fields
from harness.tape.errors import TapeError
from harness.tape.facts import KINDS, fact, fact_document
from harness.tape.http_events import http_event, http_event_document
from harness.tape.model import Event, Fact, Header, Tape

VERSION = 1
#: Characters of one line; an upload's parts stand in lines of their own.
MAX_LINE = 16 * 1024 * 1024
MAX_EVENTS = 1_000_000

#: What a site can be.
SITE_KINDS = ("cloudserver", "s3")
DIALECTS = ("", "design", "release")

#: What a header can say of twins, and how much of it.
TWINS = {"engines": 9, "multipart": 1, "patient": 1}

_SURROGATES = re.compile(r"[\ud800-\udfff]")


def parse(text: str) -> Tape:
    """A tape from its whole text.

    Raises:
        TapeError: with the number of the line that is damaged or beyond the limits. A last line without its end, as a
            crash leaves it, is not read; the tape says so.
    """
    *whole, rest = text.split("\n")
    if not whole:
        raise TapeError("line 1: not a tape: no whole line")
    try:
        header = _header(_object(whole[0]))
    except ValueError as error:
        raise TapeError(f"line 1: {error}") from None
    return Tape(header, tuple(_events(whole[1:], header)), cut_short=rest != "")


def _events(lines: Iterable[str], header: Header) -> Iterator[Event]:
    last = 0
    for number, text in enumerate(lines, 2):
        if number > MAX_EVENTS + 1:
            raise TapeError(f"line {number}: more than {MAX_EVENTS} events")
        try:
            event = _event(_object(text), header)
            if event.n <= last:
                raise ValueError(f"event {event.n} comes after event {last}")
        except ValueError as error:
            raise TapeError(f"line {number}: {error}") from None
        last = event.n
        yield event


def serialise(tape: Tape) -> str:
    """The text of a tape; :func:`parse` gives the tape back."""
    return line(header_document(tape.header)) + "".join(line(event_document(event)) for event in tape.events)


def line(document: Mapping[str, Any]) -> str:
    """The line of a header's or an event's document."""
    # half a surrogate pair cannot be written as UTF-8, but as an escape
    return _SURROGATES.sub(lambda half: f"\\u{ord(half[0]):04x}", f"{json_text.compact(document)}\n")


def header_document(header: Header) -> dict[str, Any]:
    """A header as it stands in its line."""
    document: dict[str, Any] = {"tape": VERSION, "harness": header.harness, "about": header.about}
    document |= {"profile": header.profile, "recorded": header.recorded, "seed": header.seed, "clock": header.clock}
    document |= {"dialect": header.dialect}
    document |= {"sites": dict(header.sites), "config": header.config, "environ": dict(header.environ)}
    document["twins"] = dict(header.twins)
    document["buckets"] = {site: dict(buckets) for site, buckets in header.buckets.items()}
    return {name: value for name, value in document.items() if value not in (None, "", {})}


def event_document(event: Event) -> dict[str, Any]:
    """An event as it stands in its line."""
    return fact_document(event) if isinstance(event, Fact) else http_event_document(event)


def _object(text: str) -> Mapping[str, Any]:
    if len(text) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE} characters")
    value = json_text.parse(text)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  (the content is wrong, not the caller)
    return value


def _header(document: Mapping[str, Any]) -> Header:
    if "tape" not in document:
        raise ValueError("not a tape: its first line has no 'tape'")
    if document["tape"] != VERSION:
        raise ValueError(f"a tape of version {document['tape']!r:.40}; this harness reads version {VERSION}")
    fields = Fields(document, "")
    fields.integer("tape", 1, VERSION)
    header = Header(
        about=fields.text("about", 10_000, default=""),
        sites=fields.names("sites", SITE_KINDS),
        harness=fields.text("harness", 100, default=""),
        profile=fields.text("profile", 100, default=""),
        recorded=fields.text("recorded", 40, default=""),
        seed=fields.integer("seed", 0, 2**53, default=None),
        dialect=_dialect(fields),
        clock=fields.text("clock", 40, default=None),
        config=fields.name("config", default=None),
        environ=fields.texts("environ", 10_000),
        twins=_twins(fields),
        buckets=fields.tables("buckets", ("versioned", "plain")),
    )
    fields.end()
    return header


def _twins(fields: Fields) -> dict[str, int]:
    """How many engines there are; 1 or 0 for what they are like."""
    value = fields.any("twins") if fields.has("twins") else {}
    if not isinstance(value, dict) or not set(value) <= set(TWINS):
        raise fields.refuse("twins", f"not an object of {', '.join(TWINS)}")
    inner = Fields(value, fields.path("twins"))
    return {name: int(inner.integer(name, 0, most)) for name, most in TWINS.items() if name in value}


def _dialect(fields: Fields) -> str:
    value = str(fields.text("dialect", 40, default=""))
    if value not in DIALECTS:
        raise fields.refuse("dialect", f"{value!r} is none of design, release")
    return value


def _event(document: Mapping[str, Any], header: Header) -> Event:
    fields = Fields(document, "")
    kind = fields.text("k", 40)
    if kind != "http" and kind not in KINDS:
        raise ValueError(f"k: an event of the unknown kind {kind!r:.40}")
    event: Event = http_event(fields) if kind == "http" else fact(kind, fields)
    fields.end()
    at = event.what.get("at") if isinstance(event, Fact) else event.at
    if at is not None and at not in header.sites:
        raise ValueError(f"at: no site {at!r}")
    return event
