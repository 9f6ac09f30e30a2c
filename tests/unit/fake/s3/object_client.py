"""A small CloudServer in memory, and requests to its object operations: support for the tests beside it."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import HeadResult, LocationError, NoSuchData, Stored, Upload
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.request import Answer, Request, Requester, parse_query
from fake_cloudserver.s3.operations import OPERATIONS
from fake_cloudserver.settings import Settings

LOCAL = "us-east-1"
AWS = "aws-us-east-1"
START = 1_795_385_971.731  # 2026-11-22T22:19:31.731Z
LAST_MODIFIED = "Sun, 22 Nov 2026 22:19:31 GMT"
FOREIGN_VERSION = "3938353030363133303437363339393939393939524730303120203130"

RULE = {"id": "r", "prefix": "", "enabled": True, "storageClass": AWS}
REPLICATION = {
    "role": "arn:aws:iam::123456789012:role/crr",
    "destination": "arn:aws:s3:::crr-target",
    "rules": [RULE],
    "preferredReadLocation": None,
}


class RemoteLocation:
    """A twin of an external location: keeps every version, and a list of what was asked of it."""

    type = "aws_s3"
    label = "AWS"

    def __init__(self, name: str = AWS) -> None:
        self.name = name
        self.versions: dict[tuple[str, str], bytes] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.broken = False
        self._ids = itertools.count(1)

    def _called(self, *call: Any) -> None:
        self.calls.append(call)
        if self.broken:
            raise LocationError("InternalError", "out of order", 500)

    def remote_key(self, bucket: str, key: str) -> str:
        return f"{bucket}/{key}"

    def put(self, body: io.BytesIO, upload: Upload) -> Stored:
        data = body.read()
        self._called("put", upload)
        key, version_id = self.remote_key(upload.bucket, upload.key), f"v{next(self._ids)}"
        self.versions[key, version_id] = data
        md5 = hashlib.md5(data).hexdigest()
        element = {"key": key, "size": len(data), "dataStoreName": self.name, "dataStoreType": self.type}
        element |= {"dataStoreETag": f"1:{md5}", "dataStoreVersionId": version_id}
        return Stored(element, md5, len(data), version_id)

    def get(self, element: dict[str, Any], first: int, last: int) -> Iterator[bytes]:
        self._called("get", element["key"], element["dataStoreVersionId"])
        yield self.versions[element["key"], element["dataStoreVersionId"]][first : last + 1]

    def head(self, element: dict[str, Any]) -> HeadResult:
        self._called("head", element["key"], element["dataStoreVersionId"])
        data = self.versions.get((element["key"], element["dataStoreVersionId"]))
        if data is None:
            raise NoSuchData("NotFound", None, 404)
        return HeadResult(None, len(data))

    def delete(self, element: dict[str, Any], *, with_version: bool) -> None:
        self._called("delete", element["key"], element.get("dataStoreVersionId") if with_version else None)

    def delete_marker(self, bucket: str, key: str) -> str:
        self._called("delete_marker", self.remote_key(bucket, key))
        return f"v{next(self._ids)}"

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        self._called("put_tags", bucket, key, version_id, dict(tags))

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        self._called("delete_tags", bucket, key, version_id)

    def copy(
        self, source: dict[str, Any], source_bucket: str, upload: Upload, directive: str | None
    ) -> tuple[str, str]:
        self._called("copy", source["key"], source.get("dataStoreVersionId"), upload, directive)
        return self.remote_key(upload.bucket, upload.key), f"v{next(self._ids)}"

    def close(self) -> None:
        self.calls.clear()


@dataclasses.dataclass
class Reply:
    """An answer as a client sees it; ``code`` and ``message`` are empty for a success."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    code: str = ""
    message: str = ""

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    @property
    def version_id(self) -> str:
        value = self.header("x-amz-version-id")
        assert value is not None
        return value


