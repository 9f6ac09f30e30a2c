"""A server of real parts for the internal routes, and how to ask it."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import hmac
import io
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

import pytest
from scripted_remote import ScriptedRemote

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.backbeat import router
from fake_cloudserver.clock import VirtualClock, iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.object_metadata import new_object_md
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator, encode
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.request import Answer, Request, parse_query
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import default_accounts

BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LISA = BART[:-1] + "f"
REPLICATION = "http://acs.zenko.io/accounts/service/replication"
SECRETS = {
    "accessKey1": "verySecretKey1",
    "accessKey2": "verySecretKey2",
    "cluesoKey1": "cluesoSecretKey1",
    "replicationKey1": "replicationSecretKey1",
    "lifecycleKey1": "lifecycleSecretKey1",
}
HOST = "127.0.0.1:8000"


def _location(kind: str, **details: Any) -> dict[str, Any]:
    return {"type": kind, "legacyAwsBehavior": True, "details": details}


def _aws(bucket: str) -> dict[str, Any]:
    credentials = {"accessKey": "a", "secretKey": "b"}
    return _location(
        "aws_s3", awsEndpoint="127.0.0.1:9", bucketName=bucket, bucketMatch=True, https=False, credentials=credentials
    )


def make_settings(
    locations: Mapping[str, dict[str, Any]] | None = None, config: Mapping[str, Any] | None = None
) -> Settings:
    """Two local locations and one on AWS, unless others are given."""
    described = locations or {"us-east-1": _location("mem"), "us-east-2": _location("mem"), "aws-site": _aws("target")}
    return Settings.from_documents(
        {"restEndpoints": {"127.0.0.1": "us-east-1"}, "replicationEndpoints": [{"site": "aws-site", "type": "aws_s3"}]}
        | dict(config or {}),
        {name: {"objectId": name, **location} for name, location in described.items()},
        default_accounts(),
    )


@dataclasses.dataclass(slots=True)
class Backend:
    """A server of real parts whose AWS is scripted, and how to ask it."""

    server: CloudServer
    remote: ScriptedRemote
    clock: VirtualClock

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        *,
        access_key: str | None = "replicationKey1",
        unsigned: tuple[str, ...] = (),
    ) -> Request:
        """A request signed with version 4; ``access_key`` None leaves it anonymous."""
        content = body.encode() if isinstance(body, str) else body
        raw_path, _, raw_query = url.partition("?")
        query, repeated = parse_query(raw_query)
        sent = {"host": HOST, **(headers or {})}
        if content or method in {"PUT", "POST"}:
            sent.setdefault("content-length", str(len(content)))
        request = Request(
            method, raw_path, raw_query, query, repeated, sent, list(sent.items()), io.BytesIO(content), "id"
        )
        if access_key is not None:
            self._sign(request, access_key, unsigned)
        return request

    def _sign(self, request: Request, access_key: str, unsigned: tuple[str, ...]) -> None:
        stamp = f"{datetime.datetime.fromtimestamp(self.clock.now(), datetime.UTC):%Y%m%dT%H%M%SZ}"
        scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
        headers = request.headers
        headers |= {"x-amz-date": stamp, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        names = sorted(n for n in headers if n.startswith(("host", "x-amz-", "x-scal-")) and n not in unsigned)
        path = urllib.parse.quote(urllib.parse.unquote(request.raw_path.replace("+", " ")), safe="/-_.~")
        pairs = sorted(
            (urllib.parse.quote(k, safe=""), urllib.parse.quote(v, safe="")) for k, v in request.query.items()
        )
        lines = [request.method, path, "&".join(f"{name}={value}" for name, value in pairs)]
        lines += [f"{name}:{' '.join(headers[name].split())}" for name in names]
        lines += ["", ";".join(names), "UNSIGNED-PAYLOAD"]
        digest = hashlib.sha256("\n".join(lines).encode("latin-1")).hexdigest()
        key = f"AWS4{SECRETS[access_key]}".encode()
        for part in (stamp[:8], "us-east-1", "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
        )

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        *,
        access_key: str | None = "replicationKey1",
    ) -> Answer:
        """What the internal routes answer; raises S3Error."""
        return router.handle(self.server, self.request(method, url, headers, body, access_key=access_key))

    def refusal(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        *,
        access_key: str | None = "replicationKey1",
    ) -> S3Error:
        """The error that a request is answered with."""
        with pytest.raises(S3Error) as raised:
            self.ask(method, url, headers, body, access_key=access_key)
        return raised.value

    def add_bucket(self, name: str, *, owner: str = BART, versioning: str | None = "Enabled", **fields: Any) -> None:
        configuration = {"Status": versioning} if versioning else None
        self.server.metadata.create_bucket(
            BucketInfo(
                name=name,
                owner=owner,
                owner_display_name="Bart",
                creation_date=iso(self.clock.now()),
                uid="00000000-0000-4000-8000-000000000000",
                versioning_configuration=configuration,
                location_constraint=fields.pop("location_constraint", "us-east-1"),
                **fields,
            )
        )

    def add_object(
        self, bucket: str, key: str, values: Mapping[str, Any] | None = None, *, versioning: bool = True
    ) -> str:
        """Write an object's metadata; its encoded version id, or an empty text."""
        self.clock.advance(0.001)
        described = {"owner-id": BART, "owner-display-name": "Bart", "key": key, "last-modified": iso(self.clock.now())}
        md = new_object_md(described | dict(values or {}))
        written = self.server.metadata.put_object(bucket, key, md, versioning=versioning)
        return encode(written) if written else ""

    def stored(self, bucket: str, key: str, version_id: str | None = None) -> dict[str, Any]:
        md = self.server.metadata.get_object(bucket, key, version_id)
        assert md is not None
        return md

    def read(self, elements: list[dict[str, Any]]) -> bytes:
        return b"".join(self.server.gateway.read(elements))


def json_of(answer: Answer) -> Any:
    """The document in a successful answer, whose head is checked on the way."""
    assert isinstance(answer.body, bytes)
    assert answer.status == 200
    assert answer.headers[:2] == [("content-type", "application/json"), ("content-length", str(len(answer.body)))]
    return json.loads(answer.body)


def make_backend(settings: Settings) -> Backend:
    clock = VirtualClock()
    journal = Journal(clock)
    randomness = SeededRandomness(7)
    gateway = MultipleBackendGateway(settings, clock, randomness)
    remote = ScriptedRemote("aws-site", clock)
    if "aws-site" in settings.locations:
        gateway._locations["aws-site"] = remote
    server = CloudServer(
        settings=settings,
        accounts=Accounts(settings.accounts),
        metadata=MetadataStore(clock, VersionIdGenerator(clock, "RG001"), journal),
        gateway=gateway,
        clock=clock,
        randomness=randomness,
    )
    return Backend(server, remote, clock)
