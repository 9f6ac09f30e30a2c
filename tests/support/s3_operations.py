"""Every operation of botocore's S3 model asked of the fake, and the table that ``docs/s3-operations.md`` shows.

``python -m support.s3_operations`` in the folder ``tests`` writes that document anew.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import io
import re
import urllib.parse
from pathlib import Path
from typing import Any

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError as ParserError

from fake_cloudserver.errors import S3Error
from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.request import Request, parse_query
from fake_cloudserver.s3.sub_resources import choose
from support.in_process import Client, Reply

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "s3-operations.md"
ENDPOINT = "http://127.0.0.1:8000"

_TAGS = {"TagSet": [{"Key": "a", "Value": "b"}]}
_LATER = "2090-01-01T00:00:00Z"
_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
    '"Resource":"arn:aws:s3:::bkt/*"}]}'
)
_RULE = {
    "ID": "r",
    "Prefix": "",
    "Status": "Enabled",
    "Destination": {"Bucket": "arn:aws:s3:::dst", "StorageClass": "STANDARD"},
}
_LIFECYCLE = {"Rules": [{"ID": "r", "Prefix": "", "Status": "Enabled", "Expiration": {"Days": 1}}]}
_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}

# What the operations need beside the names of bucket and key; all others get the least that their model asks for.
_PARAMETERS: dict[str, dict[str, Any]] = {
    "CopyObject": {"CopySource": "bkt/k", "Key": "copy"},
    "CreateBucket": {"Bucket": "new"},
    "DeleteBucket": {"Bucket": "empty"},
    "DeleteObjects": {"Delete": {"Objects": [{"Key": "k"}]}},
    "GetObjectLegalHold": {"Bucket": "locked"},
    "GetObjectLockConfiguration": {"Bucket": "locked"},
    "GetObjectRetention": {"Bucket": "locked"},
    "PutBucketAcl": {"ACL": "private"},
    "PutBucketCors": {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
    "PutBucketEncryption": {"ServerSideEncryptionConfiguration": _ENCRYPTION},
    "PutBucketLifecycle": {"LifecycleConfiguration": _LIFECYCLE},
    "PutBucketLifecycleConfiguration": {"LifecycleConfiguration": _LIFECYCLE},
    "PutBucketNotification": {"NotificationConfiguration": {"TopicConfiguration": {"Id": "x"}}},
    "PutBucketNotificationConfiguration": {"NotificationConfiguration": {"EventBridgeConfiguration": {}}},
    "PutBucketPolicy": {"Policy": _POLICY},
    "PutBucketReplication": {
        "ReplicationConfiguration": {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [_RULE]}
    },
    "PutBucketTagging": {"Tagging": _TAGS},
    "PutBucketVersioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "PutBucketWebsite": {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "i"}}},
    "PutObjectAcl": {"ACL": "private"},
    "PutObjectLegalHold": {"Bucket": "locked", "LegalHold": {"Status": "OFF"}},
    "PutObjectLockConfiguration": {
        "Bucket": "locked",
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
        },
    },
    "PutObjectRetention": {"Bucket": "locked", "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": _LATER}},
    "PutObjectTagging": {"Tagging": _TAGS},
    "RestoreObject": {"RestoreRequest": {"Days": 1}},
    "UploadPartCopy": {"CopySource": "bkt/k"},
}
# Queries that make no operation of their own and are looked at all the same.
_OF_LISTINGS = {"versions", "list-type=2"}
# Signed for another service than S3; a path that is no bucket's.
_REFUSED = {"ListDirectoryBuckets", "WriteGetObjectResponse"}


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        operation: its name in the model.
        request: method and path, as the model has them.
        verdict: ``works``, or what CloudServer makes of the request instead.
        answer: status, and the code of an error.
    """

    operation: str
    request: str
    verdict: str
    answer: str

    def __str__(self) -> str:
        return f"| {self.operation} | `{self.request}` | {self.verdict} | {self.answer} |"


