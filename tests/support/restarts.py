"""What a client sees of a CloudServer, to be compared with what it sees after a restart; writers to be broken off."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_CONFIGURATIONS = (
    "get_bucket_acl",
    "get_bucket_cors",
    "get_bucket_lifecycle_configuration",
    "get_bucket_location",
    "get_bucket_policy",
    "get_bucket_replication",
    "get_bucket_tagging",
    "get_bucket_versioning",
    "get_bucket_website",
    "list_multipart_uploads",
)


def s3_client(endpoint: str, keys: tuple[str, str]) -> Any:
    """A client that tries once: what it was not answered was not acknowledged."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            request_checksum_calculation="when_required",
        ),
    )
    client.meta.events.register("before-sign.s3", _content_md5)
    return client


def _content_md5(request: Any, **_: Any) -> None:
    """CloudServer asks for it where botocore no longer sends it."""
    if request.method in {"PUT", "POST"} and isinstance(request.body, bytes):
        md5 = base64.b64encode(hashlib.md5(request.body).digest()).decode()
        request.headers["Content-MD5"] = md5


def seen_of(client: Any, bucket: str) -> dict[str, Any]:
    """Configurations, listings, and every version with what it holds, its tags and its ACL."""
    seen: dict[str, Any] = {operation: _ask(getattr(client, operation), bucket) for operation in _CONFIGURATIONS}
    seen["buckets"] = client.list_buckets()["Buckets"]
    listed = client.list_object_versions(Bucket=bucket)
    seen["versions"], seen["markers"] = listed.get("Versions", []), listed.get("DeleteMarkers", [])
    for version in seen["versions"]:
        place = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        found = client.get_object(**place)
        body = found.pop("Body").read()
        tags = client.get_object_tagging(**place)["TagSet"]
        seen[f"{version['Key']} {version['VersionId']}"] = _content(found), hashlib.md5(body).hexdigest(), tags
    for upload in seen["list_multipart_uploads"].get("Uploads", []):
        parts = client.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        seen[f"upload {upload['UploadId']}"] = _content(parts)
    return seen


def _ask(operation: Callable[..., Mapping[str, Any]], bucket: str) -> dict[str, Any]:
    try:
        return _content(operation(Bucket=bucket))
    except ClientError as error:
        return {"error": error.response["Error"]["Code"]}


def _content(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class Writer(threading.Thread):
    """Puts version after version until nobody answers any more.

    Attributes:
        acknowledged: what was put, by key and version id: the MD5 of the body.
        deleted: the keys and version ids of versions whose deletion was acknowledged.
        tagged: the tag of each key and version id that was given one.
        uncertain: keys and version ids whose deletion may have happened.
    """

    def __init__(self, client: Any, bucket: str, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._client = client
        self._bucket = bucket
        self.acknowledged: dict[tuple[str, str], str] = {}
        self.deleted: set[tuple[str, str]] = set()
        self.uncertain: set[tuple[str, str]] = set()
        self.tagged: dict[tuple[str, str], str] = {}

    def run(self) -> None:
        number = 0
        try:
            while True:
                number += 1
                self._put(number)
        except (BotoCoreError, ClientError):
            return

    def _put(self, number: int) -> None:
        key = f"{self.name}/{number % 7}"
        body = f"{self.name} {number} ".encode() * (1 + number % 50)
        version_id = self._client.put_object(Bucket=self._bucket, Key=key, Body=body)["VersionId"]
        place = key, version_id
        self.acknowledged[place] = hashlib.md5(body).hexdigest()
        named = {"Bucket": self._bucket, "Key": key, "VersionId": version_id}
        if number % 3 == 0:
            tags = {"TagSet": [{"Key": "number", "Value": str(number)}]}
            self._client.put_object_tagging(**named, Tagging=tags)
            self.tagged[place] = str(number)
        if number % 5 == 0:
            self.uncertain.add(place)
            self._client.delete_object(**named)
            self.deleted.add(place)

    def check(self, client: Any) -> int:
        """Raises AssertionError for anything acknowledged that is not so; how much was looked at."""
        for place, md5 in self.acknowledged.items():
            if place in self.uncertain and place not in self.deleted:
                continue
            named = {"Bucket": self._bucket, "Key": place[0], "VersionId": place[1]}
            if place in self.deleted:
                with pytest.raises(ClientError, match="NoSuchVersion"):
                    client.get_object(**named)
                continue
            assert hashlib.md5(client.get_object(**named)["Body"].read()).hexdigest() == md5, place
            if place in self.tagged:
                tags = client.get_object_tagging(**named)["TagSet"]
                assert tags == [{"Key": "number", "Value": self.tagged[place]}], place
        return len(self.acknowledged)


def broken_off(client: Any, bucket: str, name: str, seconds: float, kill: Callable[[], object]) -> list[Writer]:
    """Four writers that were at work for so long when ``kill`` came."""
    writers = [Writer(client, bucket, f"{name}-{index}") for index in range(4)]
    for writer in writers:
        writer.start()
    time.sleep(seconds)  # the moment of death; nothing is waited for
    kill()
    for writer in writers:
        writer.join(60)
    return writers
