"""HTTP requests as a scenario writes them: only Host, Content-Length and a signature are added."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from fake_cloudserver import Clock, SystemClock
from harness.s3_client import dated_signature
from harness.scenario.verb import VerbError
from harness.transport import Transport, TransportError

_REGION = "us-east-1"


@dataclasses.dataclass(frozen=True, slots=True)
class RawRequest:
    """One request; ``path`` is percent-encoded already, ``query`` is not."""

    method: str
    path: str
    query: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query as they are sent; a parameter without a value has no equals sign."""
        pairs = [
            _quote(name) if value is None else f"{_quote(name)}={_quote(str(value))}"
            for name, value in self.query.items()
        ]
        joint = "&" if "?" in self.path else "?"
        return self.path + (joint + "&".join(pairs) if pairs else "")


def _quote(text: str) -> str:
    return urllib.parse.quote(text, safe="-._~")


def quote_path(path: str) -> str:
    """A path in percent-encoding: slashes stay."""
    return urllib.parse.quote(path, safe="/-._~")


def send(
    transport: Transport,
    endpoint: str,
    request: RawRequest,
    credentials: tuple[str, str] | None,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Send it, with a signature v4 when there are credentials; the answer as :func:`describe_answer` gives it.

    Raises:
        VerbError: no whole answer came.
    """
    url = endpoint.rstrip("/") + request.target
    headers = {"Host": urllib.parse.urlsplit(endpoint).netloc, **request.headers}
    if credentials is not None:
        headers |= _signature(url, request, headers, credentials, clock or SystemClock())
    try:
        answer = transport.send(request.method, url, headers, request.body)
        return describe_answer(answer.status, answer.headers, answer.read())
    except TransportError as error:
        raise VerbError({"Code": error.code, "Message": str(error), "HTTPStatusCode": None}) from None


def _signature(
    url: str, request: RawRequest, headers: Mapping[str, str], credentials: tuple[str, str], clock: Clock
) -> dict[str, str]:
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signed = AWSRequest(method=request.method, url=url, data=request.body, headers=dict(headers))
    dated_signature(clock)(Credentials(*credentials), "s3", _REGION).add_auth(signed)
    return {name: value for name, value in signed.headers.items() if name not in headers}


def describe_answer(status: int, headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
    """``status``, ``headers`` (lower-case names), ``text``, and ``body``: JSON or XML as plain values."""
    output: dict[str, Any] = {"status": status, "headers": {name.lower(): value for name, value in headers.items()}}
    text = content.decode("utf-8", "replace")
    output["text"] = text
    parsed = _json(text) if text[:1] in {"{", "[", "n"} else _xml(content) if text[:1] == "<" else None
    if parsed is not None:
        output["body"] = parsed
    return output


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _xml(content: bytes) -> Any:
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(content)
    except (ParseError, DefusedXmlException):
        return None
    return {_local(root.tag): _element(root)}


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _element(element: Any) -> Any:
    """A leaf is its text; else a dict of children, repeated ones as a list."""
    children = list(element)
    if not children:
        return element.text or ""
    result: dict[str, Any] = {}
    for child in children:
        name, value = _local(child.tag), _element(child)
        if name not in result:
            result[name] = value
        elif isinstance(result[name], list):
            result[name].append(value)
        else:
            result[name] = [result[name], value]
    return result
