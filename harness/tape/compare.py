"""A recorded answer and a live one, field by field.

Always compared: status, the headers a client acts on, the body by its structure. Ids agree when they are the same ones
as before; times and signatures are free. An exact comparison adds what most clients do not see: the order and the
case of headers, how the body is framed, the body's text to the letter, the form of times.
"""

from __future__ import annotations

import dataclasses
import hashlib
from itertools import zip_longest
from typing import Any

from harness.tape import bodies, fields, json_text, rewriting, xml_text
from harness.tape.aliases import Bindings
from harness.tape.differences import Difference, Findings, form_of_time, short
from harness.tape.model import Body, HeaderList, HttpResponse
from harness.tape.structures import compare_json, compare_xml

#: Headers that clients act on; user metadata is compared too.
COMPARED_HEADERS = frozenset(
    {
        "accept-ranges",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "allow",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "etag",
        "expires",
        "location",
        "server",
        "vary",
        "x-amz-copy-source-version-id",
        "x-amz-delete-marker",
        "x-amz-mp-parts-count",
        "x-amz-replication-status",
        "x-amz-scal-version-id",
        "x-amz-server-side-encryption",
        "x-amz-storage-class",
        "x-amz-tagging-count",
        "x-amz-version-id",
        "x-amz-website-redirect-location",
    }
)
#: Headers of the connection, or of one answer: never on a tape.
OMITTED_HEADERS = frozenset({"date", "connection", "keep-alive", "x-amz-id-2", "x-amz-request-id"})


@dataclasses.dataclass(frozen=True, slots=True)
class LiveResponse:
    """An answer as it came: header names in their own case, repeats included."""

    status: int
    headers: HeaderList
    body: bytes


def compare(
    recorded: HttpResponse | None, live: LiveResponse | None, bindings: Bindings, *, foreign: bool = False
) -> list[Difference]:
    """All differences, those of form included.

    Args:
        recorded: None for a request that was never answered; then any error is right, and silence too.
        live: None when there was no answer.
        bindings: what is known of the run's ids; learns new ones.
        foreign: the answer is another program's than CloudServer's: only its status, its user metadata and its body
            count.
    """
    findings = Findings(bindings)
    if recorded is None:
        if live is not None and live.status < 400:
            findings.add("status", f"a request that was never answered; here {live.status}")
        return findings.list
    if live is None:
        findings.add("status", f"recorded {recorded.status}, here no answer")
        return findings.list
    if recorded.status != live.status:
        findings.differ("status", recorded.status, live.status)
    headers = Findings(bindings)
    _learn_headers(recorded.headers, live.headers, bindings)
    text_or_none = _compare_bodies(recorded.body, live.body, findings)
    _compare_headers(recorded, live, headers, structured=text_or_none is not None)
    if foreign:
        findings.list += [d for d in headers.list if d.where.startswith("header x-amz-meta-") and not d.only_exact]
        return findings.list
    if text_or_none is not None and not findings.list:
        _compare_texts(recorded.body, text_or_none, findings)
    _compare_forms(recorded.headers, live.headers, headers)
    return findings.list + headers.list


def _learn_headers(recorded: HeaderList, live: HeaderList, bindings: Bindings) -> None:
    answered = _first_of_each(live)
    for name, value in _first_of_each(recorded).items():
        kind = fields.header_kind(name)
        if kind in fields.ID_KINDS and name in answered:
            bindings.agrees(kind, value, answered[name])


def _compare_bodies(recorded: Body, live: bytes, findings: Findings) -> str | None:
    """The live text of a body that was compared by its structure."""
    if recorded.form == "sha256":
        digest = hashlib.sha256(live).hexdigest()
        if len(live) != recorded.length or not findings.bindings.hashes_agree(recorded.content, digest):
            findings.add("body", f"recorded {recorded.length} bytes, here {len(live)}, with another hash")
        return None
    if recorded.form == "unread":
        return None
    if recorded.form in {"repeat", "base64"}:
        if bodies.content_of(recorded) != live:
            findings.add("body", f"bytes differ; here {short(live[:100].decode('latin-1'))}")
        return None
    try:
        text = live.decode()
    except UnicodeDecodeError:
        findings.add("body", f"recorded {recorded.form}, here {len(live)} bytes that are no text")
        return None
    if recorded.form == "text":
        if recorded.content != text:
            findings.differ("body", recorded.content, text)
        return None
    return _compare_structures(recorded, text, findings)


