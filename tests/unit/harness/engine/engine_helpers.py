"""A CloudServer of a few lines, in process, that notes what it is asked and fails when told to."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.backbeat_client import BackbeatClient
from harness.engine.clients import SourceClients
from harness.engine.metrics import EngineMetrics
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.settings import EngineSettings, SiteSettings
from harness.engine.tasks.context import TaskContext
from harness.engine.tasks.injection import NO_ERRORS, ErrorInjection
from harness.queue.interruption import Interruption
from harness.transport import Body, TransportError

VERSION = "98498980852335999999RG001  "
ENCODED = "aKBarX2y5Cjl00000000001I4j3QKItW"
SITE = "aws-site"
ROLE = "arn:aws:iam::123456789012:role/crr"


def settings(**overrides: Any) -> EngineSettings:
    document: dict[str, Any] = {
        "source": {"host": "source", "port": 8000, "auth": {"accessKey": "access", "secretKey": "secret"}},
        "bootstrapList": [{"site": SITE, "type": "aws_s3"}],
        "queueProcessor": {"retry": {"aws_s3": {"maxRetries": 2, "timeoutS": 900, "backoff": {"jitter": 0}}}},
    }
    return EngineSettings.model_validate(document | overrides)


def metadata(body: bytes = b"hello world", **overrides: Any) -> dict[str, Any]:
    """An object's metadata as CloudServer writes them for one AWS site."""
    document: dict[str, Any] = {
        "owner-id": "owner",
        "content-length": len(body),
        "content-md5": hashlib.md5(body).hexdigest(),
        "content-type": "text/plain",
        "last-modified": "2025-12-31T23:59:50.000Z",
        "tags": {},
        "dataStoreName": "us-east-1",
        "versionId": VERSION,
        "replicationInfo": {
            "status": "PENDING",
            "backends": [{"site": SITE, "status": "PENDING", "dataStoreVersionId": ""}],
            "content": ["DATA", "METADATA"],
            "destination": "arn:aws:s3:::target",
            "storageClass": SITE,
            "role": ROLE,
            "storageType": "aws_s3",
            "dataStoreVersionId": "",
            "isNFS": None,
        },
    }
    info = overrides.pop("replicationInfo", {})
    document |= overrides
    document["replicationInfo"] |= info
    return document


def pending(status: str = "PENDING", version_id: str = "", site: str = SITE) -> dict[str, Any]:
    return {"site": site, "status": status, "dataStoreVersionId": version_id}


def entry_of(document: Mapping[str, Any], key: str = "dir/obj") -> ObjectQueueEntry:
    from harness.engine.object_metadata import normalised

    return ObjectQueueEntry("src", f"{key}\0{VERSION}", normalised(dict(document)))


@dataclasses.dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def name(self) -> str:
        """Short: what the call is about."""
        operation = self.query.get("operation")
        if operation:
            return operation
        if self.path.startswith("/_/backbeat/"):
            return f"{self.method} {self.path.split('/')[3]}"
        return f"{self.method} replication" if "replication" in self.query else f"{self.method} object"


class Answer:
    def __init__(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.reason = {200: "OK", 403: "Forbidden", 404: "Not Found", 503: "Service Unavailable"}.get(status, "Error")
        self.headers: Mapping[str, str] = {"content-length": str(len(body))} | dict(headers or {})
        self.closed = False
        self._body = body

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), 7_000_000):
            yield self._body[start : start + 7_000_000]

    def read(self) -> bytes:
        return self._body

    def close(self) -> None:
        self.closed = True


class BrokenAnswer(Answer):
    """Ends in the middle of its body."""

    def chunks(self) -> Iterator[bytes]:
        yield self.read()[:3]
        raise TransportError("ECONNRESET", "cut")