class Client:
    """Operations on one server with virtual time and a twin of AWS."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.default()
        self.last_request: Request | None = None
        self.clock = VirtualClock(START)
        self.journal = Journal(self.clock)
        version_ids = VersionIdGenerator(self.clock, self.settings.replication_group_id)
        self.gateway = MultipleBackendGateway(self.settings, self.clock, SeededRandomness(2))
        self.remote = RemoteLocation()
        self.gateway._locations[AWS] = self.remote  # type: ignore[assignment]
        self.server = CloudServer(
            settings=self.settings,
            accounts=Accounts(self.settings.accounts),
            metadata=MetadataStore(self.clock, version_ids, self.journal),
            gateway=self.gateway,
            clock=self.clock,
            randomness=SeededRandomness(1),
        )

    def requester(self, name: str | None) -> Requester:
        account = next((one for one in self.settings.accounts if one.name == name), None)
        if account is None:
            return Requester()
        return Requester(account.canonical_id, account.name, account.email, account.arn, account.short_id)

    def create_bucket(self, name: str, *, versioning: str | None = None, owner: str = "Bart", **fields: Any) -> None:
        account = self.requester(owner)
        fields.setdefault("location_constraint", LOCAL)
        bucket = BucketInfo(
            name=name,
            owner=account.canonical_id,
            owner_display_name=account.name,
            creation_date="2026-11-22T22:00:00.000Z",
            uid="00000000-0000-4000-8000-000000000000",
            versioning_configuration={"Status": versioning} if versioning else None,
            **fields,
        )
        self.server.metadata.create_bucket(bucket)

    def change_bucket(self, name: str, **fields: Any) -> None:
        bucket = self.server.metadata.find_bucket(name)
        assert bucket is not None
        self.server.metadata.put_bucket(dataclasses.replace(bucket, **fields))

    def set_versioning(self, name: str, status: str) -> None:
        self.change_bucket(name, versioning_configuration={"Status": status})

    def ask(
        self,
        operation: str,
        path: str,
        body: bytes = b"",
        *,
        as_: str | None = "Bart",
        headers: Mapping[str, str] | None = None,
        md5: str | None = None,
        **query: str,
    ) -> Reply:
        """Call an operation on ``bucket/key``; query names come with underscores for dashes."""
        bucket, _, key = path.partition("/")
        raw_query = "&".join(f"{name.replace('_', '-')}={value}" for name, value in query.items())
        parsed, repeated = parse_query(raw_query)
        all_headers = {"content-length": str(len(body)), **(headers or {})}
        request = Request(
            method="GET",
            raw_path=f"/{path}",
            raw_query=raw_query,
            query=parsed,
            repeated=repeated,
            headers=all_headers,
            header_list=list(all_headers.items()),
            stream=io.BytesIO(body),
            request_id="0" * 20,
            bucket=bucket,
            key=key or None,
            requester=self.requester(as_),
            content_md5=md5,
        )
        self.last_request = request
        try:
            return _reply(OPERATIONS[operation](self.server, request))
        except S3Error as error:
            return Reply(error.status, error.headers, b"", error.code, error.message)

    def put(self, path: str, body: bytes = b"0123456789abcdefghij", **options: Any) -> Reply:
        reply = self.ask("object_put", path, body, **options)
        self.clock.advance(0.01)
        return reply

    def get(self, path: str, **options: Any) -> Reply:
        return self.ask("object_get", path, **options)

    def head(self, path: str, **options: Any) -> Reply:
        return self.ask("object_head", path, **options)

    def delete(self, path: str, **options: Any) -> Reply:
        reply = self.ask("object_delete", path, **options)
        self.clock.advance(0.01)
        return reply

    def md(self, path: str, version_id: str | None = None) -> dict[str, Any]:
        bucket, _, key = path.partition("/")
        document = self.server.metadata.get_object(bucket, key, version_id)
        assert document is not None
        return document

    def stored(self, bucket: str) -> dict[str, dict[str, Any]]:
        """Raw keys of a bucket, NUL as ``|``, and their documents."""
        entries = self.server.metadata.entries(bucket)
        return {key.replace("\0", "|"): json.loads(text) for key, text in entries}

    def data_of(self, element: dict[str, Any]) -> bytes | None:
        """The bytes of a location element; None when they are gone."""
        try:
            return b"".join(self.gateway.read([{**element, "start": 0}]))
        except (LocationError, S3Error):
            return None


def _reply(answer: Answer) -> Reply:
    body = answer.body
    if body is None:
        body = b""
    return Reply(answer.status, answer.headers, body if isinstance(body, bytes) else b"".join(body))
