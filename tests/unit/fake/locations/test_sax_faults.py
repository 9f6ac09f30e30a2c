from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.locations.sax_faults import first_fault

NGINX = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


# every expectation was printed by the parser of aws-sdk 2 for JavaScript, given the same text
@pytest.mark.parametrize(
    ("text", "reason", "line", "column", "char"),
    [
        ("<!doctype html>\n<html lang=en>\n<title>x</title>", "Unquoted attribute value", 1, 12, "e"),
        ("<a\nb=c></a>", "Unquoted attribute value", 1, 3, "c"),
        ("<!-- x --><a b=c/>", "Unquoted attribute value", 0, 16, "c"),
        ("Internal Server Error", "Non-whitespace before first tag.", 0, 1, "I"),
        ('\n\n {"a":1}', "Non-whitespace before first tag.", 2, 2, "{"),
        (NGINX, "Unexpected close tag", 5, 7, ">"),
        ('<html lang="en">\n<meta charset="utf-8"></html>', "Unexpected close tag", 1, 29, ">"),
        ("<Error><Code>X</Code>", "Unclosed root tag", 0, 21, ""),
        ("<a disabled >x</a>", "Attribute without value", 0, 13, ">"),
        ("</a>", "Unmatched closing tag: a", 0, 4, ">"),
        ('<a b="c', "Unexpected end", 0, 7, ""),
        ("<a", "Unexpected end", 0, 2, ""),
        ("\ufeff<a></b>", "Unexpected close tag", 0, 7, ">"),
    ],
)
def test_fault(text: str, reason: str, line: int, column: int, char: str) -> None:
    assert first_fault(text) == f"{reason}\nLine: {line}\nColumn: {column}\nChar: {char}"


@pytest.mark.parametrize(
    "text",
    ["", "   ", "<a/>", "<a></a>x", "<a>&nbsp;</a>", '<?xml version="1.0"?>\n<!DOCTYPE html>\n<a b=">"><c/></a>'],
)
def test_no_fault(text: str) -> None:
    assert first_fault(text) is None


@given(st.text(alphabet="<>/=\"'!?- ab\n"))
def test_the_scanner_ends_on_any_text(text: str) -> None:
    fault = first_fault(text)
    assert fault is None or fault.count("\nLine: ") == 1
