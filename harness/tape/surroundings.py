"""A place of a tape as people read it: one line an event."""

from __future__ import annotations

import json

from harness.tape.model import Body, Event, Fact, Tape

#: Events shown before and after.
AROUND = 5
_LONGEST = 150


def line(event: Event) -> str:
    """``7 +1.25s client cloudserver PUT /b/k → 200``."""
    when = "" if event.t is None else f" +{event.t:g}s"
    if not isinstance(event, Fact):
        request = event.request
        target = f"{request.path}?{request.query}" if request.query else request.path
        answer = "no answer" if event.response is None else str(event.response.status)
        name = f"{event.name}: " if event.name else ""
        return _short(f"{event.n}{when} {event.by} → {event.at}: {name}{request.method} {target} → {answer}")
    told = " ".join(f"{name}={_value(value)}" for name, value in event.what.items() if not isinstance(value, Body))
    return _short(f"{event.n}{when} {event.kind} {told}")


def around(tape: Tape, n: int) -> str:
    """The event of number ``n``, marked, with its neighbours."""
    index = next(index for index, event in enumerate(tape.events) if event.n == n)
    shown = tape.events[max(0, index - AROUND) : index + AROUND + 1]
    return "\n".join(f"{'>' if event.n == n else ' '} {line(event)}" for event in shown)


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) or " " in value else value


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
