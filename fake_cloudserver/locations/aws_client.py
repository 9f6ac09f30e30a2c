"""Requests to a remote S3, as the real server's client library sends them: signed, never retried, without time-outs.

Source: cloudserver and Arsenal lib/storage/data/LocationConstraintParser.js (parameters), aws-sdk 2 for JavaScript
lib/services/s3.js (addressing, headers).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import urllib3
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, SharedCredentialProvider
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from fake_cloudserver.clock import Clock
from fake_cloudserver.locations import aws_errors
from fake_cloudserver.locations.aws_signing import Signer, SignerV2, SignerV4
from fake_cloudserver.locations.base import CHUNK_SIZE, LocationError
from fake_cloudserver.settings import LocationSettings

_USER_AGENT = "fake-cloudserver APN/1.0 Scality/1.0 Scality CloudServer for Zenko"

_DEFAULT_ENDPOINT = "s3.amazonaws.com"
_DEFAULT_REGION = "us-east-1"

_POOL_SIZE = 64

# aws-sdk 2 for JavaScript lib/services/s3.js (dnsCompatibleBucketName)
_DNS_COMPATIBLE = re.compile(r"(?!.*\.\.)(?!.*(?:\d+\.){3}\d)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNFIT_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")

Body: TypeAlias = bytes | bytearray | memoryview | Iterable[bytes]
Query: TypeAlias = Sequence[tuple[str, str | None]]


@dataclasses.dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """A successful answer, read to its end; header names are those of urllib3's case-insensitive mapping."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def version_id(self) -> str:
        """``x-amz-version-id``, empty when absent."""
        return self.headers.get("x-amz-version-id", "")


