"""A request as a WSGI server hands it over."""

from __future__ import annotations

import io
from typing import Any

import pytest

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request, from_environ, parse_query


def request_of(**changes: Any) -> Request:
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": io.BytesIO(b"body")}
    return from_environ(environ | changes, "0123456789401234abcd")


@pytest.mark.parametrize(
    ("environ", "path", "query"),
    [
        ({"REQUEST_URI": "/a%2Fb/c+d?x=1&y"}, "/a%2Fb/c+d", "x=1&y"),
        ({"RAW_URI": "/a?b?c"}, "/a", "b?c"),
        ({"REQUEST_URI": "http://host:80/a?b"}, "/a", "b"),
        ({"REQUEST_URI": "http://host"}, "/", ""),
        ({"PATH_INFO": "/a b/\xc3\xa9", "QUERY_STRING": "x"}, "/a%20b/%C3%A9", "x"),
        ({"PATH_INFO": "/a"}, "/a", ""),
    ],
)
def test_the_target_as_it_was_sent(environ: dict[str, str], path: str, query: str) -> None:
    request = request_of(**environ)
    assert (request.raw_path, request.raw_query) == (path, query)


@pytest.mark.parametrize(
    ("raw", "values", "repeated"),
    [
        ("", {}, set()),
        ("acl", {"acl": ""}, set()),
        ("a=1&b=2=3&&c=", {"a": "1", "b": "2=3", "c": ""}, set()),
        ("a=1&a=2&a=3", {"a": "1"}, {"a"}),
        ("a+b=c%20d%2B", {"a b": "c d+"}, set()),
        ("a=%ff&b=%zz", {"a": "\ufffd", "b": "%zz"}, set()),
    ],
)
def test_parameters(raw: str, values: dict[str, str], repeated: set[str]) -> None:
    assert parse_query(raw) == (values, frozenset(repeated))


def test_headers_as_they_were_sent_and_joined_by_name() -> None:
    sent = [("X-Amz-Meta-A", "1"), ("x-amz-meta-a", "2"), ("Content-Type", "a/b")]
    request = request_of(**{"cloudserver.headers": sent})
    assert request.headers == {"x-amz-meta-a": "1, 2", "content-type": "a/b"}
    assert request.header_list == sent


def test_headers_of_a_plain_wsgi_server() -> None:
    request = request_of(HTTP_X_AMZ_DATE="d", CONTENT_LENGTH="4", CONTENT_TYPE="")
    assert request.headers == {"x-amz-date": "d", "content-length": "4"}


@pytest.mark.parametrize(("text", "length"), [("5", 5), ("", None), ("-1", None), ("x", None), ("٣", None)])
def test_the_announced_length(text: str, length: int | None) -> None:
    assert request_of(**{"cloudserver.headers": [("content-length", text)]}).content_length == length


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ([("Host", "a:80")], "a:80"),
        ([("Host", "a"), ("X-Target-Host", "b:1")], "b:1"),
        ([("Host", "a"), ("X-Target-Host", "")], "a"),
        ([], ""),
    ],
)
def test_the_host_that_was_asked(headers: list[tuple[str, str]], host: str) -> None:
    assert request_of(**{"cloudserver.headers": headers}).host == host


def test_a_body_is_read_once_and_only_so_far() -> None:
    request = request_of()
    assert request.read_body(4) == b"body"
    assert request.read_body(1) == b"body"
    with pytest.raises(S3Error, match="InvalidRequest: SOAP requests"):
        request_of().read_body(3)


@pytest.mark.parametrize(
    ("uids", "request_id"),
    [
        ("", "0123456789401234abcd"),
        ("a:b", "a:b:0123456789401234abcd"),
        ("x" * 127, "x" * 127 + ":0123456789401234abcd"),
        ("x" * 128, "0123456789401234abcd"),
    ],
)
def test_request_ids(uids: str, request_id: str) -> None:
    assert request_of(HTTP_X_SCAL_REQUEST_UIDS=uids).request_id == request_id


def test_nobody_asks_until_somebody_is_known() -> None:
    request = request_of()
    assert request.requester.is_anonymous
    assert request.requester.canonical_id == "http://acs.amazonaws.com/groups/global/AllUsers"
    assert request.remote_address == "127.0.0.1"
