"""The canonical request, line by line."""

from __future__ import annotations

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.auth.canonical import binary, canonical_request, decode_component, decode_path
from fake_cloudserver.errors import S3Error


def canonical(
    path: str = "/b/k",
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    signed_headers: str = "host",
    repeated: frozenset[str] = frozenset(),
) -> list[str]:
    request = canonical_request("GET", path, query or {}, repeated, headers or {"host": "h"}, signed_headers, "hash")
    return request.decode("latin-1").split("\n")


def test_the_whole() -> None:
    assert canonical(
        query={"b": "2", "a": ""}, headers={"host": "h", "x-amz-date": "d"}, signed_headers="x-amz-date;host"
    ) == [
        "GET",
        "/b/k",
        "a=&b=2",
        "host:h",
        "x-amz-date:d",
        "",
        "host;x-amz-date",
        "hash",
    ]


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("", "/"),
        ("/b/a b", "/b/a%20b"),
        ("/b/a*b", "/b/a%2Ab"),
        ("/b/~-._/", "/b/~-._/"),
        ("/b/é", "/b/%C3%A9"),
        ("/b/😀", "/b/%F0%9F%98%80"),
        ("//b//k", "//b//k"),
        ("/b/a+b%", "/b/a%2Bb%25"),
    ],
)
def test_paths(path: str, encoded: str) -> None:
    assert canonical(path)[1] == encoded


@pytest.mark.parametrize(
    ("query", "encoded"),
    [
        ({"a/b": "c/d"}, "a%2Fb=c%2Fd"),
        ({"b": "", "a": "*"}, "a=%2A&b="),
        ({"B": "1", "a": "2"}, "B=1&a=2"),
    ],
)
def test_queries(query: dict[str, str], encoded: str) -> None:
    assert canonical(query=query)[2] == encoded


def test_a_repeated_parameter_is_empty() -> None:
    assert canonical(query={"a": "1", "b": "2"}, repeated=frozenset({"a"}))[2] == "a=&b=2"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("  a   b\t c ", "x:a b c"),
        ("", "x:"),
        ("Ã©  x", "x:Ã© x"),  # UTF-8 bytes as they arrive
        ("Ã\xa0", "x:Ã"),  # a byte that JavaScript takes for a blank
    ],
)
def test_header_values(value: str, line: str) -> None:
    assert canonical(headers={"x": value}, signed_headers="x")[3] == line


@pytest.mark.parametrize(
    ("name", "query", "line"),
    [
        ("expect", {}, "expect:100-continue"),
        ("x-amz-meta-a", {}, "x-amz-meta-a:undefined"),
        ("x-amz-meta-a", {"x-amz-meta-a": "b"}, "x-amz-meta-a:b"),
    ],
)
def test_signed_headers_that_did_not_arrive(name: str, query: dict[str, str], line: str) -> None:
    assert canonical(query=query, signed_headers=name)[3] == line


@given(st.text(st.characters(codec="utf-8")))
def test_encoded_paths_decode_to_themselves(text: str) -> None:
    assert decode_path(urllib.parse.quote(text, safe="/")) == text


@pytest.mark.parametrize("text", ["%", "%a", "%zz", "%ff", "a%2"])
def test_malformed_percent_sequences(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_component(text)
    with pytest.raises(S3Error, match="InvalidURI"):
        decode_path(f"/b/{text}")
    with pytest.raises(S3Error, match="InternalError"):
        decode_path(f"/_/backbeat/data/b/{text}")


def test_binary_keeps_the_low_byte_of_each_code_unit() -> None:
    assert binary("aé") == b"a\xe9"
    assert binary("a€") == b"a\xac"
    assert binary("😀") == b"\x3d\x00"
