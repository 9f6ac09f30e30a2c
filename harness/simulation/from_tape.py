"""A tape's calls, faults and pauses as a script: a simulation's own to the letter, anybody else's as far as it goes."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any, cast

from harness.errors import UsageError
from harness.simulation.planning import KIB
from harness.simulation.script import Call, CallKind, Fault, Item, Outage, Script, Step, Wait
from harness.tape.model import Fact, HttpEvent, Tape

_KINDS = ("put", "multipart", "copy", "delete", "tag", "untag")
_LARGEST = 64 * KIB
_SITES = ("aws", "cloudserver", "engine", "kafka")


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What a tape gave.

    Attributes:
        exact: it is a simulation's, so that the script makes the very same run.
        left_out: requests of clients that a simulation has no word for.
    """

    script: Script
    exact: bool
    left_out: int = 0


def script_of_tape(tape: Tape) -> Read:
    """What clients did, and what was done to the stack meanwhile. Raises UsageError for a tape without anything."""
    twins = tape.header.twins
    items: list[Item] = list(_own_items(tape)) if twins else []
    reader = _Reader()
    if not twins:
        items = [item for event in tape.events for item in reader.items(event)]
    if not any(isinstance(item, Call) for item in items):
        raise UsageError("the tape has no client's call that a simulation could make")
    script = Script(
        tape.header.seed or 0,
        "release" if tape.header.dialect == "release" else "design",
        tuple(items),
        engines=max(1, twins.get("engines", 1)),
        multipart=bool(twins.get("multipart", 0)),
        patient=bool(twins.get("patient", 1)),
    )
    return Read(script, bool(twins), reader.left_out)


def _own_items(tape: Tape) -> Iterator[Item]:
    """A simulation tells what it does before it does it; from ``settle`` on nothing is done to it any more."""
    for fact in tape.facts:
        what = fact.what
        match fact.kind:
            case "call" if what["do"] == "settle":
                return
            case "call":
                if what["do"] not in _KINDS:
                    raise UsageError(f"event {fact.n}: a simulation has no call {what['do']!r:.40}")
                kind = cast("CallKind", what["do"])
                yield Call(kind, what["key"], what["number"], what.get("size", 0), what.get("back", 0))
            case "step":
                engine = re.fullmatch(r"engine-(\d)", what["part"])
                if engine is None:
                    raise UsageError(f"event {fact.n}: {what['part']!r:.40} is no engine of a simulation")
                yield Step(int(engine[1]), what.get("rounds", 1), what.get("requests"))
            case "outage":
                yield Outage(what["seconds"])
            case _:
                yield from _anybodys(fact)


def _anybodys(fact: Fact) -> Iterator[Item]:
    what = fact.what
    if fact.kind == "clock":
        yield Wait(what["seconds"])
    elif fact.kind == "rule" and what["do"] == "set" and what.get("rule", {}).get("site") in _SITES:
        yield Fault(dict(what["rule"]))


class _Reader:
    """Reads exchanges of clients with CloudServer; content is told by its length alone."""

    def __init__(self) -> None:
        self.left_out = 0
        self._number = 0
        self._versions: dict[str, list[str]] = {}
        self._parts: dict[str, int] = {}

    def items(self, event: HttpEvent | Fact) -> Iterator[Item]:
        if isinstance(event, Fact):
            yield from _anybodys(event)
            return
        if event.by != "client" or event.at != "cloudserver" or event.request.method in {"GET", "HEAD"}:
            return
        if event.response is None or event.response.status >= 300:
            return
        call = self._call(event)
        if call is None:
            self.left_out += 1
        else:
            yield call
            yield from (Step(0, 3), Wait(0.1))

    def _call(self, event: HttpEvent) -> Call | None:
        request = event.request
        bucket, _, key = urllib.parse.unquote(request.path.lstrip("/")).partition("/")
        query = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
        if not key or request.path.startswith("/_/"):
            return None
        name = f"{bucket}/{key}"
        if "tagging" in query:
            kinds: dict[str, CallKind] = {"PUT": "tag", "DELETE": "untag"}
            kind = kinds.get(request.method)
            return None if kind is None else self._made(kind, name, back=self._back(name, query.get("versionId")))
        if request.method == "PUT" and "partNumber" in query:
            self._parts[query.get("uploadId", "")] = self._size(request.body)
            return None
        if request.method == "POST" and "uploadId" in query:
            return self._made("multipart", name, size=self._parts.pop(query["uploadId"], 1) or 1, answer=event)
        if query.keys() - {"x-id"}:
            return None
        headers = {header.lower(): value for header, value in request.headers}
        if request.method == "PUT":
            source = urllib.parse.unquote(headers.get("x-amz-copy-source", "")).lstrip("/").partition("?")[0]
            if source and source != name:
                return self._made("put", name, size=1, answer=event)
            return self._made("copy" if source else "put", name, size=self._size(request.body), answer=event)
        return self._made("delete", name) if request.method == "DELETE" else None

    def _made(self, kind: CallKind, name: str, size: int = 0, back: int = 0, answer: HttpEvent | None = None) -> Call:
        self._number += 1
        if answer is not None and answer.response is not None:
            version = next((value for name, value in answer.response.headers if name.lower() == "x-amz-version-id"), "")
            self._versions.setdefault(name, []).append(version)
        return Call(kind, name, self._number, 0 if kind == "copy" else size, back)

    def _back(self, name: str, version: str | None) -> int:
        versions = self._versions.get(name, [])
        return len(versions) - 1 - versions.index(version) if version in versions else 0

    def _size(self, body: Any) -> int:
        content = body.content
        length = body.length if body.form in {"sha256", "unread"} else len(content) if isinstance(content, str) else 1
        return int(min(length, _LARGEST))
