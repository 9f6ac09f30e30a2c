"""A target of a few dictionaries: enough S3 for the runner, on a clock of its own."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.errors import StackError
from harness.faults.control import FaultControl, LocalBoard
from harness.faults.rules import FaultBoard
from harness.queue.base import Message
from harness.request_log import SeenRequest, about
from harness.scenario.model import Needs
from harness.scenario.target import JournalRecord, Target
from harness.transport import Headers, TransportError


def client_error(code: str, status: int, operation: str = "Operation", message: str = "no") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


class FakeClient:
    """S3 of one site; ``calls`` is what was asked."""

    def __init__(self, target: FakeTarget, site: str) -> None:
        self._target = target
        self._site = site
        self._count = 0

    @property
    def _buckets(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        return self._target.buckets.setdefault(self._site, {})

    def _told(self, operation: str, arguments: Mapping[str, Any]) -> None:
        self._target.calls.append((self._site, operation, dict(arguments)))
        failure = self._target.failures.get(operation)
        if failure is not None:
            raise failure

    def _bucket(self, name: str) -> dict[str, list[dict[str, Any]]]:
        if name not in self._buckets:
            raise client_error("NoSuchBucket", 404)
        return self._buckets[name]

    def create_bucket(self, **arguments: Any) -> dict[str, Any]:
        self._told("create_bucket", arguments)
        self._buckets[arguments["Bucket"]] = {}
        return {}

    def put_bucket_versioning(self, **arguments: Any) -> dict[str, Any]:
        self._told("put_bucket_versioning", arguments)
        return {}

    def put_bucket_replication(self, **arguments: Any) -> dict[str, Any]:
        self._told("put_bucket_replication", arguments)
        return {}

    def delete_bucket(self, **arguments: Any) -> dict[str, Any]:
        self._told("delete_bucket", arguments)
        if self._bucket(arguments["Bucket"]):
            raise client_error("BucketNotEmpty", 409)
        del self._buckets[arguments["Bucket"]]
        return {}

    def put_object(self, **arguments: Any) -> dict[str, Any]:
        self._told("put_object", arguments)
        self._count += 1
        version = {"VersionId": f"v{self._count}", "Body": arguments.get("Body", b"")}
        self._bucket(arguments["Bucket"]).setdefault(arguments["Key"], []).append(version)
        return {"VersionId": version["VersionId"], "ETag": '"e"', "ResponseMetadata": {"HTTPStatusCode": 200}}

    def head_object(self, **arguments: Any) -> dict[str, Any]:
        self._told("head_object", arguments)
        if arguments["Key"] not in self._bucket(arguments["Bucket"]):
            raise client_error("404", 404)
        return {"ReplicationStatus": self._target.status(), "ContentLength": 1}

    def get_object(self, **arguments: Any) -> dict[str, Any]:
        self._told("get_object", arguments)
        versions = self._bucket(arguments["Bucket"]).get(arguments["Key"])
        if not versions:
            raise client_error("NoSuchKey", 404)
        content = versions[-1]["Body"]
        return {"Body": StreamingBody(io.BytesIO(content), len(content)), "VersionId": versions[-1]["VersionId"]}

    def delete_object(self, **arguments: Any) -> dict[str, Any]:
        self._told("delete_object", arguments)
        self._bucket(arguments["Bucket"]).pop(arguments["Key"], None)
        return {}

    def list_object_versions(self, **arguments: Any) -> dict[str, Any]:
        self._told("list_object_versions", arguments)
        found = [
            {"Key": key, "VersionId": version["VersionId"]}
            for key, versions in self._bucket(arguments["Bucket"]).items()
            for version in versions
            if key.startswith(arguments.get("Prefix", ""))
        ]
        return {"Versions": found, "IsTruncated": False}

    def list_multipart_uploads(self, **arguments: Any) -> dict[str, Any]:
        self._told("list_multipart_uploads", arguments)
        return {"Uploads": []}


class FakeAnswer:
    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status = status
        self.reason = ""
        self.headers = Headers(headers.items())
        self._content = content

    def chunks(self) -> Iterator[bytes]:
        yield self._content

    def read(self) -> bytes:
        return self._content

    def close(self) -> None:
        pass


class FakeTransport:
    """Answers every request with ``answer``; None breaks the connection."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, str], bytes] | None = (200, {"Content-Type": "application/json"}, b"{}")
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: Any = b"") -> FakeAnswer:
        self.requests.append((method, url, dict(headers), body))
        if self.answer is None:
            raise TransportError("NetworkingError", "refused")
        return FakeAnswer(*self.answer)

    def close(self) -> None:
        pass


