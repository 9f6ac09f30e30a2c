"""Server-side encryption of objects: the algorithm and the key that a write is to show.

Data is kept in the clear here; everything that clients see of encryption is the same.

Source: cloudserver lib/api/apiUtils/bucket/bucketEncryption.js, lib/kms/wrapper.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.store import METASTORE
from fake_cloudserver.s3.bucket_encryption import BucketEncryption, new_bucket_encryption

_ALGORITHMS = ("AES256", "aws:kms")
_UNSUPPORTED = "The encryption method specified is not supported"
_KEY_WITHOUT_KMS = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"


@dataclasses.dataclass(frozen=True, slots=True)
class Encryption:
    """How one object is encrypted: ``AES256`` or ``aws:kms``, and the id of the master key."""

    algorithm: str
    key_id: str

    @property
    def properties(self) -> dict[str, Any]:
        """As they stand in the object's document."""
        return {
            "x-amz-server-side-encryption": self.algorithm,
            "x-amz-server-side-encryption-aws-kms-key-id": self.key_id,
        }


def object_encryption(
    server: CloudServer, bucket: BucketInfo, headers: Mapping[str, str], *, is_put: bool
) -> Encryption | None:
    """What the request's headers and the bucket's configuration ask for; None for no encryption.

    A bucket without a key gets one, not mandatory, when a request asks for encryption and names no key.

    Args:
        is_put: PutObject words one fault differently from CopyObject and the initiation of an upload.

    Raises:
        S3Error: InvalidArgument.
    """
    algorithm = headers.get("x-amz-server-side-encryption", "")
    key_id = headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
    if algorithm and algorithm not in _ALGORITHMS:
        raise S3Error("InvalidArgument", _UNSUPPORTED)
    if key_id and algorithm != "aws:kms":
        raise S3Error("InvalidArgument", _UNSUPPORTED if is_put else _KEY_WITHOUT_KMS)
    if key_id:
        return Encryption(algorithm, key_id)
    configured = bucket.server_side_encryption
    if algorithm:
        return Encryption(algorithm, _key_of(configured or _give_key(server, bucket.name, algorithm)))
    if configured and configured.get("mandatory"):
        return Encryption(configured["algorithm"], _key_of(configured))
    return None


def bucket_encryption(bucket: BucketInfo) -> Encryption | None:
    """What the parts of an upload and its completion show: the bucket's own, even where it is not the default."""
    # cloudserver lib/api/completeMultipartUpload.js, objectPutCopyPart.js
    configured = bucket.server_side_encryption
    return Encryption(configured["algorithm"], _key_of(configured)) if configured else None


def _key_of(configured: Mapping[str, Any]) -> str:
    key_id: str = configured.get("configuredMasterKeyId") or configured["masterKeyId"]
    return key_id


def _give_key(server: CloudServer, name: str, algorithm: str) -> Mapping[str, Any]:
    """Keep a new key in the bucket, unless another request was faster."""
    with server.metadata.locked(METASTORE, name):
        bucket = server.metadata.find_bucket(name)
        if bucket is None:
            raise S3Error("NoSuchBucket")
        if bucket.server_side_encryption:
            return bucket.server_side_encryption
        configured = new_bucket_encryption(server.randomness, BucketEncryption(algorithm), mandatory=False)
        server.metadata.put_bucket(dataclasses.replace(bucket, server_side_encryption=configured))
    return configured