def _compare_structures(recorded: Body, text: str, findings: Findings) -> str | None:
    structures: dict[str, Any] = {"xml": xml_text.parse, "json": json_text.parse, "spaced": json_text.parse}
    try:
        live = structures[recorded.form](text)
    except ValueError as error:
        findings.add("body", f"recorded {short(bodies.content_of(recorded).decode())}, here {short(text)}: {error}")
        return None
    if recorded.form == "xml":
        compare_xml(xml_text.parse(recorded.content), live, findings)
    else:
        compare_json("body", recorded.content, live, findings)
    return text


def _compare_headers(recorded: HttpResponse, live: LiveResponse, findings: Findings, *, structured: bool) -> None:
    expected, answered = _first_of_each(recorded.headers), _first_of_each(live.headers)
    for name in sorted(expected.keys() | answered.keys()):
        if name in OMITTED_HEADERS:
            continue
        # the length of a document depends on the length of its ids
        length = structured and name == "content-length"
        counts = not length and (name in COMPARED_HEADERS or name.startswith("x-amz-meta-"))
        one, other = expected.get(name), answered.get(name)
        if length and one and other:
            continue
        if one is None or other is None:
            findings.differ(f"header {name}", one, other, only_exact=not counts)
            continue
        inner = Findings(findings.bindings)
        inner.value(f"header {name}", fields.header_kind(name), one, other)
        only_exact = not counts or (name == "content-type" and _media_type(one) == _media_type(other))
        findings.list += [dataclasses.replace(d, only_exact=d.only_exact or only_exact) for d in inner.list]


def _media_type(value: str) -> str:
    return value.replace(" ", "").lower()


def _compare_texts(recorded: Body, text: str, findings: Findings) -> None:
    """The two texts to the letter, ids by their aliases and times by their form."""

    def of_live(kind: str, value: Any) -> Any:
        return form_of_time(value) if kind in {"time", "etag", "secret"} else findings.bindings.alias_of(kind, value)

    def of_recorded(kind: str, value: Any) -> Any:
        return form_of_time(value) if kind in {"time", "etag", "secret"} else value

    if recorded.form == "xml":
        one, other = rewriting.xml(recorded.content, of_recorded), rewriting.xml(text, of_live)
    else:
        write = json_text.spaced if recorded.form == "spaced" else json_text.compact
        if write(json_text.parse(text)) != text:
            findings.add("body text", "JSON is spaced in another way", only_exact=True)
        one = write(rewriting.json_value(recorded.content, of_recorded))
        other = write(rewriting.json_value(json_text.parse(text), of_live))
    if one != other:
        at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        start = max(0, at - 20)
        findings.differ("body text", one[start : at + 60], other[start : at + 60], only_exact=True)


def _compare_forms(recorded: HeaderList, live: HeaderList, findings: Findings) -> None:
    """Order, case and repeats of the headers that both have."""
    one = [name for name, _ in recorded if name.lower() not in OMITTED_HEADERS]
    other = [name for name, _ in live if name.lower() not in OMITTED_HEADERS]
    known = {name.lower() for name in one} & {name.lower() for name in other}
    one, other = ([name for name in names if name.lower() in known] for names in (one, other))
    for index, (name, here) in enumerate(zip_longest(one, other, fillvalue="")):
        if name.lower() != here.lower():
            findings.differ("header order", one[index:], other[index:], only_exact=True)
            return
        if name != here:
            findings.add("header case", f"recorded {name}, here {here}", only_exact=True)


def _first_of_each(headers: HeaderList) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found
