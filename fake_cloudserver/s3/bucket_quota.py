"""``?quota`` of a bucket, a number of bytes. It is kept and shown; nothing is refused for it without a usage service.

Source: cloudserver lib/api/bucketUpdateQuota.js, bucketGetQuota.js, bucketDeleteQuota.js.
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.javascript import parse_int, parse_json
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import DECLARATION, parse, xml_answer


def bucket_update_quota(server: CloudServer, request: Request) -> Answer:
    """Set the quota from ``{"quota": n}`` or ``<quota>n</quota>``; the body is checked after the bucket."""
    bucket = load_bucket(server, request, ("bucketUpdateQuota",))
    quota = _parse(body_of(request))
    update_bucket(server, bucket.name, quota_max=quota)
    return Answer(200)


def bucket_get_quota(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetQuota",))
    if not bucket.quota_max:
        raise S3Error("NoSuchQuota")
    return xml_answer(
        f"{DECLARATION}<GetBucketQuota><Name>{bucket.name}</Name><Quota>{bucket.quota_max}</Quota></GetBucketQuota>"
    )


def bucket_delete_quota(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketDeleteQuota",))
    update_bucket(server, bucket.name, quota_max=0)
    return Answer(204)


def _parse(body: bytes) -> int:
    quota = parse_int(_text(_document(body).get("quota")))
    if quota is None:
        raise S3Error("InvalidArgument", "Quota Value should be a number")
    if quota <= 0:
        raise S3Error("InvalidArgument", "Quota value must be a positive number")
    return quota


def _document(body: bytes) -> dict[str, Any]:
    """The body as JSON, else as XML; an empty one is never answered."""
    if not body.strip():
        raise S3Error("InternalError")
    try:
        document = parse_json(body.decode("utf-8", "replace"))
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    if isinstance(document, list):
        return {}
    try:
        return parse(body)
    except S3Error as error:
        raise S3Error("InvalidArgument", "Request body must be a JSON object") from error


def _text(value: Any) -> str:
    """What JavaScript reads the number from; nothing for what is neither text nor number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value)
