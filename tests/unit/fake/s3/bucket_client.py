"""Calls operations on buckets without HTTP, router and signatures: a request in, what the client sees out."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
from typing import Any, cast

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.request import Request, Requester, parse_query
from fake_cloudserver.s3.operations import OPERATIONS
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import default_accounts

_CREDENTIALS = {"accessKey": "access", "secretKey": "secret"}


def _location(name: str, kind: str = "mem", *, legacy: bool = False, **more: Any) -> dict[str, Any]:
    return {"type": kind, "objectId": name, "legacyAwsBehavior": legacy, "details": {}} | more


LOCATIONS = {
    "us-east-1": _location("us-east-1", legacy=True),
    "us-east-2": _location("us-east-2", legacy=True),
    "us-west-1": _location("us-west-1"),
    "transient": _location("transient", isTransient=True),
    "cold": _location("cold", "dmf", isCold=True),
    "gcp": _location("gcp", "gcp", details={"credentials": _CREDENTIALS}),
    "aws": _location("aws", "aws_s3", details={"credentials": _CREDENTIALS}),
    "unversioned": _location("unversioned", details={"supportsVersioning": False}),
}
CONFIG = {
    "restEndpoints": {"localhost": "us-east-1", "west.example": "us-west-1"},
    "replicationEndpoints": [
        {"site": "zenko", "servers": ["127.0.0.1:8000"], "default": True},
        {"site": "us-east-2", "type": "aws_s3"},
        {"site": "aws", "type": "aws_s3"},
    ],
    "bucketNotificationDestinations": [{"resource": "target1", "type": "dummy", "host": "localhost:6000"}],
}


class Gateway:
    """Stands in for the data of all locations: remembers what it is told to delete."""

    def __init__(self) -> None:
        self.deleted: list[dict[str, Any]] = []
        self.aborted: list[tuple[str, str, str, str]] = []
        self.broken = False

    def is_external(self, location_name: str) -> bool:
        return location_name == "aws"

    def delete(self, elements: list[dict[str, Any]]) -> None:
        if self.broken:
            raise S3Error("InternalError")
        self.deleted += elements

    def abort_upload(self, location_name: str, bucket: str, key: str, upload_id: str) -> None:
        self.aborted.append((location_name, bucket, key, upload_id))


@dataclasses.dataclass(frozen=True)
class Reply:
    """What a client sees: ``code`` and ``message`` of an error, else the body."""

    status: int
    headers: dict[str, str]
    body: str = ""
    code: str = ""
    message: str = ""
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def error(self) -> tuple[str, str]:
        return (self.code, self.message)


class BucketClient:
    """A CloudServer of its own and four who ask it."""

    def __init__(self) -> None:
        settings = Settings.from_documents(CONFIG, LOCATIONS, default_accounts())
        self.clock = VirtualClock()
        self.gateway = Gateway()
        self.store = MetadataStore(self.clock, VersionIdGenerator(self.clock, "RG001", "hex"), Journal(self.clock))
        self.server = CloudServer(
            settings=settings,
            accounts=Accounts(settings.accounts),
            metadata=self.store,
            gateway=cast("MultipleBackendGateway", self.gateway),
            clock=self.clock,
            randomness=SeededRandomness(1),
        )
        self.bart, self.lisa, self.clueso, self.replication = (
            Requester(account.canonical_id, account.name, account.email, account.arn, account.short_id)
            for account in settings.accounts[:4]
        )
        self.nobody = Requester()

    def call(
        self,
        operation: str,
        bucket: str | None = "bucket",
        body: str = "",
        *,
        requester: Requester | None = None,
        headers: dict[str, str] | None = None,
        query: str = "",
    ) -> Reply:
        """The operation's answer; asked by the first account unless another one is given."""
        content = body.encode()
        values, repeated = parse_query(query)
        request = Request(
            method="PUT",
            raw_path=f"/{bucket or ''}",
            raw_query=query,
            query=values,
            repeated=repeated,
            headers={"host": "localhost:8000", "content-length": str(len(content)), **(headers or {})},
            header_list=[],
            stream=io.BytesIO(content),
            request_id="0123456789",
            bucket=bucket,
            requester=requester or self.bart,
        )
        try:
            answer = OPERATIONS[operation](self.server, request)
        except S3Error as error:
            return Reply(error.status, dict(error.headers), "", error.code, error.message, tuple(error.arguments))
        assert answer.body is None or isinstance(answer.body, bytes)
        return Reply(answer.status, dict(answer.headers), (answer.body or b"").decode())

    def put_with_md5(self, operation: str, bucket: str, body: str, *, requester: Requester | None = None) -> Reply:
        digest = base64.b64encode(hashlib.md5(body.encode()).digest()).decode()
        return self.call(operation, bucket, body, headers={"content-md5": digest}, requester=requester)

    def create(self, name: str = "bucket", **options: Any) -> str:
        """A new bucket of the first account."""
        assert self.call("bucket_put", name, **options).status == 200
        return name

    def enable_versioning(self, name: str = "bucket") -> None:
        body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        assert self.call("bucket_put_versioning", name, body).status == 200

    def stored(self, name: str = "bucket") -> BucketInfo:
        bucket = self.store.find_bucket(name)
        assert bucket is not None
        return bucket

    def add_object(self, bucket: str, key: str) -> None:
        self.store.put_object(bucket, key, {"key": key, "last-modified": "2026-01-01T00:00:00.000Z"})


MALFORMED = (
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema.",
)
UNANSWERED = ("InternalError", "We encountered an internal error. Please try again.")
DENIED = ("AccessDenied", "Access Denied")
NO_BUCKET = ("NoSuchBucket", "The specified bucket does not exist.")
