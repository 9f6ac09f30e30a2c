"""What a tape holds, once it has been read and checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

#: Names and values of headers, in the order in which they are sent.
HeaderList = tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """A tape's first line.

    Attributes:
        about: one sentence for whoever opens the file.
        sites: name of each server to what it is: ``cloudserver`` or ``s3``.
        harness: version of the harness that wrote the tape.
        profile: release whose behaviour it shows, such as ``8.8``.
        recorded: date, ISO 8601.
        seed: of the run's randomness; None for a run without.
        dialect: of the engine that ran; empty for none, or an unknown one.
        clock: where the run's clock started, ISO 8601; None for system time.
        config: name of the configuration beside the tape that CloudServer ran with.
        environ: environment variables that CloudServer ran with.
        twins: how the twins of a simulation were put together; empty for any other run.
        buckets: what each site held before the first event: names of buckets to ``versioned`` or ``plain``.
    """

    about: str
    sites: Mapping[str, str]
    harness: str = ""
    profile: str = ""
    recorded: str = ""
    seed: int | None = None
    dialect: str = ""
    clock: str | None = None
    config: str | None = None
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)
    buckets: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    twins: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """The body of a request or an answer.

    Attributes:
        form: how ``content`` is to be read:
            ``text``    the text itself;
            ``json``    a JSON value, written without spaces; ids by their aliases;
            ``spaced``  the same with a space after each comma and colon;
            ``xml``     the text of a document, byte for byte but for the ids, which stand by their aliases;
            ``repeat``  a pair of a text and how often it comes;
            ``base64``  bytes;
            ``sha256``  only their hash, in hex;
            ``unread``  nothing: the server answered before it had read them.
        length: bytes behind a ``sha256`` or an ``unread``; 0 for other forms.
    """

    form: str = "text"
    content: Any = ""
    length: int = 0

    @property
    def is_empty(self) -> bool:
        return self.form == "text" and not self.content


@dataclasses.dataclass(frozen=True, slots=True)
class Signature:
    """How a request is signed: signature version 4, in headers.

    Attributes:
        account: name of the account whose first key signs; ``nobody`` is a key that no account has, and the name of a
            site is the key pair that CloudServer has for that site.
        wrong: with another secret than the account's.
        unsigned: names of headers that do not take part.
        payload: what ``x-amz-content-sha256`` says; None for the hash of the body.
    """

    account: str
    wrong: bool = False
    unsigned: tuple[str, ...] = ()
    payload: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it went over the wire, but for its signature, its date and its host.

    Attributes:
        path, query: as they stand in the request line; ids in the query by their aliases.
        headers: ``content-length`` may be ``<length>``, ``content-md5`` may be ``<md5:base64>`` or ``<md5:hex>``.
        sign: None for an anonymous request.
    """

    method: str
    path: str
    query: str = ""
    headers: HeaderList = ()
    body: Body = Body()
    sign: Signature | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer: headers as received, without dates and request ids of the connection."""

    status: int
    headers: HeaderList = ()
    body: Body = Body()


@dataclasses.dataclass(frozen=True, slots=True)
class HttpEvent:
    """One exchange.

    Attributes:
        n: its number; numbers grow, with gaps.
        at: the site that was asked.
        name: what the exchange shows.
        by: who asked: ``client``, or a part of the engine.
        t: seconds since the tape began; None when it is not known.
        response: None when the server never answered.
    """

    n: int
    at: str
    request: HttpRequest
    response: HttpResponse | None
    name: str = ""
    by: str = "client"
    t: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Fact:
    """Anything else that happened.

    Attributes:
        kind: one of :data:`harness.tape.facts.KINDS`, which also say what ``what`` holds.
        t: seconds since the tape began; None when it is not known.
    """

    n: int
    kind: str
    what: Mapping[str, Any]
    t: float | None = None


#: Anything that a tape can hold after its header.
Event = HttpEvent | Fact


@dataclasses.dataclass(frozen=True, slots=True)
class Tape:
    """A whole tape.

    Attributes:
        cut_short: its last line was not whole, as a crash leaves it; it is not among the events.
    """

    header: Header
    events: tuple[Event, ...]
    cut_short: bool = False

    @property
    def exchanges(self) -> tuple[HttpEvent, ...]:
        """The HTTP exchanges, in order."""
        return tuple(event for event in self.events if isinstance(event, HttpEvent))

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything else, in order."""
        return tuple(event for event in self.events if isinstance(event, Fact))
