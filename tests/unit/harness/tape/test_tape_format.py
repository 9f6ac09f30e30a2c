from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tape import bodies
from harness.tape import format as tape_format
from harness.tape.errors import TapeError
from harness.tape.model import Body, Header, HttpEvent, HttpRequest, HttpResponse, Signature, Tape

HEADER = {"tape": 1, "sites": {"a": "cloudserver"}}
EVENT: dict[str, Any] = {
    "n": 1,
    "k": "http",
    "at": "a",
    "req": {"method": "GET", "path": "/b"},
    "res": {"status": 200},
}


def lines(*documents: object) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


def changed(**fields: object) -> dict[str, Any]:
    return EVENT | fields


def request(**fields: object) -> dict[str, Any]:
    return EVENT | {"req": EVENT["req"] | fields}


def test_a_small_tape_is_read() -> None:
    tape = tape_format.parse(lines(HEADER, EVENT))

    assert tape.header.sites == {"a": "cloudserver"}
    assert tape.events == (HttpEvent(1, "a", HttpRequest("GET", "/b"), HttpResponse(200)),)
    assert not tape.cut_short


def test_a_tape_cut_short_is_read_to_its_last_whole_line() -> None:
    text = lines(HEADER, EVENT, changed(n=2))

    tape = tape_format.parse(text[:-9])

    assert [event.n for event in tape.events] == [1]
    assert tape.cut_short


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: not a tape: no whole line"),
        ('{"tape":1', "line 1: not a tape: no whole line"),
        ("root:x:0:0\n", "line 1: no JSON: Expecting value at character 1"),
        ("[]\n", "line 1: no JSON object"),
        (lines({"recording": 1}), "line 1: not a tape: its first line has no 'tape'"),
        (lines({"tape": 2}), "line 1: a tape of version 2; this harness reads version 1"),
        (lines({"tape": "1"}), "line 1: a tape of version '1'; this harness reads version 1"),
        (lines({"tape": True}), "line 1: tape: not a whole number"),
        (lines(HEADER | {"config": "../../etc"}), "line 1: config: '../../etc' is no plain name"),
        (lines(HEADER | {"config": "/etc"}), "line 1: config: '/etc' is no plain name"),
        (lines(HEADER | {"sites": {"a": "ftp"}}), "line 1: sites.a: 'ftp' is none of cloudserver, s3"),
        (lines(HEADER | {"sites": {"../a": "s3"}}), "line 1: sites: '../a' is no plain name"),
        (lines(HEADER | {"buckets": {"a": {"b": "big"}}}), "line 1: buckets.a.b: 'big' is none of versioned, plain"),
        (lines(HEADER | {"seed": 1.5}), "line 1: seed: not a whole number"),
        (lines(HEADER | {"surprise": 1}), "line 1: surprise: not a field that a tape has"),
    ],
)
def test_what_is_no_tape_is_refused_with_one_line(text: str, message: str) -> None:
    with pytest.raises(TapeError) as refused:
        tape_format.parse(text)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"k": "http"}, "n: missing"),
        (changed(k="telnet"), "k: an event of the unknown kind 'telnet'"),
        (changed(n=0), "n: not between 1 and 9007199254740992"),
        (changed(n=True), "n: not a whole number"),
        (changed(at="elsewhere"), "at: no site 'elsewhere'"),
        (changed(at="../../x"), "at: '../../x' is no plain name"),
        (changed(t=-1), "t: not a time in seconds"),
        (changed(extra=1), "extra: not a field that a tape has"),
        (changed(res={"status": 99}), "res.status: not between 100 and 999"),
        (changed(res={"unanswered": True, "status": 200}), "res.status: not a field that a tape has"),
        (changed(res=[]), "res: not an object"),
        (request(method="GET / HTTP/1.1\r\nX"), "req.method: 'GET / HTTP/1.1\\r\\nX' is no method"),
        (request(path="b"), "req.path: 'b' is no path"),
        (request(path="/a b"), "req.path: '/a b' is no path"),
        (request(path="/a\r\nHost: x"), "req.path: '/a\\r\\nHost: x' is no path"),
        (request(query="a b"), "req.query: 'a b' is no query"),
        (request(headers={"a": "b"}), "req.headers: not a list"),
        (request(headers=[["a"]]), "req.headers: not a list of pairs of texts"),
        (request(headers=[["a", "b\r\nc: d"]]), "req.headers: 'b\\r\\nc: d' is no value of a header"),
        (request(headers=[["a:b", "c"]]), "req.headers: 'a:b' is no name of a header"),
        (request(headers=[["a", "b"]] * 1001), "req.headers: more than 1000 items"),
        (request(sign={"as": ""}), "req.sign.as: '' is no name of an account"),
        (request(sign={"as": "Bart", "how": "v5"}), "req.sign.how: not a field that a tape has"),
        (request(body="x"), "req.body: not an object"),
        (request(body={}), "req.body.text: missing; a body is text, json, xml, repeat, base64, sha256, unread"),
        (request(body={"text": "a", "json": 1}), "req.body.json: not a field that a tape has"),
        (request(body={"xml": "<a>"}), "req.body.xml: no XML: no element found"),
        (request(body={"xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "req.body.xml: XML with a document type"),
        (request(body={"repeat": ["x", -1]}), "req.body.repeat: not a pair of a text and a number"),
        (request(body={"repeat": ["xx", 2**40]}), "req.body.repeat: more than 67108864 bytes"),
        (request(body={"base64": "?"}), "req.body.base64: no base64"),
        (request(body={"sha256": "../secret", "length": 1}), "req.body.sha256: '../secret' is no SHA-256 in hex"),
        (request(body={"sha256": "0" * 64}), "req.body.length: missing"),
    ],
)
def test_a_damaged_event_is_refused_with_its_line_and_field(event: dict[str, Any], message: str) -> None:
    with pytest.raises(TapeError) as refused:
        tape_format.parse(lines(HEADER, event))

    assert str(refused.value) == f"line 2: {message}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"n":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"n":' * 100_000, "nested too deeply"),
        ('{"n":1e999}', "a number that is too big"),
        ('{"n":' + "9" * 100_000 + "}", "a number that is too big"),
        ('{"n":NaN}', "no JSON: NaN"),
        ("", "no JSON: Expecting value at character 1"),
        ('"' + '\\"' * 200_000, "no JSON: Unterminated string starting at at character 1"),
    ],
)
def test_hostile_lines_are_refused_at_once(line: str, message: str) -> None:
    with pytest.raises(TapeError) as refused:
        tape_format.parse(lines(HEADER) + line + "\n")

    assert str(refused.value) == f"line 2: {message}"