class SmallCloudServer:
    """The transport and the server in one.

    Attributes:
        faults: by the name of a call, what to answer instead, one after the other; None answers as usual.
    """

    def __init__(self, body: bytes = b"hello world", document: dict[str, Any] | None = None) -> None:
        self.body = body
        self.document: dict[str, Any] | None = metadata(body) if document is None else document
        self.calls: list[Call] = []
        self.faults: dict[str, list[Answer | TransportError | None]] = {}
        self.rules = "<Rule><Status>Enabled</Status><Prefix></Prefix></Rule>"
        self.role = ROLE
        self.parts: dict[int, bytes] = {}
        self.opened: list[Answer] = []
        self.aws: list[bytes] = []

    @property
    def names(self) -> list[str]:
        return [call.name for call in self.calls]

    def call(self, name: str, number: int = 0) -> Call:
        return [call for call in self.calls if call.name == name][number]

    def close(self) -> None: ...

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Answer:
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        call = Call(method, parts.path, query, {name.lower(): value for name, value in headers.items()}, b"")
        self.calls.append(call)
        faults = self.faults.get(call.name, [])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, TransportError):
            raise fault
        if fault is not None:
            return fault
        call.body = body if isinstance(body, bytes) else b"".join(body)
        assert isinstance(body, bytes) or len(body) == len(call.body)
        return self._answer(call)

    def _answer(self, call: Call) -> Answer:  # noqa: C901  (one case a route)
        match call.name:
            case "GET replication":
                xml = (
                    '<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                    f"{self.rules}<Role>{self.role}</Role></ReplicationConfiguration>"
                )
                return Answer(200, xml.encode())
            case "GET metadata":
                if self.document is None:
                    return error(404, "ObjNotFound")
                return Answer(200, json.dumps({"Body": json.dumps(self.document)}).encode())
            case "PUT metadata":
                self.document = json.loads(call.body)
                return Answer(200, b'{"versionId":"x"}')
            case "GET object":
                return self._object(call)
            case "putobject":
                self.aws.append(call.body)
                return Answer(200, json.dumps({"versionId": f"aws-{len(self.aws)}", "location": []}).encode())
            case "PUT data":
                self.aws.append(call.body)
                return Answer(200, b"[]", {"x-amz-version-id": f"aws-{len(self.aws)}"})
            case "initiatempu":
                return Answer(200, b'{"uploadId":"upload-1"}')
            case "putpart":
                number = call.headers["x-scal-part-number"]
                self.parts[int(number)] = call.body
                etag = hashlib.md5(call.body).hexdigest()
                return Answer(200, json.dumps({"partNumber": number, "ETag": etag}).encode())
            case "completempu":
                self.aws.append(b"".join(self.parts[number] for number in sorted(self.parts)))
                return Answer(200, json.dumps({"versionId": f"aws-{len(self.aws)}"}).encode())
            case "puttagging" | "deleteobjecttagging":
                known = call.headers["x-scal-data-store-version-id"]
                return Answer(200, json.dumps({"versionId": known}).encode())
        return Answer(200, b"{}")

    def _object(self, call: Call) -> Answer:
        wanted = call.headers.get("range")
        body = self.body
        if wanted:
            first, last = wanted.removeprefix("bytes=").split("-")
            body = body[int(first) : int(last) + 1]
        answer = Answer(206 if wanted else 200, body)
        self.opened.append(answer)
        return answer


def error(status: int, name: str, message: str = "") -> Answer:
    """A JSON error as the internal routes answer it."""
    return Answer(status, json.dumps({"code": name, "message": message, "resource": None}).encode())


def xml_error(status: int, name: str) -> Answer:
    """An XML error as the S3 routes answer it."""
    return Answer(status, f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>m</Message></Error>".encode())


class World:
    """A small CloudServer with a context for tasks against it."""

    def __init__(
        self, server: SmallCloudServer | None = None, *, injection: ErrorInjection = NO_ERRORS, **overrides: Any
    ) -> None:
        self.server = server or SmallCloudServer()
        self.injection = injection
        self.clock = VirtualClock(1_767_225_600.0)
        self.randomness = SeededRandomness(1)
        self.settings = settings(**({"dialect": "release"} | overrides))
        self.metrics = EngineMetrics()
        self.interruption = Interruption(self.clock)
        self.clients = SourceClients(self.settings.source, self.server, self.clock, self.randomness)

    def context(self, *, threaded: bool = False, client: BackbeatClient | None = None) -> TaskContext:
        site: SiteSettings = self.settings.bootstrap_list[0]
        return TaskContext(
            settings=self.settings,
            site=site,
            client=client or self.clients.new(),
            clock=self.clock,
            randomness=self.randomness,
            interruption=self.interruption,
            metrics=self.metrics,
            threaded=threaded,
            injection=self.injection,
        )

    def entry(self, **overrides: Any) -> ObjectQueueEntry:
        """What the journal said of the server's object, changed by ``overrides``."""
        document = copy.deepcopy(self.server.document or metadata(self.server.body))
        info = overrides.pop("replicationInfo", {})
        document |= overrides
        document["replicationInfo"] |= info
        return entry_of(document)
