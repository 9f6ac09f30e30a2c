"""JavaScript's ways of reading numbers, dates and objects, against values of a real engine."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.clock import from_milliseconds
from fake_cloudserver.s3 import javascript

_NOV_22 = 1795385971000  # 2026-11-22T22:19:31Z


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("12abc", 12),
        (" 7", 7),
        ("+3", 3),
        ("-3", -3),
        ("1.9", 1),
        ("0x10", 0),
        ("", None),
        ("x", None),
        ("-", None),
        ("٣", None),
    ],
)
def test_parse_int(text: str, number: int | None) -> None:
    assert javascript.parse_int(text) == number


def test_parse_int_takes_any_number_of_digits() -> None:
    assert (javascript.parse_int("9" * 10_000) or 0) > 10**200


@given(st.text())
def test_length_counts_utf16_units(text: str) -> None:
    assert javascript.length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_object_order_puts_array_indices_first() -> None:
    keys = ["b", "10", "a", "2", "01", "-1", "4294967295", "4294967294", "0"]
    order = list(javascript.object_order(dict.fromkeys(keys, "")))
    assert order == ["0", "2", "10", "4294967294", "b", "a", "01", "-1", "4294967295"]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2026-11-22T22:19:31.000Z", _NOV_22),
        ("2026-11-22T22:19:31Z", _NOV_22),
        ("2026-11-22T22:19:31.5Z", _NOV_22 + 500),
        ("2026-11-23T00:19:31+02:00", _NOV_22),
        ("2026-11-22", _NOV_22 - (22 * 3600 + 19 * 60 + 31) * 1000),
        ("2026", 1767225600000),
        ("2026-11", 1793491200000),
        ("2026-11-22T24:00Z", 1795392000000),
        ("Sun, 22 Nov 2026 22:19:31 GMT", _NOV_22),
        ("Sunday, 22-Nov-26 22:19:31 GMT", _NOV_22),
        ("Sun Nov 22 22:19:31 2026", _NOV_22),
        ("Sun Nov 22 2026 22:19:31 GMT+0000 (Coordinated Universal Time)", _NOV_22),
        ("Sun Nov 22 2026 17:19:31 EST", _NOV_22),
        ("Sun, 22 Nov 2026 23:19:31 +0100", _NOV_22),
        ("Nov 22, 2026 10:19:31 pm", _NOV_22),
        ("11/22/2026 22:19:31", _NOV_22),
        ("2026/11/22 22:19:31", _NOV_22),
        ("2026-11-22 22:19:31", _NOV_22),
    ],
)
def test_parse_date(text: str, milliseconds: int) -> None:
    assert javascript.parse_date(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "yesterday-ish",
        "tomorrow",
        "2026-13-01",
        "2026-11-22T25:00:00Z",
        "22 Foo 2026",
        "99/99/9999",
        "1 2 3 4",
    ],
)
def test_parse_date_refuses(text: str) -> None:
    assert javascript.parse_date(text) is None


@given(st.integers(min_value=-30610224000000, max_value=253402300799999))
def test_parse_date_reads_what_iso_writes(milliseconds: int) -> None:
    assert javascript.parse_date(from_milliseconds(milliseconds)) == milliseconds


@given(st.datetimes(min_value=datetime.datetime(1000, 1, 1), max_value=datetime.datetime(9000, 1, 1)))  # noqa: DTZ001
def test_parse_date_reads_http_dates(moment: datetime.datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=datetime.UTC)
    text = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert javascript.parse_date(text) == int(moment.timestamp()) * 1000


@given(st.text(max_size=40))
def test_parse_date_never_fails(text: str) -> None:
    parsed = javascript.parse_date(text)
    assert parsed is None or isinstance(parsed, int)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("YWJj", b"abc"),
        ("YWI=", b"ab"),
        ("YWI", b"ab"),
        ("Y W\nI", b"ab"),
        ("_-_-", b"\xff\xef\xfe"),
        ("/+/+", b"\xff\xef\xfe"),
        ("YWJjZ", b"abc"),
        ("YQ==YQ==", b"a"),
        ("é", b""),
        ("", b""),
    ],
)
def test_decode_base64(text: str, data: bytes) -> None:
    assert javascript.decode_base64(text) == data


@given(st.text(max_size=30))
def test_decode_base64_never_fails(text: str) -> None:
    assert len(javascript.decode_base64(text)) <= len(text)


@pytest.mark.parametrize(
    ("text", "data"), [("aé\U0001f600", "aé\U0001f600".encode()), ("a\ud800b", "a\ufffdb".encode())]
)
def test_to_utf8(text: str, data: bytes) -> None:
    assert javascript.to_utf8(text) == data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":[1,2.5,null,true,"\\ud800"]}', {"a": [1, 2.5, None, True, "\ud800"]}),
        (" 1 ", 1),
        ("1e400", None),
        ("-1e400", None),
        ("9" * 5000, None),
        ('{"a":1,"a":2}', {"a": 2}),
    ],
)
def test_parse_json(text: str, value: object) -> None:
    assert javascript.parse_json(text) == value


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "Infinity", "-Infinity", "'a'", "[1,]", "[" * 100_000, '{"a":' * 100_000]
)
def test_parse_json_refuses(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (its text is the library's)
        javascript.parse_json(text)