def test_a_line_has_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_format, "MAX_LINE", 200)

    with pytest.raises(TapeError, match=r"^line 2: longer than 200 characters$"):
        tape_format.parse(lines(HEADER, changed(name="x" * 200)))


def test_a_tape_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_format, "MAX_EVENTS", 1)

    with pytest.raises(TapeError, match=r"^line 3: more than 1 events$"):
        tape_format.parse(lines(HEADER, EVENT, changed(n=2)))


def test_numbers_of_events_grow() -> None:
    with pytest.raises(TapeError, match=r"^line 3: event 1 comes after event 1$"):
        tape_format.parse(lines(HEADER, EVENT, EVENT))


def test_half_a_character_can_be_kept() -> None:
    tape = Tape(
        Header("", {"a": "s3"}), (HttpEvent(1, "a", HttpRequest("PUT", "/", body=Body("text", "\ud83d")), None),)
    )

    text = tape_format.serialise(tape)

    assert text.isascii()
    assert tape_format.parse(text) == tape


TEXTS = st.text(max_size=30)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
BODIES = st.one_of(
    TEXTS.map(lambda text: Body("text", text)),
    JSON_VALUES.map(lambda value: Body("json", value)),
    JSON_VALUES.map(lambda value: Body("spaced", value)),
    st.just(Body("xml", "<a>&lt;version:1&gt;</a>")),
    st.tuples(st.text("ab", max_size=3), st.integers(0, 1000)).map(lambda pair: Body("repeat", pair)),
    st.binary(max_size=20).map(bodies.of_bytes),
    st.just(Body("sha256", "0" * 64, 7)),
)
HEADERS = st.lists(
    st.tuples(st.from_regex(r"[a-z-]{1,10}", fullmatch=True), st.text(" !<>:az", max_size=10)), max_size=3
).map(tuple)
REQUESTS = st.builds(
    HttpRequest,
    method=st.sampled_from(["GET", "PUT"]),
    path=st.from_regex(r"/[!-~]{0,20}", fullmatch=True),
    query=st.from_regex(r"[!-~]{0,20}", fullmatch=True),
    headers=HEADERS,
    body=BODIES,
    sign=st.none()
    | st.builds(
        Signature,
        account=st.sampled_from(["Bart", "nobody"]),
        wrong=st.booleans(),
        unsigned=st.sampled_from([(), ("x-scal-a",)]),
        payload=st.none() | st.just("UNSIGNED-PAYLOAD"),
    ),
)
RESPONSES = st.none() | st.builds(HttpResponse, status=st.integers(100, 999), headers=HEADERS, body=BODIES)


@given(st.lists(st.tuples(REQUESTS, RESPONSES, TEXTS, st.none() | st.floats(0, 1e6)), max_size=3), TEXTS)
def test_what_is_written_is_read(
    exchanges: list[tuple[HttpRequest, HttpResponse | None, str, Any]], about: str
) -> None:
    events = tuple(
        HttpEvent(n, "aws", request, response, name=name, by="engine", t=t)
        for n, (request, response, name, t) in enumerate(exchanges, 1)
    )
    header = Header(about, {"aws": "s3"}, seed=7, clock="2026-01-01T00:00:00Z", config="config", environ={"A": about})
    tape = Tape(header, events)

    text = tape_format.serialise(tape)

    assert tape_format.parse(text.encode().decode()) == tape
    assert len(text.split("\n")) == len(events) + 2


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, lines(HEADER) + text + "\n"):
        try:
            tape_format.parse(candidate)
        except TapeError as error:
            assert "\n" not in str(error)  # noqa: PT017  (any other error fails the test)
