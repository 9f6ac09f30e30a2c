from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.backbeat.documents import json_answer, parse_body, parse_json, to_text
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_answers_have_no_blanks_and_come_in_utf8() -> None:
    answer = json_answer({"a": ["ü", None]}, [("x-more", "1")])
    assert answer.body == '{"a":["ü",null]}'.encode()
    assert answer.headers == [("content-type", "application/json"), ("content-length", "17"), ("x-more", "1")]


def test_nothing_is_four_characters() -> None:
    assert json_answer(None).body == b"null"


def test_a_lone_surrogate_is_escaped() -> None:
    assert json_answer({"a": "\ud800"}).body == b'{"a":"\\ud800"}'


@pytest.mark.parametrize("text", [None, "", "{", "NaN", "[Infinity]", "[" * 100_000, "{'a':1}", "nul"])
def test_what_is_not_json_is_a_malformed_post_request(text: str | None) -> None:
    with pytest.raises(S3Error) as raised:
        parse_json(text)
    assert raised.value.code == "MalformedPOSTRequest"


def test_a_body_that_is_not_utf8_is_read_with_replacements() -> None:
    request = Request("PUT", "/", "", {}, frozenset(), {}, [], io.BytesIO(b'"a\xff"'), "id")
    assert parse_body(request) == "a\ufffd"


@given(JSON)
def test_documents_survive(document: Any) -> None:
    assert parse_json(to_text(document)) == document
    body = json_answer(document).body
    assert isinstance(body, bytes)
    assert json.loads(body) == document
