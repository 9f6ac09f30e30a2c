"""Deleting for Backbeat's lifecycle: DELETE ``/_/backbeat/expiration/<bucket>/<key>[?versionId=…]``."""

from __future__ import annotations

from fake_cloudserver.backbeat.documents import json_answer
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.object_delete import delete_object_internal


def delete_expired(server: CloudServer, request: Request) -> Answer:
    """The deletion of the S3 API, under another ``originOp``; unlike there, what is not there is an error."""
    # cloudserver lib/routes/routeBackbeat.js (deleteObjectFromExpiration)
    if request.bucket is None:
        raise S3Error("NoSuchBucket")
    if request.key is None:
        raise S3Error("NoSuchKey")
    delete_object_internal(server, request, is_expiration=True)
    return json_answer({})
