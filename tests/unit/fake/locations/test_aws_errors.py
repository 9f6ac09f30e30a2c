from __future__ import annotations

import errno
import http.client
import socket
import ssl

import pytest
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, SSLError

from fake_cloudserver.locations import aws_errors
from fake_cloudserver.locations.base import LocationError, NoSuchData

ENTITY_BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Error><Code>X</Code><Message>&a;</Message></Error>'


# code and message of every row are what aws-sdk 2 for JavaScript makes of the same answer
@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (404, b"", "NotFound", None),
        (403, b"", "Forbidden", None),
        (400, b"", "BadRequest", None),
        (304, b"", "NotModified", None),
        (500, b"", "500", None),
        (500, b"   ", "500", None),
        (
            404,
            b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>',
            "NoSuchKey",
            "gone",
        ),
        (404, b"<Error><Code>NoSuchUpload</Code></Error>", "NoSuchUpload", None),
        (409, b"<Error><Code>X</Code><Message>  a &amp; b\n </Message></Error>", "X", "  a & b\n "),
        (404, b"<foo><bar>1</bar></foo>", "404", None),
        (500, b"<p>x</p><p>y</p>", "500", None),
        (
            500,
            b"Internal Server Error",
            "XMLParserError",
            "Non-whitespace before first tag.\nLine: 0\nColumn: 1\nChar: I",
        ),
        (
            404,
            b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n",
            "XMLParserError",
            "Unquoted attribute value\nLine: 1\nColumn: 12\nChar: e",
        ),
    ],
)
def test_error_of_an_answer(status: int, body: bytes, code: str, message: str | None) -> None:
    error = aws_errors.of_answer(status, body)
    assert (error.code, error.message, error.status) == (code, message, status)


def test_a_namespace_makes_no_difference() -> None:
    error = aws_errors.of_answer(400, b'<Error xmlns="http://example.org/"><Code>A</Code><Message>b</Message></Error>')
    assert (error.code, error.message) == ("A", "b")


@pytest.mark.parametrize(
    ("status", "body", "missing"),
    [
        (404, b"", True),
        (404, b"<Error><Code>NoSuchKey</Code></Error>", True),
        (404, b"<Error><Code>NoSuchVersion</Code></Error>", True),
        (404, b"<Error><Code>NoSuchBucket</Code></Error>", False),
        (403, b"", False),
    ],
)
def test_what_counts_as_missing_data(status: int, body: bytes, missing: bool) -> None:
    assert isinstance(aws_errors.of_answer(status, body), NoSuchData) is missing


def test_a_wrong_region_is_named() -> None:
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-3</Region></Error>"
    error = aws_errors.of_answer(400, body)
    assert isinstance(error, aws_errors.WrongRegion)
    assert error.region == "eu-west-3"


def test_a_remote_cannot_make_the_parser_expand_entities() -> None:
    assert "aaaa" not in aws_errors.of_answer(500, ENTITY_BOMB).text
    with pytest.raises(LocationError):
        aws_errors.parse_result(ENTITY_BOMB)


def test_results() -> None:
    root = aws_errors.parse_result(b'<R xmlns="u"><UploadId>1</UploadId><Empty/></R>')
    assert [aws_errors.find_text(root, name) for name in ("UploadId", "Empty", "Absent")] == ["1", "", ""]
    assert aws_errors.parse_result(b" \n") is None
    assert aws_errors.find_text(None, "UploadId") == ""
    with pytest.raises(LocationError, match="Unquoted attribute value"):
        aws_errors.parse_result(b"<html lang=en>")


def caused_by(error: HTTPError, cause: BaseException) -> HTTPError:
    error.__cause__ = cause
    return error


INACCESSIBLE = "Inaccessible host: `h' at port `{}'. This service may not be available in the `eu-west-1' region."


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            caused_by(NewConnectionError(None, "x"), ConnectionRefusedError(errno.ECONNREFUSED, "x")),  # type: ignore[arg-type]
            INACCESSIBLE.format(9),
        ),
        (
            caused_by(NewConnectionError(None, "x"), socket.gaierror(socket.EAI_NONAME, "x")),  # type: ignore[arg-type]
            INACCESSIBLE.format("undefined"),
        ),
        (
            caused_by(NewConnectionError(None, "x"), TimeoutError(errno.ETIMEDOUT, "x")),  # type: ignore[arg-type]
            "connect ETIMEDOUT h:9",
        ),
        (ProtocolError("x", http.client.RemoteDisconnected("x")), "socket hang up"),
        (ProtocolError("x", http.client.IncompleteRead(b"")), "socket hang up"),
        (ProtocolError("x", ConnectionResetError(errno.ECONNRESET, "x")), "read ECONNRESET"),
        (ProtocolError("x", BrokenPipeError(errno.EPIPE, "x")), "write EPIPE"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "read ECONNRESET"),
        (SSLError(ssl.SSLError(1, "wrong version")), "wrong version"),
    ],
)
def test_error_of_the_network(error: HTTPError | OSError, message: str) -> None:
    found = aws_errors.of_network(error, "h", 9, "eu-west-1")
    assert (found.message, found.status) == (message, 0)
