"""A target that is reached over HTTP: a CloudServer and its AWS, wherever they run.

It can do what needs nothing but endpoints and keys. An embedded stack builds on it, and adds the rest.
"""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fake_cloudserver import Clock, SystemClock
from harness.faults.control import FaultControl
from harness.http_transport import HttpTransport
from harness.queue.base import Message, Queue
from harness.request_log import SeenRequest
from harness.s3_client import s3_client
from harness.scenario.raw_http import RawRequest, quote_path, send
from harness.scenario.target import JournalRecord, Unsupported
from harness.transport import Transport

_CONNECT_TIMEOUT = 5.0
_POLL = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class SiteAccess:
    """How to reach one site.

    Attributes:
        endpoint: ``http://127.0.0.1:8000``.
        owner: the account that owns the scenarios' buckets.
        keys: account -> access key and secret key.
    """

    endpoint: str
    owner: str
    keys: Mapping[str, tuple[str, str]]


class RemoteTarget:
    """A :class:`~harness.scenario.target.Target`; the attributes are described there.

    Args:
        sites: ``cloudserver``, ``aws`` and whatever else there is.
        queue: Kafka, where there is one to look into.
    """

    disposable = False

    def __init__(
        self,
        name: str,
        sites: Mapping[str, SiteAccess],
        *,
        dialect: str,
        aws_bucket: str,
        storage_classes: Mapping[str, str],
        role: str,
        version: str = "8.8",
        clock: Clock | None = None,
        transport: Transport | None = None,
        queue: Queue | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.dialect = dialect
        self.aws_bucket = aws_bucket
        self.storage_classes = storage_classes
        self.role = role
        self.clock: Clock = clock or SystemClock()
        self.transport: Transport = transport or HttpTransport(connect_timeout=_CONNECT_TIMEOUT)
        self._sites = sites
        self._queue = queue
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, site: str, account: str | None = None) -> Any:
        """Made once for each site and account."""
        access = self._site(site)
        name = account or access.owner
        with self._lock:
            if (site, name) not in self._clients:
                self._clients[site, name] = s3_client(access.endpoint, self.credentials(site, name))
            return self._clients[site, name]

    def endpoint(self, site: str) -> str:
        return self._site(site).endpoint

    def credentials(self, site: str, account: str | None = None) -> tuple[str, str] | None:
        if account == "anonymous":
            return None
        access = self._site(site)
        keys = access.keys.get(account or access.owner)
        if keys is None:
            raise Unsupported(f"{self.name} has no account {account} at {site}")
        return keys

    def _site(self, site: str) -> SiteAccess:
        if site not in self._sites:
            raise Unsupported(f"{self.name} has no site {site}")
        return self._sites[site]

    def role_for(self, sites: Iterable[str]) -> str:  # noqa: ARG002  (the protocol's shape)
        """As it was given: who knows the accounts of the sites named both roles."""
        return self.role

    def settle(self, timeout: float, buckets: Sequence[str] = ()) -> str:
        """What others have in hand is not looked at: only the objects of ``buckets`` are."""
        deadline = self.clock.monotonic() + timeout
        while left := next(self._open(buckets), ""):
            if self.clock.monotonic() >= deadline:
                return left
            self.clock.sleep(_POLL)
        return ""

    def _open(self, buckets: Sequence[str]) -> Iterator[str]:
        """The versions whose replication has not ended, in words."""
        for bucket in buckets:
            for key, version, is_marker in _versions(self.client("cloudserver"), bucket):
                state = self._internal_status(bucket, key, version) if is_marker else self._status(bucket, key, version)
                if state in {"PENDING", "PROCESSING"}:
                    yield f"{bucket}/{key} {version} is {state}"

    def _status(self, bucket: str, key: str, version: str) -> str:
        from botocore.exceptions import ClientError

        try:
            answer = self.client("cloudserver").head_object(Bucket=bucket, Key=key, VersionId=version)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            return self._internal_status(bucket, key, version)
        return str(answer.get("ReplicationStatus", ""))

    def _internal_status(self, bucket: str, key: str, version: str) -> str:
        """S3 does not tell it of a delete marker, nor the bucket's owner of somebody else's object; an internal route
        does, to the replication service account."""
        keys = self.credentials("cloudserver", "replication")
        path = quote_path(f"/_/backbeat/metadata/{bucket}/{key}")
        request = RawRequest("GET", path, {"versionId": version}, {}, b"")
        answer = send(self.transport, self.endpoint("cloudserver"), request, keys)
        body = answer.get("body")
        metadata = json.loads(body["Body"]) if isinstance(body, dict) and "Body" in body else {}
        return str(metadata.get("replicationInfo", {}).get("status", ""))

    def messages(self, topic: str) -> Sequence[Message]:
        if self._queue is None:
            raise Unsupported(f"{self.name} has no Kafka to look into")
        return self._queue.read(topic)

    def journal(self, bucket: str) -> Sequence[JournalRecord]:  # noqa: ARG002  (the protocol's shape)
        raise Unsupported(f"{self.name} does not show its journal")

    def requests(self, words: Sequence[str]) -> Sequence[SeenRequest]:  # noqa: ARG002  (the protocol's shape)
        raise Unsupported(f"{self.name} does not show what it was asked")

    def stop(self, part: str) -> None:
        raise Unsupported(f"{self.name} cannot stop {part}")

    def kill(self, part: str) -> None:
        raise Unsupported(f"{self.name} cannot kill {part}")

    def start(self, part: str) -> None:
        raise Unsupported(f"{self.name} cannot start {part}")

    def change_role(self, do: str, role: str, count: int | None) -> None:  # noqa: ARG002  (the protocol's shape)
        raise Unsupported(f"{self.name} cannot {do} {role}")

    def pause(self, site: str) -> None:
        raise Unsupported(f"{self.name} cannot pause {site}: others use it")

    def resume(self, site: str) -> None:
        raise Unsupported(f"{self.name} cannot resume {site}: others use it")

    def advance(self, seconds: float) -> None:
        raise Unsupported(f"{self.name} has a clock of its own, which nobody puts forward by {seconds:g} s")

    def faults(self) -> FaultControl:
        raise Unsupported(f"nothing can be made to go wrong at {self.name}")

    def evidence(self, bucket: str, key: str) -> Sequence[str]:  # noqa: ARG002  (the protocol's shape)
        return []

    def close(self) -> None:
        """Give back connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
        self.transport.close()


def _versions(client: Any, bucket: str) -> Iterator[tuple[str, str, bool]]:
    from botocore.exceptions import ClientError

    try:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for kind in ("Versions", "DeleteMarkers"):
                for one in page.get(kind, []):
                    yield one["Key"], one["VersionId"], kind == "DeleteMarkers"
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchBucket":  # a bucket of another site, or gone
            raise
