"""Names for what a server chose: ``<version:1>`` stands for one version id wherever it occurs.

A version id has two forms, the encoded one that clients see and the internal one of metadata documents:
``<version:1>`` and ``<version:1:internal>``. A value that a client made up stands for itself. In a field that can
hold an alias, a value of its own that begins with ``<`` is written with ``<<``.
"""

from __future__ import annotations

import re
from typing import Any

from harness.tape.fields import PLAIN_KINDS

_ALIAS = re.compile(r"<(version|upload|rule|data|request|secret):([1-9][0-9]{0,8})(:internal)?>")
#: An id somebody generated, as against words like ``null`` and messages that stand in its place.
_GENERATED = re.compile(r"[0-9A-Za-z._+/=-]{16,}")
# Arsenal lib/versioning/VersionID.ts: 14 digits of time, 6 of a counter, 7 of the replication group, the rest
_INTERNAL_VERSION = re.compile(r"[0-9]{20}[ -~]{7,}")
_ETAG = re.compile(r'((?:W/)?"?(?:[0-9]+:)?)([0-9a-f]{32}(?:-[0-9]+)?)("?)')
_DATA_KEY = re.compile(r"[0-9A-F]{40}")


def is_alias(value: object) -> bool:
    return isinstance(value, str) and _ALIAS.fullmatch(value) is not None


def escape(value: Any) -> Any:
    """How a value that is no alias stands in a tape."""
    return f"<{value}" if isinstance(value, str) and value.startswith("<") else value


def unescape(value: Any) -> Any:
    return value[1:] if isinstance(value, str) and value.startswith("<<") else value


class Namer:
    """Gives aliases while a tape is written."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, Any], int] = {}
        self._counts: dict[str, int] = {}
        self._of_clients: set[tuple[str, Any]] = set()

    def of_request(self, kind: str, value: Any) -> Any:
        """How a value that a client sent stands in the tape: one that no server named before is the client's own."""
        if kind in PLAIN_KINDS:
            return escape(value)
        if kind == "secret":
            return self._number(kind, value)
        bare, form = _bare(kind, value)
        if (kind, bare) not in self._numbers:
            self._of_clients.add((kind, bare))
            return escape(value)
        return self._number(kind, bare, form)

    def of_answer(self, kind: str, value: Any) -> Any:
        """The same for a value that a server sent."""
        if kind in PLAIN_KINDS:
            return escape(value)
        if kind == "secret":
            return self._number(kind, value)
        bare, form = _bare(kind, value)
        if (kind, bare) in self._of_clients or not is_generated(kind, value):
            return escape(value)
        return self._number(kind, bare, form)

    def _number(self, kind: str, bare: Any, form: str = "") -> str:
        number = self._numbers.get((kind, bare))
        if number is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._numbers[kind, bare] = number
        return f"<{kind}:{number}{form}>"


class Bindings:
    """What the aliases of a tape stand for in the run that plays it; learnt from the answers, one by one."""

    def __init__(self) -> None:
        self._live: dict[str, Any] = {}
        self._aliases: dict[tuple[str, Any], str] = {}
        self._sums: dict[str, str] = {}
        #: Whether a body was sent in place of one that the tape has only the hash of: sums are others from then on.
        self.stands_in = False

    def __contains__(self, alias: object) -> bool:
        """Whether it is known what an alias stands for."""
        return alias in self._live

    def to_send(self, value: Any) -> Any:
        """The live value of what stands in a request.

        An alias that nothing is known of, because the answer that should have named it did not, gives a value that no
        server knows.
        """
        if not is_alias(value):
            return unescape(value)
        kind, _, number = value[1:-1].partition(":")
        if kind == "secret":
            return f"secret{number}"  # a made-up one; letters and digits pass for a session token
        return self._live.get(value, f"unknown-{kind}-{number.replace(':', '-')}")

    def sum_to_send(self, value: Any) -> Any:
        """The live value of an ETag in a request."""
        found = _ETAG.fullmatch(value) if isinstance(value, str) else None
        return value if found is None else f"{found[1]}{self._sums.get(found[2], found[2])}{found[3]}"

    def sums_agree(self, recorded: Any, live: Any) -> bool:
        """Whether a sum of content is the recorded one, or stands for it always."""
        if recorded == live:
            return True
        if not self.stands_in or not isinstance(recorded, str) or not isinstance(live, str):
            return False
        ours, theirs = (_ETAG.fullmatch(value) for value in (recorded, live))
        if ours is None or theirs is None or ours[1] != theirs[1]:
            return False
        return self._sums.setdefault(ours[2], theirs[2]) == theirs[2]

    def hashes_agree(self, recorded: str, live: str) -> bool:
        """The same for the SHA-256 of a body."""
        return recorded == live or (self.stands_in and self._sums.setdefault(recorded, live) == live)

    def agrees(self, kind: str, recorded: Any, live: Any) -> bool:
        """Whether an answer's value is the recorded one; one seen for the first time is learnt."""
        if not is_alias(recorded):
            return bool(unescape(recorded) == live)
        if recorded in self._live:
            return bool(self._live[recorded] == live)
        if not is_generated(kind, live) or (kind, live) in self._aliases:
            return False
        self._learn(kind, recorded, live)
        return True

    def alias_of(self, kind: str, live: Any) -> Any:
        """How a live value would stand in the tape."""
        known = self._aliases.get((kind, live)) if isinstance(live, str | int) else None
        return escape(live) if known is None else known

    def _learn(self, kind: str, alias: str, live: Any) -> None:
        self._live[alias] = live
        self._aliases[kind, live] = alias
        if kind != "version":
            return
        bare, form = _bare(kind, live)
        if bare != live and not alias.endswith(":internal>"):
            other = f"{alias[:-1]}:internal>"
            self._live.setdefault(other, bare)
            self._aliases.setdefault((kind, bare), other)
        elif form and alias.endswith(":internal>"):
            other, encoded = alias.replace(":internal>", ">"), bare.encode().hex()
            self._live.setdefault(other, encoded)
            self._aliases.setdefault((kind, encoded), other)


def is_generated(kind: str, value: Any) -> bool:
    """Whether a value of that kind is one that a server generated, and no constant."""
    if kind == "data":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, str) and _DATA_KEY.fullmatch(value) is not None
        )
    if not isinstance(value, str):
        return False
    return _GENERATED.fullmatch(value) is not None or (kind == "version" and bool(_INTERNAL_VERSION.fullmatch(value)))


def _bare(kind: str, value: Any) -> tuple[Any, str]:
    """The value that both forms of an id share, and the mark of this form."""
    if kind != "version" or not isinstance(value, str):
        return value, ""
    try:  # the encoded form first: in hex it may look like an internal one
        decoded = bytes.fromhex(value).decode("ascii")
    except ValueError:
        decoded = ""
    if _INTERNAL_VERSION.fullmatch(decoded):
        return decoded, ""
    return value, ":internal" if _INTERNAL_VERSION.fullmatch(value) else ""
