"""What the real server's AWS client library makes of a remote's failure: code and message of its error object.

The messages reach clients ("Error returned from AWS: …"), so they are that library's own, oddities included.

Source: aws-sdk 2 for JavaScript, lib/services/s3.js (extractError), lib/event_listeners.js (ENOTFOUND_ERROR),
lib/xml/node_parser.js.
"""

from __future__ import annotations

import errno
import socket
import ssl
import xml.etree.ElementTree as ET  # only the type: defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from urllib3.exceptions import HTTPError

from fake_cloudserver.locations.base import LocationError, NoSuchData
from fake_cloudserver.locations.sax_faults import first_fault

_CODES_WITHOUT_BODY = {304: "NotModified", 400: "BadRequest", 403: "Forbidden", 404: "NotFound"}

_NOT_FOUND = ("NotFound", "NoSuchKey", "NoSuchVersion")


class WrongRegion(LocationError):  # noqa: N818  (it says what is wrong)
    """The request was signed for another region than the bucket's, and the remote says which that is."""

    def __init__(self, code: str, message: str | None, status: int, region: str) -> None:
        super().__init__(code, message, status)
        self.region = region


def of_answer(status: int, body: bytes) -> LocationError:
    """The error in an answer with that HTTP status."""
    if not body and status in _CODES_WITHOUT_BODY:
        return _error(_CODES_WITHOUT_BODY[status], None, status)
    text = body.decode(errors="replace")
    try:
        root = fromstring(text.strip())
    except (ParseError, DefusedXmlException):
        fault = first_fault(text)
        return _error(str(status) if fault is None else "XMLParserError", fault, status)
    code, message = find_text(root, "Code") or str(status), find_text(root, "Message") or None
    region = find_text(root, "Region")
    if code == "AuthorizationHeaderMalformed" and region:
        return WrongRegion(code, message, status, region)
    return _error(code, message, status)


def parse_result(body: bytes) -> ET.Element | None:
    """The root element of a successful answer; None for an empty one. Raises LocationError for what is no XML."""
    if not body.strip():
        return None
    try:
        root: ET.Element = fromstring(body)
    except (ParseError, DefusedXmlException) as error:
        message = first_fault(body.decode(errors="replace")) or str(error)
        raise LocationError("XMLParserError", message, 200) from error
    return root


def find_text(root: ET.Element | None, name: str) -> str:
    """The text of the first child of that name, in whatever namespace; empty where there is none."""
    for child in () if root is None else root:
        if local_name(child) == name:
            return child.text or ""
    return ""


def local_name(element: ET.Element) -> str:
    """Its name without the namespace."""
    return element.tag.rpartition("}")[2]


def of_network(error: HTTPError | OSError, host: str, port: int, region: str) -> LocationError:
    """The error for a connection that could not be made or did not last.

    The library means to recognise unknown host names, and takes every system error without a name of its own for
    one: a refused connection reads as an inaccessible host.
    """
    cause = _system_error(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return LocationError("NetworkingError", cause.verify_message)
    if isinstance(cause, ssl.SSLError):
        return LocationError("NetworkingError", str(cause))
    if isinstance(cause, socket.gaierror):
        return _inaccessible(host, "undefined", region)
    if cause is None or cause.errno is None:  # the remote closed the connection without an answer
        return LocationError("TimeoutError", "socket hang up")
    if cause.errno in {errno.ECONNRESET, errno.ECONNABORTED}:
        return LocationError("TimeoutError", "read ECONNRESET")
    if cause.errno == errno.EPIPE:
        return LocationError("TimeoutError", "write EPIPE")
    if cause.errno == errno.ETIMEDOUT:
        return LocationError("TimeoutError", f"connect ETIMEDOUT {host}:{port}")
    return _inaccessible(host, str(port), region)


def _inaccessible(host: str, port: str, region: str) -> LocationError:
    message = (
        f"Inaccessible host: `{host}' at port `{port}'. This service may not be available in the `{region}' region."
    )
    return LocationError("UnknownEndpoint", message)


def _error(code: str, message: str | None, status: int) -> LocationError:
    kind = NoSuchData if status == 404 and code in _NOT_FOUND else LocationError
    return kind(code, message, status)


def _system_error(error: BaseException | None) -> OSError | None:
    """The first system error among an exception, its arguments and its causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and not isinstance(error, HTTPError):
            return error
        inner = next((argument for argument in error.args if isinstance(argument, BaseException)), None)
        error = inner or error.__cause__ or error.__context__
    return None