class FakeTarget:
    """A Target; ``status`` answers what an object's ReplicationStatus is now."""

    def __init__(self, dialect: str = "design") -> None:
        self.name = "fake"
        self.version = "8.8"
        self.dialect = dialect
        self.clock = VirtualClock()
        self.transport = FakeTransport()
        self.aws_bucket = "remote"
        self.storage_classes = {"aws": "aws-us-east-1"}
        self.role = "arn:aws:iam::root:role/r"
        self.disposable = False
        self.buckets: dict[str, dict[str, dict[str, list[dict[str, Any]]]]] = {"aws": {"remote": {}}}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.failures: dict[str, Exception] = {}
        self.status: Callable[[], str] = lambda: "COMPLETED"
        self.topics: dict[str, list[Message]] = {}
        self.records: list[JournalRecord] = []
        self.told: list[str] = []
        self.open = ""
        self.asked: list[SeenRequest] = []
        self._clients: dict[str, FakeClient] = {}
        self.board = FaultBoard(SeededRandomness(1))
        board = LocalBoard(self.board)
        self.control = FaultControl({"aws": lambda: [board], "cloudserver": lambda: [board]})

    def after(self, seconds: float, then: str = "COMPLETED") -> None:
        """PENDING now, ``then`` after so many seconds."""
        start = self.clock.monotonic()
        self.status = lambda: then if self.clock.monotonic() - start >= seconds else "PENDING"

    def client(self, site: str, account: str | None = None) -> FakeClient:
        self.told.append(f"client {site} {account}")
        return self._clients.setdefault(site, FakeClient(self, site))

    def endpoint(self, site: str) -> str:
        return f"http://{site}:80"

    def credentials(self, site: str, account: str | None = None) -> tuple[str, str] | None:
        return None if account == "anonymous" else (f"{account}@{site}", "secret")

    def role_for(self, sites: Iterable[str]) -> str:
        return f"{self.role},two" if "target" in sites else self.role

    def settle(self, timeout: float, buckets: Sequence[str] = ()) -> str:
        self.told.append(f"settle {timeout:g}")
        return self.open

    def messages(self, topic: str) -> Sequence[Message]:
        return self.topics.get(topic, [])

    def journal(self, bucket: str) -> Sequence[JournalRecord]:
        return [record for record in self.records if record.db == bucket]

    def requests(self, words: Sequence[str]) -> Sequence[SeenRequest]:
        return about(self.asked, words)

    def stop(self, part: str) -> None:
        self.told.append(f"stop {part}")

    def kill(self, part: str) -> None:
        self.told.append(f"kill {part}")

    def start(self, part: str) -> None:
        self.told.append(f"start {part}")

    def faults(self) -> FaultControl:
        return self.control

    def change_role(self, do: str, role: str, count: int | None) -> None:
        self.told.append(f"{do} {count} {role}")

    def pause(self, site: str) -> None:
        self.told.append(f"pause {site}")

    def resume(self, site: str) -> None:
        self.told.append(f"resume {site}")

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def evidence(self, bucket: str, key: str) -> Sequence[str]:
        return [f"log of {bucket}/{key}"]


class FakeFactory:
    """Gives out targets and remembers them; ``prepare`` sees each before it is used."""

    def __init__(self, prepare: Callable[[FakeTarget], None] = lambda _: None) -> None:
        self.made: list[tuple[str, Needs]] = []
        self.closed = 0
        self._prepare = prepare

    @contextlib.contextmanager
    def __call__(self, dialect: str, needs: Needs) -> Iterator[Target]:
        self.made.append((dialect, needs))
        target = FakeTarget(dialect)
        self._prepare(target)
        yield target
        self.closed += 1


def message(bucket: str, key: str, status: str = "PENDING", offset: int = 0, topic: str = "t") -> Message:
    metadata = {"replicationInfo": {"status": status, "backends": [{"site": "s", "status": status}]}}
    value = {"type": "put", "bucket": bucket, "key": f"{key}\0v1", "value": json.dumps(metadata)}
    return Message(topic, 0, offset, f"{bucket}%2F{key}".encode(), json.dumps(value).encode())


def record(bucket: str, key: str, status: str = "PENDING", sequence: int = 1) -> JournalRecord:
    metadata = {"replicationInfo": {"status": status, "backends": [{"site": "s", "status": status}]}}
    return JournalRecord(sequence, "2026-01-01T00:00:00.000Z", bucket, "put", key, json.dumps(metadata))


def refusing_buckets() -> FakeFactory:
    """Named by tests that go through pytest: no bucket can be made."""
    return FakeFactory(lambda target: target.failures.update(create_bucket=client_error("Oops", 500)))


def keeping_buckets() -> FakeFactory:
    """No bucket can be removed."""
    return FakeFactory(lambda target: target.failures.update(delete_bucket=client_error("Oops", 500)))


def not_starting() -> FakeFactory:
    """No stack starts."""

    def fail(_: FakeTarget) -> None:
        raise StackError("Kafka did not start")

    return FakeFactory(fail)
