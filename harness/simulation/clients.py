"""The clients of the source: they do what the script says, and know what must come of it."""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from collections import defaultdict

from fake_cloudserver import Clock
from harness.engine.signing import Credentials, SignatureV2
from harness.simulation.script import Call
from harness.transport import Response, Transport


class ClientError(Exception):
    """The source refused what it must not refuse."""


#: So many bytes are what no other number has.
UNIQUE = 13


def body(number: int, size: int) -> bytes:
    """``size`` bytes that no other number has, from UNIQUE on."""
    line = f"{number:012d} ".encode()
    return (line * (size // len(line) + 1))[:size]


class Clients:
    """Attributes:
    sent: version id -> MD5 of what was sent.
    tags: version id -> the tags it must have at the end.
    """

    def __init__(self, transport: Transport, url: str, bucket: str, credentials: Credentials, clock: Clock) -> None:
        self._transport = transport
        self._url = f"{url}/{bucket}"
        self._bucket = bucket
        self._signer = SignatureV2(credentials, clock)
        self._versions: dict[str, list[str]] = defaultdict(list)
        self.sent: dict[str, str] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def prepare(self, role: str, site: str) -> None:
        """Make the bucket, with versions and a rule that replicates everything to ``site``."""
        rule = (
            "<Rule><ID>all</ID><Prefix/><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::any</Bucket>"
            f"<StorageClass>{site}</StorageClass></Destination></Rule>"
        )
        versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        replication = f"<ReplicationConfiguration><Role>{role}</Role>{rule}</ReplicationConfiguration>"
        for query, document in (("", ""), ("?versioning", versioning), ("?replication", replication)):
            self._ask("PUT", query, {}, document.encode())

    def do(self, call: Call) -> str:
        """The version id that it is about; "" where there is nothing to copy or to tag (any more)."""
        versions = self._versions[call.key]
        match call.kind:
            case "put" | "multipart":
                content = body(call.number, call.size)
                tags = {} if call.kind == "multipart" else first_tags(call)
                version = self._upload(call, content) if call.kind == "multipart" else self._put(call, content)
                return self._made(versions, version, hashlib.md5(content, usedforsecurity=False).hexdigest(), tags)
            case "delete":
                return _version(self._ask("DELETE", _path(call), {}))
            case _ if not versions:
                return ""
            case "copy":
                origin = versions[-1]
                source = f"/{self._bucket}{_path(call)}?versionId={origin}"
                answer = self._ask("PUT", _path(call), {"x-amz-copy-source": source})
                return self._made(versions, _version(answer), self.sent[origin], self.tags[origin])
            case _:
                return self._tag(call, versions[max(0, len(versions) - 1 - call.back)])

    def _made(self, versions: list[str], version_id: str, md5: str, tags: dict[str, str]) -> str:
        self.sent[version_id] = md5
        self.tags[version_id] = dict(tags)
        versions.append(version_id)
        return version_id

    def _put(self, call: Call, content: bytes) -> str:
        return _version(self._ask("PUT", _path(call), described(call) | _tagging(call), content))

    def _upload(self, call: Call, content: bytes) -> str:
        """A multipart upload of one part, which may have any size."""
        begun = self._ask("POST", f"{_path(call)}?uploads", described(call)).read().decode()
        upload_id = _text(begun, "UploadId")
        part = self._ask("PUT", f"{_path(call)}?partNumber=1&uploadId={upload_id}", {}, content)
        document = (
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            f"<ETag>{part.headers['etag']}</ETag></Part></CompleteMultipartUpload>"
        )
        return _version(self._ask("POST", f"{_path(call)}?uploadId={upload_id}", {}, document.encode()))

    def _tag(self, call: Call, version: str) -> str:
        path = f"{_path(call)}?tagging&versionId={version}"
        if call.kind == "tag":
            tag = f"<Tag><Key>changed</Key><Value>{call.number}</Value></Tag>"
            self._ask("PUT", path, {}, f"<Tagging><TagSet>{tag}</TagSet></Tagging>".encode())
            self.tags[version] = {"changed": str(call.number)}
        else:
            self._ask("DELETE", path, {})
            self.tags[version] = {}
        return version

    def _ask(self, method: str, path: str, headers: dict[str, str], content: bytes = b"") -> Response:
        url = self._url + path
        response = self._transport.send(method, url, self._signer.sign(method, url, headers), content)
        if response.status >= 300:
            raise ClientError(f"{method} {path}: {response.status} {response.read().decode()}")
        return response


def described(call: Call) -> dict[str, str]:
    """The headers that describe an object."""
    number = call.number
    headers = {"x-amz-meta-number": str(number)} if number % 3 else {}
    if number % 5 == 0:
        headers |= {"content-type": "text/plain", "cache-control": f"max-age={number}"}
    return headers


def first_tags(call: Call) -> dict[str, str]:
    """The tags that an object is put with."""
    return {"first": str(call.number), "colour": "green"} if call.number % 4 == 0 else {}


def _tagging(call: Call) -> dict[str, str]:
    tags = first_tags(call)
    return {"x-amz-tagging": urllib.parse.urlencode(tags)} if tags else {}


def _path(call: Call) -> str:
    return "/" + urllib.parse.quote(call.key, safe="/-_.~")


def _version(response: Response) -> str:
    return response.headers["x-amz-version-id"]


def _text(document: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", document)
    if found is None:
        raise ClientError(f"no {name} in {document}")
    return found[1]
