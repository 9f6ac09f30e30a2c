"""A scripted source and a scripted target with two servers, for what replicates to another CloudServer."""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from engine_helpers import Answer, Call, SmallCloudServer, World, entry_of, error, metadata

from harness.engine.clients import TargetClients
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks.cloudserver_replication import CloudServerReplicationTask
from harness.engine.tasks.context import Outcome
from harness.transport import Body

SF = "sf"
SOURCE_ROLE = "arn:aws:iam::111111111111:role/source"
TARGET_ROLE = "arn:aws:iam::222222222222:role/target"
ROLES = f"{SOURCE_ROLE},{TARGET_ROLE}"
SERVERS = ("target-a:8001", "target-b:8001")
OWNER = "target-canonical-id"
EMPTY_MD5 = hashlib.md5(b"").hexdigest()

ACCOUNT = {
    "type": "account",
    "accessKey": "target-access",
    "secretKey": "target-secret",
    "arn": "arn:aws:iam::222222222222:root",
    "canonicalID": OWNER,
    "displayName": "Target",
}


def location(*bodies: bytes) -> list[dict[str, Any]]:
    """The location of an object whose parts are these."""
    elements, start = [], 0
    for number, body in enumerate(bodies, start=1):
        etag = f"{number}:{hashlib.md5(body).hexdigest()}"
        element = {"key": f"source-{number}", "start": start, "size": len(body), "dataStoreName": "us-east-1"}
        elements.append(element | {"dataStoreType": "mem", "dataStoreETag": etag})
        start += len(body)
    return elements


def document(*bodies: bytes, content: list[str] | None = None, **overrides: Any) -> dict[str, Any]:
    """Metadata of an object that waits for a CloudServer and a cloud."""
    info = {
        "backends": [
            {"site": SF, "status": "PENDING", "dataStoreVersionId": ""},
            {"site": "aws", "status": "PENDING", "dataStoreVersionId": ""},
        ],
        "content": content or ["DATA", "METADATA"],
        "destination": "arn:aws:s3:::tgt",
        "storageClass": f"{SF},aws",
        "role": ROLES,
    }
    overrides["replicationInfo"] = info | overrides.get("replicationInfo", {})
    return metadata(b"".join(bodies), **{"location": location(*bodies) or None} | overrides)


class SmallSource(SmallCloudServer):
    """Knows parts."""

    def __init__(self, *bodies: bytes, **overrides: Any) -> None:
        self.bodies = bodies
        super().__init__(b"".join(bodies), document(*bodies, **overrides))
        self.role = ROLES

    def _object(self, call: Call) -> Answer:
        number = call.query.get("partNumber")
        if number is None:
            return super()._object(call)
        answer = Answer(206, self.bodies[int(number) - 1])
        self.opened.append(answer)
        return answer


class SmallTarget(SmallCloudServer):
    """Keeps data by key, checks their MD5, and knows one object.

    Attributes:
        kept: data by the key that they were given.
        held: the object's metadata; None as long as there is none.
        encryption: headers of the answers to data.
        cryptography: members of the answers to data.
    """

    def __init__(self) -> None:
        super().__init__(b"", {})
        self.kept: dict[str, bytes] = {}
        self.held: dict[str, Any] | None = None
        self.encryption: dict[str, str] = {}
        self.cryptography: dict[str, Any] = {}

    def _answer(self, call: Call) -> Answer:
        match call.name:
            case "PUT data":
                if hashlib.md5(call.body).hexdigest() != call.headers["content-md5"]:
                    return error(400, "BadDigest")
                key = f"target-{len(self.kept) + 1}"
                self.kept[key] = call.body
                stored = {"key": key, "dataStoreName": "us-east-2"} | self.cryptography
                return Answer(200, json.dumps([stored]).encode(), self.encryption)
            case "PUT metadata":
                update = call.headers.get("x-scal-replication-content") == "METADATA"
                if update and self.held is None:
                    return error(404, "ObjNotFound")
                kept = {"location": self.held["location"]} if update and self.held else {}
                self.held = json.loads(call.body) | kept
                return Answer(200, b'{"versionId":"x"}')
            case "GET metadata":
                if self.held is None:
                    return error(404, "ObjNotFound")
                return Answer(200, json.dumps({"Body": json.dumps(self.held)}).encode())
            case "POST batchdelete":
                for one in json.loads(call.body)["Locations"]:
                    self.kept.pop(one["key"], None)
                return Answer(200, b"null")
        raise AssertionError(f"unexpected: {call.name}")

    @property
    def data(self) -> bytes:
        """What a reader of the object would get."""
        assert self.held is not None
        return b"".join(self.kept[element["key"]] for element in self.held["location"] or [])


class Network:
    """Hosts by name; notes who was asked what."""

    def __init__(self, hosts: Mapping[str, Any]) -> None:
        self.hosts = dict(hosts)
        self.asked: list[tuple[str, str]] = []

    def close(self) -> None: ...

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Any:
        host = urllib.parse.urlsplit(url).netloc
        server = self.hosts[host]
        index = len(self.asked)
        self.asked.append((host, ""))
        try:
            return server.send(method, url, headers, body)
        finally:
            self.asked[index] = (host, server.calls[-1].name)

    def hosts_of(self, name: str) -> list[str]:
        return [host for host, asked in self.asked if asked == name]


class CloudServerWorld(World):
    """A source, a target with two servers, and the task between them."""

    def __init__(self, server: SmallSource | None = None, **overrides: Any) -> None:
        source = server or SmallSource(b"hello world")
        self.target = SmallTarget()
        retry = {"scality": {"maxRetries": 3, "timeoutS": 300, "backoff": {"min": 1000, "jitter": 0}}}
        settings: dict[str, Any] = {
            "destination": {"auth": ACCOUNT},
            "bootstrapList": [{"site": SF, "servers": SERVERS}, {"site": "aws", "type": "aws_s3"}],
            "queueProcessor": {"retry": retry},
        }
        super().__init__(source, **settings | overrides)
        self.source = source
        self.network = Network({"source:8000": source} | dict.fromkeys(SERVERS, self.target))
        self.clients = type(self.clients)(self.settings.source, self.network, self.clock, self.randomness)
        assert self.settings.destination is not None
        self.targets = TargetClients(
            self.settings.bootstrap_list[0], self.settings.destination, self.network, self.clock, self.randomness
        )

    def run(self, entry: ObjectQueueEntry | None = None, *, threaded: bool = False) -> Outcome:
        role = entry.roles[0] if entry is not None and entry.roles else SOURCE_ROLE
        context = self.context(threaded=threaded, client=self.clients.new(role))
        return CloudServerReplicationTask(context, entry or entry_of(self.source.document or {}), self.targets).run()

    @property
    def names(self) -> list[str]:
        """Everything that was asked, with ``target`` before what the target was."""
        return [name if host == "source:8000" else f"target {name}" for host, name in self.network.asked]

    def replica(self) -> dict[str, Any]:
        assert self.target.held is not None
        return self.target.held
