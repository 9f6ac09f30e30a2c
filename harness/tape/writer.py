"""Writes a tape while it happens: aliases in place of ids, nothing secret, a whole line at a time."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any

from harness.tape import bodies, json_text, redaction, rewriting
from harness.tape import format as tape_format
from harness.tape.aliases import Namer
from harness.tape.captured import Captured, Exchange
from harness.tape.model import Body, Fact, Header, HttpEvent, HttpRequest, HttpResponse
from harness.tape.redaction import Accounts

_SUSPICIOUS = re.compile(rb"secret|token|signature|credential|access.?key|authorization|cookie", re.IGNORECASE)
_SAFE_IN_TARGET = "".join(chr(code) for code in range(0x21, 0x7F))


class TapeWriter:
    """One tape. The recorder that it is attached to calls it from one thread at a time.

    Args:
        stream: text is appended to it; every line is flushed.
        accounts: names of accounts by access key.
        words: only what has one of these in its target, bucket or key is written; None for everything.
    """

    def __init__(
        self,
        stream: IO[str],
        header: Header,
        *,
        accounts: Mapping[str, str] | None = None,
        words: Collection[str] | None = None,
    ) -> None:
        self._stream = stream
        self._accounts = Accounts(accounts or {})
        self._words = None if words is None else tuple(words)
        self._namer = Namer()
        self._statuses: dict[tuple[str, ...], str] = {}
        self._count = 0
        self._write(tape_format.header_document(header))

    def exchange(self, exchange: Exchange, t: float) -> None:
        """An exchange is over."""
        if self._concerns(urllib.parse.unquote(exchange.target), exchange.header("x-amz-copy-source")):
            request = self._request(exchange)  # before the answer: what a client chose is no alias
            event = HttpEvent(self._next(), exchange.at, request, self._response(exchange), by=exchange.by, t=_time(t))
            self._write(tape_format.event_document(event))

    def fact(self, kind: str, what: Mapping[str, Any], t: float) -> None:
        """Anything else; bodies are given as bytes, and ids as they are."""
        if not self._concerns(*(str(what.get(name) or "") for name in ("bucket", "key")), is_general=kind in _GENERAL):
            return
        if kind == "journal":
            self._journal(what, t)
        else:
            self._fact(kind, what, t)

    def _journal(self, what: Mapping[str, Any], t: float) -> None:
        key, nul, version = str(what["key"]).partition("\0")
        told = {**what, "key": key} | ({"versionId": version} if nul else {})
        self._fact("journal", {name: value for name, value in told.items() if value is not None}, t)
        for change in self._changes(what):
            self._fact("status", change, t)

    def _changes(self, what: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What a record says of replication that none before it said."""
        try:
            document = json_text.parse(what["value"].decode()) if what.get("value") else {}
        except ValueError:
            return []
        info = document.get("replicationInfo") if isinstance(document, dict) else None
        if not isinstance(info, dict):
            return []
        key, version = str(what["key"]).partition("\0")[0], document.get("versionId")
        of_sites = [one for one in info.get("backends") or () if isinstance(one, dict)]
        changes: list[dict[str, Any]] = []
        for site, status in [("", info.get("status")), *((one.get("site"), one.get("status")) for one in of_sites)]:
            place = (str(what["bucket"]), key, str(version or ""), str(site))
            old = self._statuses.get(place, "")
            if not isinstance(status, str) or status == old:
                continue
            self._statuses[place] = status
            told = {"at": what["at"], "bucket": place[0], "key": key, "versionId": place[2], "site": place[3]}
            told |= {"old": old, "new": status}
            changes.append({name: value for name, value in told.items() if value != "" or name in {"key", "new"}})
        return changes

    def _fact(self, kind: str, what: Mapping[str, Any], t: float) -> None:
        plain = {name: value for name, value in what.items() if not isinstance(value, bytes)}
        # a rule is a user's own text
        told = plain if kind == "rule" else rewriting.json_value(plain, self._namer.of_answer)
        values = {
            name: self._body_of(value) if isinstance(value, bytes) else told[name] for name, value in what.items()
        }
        self._write(tape_format.event_document(Fact(self._next(), kind, values, _time(t))))

    def _body_of(self, value: bytes) -> Body:
        return rewriting.body(bodies.of_bytes(value), self._namer.of_answer)

    def _request(self, exchange: Exchange) -> HttpRequest:
        path, _, query = exchange.target.partition("?")
        namer = self._namer.of_request
        return HttpRequest(
            exchange.method,
            _printable(path if path.startswith("/") else urllib.parse.urlsplit(path).path or "/"),
            rewriting.query(_printable(redaction.query_without_signature(query)), namer),
            rewriting.headers(redaction.request_headers(exchange), namer),
            rewriting.body(_stored(exchange.body), namer),
            self._accounts.sign(exchange),
        )

    def _response(self, exchange: Exchange) -> HttpResponse | None:
        if exchange.status is None:
            return None
        namer = self._namer.of_answer
        return HttpResponse(
            exchange.status,
            rewriting.headers(redaction.answer_headers(exchange), namer),
            rewriting.body(_stored(exchange.answer), namer),
        )

    def _concerns(self, *texts: str, is_general: bool = False) -> bool:
        return self._words is None or is_general or any(word in text for word in self._words for text in texts)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _write(self, document: Mapping[str, Any]) -> None:
        self._stream.write(tape_format.line(document))
        self._stream.flush()


#: Kinds that are about no object.
_GENERAL = frozenset({"clock", "rule", "step", "crash", "outage", "call"})


def _stored(captured: Captured) -> Body:
    if not captured.is_whole:
        return Body("unread", "", captured.length)
    document = captured.document
    if document is not None:
        body = bodies.of_bytes(document)
        # what has no structure has no fields that could be told apart
        if body.form not in {"text", "base64"} or _SUSPICIOUS.search(document) is None:
            return body
    return Body("sha256", captured.digest, captured.length) if captured.length else Body()


def _printable(target: str) -> str:
    """A request line may hold any byte; a tape has it percent-encoded."""
    return urllib.parse.quote(target.encode("latin-1", "replace"), safe=_SAFE_IN_TARGET)


def _time(t: float) -> float:
    return round(t, 6)


@dataclasses.dataclass(frozen=True, slots=True)
class TapeFile:
    """A tape that is being written to a file."""

    path: Path
    stream: IO[str]
    writer: TapeWriter

    @classmethod
    def create(cls, path: Path, header: Header, **more: Any) -> TapeFile:
        """Begin a tape; one that was there is gone. OSError when it cannot be written."""
        stream = path.open("w", encoding="utf-8", newline="\n")
        return cls(path, stream, TapeWriter(stream, header, **more))
