"""Play a tape: send its requests to running servers, in order, and compare every answer."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fake_cloudserver import Clock, SystemClock
from harness.errors import UsageError
from harness.tape import rewriting, stand_in
from harness.tape.aliases import Bindings
from harness.tape.blobs import Blobs
from harness.tape.compare import LiveResponse, compare
from harness.tape.differences import Difference
from harness.tape.model import HeaderList, HttpEvent, HttpRequest, Signature, Tape
from harness.tape.signing import KeyPair, sign
from harness.tape.wire import Sender

#: Seconds to wait for an answer, and for one that was never given when the tape was recorded.
TIMEOUT = 30.0
UNANSWERED_TIMEOUT = 5.0
#: By whom an exchange is that a player repeats: what else there was follows from those.
CLIENT = "client"
#: A key pair that no server knows.
NOBODY = KeyPair("nobodysKey1", "nobodysSecret1")

_WRONG_SECRET = "wrongSecret"  # noqa: S105  (that is the point of it)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """How one event went.

    Attributes:
        status: of the live answer; None when there was none.
        differences: of content, then of form.
    """

    event: HttpEvent
    status: int | None
    differences: tuple[Difference, ...]

    def counted(self, *, exact: bool = False) -> tuple[Difference, ...]:
        """The differences of content, and those of form too if ``exact``."""
        return tuple(found for found in self.differences if exact or not found.only_exact)


class Player:
    """Plays one tape, once.

    Args:
        sites: a way to each site of the tape.
        accounts: key pairs by the name of their account, and by the name of a site the pair that is used there.
        others: key pairs by site, for accounts that the tape has no name of.
        partial: a site without a way to it is no mistake, as long as nobody plays its events.
        blobs: where bodies are that the tape has only the hash of; others of their length stand in for them.

    Raises:
        UsageError: for a site that there is no way to.
    """

    def __init__(
        self,
        tape: Tape,
        sites: Mapping[str, Sender],
        accounts: Mapping[str, KeyPair],
        clock: Clock | None = None,
        *,
        others: Mapping[str, KeyPair] | None = None,
        blobs: Blobs | None = None,
        partial: bool = False,
    ) -> None:
        missing = sorted({event.at for event in tape.exchanges if event.by == CLIENT} - set(sites))
        if missing and not partial:
            raise UsageError(f"the tape asks {', '.join(missing)}; there is no such server here")
        self._tape = tape
        self._sites = sites
        self._accounts = {"nobody": NOBODY} | dict(accounts)
        self._clock = clock or SystemClock()
        self._others = others or {}
        self._blobs = blobs
        self._bindings = Bindings()

    def play(self) -> Iterator[Outcome]:
        """What clients asked, as it goes. Raises TapeError for a body that nothing can stand in for."""
        for event in self._tape.exchanges:
            if event.by == CLIENT:
                yield self.exchange(event)

    def exchange(self, event: HttpEvent) -> Outcome:
        """One event; they are to come in order."""
        live = self._send(event)
        foreign = self._tape.header.sites[event.at] != "cloudserver"
        found = compare(event.response, live, self._bindings, foreign=foreign)
        return Outcome(event, live.status if live else None, tuple(found))

    def _send(self, event: HttpEvent) -> LiveResponse | None:
        request, site = event.request, self._sites[event.at]
        body, is_recorded = stand_in.content(rewriting.body(request.body, self._to_send), self._blobs)
        self._bindings.stands_in |= not is_recorded
        query = rewriting.query(request.query, self._to_send)
        target = f"{request.path}?{query}" if query else request.path
        headers = self._headers(request, body, site.host)
        if request.sign is not None:
            headers = self._signed(request.sign, event.at, request.method, target, headers, body)
        timeout = UNANSWERED_TIMEOUT if event.response is None else TIMEOUT
        return site.send(request.method, target, headers, body, timeout)

    def _to_send(self, kind: str, value: Any) -> Any:
        return self._bindings.sum_to_send(value) if kind == "etag" else self._bindings.to_send(value)

    def _headers(self, request: HttpRequest, body: bytes, host: str) -> HeaderList:
        headers = rewriting.headers(request.headers, self._to_send)
        return (*((name, _computed(name.lower(), value, body)) for name, value in headers), ("host", host))

    def _signed(
        self, how: Signature, at: str, method: str, target: str, headers: HeaderList, body: bytes
    ) -> HeaderList:
        pair = self._accounts.get(how.account) or self._others.get(at)
        if pair is None:
            raise UsageError(
                f"no key pair of {how.account!r}; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are taken with --target"
            )
        if how.wrong:
            pair = KeyPair(pair.access_key, _WRONG_SECRET)
        payload = how.payload if how.payload is not None else hashlib.sha256(body).hexdigest()
        taking_part = {name.lower(): value for name, value in headers if name.lower() not in how.unsigned}
        return (*headers, *sign(pair, self._clock, method, target, taking_part, payload).items())


def _computed(name: str, value: str, body: bytes) -> str:
    if name == "content-length" and value == "<length>":
        return str(len(body))
    if name == "content-md5" and value == "<md5:base64>":
        return base64.b64encode(hashlib.md5(body).digest()).decode()
    if name == "content-md5" and value == "<md5:hex>":
        return hashlib.md5(body).hexdigest()
    return value


def report(outcomes: Iterable[Outcome], *, exact: bool = False) -> str:
    """The events that differ, each with its differences, one a line; empty when there is none."""
    lines: list[str] = []
    for outcome in outcomes:
        differences = outcome.counted(exact=exact)
        if not differences:
            continue
        event = outcome.event
        lines.append(f"{event.n} {event.name} [{event.at}: {event.request.method} {event.request.path:.80}]")
        lines += [f"     {found}" for found in differences]
    return "\n".join(lines)
