"""``?encryption`` of a bucket: the default encryption of its objects.

The stored form is CloudServer's:

    {"cryptoScheme": 1, "algorithm": "AES256" | "aws:kms", "masterKeyId": str, "mandatory": bool,
     "configuredMasterKeyId"?: str}

Source: cloudserver lib/api/bucketPutEncryption.js, bucketGetEncryption.js, bucketDeleteEncryption.js,
lib/api/apiUtils/bucket/bucketEncryption.js, lib/kms/wrapper.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.randomness import Randomness
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of, child, children, document_of
from fake_cloudserver.s3.expected_owner import check_expected_owner
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import DECLARATION, escape, xml_answer

_ALGORITHMS = ("AES256", "aws:kms")


@dataclasses.dataclass(frozen=True, slots=True)
class BucketEncryption:
    """What a client asks for: the algorithm, and its own key for ``aws:kms``."""

    algorithm: str
    configured_key: str | None = None


def bucket_put_encryption(server: CloudServer, request: Request) -> Answer:
    """Make encryption the default; the key that the bucket has already stays."""
    bucket = load_bucket(server, request, ("bucketPutEncryption",))
    check_expected_owner(server, request, bucket)
    wanted = _parse(body_of(request))
    if bucket.server_side_encryption is None:
        stored = new_bucket_encryption(server.randomness, wanted)
    else:
        stored = _stored(wanted, bucket.server_side_encryption["masterKeyId"])
    update_bucket(server, bucket.name, server_side_encryption=stored)
    return Answer(200)


def bucket_get_encryption(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetEncryption",))
    check_expected_owner(server, request, bucket)
    stored = bucket.server_side_encryption
    if stored is None or not stored["mandatory"]:
        request.bucket_info = None  # the real one passes the CORS headers of this error in the wrong place
        raise S3Error("ServerSideEncryptionConfigurationNotFoundError")
    key = stored.get("configuredMasterKeyId")
    key_element = f"<KMSMasterKeyID>{escape(key)}</KMSMasterKeyID>" if key else ""
    return xml_answer(
        f"{DECLARATION}<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
        f"<SSEAlgorithm>{stored['algorithm']}</SSEAlgorithm>{key_element}</ApplyServerSideEncryptionByDefault>"
        "<BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
    )


def bucket_delete_encryption(server: CloudServer, request: Request) -> Answer:
    """Encryption is no longer the default; the bucket's key stays for the objects under it."""
    bucket = load_bucket(server, request, ("bucketDeleteEncryption",))
    check_expected_owner(server, request, bucket)
    stored = bucket.server_side_encryption
    if stored is not None:
        kept = {name: stored[name] for name in ("cryptoScheme", "algorithm", "masterKeyId")} | {"mandatory": False}
        update_bucket(server, bucket.name, server_side_encryption=kept)
    return Answer(204)


def new_bucket_encryption(
    randomness: Randomness, wanted: BucketEncryption, *, mandatory: bool = True
) -> dict[str, Any]:
    """The stored form with a new bucket key, which is a name only: data is not really encrypted."""
    return _stored(wanted, randomness.hex(64), mandatory=mandatory)


def encryption_from_headers(headers: Mapping[str, str], randomness: Randomness) -> dict[str, Any] | None:
    """What the headers of PUT bucket ask for; None when they ask for nothing that is known.

    Source: cloudserver lib/api/apiUtils/bucket/bucketEncryption.js (parseBucketEncryptionHeaders).
    """
    algorithm = headers.get("x-amz-scal-server-side-encryption")
    if algorithm not in _ALGORITHMS:
        return None
    key = headers.get("x-amz-scal-server-side-encryption-aws-kms-key-id") or None
    return new_bucket_encryption(randomness, BucketEncryption(algorithm, key if algorithm == "aws:kms" else None))


def _stored(wanted: BucketEncryption, key: str, *, mandatory: bool = True) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "cryptoScheme": 1,
        "algorithm": wanted.algorithm,
        "masterKeyId": key,
        "mandatory": mandatory,
    }
    if wanted.configured_key is not None:
        stored["configuredMasterKeyId"] = wanted.configured_key
    return stored


def _parse(body: bytes) -> BucketEncryption:
    rules = children(document_of(body).get("ServerSideEncryptionConfiguration"), "Rule")
    default = child(rules[0], "ApplyServerSideEncryptionByDefault") if len(rules) == 1 else None
    algorithm = child(default, "SSEAlgorithm")
    if algorithm not in _ALGORITHMS:
        raise S3Error("MalformedXML")
    key = child(default, "KMSMasterKeyID")
    if key is None:
        return BucketEncryption(str(algorithm))
    if algorithm == "AES256":
        raise S3Error(
            "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"
        )
    if not key or not isinstance(key, str):
        raise S3Error("MalformedXML")
    return BucketEncryption(str(algorithm), key)
