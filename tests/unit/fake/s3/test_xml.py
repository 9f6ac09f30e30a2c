"""XML in and out, as xml2js and CloudServer's own functions have it."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.bucket_listing import escape_uri
from fake_cloudserver.s3.elements import child, children, document_of, text
from fake_cloudserver.s3.xml import escape, parse, xml_answer


@pytest.mark.parametrize(
    ("body", "parsed"),
    [
        ("<A/>", {"A": ""}),
        ("<A>t</A>", {"A": "t"}),
        ("<A> t </A>", {"A": " t "}),
        ("<A><B>t</B></A>", {"A": {"B": ["t"]}}),
        ("<A>\n  <B>t</B>\n</A>", {"A": {"B": ["t"]}}),
        ("<A><B/><C/><B>2</B></A>", {"A": {"B": ["", "2"], "C": [""]}}),
        ("<A><B>1</B>text</A>", {"A": {"B": ["1"], "_": "text"}}),
        ('<A x="1">t</A>', {"A": {"$": {"x": "1"}, "_": "t"}}),
        ('<A x="1"/>', {"A": {"$": {"x": "1"}}}),
        ('<A xmlns="ns"><B>t</B></A>', {"A": {"$": {"xmlns": "ns"}, "B": ["t"]}}),
        ('<p:A xmlns:p="ns"/>', {"p:A": {"$": {"xmlns:p": "ns"}}}),
        ("<A><![CDATA[<b>]]>&amp;&#65;</A>", {"A": "<b>&A"}),
        ('<?xml version="1.0"?><!-- c --><A>é</A>', {"A": "é"}),
        ("\ufeff<A/>", {"A": ""}),
    ],
)
def test_the_shape_of_what_is_read(body: str, parsed: Any) -> None:
    assert parse(body.encode()) == parsed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<A>",
        b"<A></B>",
        b"<A/><B/>",
        b"<A>&unknown;</A>",
        b'<!DOCTYPE A [<!ENTITY e "x">]><A>&e;</A>',
        b"<A>" * 101 + b"</A>" * 101,
    ],
)
def test_what_is_no_xml(body: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        parse(body)
    assert caught.value.code == "MalformedXML"


@pytest.mark.parametrize("body", [b" ", b"\n\t "])
def test_a_body_of_blanks_is_never_answered(body: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        parse(body)
    assert caught.value.code == "InternalError"
    assert document_of(body) == {}


@given(st.binary(max_size=60))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        assert len(parse(body)) == 1
    except S3Error as error:
        assert error.code in {"MalformedXML", "InternalError"}  # noqa: PT017  (both are answers)


def test_elements() -> None:
    root = parse(b"<A><B>1</B><B>2</B><C><D/></C></A>")["A"]
    assert (children(root, "B"), child(root, "B"), child(root, "X")) == (["1", "2"], "1", None)
    assert children(child(root, "B"), "anything") == []
    assert text("1") == "1"
    with pytest.raises(S3Error, match="InternalError"):
        text(child(root, "C") or "")


@given(st.text())
def test_what_is_escaped_reads_back(value: str) -> None:
    escaped = escape(value)
    assert not set(escaped) & set("<>\"'")
    assert unescape(escaped, {"&quot;": '"', "&apos;": "'"}) == value


def test_five_characters_are_escaped_and_no_others() -> None:
    assert escape("a&b\"c'd<e>f\x01\n€") == "a&amp;b&quot;c&apos;d&lt;e&gt;f\x01\n€"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("aZ09-_.!~*'()", "aZ09-_.!~*'()"),
        (" /+", "%20%2F%2B"),
        ("é€😀", "%C3%A9%E2%82%AC%F0%9F%98%80"),
        ('&<>"%', "%26%3C%3E%22%25"),
    ],
)
def test_url_encoding_of_listings(value: str, encoded: str) -> None:
    assert escape_uri(value) == encoded


def test_an_answer_tells_its_type_and_not_its_length() -> None:
    answer = xml_answer("<é/>", [("a", "b")], 202)
    assert (answer.status, answer.headers, answer.body) == (
        202,
        [("a", "b"), ("Content-type", "application/xml")],
        "<é/>".encode(),
    )
