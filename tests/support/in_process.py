"""A whole fake without sockets: signed requests straight into its WSGI application, in virtual time.

with start_fake() as fake:
    bart = Client(fake)
    bart.request("PUT", "/bucket")
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import hmac
import io
import json
import re
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.settings import Settings

HOST = "127.0.0.1:8000"
BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LISA = BART[:-1] + "f"


def start_fake(settings: Settings | None = None) -> FakeCloudServer:
    """A fake whose time stands still and whose ids repeat."""
    return FakeCloudServer(settings or Settings.default(), clock=VirtualClock(), randomness=SeededRandomness(1))


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """One answer; unpacks into status, headers and body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __iter__(self) -> Any:
        return iter((self.status, self.headers, self.body))

    def header(self, name: str) -> str | None:
        """The header's value, whatever the case of its name; None when it is absent."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error in XML or JSON; empty for a success."""
        return self._of_error("code", "Code")

    @property
    def message(self) -> str:
        return self._of_error("message", "Message")

    def _of_error(self, json_name: str, xml_name: str) -> str:
        if self.status < 300:
            return ""
        if self.body.startswith(b"{"):
            return str(self.json[json_name])
        found = re.search(f"<{xml_name}>(.*?)</{xml_name}>", self.text, re.DOTALL)
        return found[1] if found else ""

    @property
    def error(self) -> tuple[int, str]:
        return (self.status, self.code)

    def elements(self, name: str) -> list[str]:
        """The texts of all elements of that name, whatever their namespace; ElementTree's error for what is no XML."""
        root = ET.fromstring(self.body)
        return [node.text or "" for node in root.iter() if node.tag.rpartition("}")[2] == name]


class Client:
    """Asks a fake; as nobody when ``access_key`` is None."""

    def __init__(self, fake: FakeCloudServer, access_key: str | None = "accessKey1", host: str = HOST) -> None:
        self.fake = fake
        self.host = host
        keys = {access: secret for account in fake.settings.accounts for access, secret in account.keys}
        self._pair = None if access_key is None else (access_key, keys[access_key])

    def request(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        *,
        unsigned: Mapping[str, str] | None = None,
        without_length: bool = False,
    ) -> Reply:
        """What the fake answers.

        Args:
            path, query: as they stand in the request line.
            headers: signed with version 4, all of them.
            unsigned: headers that are added after signing.
            without_length: add no ``Content-Length``, as a client does that sends chunks.
        """
        content = body.encode() if isinstance(body, str) else body
        sent = {"host": self.host, **{name.lower(): value for name, value in (headers or {}).items()}}
        if (content or method in {"PUT", "POST"}) and not without_length:
            sent.setdefault("content-length", str(len(content)))
        if self._pair is not None:
            self._sign(method, path, query, sent)
        sent |= unsigned or {}
        return self.send(method, path, query, list(sent.items()), content)

    def send(self, method: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes) -> Reply:
        """What the fake answers to a request exactly as given, whoever signed it."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": urllib.parse.unquote(path, encoding="latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": f"{path}?{query}" if query else path,
            "RAW_URI": f"{path}?{query}" if query else path,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "cloudserver.headers": headers,
            "HTTP_HOST": self.host,
        }
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, answered: list[tuple[str, str]], _error: Any = None) -> Any:
            started.append((int(status.split(maxsplit=1)[0]), answered))
            return lambda _data: None

        chunks = self.fake.app(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, answered = started[-1]
        return Reply(status, answered, content)

    def presign(self, method: str, path: str, query: str = "", *, expires: int = 300) -> str:
        """The query of a presigned URL, signature version 4; only the host is signed."""
        assert self._pair is not None
        access_key, secret = self._pair
        stamp = self._stamp()
        scope = _scope(stamp)
        parameters = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{access_key}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(expires),
            "X-Amz-SignedHeaders": "host",
        }
        whole = "&".join([*([query] if query else []), urllib.parse.urlencode(parameters)])
        lines = [method, _canonical_path(path), _canonical_query(whole), f"host:{self.host}", "", "host"]
        return f"{whole}&X-Amz-Signature={_signature([*lines, 'UNSIGNED-PAYLOAD'], secret, stamp)}"

    def presign_v2(self, method: str, path: str, query: str = "", *, expires: int = 300) -> str:
        """The same with version 2; what ``query`` holds must be a sub-resource, or it is not signed."""
        assert self._pair is not None
        access_key, secret = self._pair
        until = int(self.fake.clock.now()) + expires
        resource = f"{path}?{query}" if query else path
        digest = hmac.digest(secret.encode(), f"{method}\n\n\n{until}\n{resource}".encode(), "sha1")
        parameters = {
            "AWSAccessKeyId": access_key,
            "Expires": str(until),
            "Signature": base64.b64encode(digest).decode(),
        }
        return "&".join([*([query] if query else []), urllib.parse.urlencode(parameters)])

    def _stamp(self) -> str:
        return f"{datetime.datetime.fromtimestamp(self.fake.clock.now(), datetime.UTC):%Y%m%dT%H%M%SZ}"

    def _sign(self, method: str, path: str, query: str, headers: dict[str, str]) -> None:
        assert self._pair is not None
        access_key, secret = self._pair
        stamp = headers["x-amz-date"] = self._stamp()
        payload = headers.setdefault("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        names = sorted(headers)
        lines = [method, _canonical_path(path), _canonical_query(query)]
        lines += [f"{name}:{' '.join(headers[name].split())}" for name in names]
        signature = _signature([*lines, "", ";".join(names), payload], secret, stamp)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={access_key}/{_scope(stamp)}, SignedHeaders={';'.join(names)}, "
            f"Signature={signature}"
        )


def _scope(stamp: str) -> str:
    return f"{stamp[:8]}/us-east-1/s3/aws4_request"


def _signature(canonical_request: list[str], secret: str, stamp: str) -> str:
    digest = hashlib.sha256("\n".join(canonical_request).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in _scope(stamp).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{_scope(stamp)}\n{digest}".encode(), "sha256").hex()


def _canonical_path(path: str) -> str:
    return urllib.parse.quote(urllib.parse.unquote(path.replace("+", " ")), safe="/-_.~")


def _canonical_query(query: str) -> str:
    pairs = sorted(
        (urllib.parse.quote(name, safe="-_.~"), urllib.parse.quote(value, safe="-_.~"))
        for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True)
    )
    return "&".join(f"{name}={value}" for name, value in pairs)
