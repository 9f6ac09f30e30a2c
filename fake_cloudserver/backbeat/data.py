"""Data of a replica: PUT ``/_/backbeat/data/<bucket>/<key>``.

Two callers speak to this route. One stores the bytes of a replica here (as released). The other, recognised by its
``x-scal-replication-storage-type`` header, sends an object through to a cloud location (:mod:`.data_design`).
"""

from __future__ import annotations

from fake_cloudserver.backbeat import data_design
from fake_cloudserver.backbeat.arrivals import STORAGE_TYPE
from fake_cloudserver.backbeat.documents import json_answer
from fake_cloudserver.backbeat.target import Target
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Upload
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.encryption import bucket_encryption

_LEGACY_LOCATION = "us-east-1"
#: AES-256-CTR with a derived key (cloudserver lib/kms/common.js)
_CRYPTO_SCHEME = 1


def put_data(server: CloudServer, request: Request, target: Target) -> Answer:
    """Store bytes, no metadata; the answer is a list with the one element that names them.

    Encrypted where the bucket says so, for a caller that knows of encryption (the bare query parameter ``v2``).

    Raises:
        S3Error: BadRequest for a missing header; InternalError for an unknown location; ServiceUnavailable when the
            bytes could not be stored; BadDigest, after storing them, when their MD5 is another than announced.
    """
    if STORAGE_TYPE in request.headers:
        return data_design.put_data(server, request, target)
    # cloudserver lib/routes/routeBackbeat.js (putData)
    for name in ("x-scal-canonical-id", "content-md5"):
        if name not in request.headers:
            raise S3Error("BadRequest", f"bad request: missing {name} header")
    upload = Upload(
        bucket=target.bucket.name,
        key=target.key,
        size=request.content_length,
        owner_id=request.headers["x-scal-canonical-id"],
    )
    encryption = bucket_encryption(target.bucket) if request.query.get("v2") == "" else None
    stored = server.gateway.put(_location(server, request, target.bucket), request.stream, upload)
    if stored.md5 != request.headers["content-md5"]:
        raise S3Error("BadDigest")
    answer = {"key": stored.element["key"], "dataStoreName": stored.element["dataStoreName"]}
    if encryption is None:
        return json_answer([answer])
    # the data lie in the clear here; the caller, who keeps these two for us, cannot tell
    answer |= {"cryptoScheme": _CRYPTO_SCHEME, "cipheredDataKey": server.randomness.hex(64)}
    return json_answer([answer], [(name, value) for name, value in encryption.properties.items() if value])


def _location(server: CloudServer, request: Request, bucket: BucketInfo) -> str:
    # cloudserver lib/api/apiUtils/object/locationConstraintCheck.js
    asked = request.headers.get("x-amz-meta-scal-location-constraint")
    name = asked or bucket.location_constraint or _LEGACY_LOCATION
    if name not in server.settings.locations:
        raise S3Error("InternalError")
    return name
