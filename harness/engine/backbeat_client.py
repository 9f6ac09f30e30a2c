"""The routes of CloudServer that replication uses.

Source: Backbeat lib/clients/BackbeatClient.js, backbeat-2017-07-01.api.json, lib/clients/utils.js.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import defusedxml.ElementTree

from harness.engine.errors import ReplicationError, is_retryable
from harness.engine.javascript import escape_path, stringify
from harness.engine.signing import Signer
from harness.engine.xml_errors import MALFORMED, xml_error
from harness.transport import Body, Response, StreamedBody, Transport, TransportError

#: The MD5 of the document that a metadata write expects to replace.
REPLACING_HEADER = "x-scal-replaced-metadata-md5"

_BINARY = "binary/octet-stream"
_JSON = "application/json"


@dataclasses.dataclass(frozen=True, slots=True)
class ReplicationRule:
    """A rule of a bucket's replication configuration; ``prefix`` None: it has no Prefix element."""

    enabled: bool
    prefix: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class ReplicationConfiguration:
    """What the engine wants to know of it."""

    role: str
    rules: tuple[ReplicationRule, ...]


class SourceStream:
    """The data of an object while they are read. Close it, whatever happens."""

    def __init__(self, response: Response, origin: str) -> None:
        self._response = response
        self._origin = origin
        length = response.headers.get("content-length", "")
        self.length = int(length) if length.isdigit() else None

    def chunks(self) -> Iterator[bytes]:
        """Raises a retryable ReplicationError when the data break off."""
        try:
            yield from self._response.chunks()
        except TransportError as error:
            raise _unanswered(error, self._origin) from error

    def close(self) -> None:
        self._response.close()


class BackbeatClient:
    """One CloudServer, seen by one account. There are no retries in here.

    Every method raises ReplicationError; its origin is ``origin``.

    Args:
        backbeat_signer: signs everything but the S3 calls.
        request_uids: sent with every request, so that both sides' logs can be brought together.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        backbeat_signer: Signer,
        s3_signer: Signer,
        *,
        request_uids: str = "",
        origin: str = "source",
    ) -> None:
        self._transport = transport
        self._url = url.rstrip("/")
        self._backbeat_signer = backbeat_signer
        self._s3_signer = s3_signer
        self.request_uids = request_uids
        self.origin = origin

    # S3

    def get_bucket_replication(self, bucket: str) -> ReplicationConfiguration:
        response = self._send("GET", f"/{escape_path(bucket)}?replication", {}, signer=self._s3_signer)
        body = self._read(response)
        if response.status != 200:
            raise self._error(response, *xml_error(body, response))
        return _parse_replication(body, self.origin)

    # metadata

    def get_metadata(self, bucket: str, key: str, version: str | None) -> dict[str, Any]:
        return self.read_metadata(bucket, key, version)[0]

    def read_metadata(self, bucket: str, key: str, version: str | None) -> tuple[dict[str, Any], str]:
        """The document, and its fingerprint for :meth:`put_metadata`."""
        answer = self._json("GET", _path("metadata", bucket, key, versionId=version), {})
        try:
            text = answer["Body"].encode("utf-8", "surrogatepass")
            metadata = json.loads(text)
        except (AttributeError, KeyError, ValueError, RecursionError) as error:
            raise ReplicationError("InternalError", "malformed metadata", origin=self.origin) from error
        if not isinstance(metadata, dict):
            raise ReplicationError("InternalError", "malformed metadata", origin=self.origin)
        return metadata, hashlib.md5(text, usedforsecurity=False).hexdigest()

    def put_metadata(
        self,
        bucket: str,
        key: str,
        version: str | None,
        metadata: Mapping[str, Any],
        *,
        content: str | None = None,
        replacing: str | None = None,
    ) -> str | None:
        """Write the whole document; ``content`` METADATA keeps the data that are there. The raw version id written.

        ``replacing`` is the fingerprint of the document that this one may replace: PreconditionFailed (412) when
        there is another one by now. The released CloudServer does not know it, and replaces whatever is there.
        """
        headers = {"Content-Type": _BINARY} | ({"x-scal-replication-content": content} if content else {})
        if replacing is not None:
            headers[REPLACING_HEADER] = replacing
        body = stringify(metadata).encode()
        answer = self._json("PUT", _path("metadata", bucket, key, versionId=version), headers, body)
        return answer.get("versionId")

    # data

    def get_object(
        self, bucket: str, key: str, version: str, *, location: str, byte_range: tuple[int, int] | None = None
    ) -> SourceStream:
        """The data as they lie in ``location``, or the bytes of an inclusive range of them."""
        # without it CloudServer may read from the preferred location, which may be the destination
        headers = {"x-amz-location-constraint": location}
        if byte_range is not None:
            headers["Range"] = f"bytes={byte_range[0]}-{byte_range[1]}"
        return self._open(_with_query(f"/{escape_path(bucket)}/{escape_path(key)}", versionId=version), headers)

    def get_part(
        self, bucket: str, key: str, version: str | None, number: int | None, headers: Mapping[str, str]
    ) -> SourceStream:
        """One part as the S3 API knows it, or everything; the call that is on the way to another CloudServer."""
        number_text = None if number is None else str(number)
        path = f"/{escape_path(bucket)}/{escape_path(key)}"
        return self._open(_with_query(path, partNumber=number_text, versionId=version), headers, signer=self._s3_signer)

    def _open(self, target: str, headers: Mapping[str, str], *, signer: Signer | None = None) -> SourceStream:
        response = self._send("GET", target, headers, signer=signer)
        if response.status not in {200, 206}:
            body = self._read(response)
            raise self._error(response, *xml_error(body, response))
        return SourceStream(response, self.origin)

    def put_replica_data(
        self, bucket: str, key: str, headers: Mapping[str, str], body: bytes | Body
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Store the data of a part; the location element that it got, and the answer's headers.

        The bare flag ``v2`` says that we understand encryption: an encrypted bucket would store clear data without.
        """
        response = self._send("PUT", _path("data", bucket, key) + "?v2", _as_binary(headers), body)
        stored = self._parse_any(response)
        element = stored[0] if isinstance(stored, list) and stored else None
        if not isinstance(element, dict) or "key" not in element or not element.get("dataStoreName"):
            raise ReplicationError("InternalError", "the answer names no location", origin=self.origin)
        return element, response.headers

    def batch_delete(
        self, bucket: str, key: str, locations: Sequence[Mapping[str, Any]], headers: Mapping[str, str] | None = None
    ) -> None:
        """Delete data that no object refers to."""
        sent = {"Content-Type": _JSON} | dict(headers or {})
        body = stringify({"Locations": list(locations)}).encode()
        self._parse(self._send("POST", _path("batchdelete", bucket, key), sent, body))

    def put_data(
        self, bucket: str, key: str, version: str, headers: Mapping[str, str], body: bytes | Body
    ) -> Mapping[str, str]:
        """The data route of the workflow as it was designed; its answer's headers."""
        response = self._send("PUT", _path("data", bucket, key, versionId=version), _as_binary(headers), body)
        self._parse(response)
        return response.headers

    def multiple_backend(
        self,
        method: str,
        operation: str,
        bucket: str,
        key: str,
        headers: Mapping[str, str],
        body: bytes | Body | None = None,
    ) -> dict[str, Any]:
        """One of the multi-backend operations; its JSON answer. ``body`` None: the operation takes none."""
        sent = dict(headers) if body is None else _as_binary(headers)
        return self._json(method, _path("multiplebackenddata", bucket, key, operation=operation), sent, body or b"")

    def complete_upload(
        self, bucket: str, key: str, headers: Mapping[str, str], parts: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """``completempu``; every value of a part is sent as a list of one."""
        wrapped = [{name: [value] for name, value in part.items()} for part in parts]
        sent = {"Content-Type": _JSON} | dict(headers)
        path = _path("multiplebackenddata", bucket, key, operation="completempu")
        return self._json("POST", path, sent, stringify(wrapped).encode())

    # plumbing

    def _send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Body = b"",
        *,
        signer: Signer | None = None,
    ) -> Response:
        url = self._url + target
        sent = dict(headers)
        if self.request_uids:
            sent["X-Scal-Request-Uids"] = self.request_uids
        try:
            return self._transport.send(method, url, (signer or self._backbeat_signer).sign(method, url, sent), body)
        except TransportError as error:
            raise _unanswered(error, self.origin) from error

    def _json(self, method: str, target: str, headers: Mapping[str, str], body: bytes | Body = b"") -> dict[str, Any]:
        return self._parse(self._send(method, target, headers, body))

    def _parse(self, response: Response) -> dict[str, Any]:
        document = self._parse_any(response)
        return document if isinstance(document, dict) else {}

    def _parse_any(self, response: Response) -> Any:
        body = self._read(response)
        if response.status >= 300:
            raise self._error(response, *_json_error(body, response))
        try:
            return json.loads(body or b"{}")
        except ValueError as error:
            raise ReplicationError("InternalError", "the answer is no JSON", origin=self.origin) from error

    def _read(self, response: Response) -> bytes:
        try:
            return response.read()
        except TransportError as error:
            raise _unanswered(error, self.origin) from error

    def _error(self, response: Response, name: str, description: str) -> ReplicationError:
        return ReplicationError(
            name,
            description,
            http_status=response.status,
            retryable=is_retryable(response.status, name),
            origin=self.origin,
        )