class AwsClient:
    """One bucket of one remote. Every method raises LocationError when the remote fails or cannot be reached."""

    def __init__(self, settings: LocationSettings, clock: Clock) -> None:
        details = settings.details
        self.bucket = str(details.get("bucketName", ""))
        self.secure = bool(details.get("https", True))
        self._clock = clock
        self._region = str(details.get("region") or _DEFAULT_REGION)
        self._credentials = functools.cache(lambda: _credentials(details))
        self._path_style = bool(details.get("pathStyle")) or not _is_host_label(self.bucket, self.secure)
        self._connect_to(str(details.get("awsEndpoint") or _DEFAULT_ENDPOINT))

    def call(
        self,
        method: str,
        key: str | None = None,
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
        length: int | None = None,
        may_fail_late: bool = False,
        region: str | None = None,
    ) -> RemoteAnswer:
        """Send a request and read its whole answer.

        Args:
            key: None for a request about the bucket.
            query: parameters in the order they are sent; a value of None is left out with its equals sign.
            length: of a body that is an iterable of chunks.
            may_fail_late: an answer with status 200 may yet hold an error, or be cut off.
            region: to sign for; the client's own by default.
        """
        response = self._send(method, key, query, headers or {}, body, length, region)
        with self._network_errors(), response:
            content = response.read()
        if response.status >= 300:
            raise aws_errors.of_answer(response.status, content)
        # aws-sdk 2 for JavaScript lib/services/s3.js (extractErrorFrom200Response)
        if content.endswith(b"</Error>"):
            raise aws_errors.of_answer(response.status, content)
        if may_fail_late and not re.search(rb"<\w", content):
            raise LocationError("InternalError", "S3 aborted request", response.status)
        return RemoteAnswer(response.status, response.headers, content)

    def stream(self, key: str, *, query: Query = (), headers: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """GET an object and yield its bytes; the connection is cut when the caller stops early."""
        response = self._send("GET", key, query, headers or {}, b"", None)
        with self._network_errors(), response:
            if response.status >= 300:
                raise aws_errors.of_answer(response.status, response.read())
            if headers and "Range" in headers and response.status != 206:
                raise LocationError("InternalError", "the remote ignored the range", response.status)
            yield from response.stream(CHUNK_SIZE, decode_content=False)

    def move_to(self, region: str) -> None:
        """Use another region; its own endpoint too, where the endpoint is AWS's."""
        self._region = region
        if self._endpoint.endswith("amazonaws.com"):
            self._pool.close()
            self._connect_to(f"s3.{region}.amazonaws.com")

    def close(self) -> None:
        """Close idle connections."""
        self._pool.close()

    def _connect_to(self, endpoint: str) -> None:
        self._endpoint = endpoint
        parts = urllib.parse.urlsplit(f"//{endpoint}")
        host = parts.hostname or ""
        self._host = host if self._path_style else f"{self.bucket}.{host}"
        self._port = parts.port or (443 if self.secure else 80)
        kind = urllib3.HTTPSConnectionPool if self.secure else urllib3.HTTPConnectionPool
        self._pool = kind(self._host, self._port, maxsize=_POOL_SIZE, timeout=None)
        shown = f"[{self._host}]" if ":" in self._host else self._host
        port = "" if self._port == (443 if self.secure else 80) else f":{self._port}"
        self._origin = f"{'https' if self.secure else 'http'}://{shown}{port}"

    def _send(
        self,
        method: str,
        key: str | None,
        query: Query,
        headers: Mapping[str, str],
        body: Body,
        length: int | None,
        region: str | None = None,
    ) -> BaseHTTPResponse:
        if key == "":
            message = 'Expected uri parameter to have length >= 1, but found "" for params.Key'
            raise LocationError("UriParameterError", message)
        path = f"/{self.bucket}" if self._path_style else ""
        path += "" if key is None else f"/{_quote_path(key)}"
        target = (path or "/") + ("?" + "&".join(_parameter(*pair) for pair in query) if query else "")
        _check_headers(headers)
        size = len(body) if isinstance(body, bytes | bytearray | memoryview) else length
        sent = {"User-Agent": _USER_AGENT, "Content-Length": str(size), **headers}
        if method not in {"GET", "HEAD"}:
            sent.setdefault("Content-Type", "application/octet-stream")
        request = AWSRequest(method=method, url=self._origin + target, headers=sent)
        request.auth_path = path if self._path_style else f"/{self.bucket}{path}"
        self._signer(region or self._region).add_auth(request)
        signed = {**dict(request.headers.items()), "Accept-Encoding": urllib3.util.SKIP_HEADER}
        with self._network_errors():
            return self._pool.urlopen(
                method,
                target,
                body=cast("bytes", body) or None,  # any buffer will do, whatever the annotation says
                headers=signed,
                retries=False,
                redirect=False,
                preload_content=False,
                assert_same_host=False,
            )

    def _signer(self, region: str) -> Signer:
        if self.secure:
            return SignerV4(self._credentials(), region, self._clock)
        return SignerV2(self._credentials(), self._clock)

    @contextlib.contextmanager
    def _network_errors(self) -> Iterator[None]:
        try:
            yield
        except (HTTPError, OSError) as error:
            raise aws_errors.of_network(error, self._host, self._port, self._region) from error


def _credentials(details: Mapping[str, Any]) -> Credentials:
    """Those of the profile if one is named, else the key pair."""
    profile = details.get("credentialsProfile")
    if profile:
        path = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
        found = SharedCredentialProvider(path, str(profile)).load()
        if found is None:
            raise LocationError("CredentialsError", f"Profile {profile} not found")
        return found
    pair = details["credentials"]
    return Credentials(pair["accessKey"], pair["secretKey"])


def _is_host_label(bucket: str, secure: bool) -> bool:
    # aws-sdk 2 for JavaScript lib/services/s3.js (pathStyleBucketName): a dot would not fit a certificate
    return _DNS_COMPATIBLE.fullmatch(bucket) is not None and not (secure and "." in bucket)


def _quote_path(key: str) -> str:
    return urllib.parse.quote(key, safe="/~")


def _parameter(name: str, value: str | None) -> str:
    return name if value is None else f"{name}={urllib.parse.quote(value, safe='~')}"


def _check_headers(headers: Mapping[str, str]) -> None:
    """What Node refuses to send: names that are no token, values beyond Latin-1 or with control characters."""
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise LocationError("ERR_INVALID_HTTP_TOKEN", f'Header name must be a valid HTTP token ["{name}"]')
        if _UNFIT_VALUE.search(value):
            raise LocationError("ERR_INVALID_CHAR", f'Invalid character in header content ["{name}"]')
