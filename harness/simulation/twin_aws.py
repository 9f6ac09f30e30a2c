# ruff: noqa: N803  (arguments are called as boto3 calls them)
"""What scenarios can ask the AWS in memory: the reading operations of a boto3 client."""

from __future__ import annotations

import datetime
import hashlib
import io
from typing import Any

from fake_cloudserver import MemoryAws
from harness.scenario.target import Unsupported

_NAMED = {"content-type": "ContentType", "cache-control": "CacheControl"}


class TwinAwsClient:
    """Looks at a :class:`MemoryAws` as boto3 looks at S3. Raises botocore's ClientError for what is not there."""

    def __init__(self, aws: MemoryAws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    def __getattr__(self, name: str) -> Any:
        raise Unsupported(f"the AWS of stacks that take turns can be looked at only; it knows no {name}")

    def head_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:
        return self._described(self._found("HeadObject", Bucket, Key, VersionId))

    def get_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:
        from botocore.response import StreamingBody

        version = self._found("GetObject", Bucket, Key, VersionId)
        content = version.body or b""
        return self._described(version) | {"Body": StreamingBody(io.BytesIO(content), len(content))}

    def get_object_tagging(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:
        version = self._found("GetObjectTagging", Bucket, Key, VersionId)
        tags = [{"Key": name, "Value": value} for name, value in version.tags.items()]
        return {"VersionId": version.version_id, "TagSet": tags}

    def list_object_versions(self, *, Bucket: str, Prefix: str = "") -> dict[str, Any]:
        """Newest first, as S3 lists them; without times, and never in pages."""
        self._check("ListObjectVersions", Bucket)
        versions: list[dict[str, Any]] = []
        markers: list[dict[str, Any]] = []
        for key, of_key in sorted(self._aws.versions.items()):
            for version in reversed(of_key) if key.startswith(Prefix) else ():
                one = {"Key": key, "VersionId": version.version_id, "IsLatest": version is of_key[-1]}
                if version.body is None:
                    markers.append(one)
                else:
                    versions.append(one | {"Size": len(version.body), "ETag": _etag(version.body)})
        return {"IsTruncated": False, "Versions": versions, "DeleteMarkers": markers}

    def _found(self, operation: str, bucket: str, key: str, version_id: str) -> Any:
        self._check(operation, bucket)
        versions = self._aws.versions.get(key, [])
        chosen = [one for one in versions if one.version_id == version_id] if version_id else versions[-1:]
        if not chosen or chosen[0].body is None:
            raise _error(operation, "NoSuchVersion" if version_id and not chosen else "NoSuchKey")
        return chosen[0]

    def _check(self, operation: str, bucket: str) -> None:
        if bucket != self._bucket:
            raise _error(operation, "NoSuchBucket")

    def _described(self, version: Any) -> dict[str, Any]:
        described = {"content-type": "application/octet-stream"} | version.described()
        named = {_NAMED[name]: value for name, value in described.items() if name in _NAMED}
        return {
            "VersionId": version.version_id,
            "ContentLength": len(version.body),
            "ETag": _etag(version.body),
            "LastModified": datetime.datetime.fromtimestamp(version.modified, datetime.UTC),
            "Metadata": {name: value for name, value in described.items() if name not in _NAMED},
            **named,
        }


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _error(operation: str, code: str) -> Exception:
    from botocore.exceptions import ClientError

    answer: Any = {"Error": {"Code": code, "Message": "it is not there"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
    return ClientError(answer, operation)