class Walk:
    """A botocore client without sockets, and a new fake for each operation, with all configured that can be."""

    def __init__(self) -> None:
        session = botocore.session.Session()
        session.set_credentials("accessKey1", "verySecretKey1")
        # of another session: a client takes the bucket out of its own model's paths
        self._model = botocore.session.Session().get_service_model("s3")
        self._replies: list[Reply] = []
        self._client: Any = session.create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=ENDPOINT,
            config=Config(
                s3={"addressing_style": "path"},
                parameter_validation=False,
                inject_host_prefix=False,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"max_attempts": 0},
            ),
        )
        self._client.meta.events.register("before-sign.s3", _add_md5)
        self._client.meta.events.register("before-send.s3", self._send)

    def operations(self) -> list[str]:
        """The names of all operations of the model."""
        names: list[str] = sorted(self._model.operation_names)
        return names

    def row(self, name: str) -> Row:
        """Ask one operation with a sound request."""
        with FakeCloudServer() as fake:
            self._prepare(Client(fake))
            reply = self._ask(name)
        http = self._model.operation_model(name).http
        uri = http["requestUri"].replace("+}", "}")
        answer = str(reply.status) + (f" `{reply.code}`" if reply.status >= 400 and reply.code else "")
        return Row(name, f"{http['method']} {uri}", _verdict(name, http["method"], uri, reply), answer)

    def _ask(self, name: str) -> Reply:
        parameters = self._sample(self._model.operation_model(name).input_shape)
        parameters |= _PARAMETERS.get(name, {})
        if "UploadId" in parameters:
            parameters["UploadId"] = self._upload_id
        if name == "CompleteMultipartUpload":
            parts = [{"PartNumber": 1, "ETag": self._etag}]
            parameters["MultipartUpload"] = {"Parts": parts}
        self._replies.clear()
        # errors of the fake, and answers that are none of the operation's
        with contextlib.suppress(ClientError, ParserError):
            self._client._make_api_call(name, parameters)
        return self._replies[-1]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        target = urllib.parse.urlsplit(request.url)
        body: Any = request.body or b""
        content: bytes = body.read() if hasattr(body, "read") else body
        headers = [
            (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
            for name, value in request.headers.items()
        ]
        headers = [("Host", target.netloc), *(header for header in headers if header[0].lower() != "host")]
        reply = self._asked.send(request.method or "", target.path or "/", target.query, headers, content)
        self._replies.append(reply)
        answered: Any = dict(reply.headers)
        return AWSResponse(request.url or "", reply.status, answered, _Raw(reply.body))

    def _prepare(self, asked: Client) -> None:
        self._asked = asked
        for path, headers in (("/bkt", {}), ("/empty", {}), ("/locked", {"x-amz-bucket-object-lock-enabled": "true"})):
            assert asked.request("PUT", path, headers=headers).status == 200
        for path in ("/bkt/k", "/locked/k"):
            assert asked.request("PUT", path, body="hello").status == 200
        created = asked.request("POST", "/bkt/k", "uploads")
        self._upload_id = created.elements("UploadId")[0]
        part = asked.request("PUT", "/bkt/k", f"partNumber=1&uploadId={self._upload_id}", body="part")
        self._etag = part.header("etag")
        for name in (
            "PutBucketVersioning",
            "PutBucketCors",
            "PutBucketEncryption",
            "PutBucketLifecycleConfiguration",
            "PutBucketPolicy",
            "PutBucketReplication",
            "PutBucketTagging",
            "PutBucketWebsite",
            "PutObjectLegalHold",
            "PutObjectRetention",
        ):
            assert self._ask(name).status == 200, name

    def _sample(self, shape: Any) -> Any:
        """The least that a shape asks for."""
        match shape.type_name if shape is not None else "structure":
            case "structure":
                required = shape.required_members if shape is not None else []
                return {name: self._sample_member(name, shape.members[name]) for name in required}
            case "list":
                return [self._sample(shape.member)]
            case "map":
                return {}
            case "integer" | "long":
                return 1
            case "boolean":
                return True
            case "timestamp":
                return _LATER
            case "blob":
                return b""
        return shape.enum[0] if getattr(shape, "enum", None) else "x"

    def _sample_member(self, name: str, shape: Any) -> Any:
        return {"Bucket": "bkt", "Key": "k"}.get(name) or self._sample(shape)


class _Raw(io.BytesIO):
    """A body as botocore expects it of urllib3."""

    def stream(self, **_: Any) -> Any:
        yield self.getvalue()


def _add_md5(request: Any, **_: Any) -> None:
    """CloudServer wants the MD5 of some bodies; current SDKs send another checksum instead."""
    body = request.body or request.data or b""
    if isinstance(body, bytes) and body:
        request.headers["Content-MD5"] = base64.b64encode(hashlib.md5(body).digest()).decode()


def _chosen(method: str, path: str, query: str) -> str:
    """The operation that CloudServer takes a request for, under CloudServer's name; empty where it refuses."""
    values, repeated = parse_query(query)
    request = Request(method, path, query, values, repeated, {}, [], io.BytesIO(), "id")
    bucket, _, key = path.removeprefix("/").partition("/")
    request.bucket, request.key = bucket or None, key or None
    try:
        name = choose(request)
    except S3Error:
        return ""
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def _verdict(name: str, method: str, uri: str, reply: Reply) -> str:
    path, _, query = uri.partition("?")
    path = path.replace("{Bucket}", "bkt").replace("{Key}", "k")
    if reply.code == "NotImplemented":
        return "not implemented"
    if name in _REFUSED:
        return "refused"
    chosen = _chosen(method, path, query)
    if query and query not in _OF_LISTINGS and chosen == _chosen(method, path, ""):
        return f"taken for `{chosen}`"
    return "works"


INTRODUCTION = """# Operations of S3

Every operation of botocore's S3 model, asked of the fake with a sound request. What CloudServer has not got it answers
in one of three ways, and the fake does the same: with 501 `NotImplemented`, by refusing the path, or - where it does
not look at the query - by taking the request for another operation, named in CloudServer's own words. The last one is
not always harmless: `DELETE /bucket?ownershipControls` deletes the bucket, if it is empty.

`RestoreObject` works, but no location here is cold. `DeleteObjects` and `PutBucketCors` need `Content-MD5`, as
CloudServer does; current SDKs send another checksum in its place, and get `BadDigest`, from CloudServer too.

`python -m support.s3_operations`, in the folder `tests`, writes this table; a test compares it with the fake.

| Operation | Request | CloudServer 8.8 | Answer |
|---|---|---|---|
"""


def document() -> str:
    """The whole document."""
    walk = Walk()
    return INTRODUCTION + "\n".join(str(walk.row(name)) for name in walk.operations()) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
