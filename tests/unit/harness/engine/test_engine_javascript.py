from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.javascript import encode_uri_component, escape_path, stringify


@pytest.mark.parametrize(
    ("text", "component", "path"),
    [
        ("bucket/key", "bucket%2Fkey", "bucket/key"),
        ("a b+c&d=e", "a%20b%2Bc%26d%3De", "a%20b%2Bc%26d%3De"),
        ("-_.~", "-_.~", "-_.~"),
        ("!'()*", "!'()*", "%21%27%28%29%2A"),
        ("é%2F\0", "%C3%A9%252F%00", "%C3%A9%252F%00"),
        ("🪣", "%F0%9F%AA%A3", "%F0%9F%AA%A3"),
    ],
)
def test_escaping(text: str, component: str, path: str) -> None:
    assert encode_uri_component(text) == component
    assert escape_path(text) == path


def test_a_lone_surrogate_cannot_be_a_key() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode_uri_component("\ud800")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, "x", None, True]}, '{"a":[1,"x",null,true]}'),
        ({"é": "Ж🪣\u2028\x7f"}, '{"é":"Ж🪣\u2028\x7f"}'),
        ('\0\x1f\b\t\n\f\r"\\/', '"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/"'),
        ("\ud800x\udfff", '"\\ud800x\\udfff"'),
        ([1.0, 1.5, {"n": -0.0}], '[1,1.5,{"n":0}]'),
        ({}, "{}"),
    ],
)
def test_stringify(value: object, text: str) -> None:
    assert stringify(value) == text


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_what_is_written_can_be_read_and_encoded(value: object) -> None:
    text = stringify(value)
    assert json.loads(text) == value
    text.encode()