def streamed(source: SourceStream, length: int) -> StreamedBody:
    """What ``source`` gives as the body of another request."""
    return StreamedBody(source.chunks(), length)


def _path(resource: str, bucket: str, key: str, **parameters: str | None) -> str:
    return _with_query(f"/_/backbeat/{resource}/{escape_path(bucket)}/{escape_path(key)}", **parameters)


def _with_query(path: str, **parameters: str | None) -> str:
    query = "&".join(
        f"{name}={urllib.parse.quote(value, safe='')}" for name, value in parameters.items() if value is not None
    )
    return f"{path}?{query}" if query else path


def _as_binary(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": _BINARY} | dict(headers)


def _unanswered(error: TransportError, origin: str) -> ReplicationError:
    return ReplicationError(error.code, str(error), retryable=True, origin=origin)


def _json_error(body: bytes, response: Response) -> tuple[str, str]:
    """Code and message as the AWS SDK's JSON protocol finds them (aws-sdk lib/protocol/json.js)."""
    if not body:
        return "UnknownError", str(response.status)
    try:
        document = json.loads(body)
    except ValueError:
        return "UnknownError", response.reason
    if not isinstance(document, dict):
        return "UnknownError", response.reason
    name = document.get("__type") or document.get("code") or document.get("Code") or "UnknownError"
    return str(name).rsplit("#", 1)[-1], str(document.get("message") or document.get("Message") or "")


def _parse_replication(body: bytes, origin: str) -> ReplicationConfiguration:
    try:
        root = defusedxml.ElementTree.fromstring(body)
    except MALFORMED as error:
        raise ReplicationError("InternalError", "malformed replication configuration", origin=origin) from error
    return ReplicationConfiguration(
        role=root.findtext("{*}Role") or "",
        rules=tuple(
            ReplicationRule(rule.findtext("{*}Status") == "Enabled", rule.findtext("{*}Prefix"))
            for rule in root.iterfind("{*}Rule")
        ),
    )
