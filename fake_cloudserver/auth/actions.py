"""The actions a request needs, by CloudServer's internal names, and what bucket policies call them. IO-free.

Source: Arsenal lib/policyEvaluator/utils/actionMaps.ts; cloudserver lib/api/apiUtils/authorization/
prepareRequestContexts.js, lib/api/apiUtils/object/getVersionSpecificMetadataOptions and the operations' own lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Internal name -> name in a bucket policy. What is missing here is matched by no statement.
POLICY_NAMES: Final[dict[str, str]] = {
    "bucketDelete": "s3:DeleteBucket",
    "bucketDeleteCors": "s3:PutBucketCORS",
    "bucketDeleteEncryption": "s3:PutEncryptionConfiguration",
    "bucketDeleteLifecycle": "s3:PutLifecycleConfiguration",
    "bucketDeletePolicy": "s3:DeleteBucketPolicy",
    "bucketDeleteReplication": "s3:DeleteReplicationConfiguration",
    "bucketDeleteTagging": "s3:PutBucketTagging",
    "bucketDeleteWebsite": "s3:DeleteBucketWebsite",
    "bucketGet": "s3:ListBucket",
    "bucketGetACL": "s3:GetBucketAcl",
    "bucketGetCors": "s3:GetBucketCORS",
    "bucketGetEncryption": "s3:GetEncryptionConfiguration",
    "bucketGetLifecycle": "s3:GetLifecycleConfiguration",
    "bucketGetLocation": "s3:GetBucketLocation",
    "bucketGetNotification": "s3:GetBucketNotification",
    "bucketGetObjectLock": "s3:GetBucketObjectLockConfiguration",
    "bucketGetPolicy": "s3:GetBucketPolicy",
    "bucketGetReplication": "s3:GetReplicationConfiguration",
    "bucketGetTagging": "s3:GetBucketTagging",
    "bucketGetVersioning": "s3:GetBucketVersioning",
    "bucketGetWebsite": "s3:GetBucketWebsite",
    "bucketHead": "s3:ListBucket",
    "bucketPut": "s3:CreateBucket",
    "bucketPutACL": "s3:PutBucketAcl",
    "bucketPutCors": "s3:PutBucketCORS",
    "bucketPutEncryption": "s3:PutEncryptionConfiguration",
    "bucketPutLifecycle": "s3:PutLifecycleConfiguration",
    "bucketPutNotification": "s3:PutBucketNotification",
    "bucketPutObjectLock": "s3:PutBucketObjectLockConfiguration",
    "bucketPutPolicy": "s3:PutBucketPolicy",
    "bucketPutReplication": "s3:PutReplicationConfiguration",
    "bucketPutTagging": "s3:PutBucketTagging",
    "bucketPutVersioning": "s3:PutBucketVersioning",
    "bucketPutWebsite": "s3:PutBucketWebsite",
    "bypassGovernanceRetention": "s3:BypassGovernanceRetention",
    "completeMultipartUpload": "s3:PutObject",
    "initiateMultipartUpload": "s3:PutObject",
    "listMultipartUploads": "s3:ListBucketMultipartUploads",
    "listParts": "s3:ListMultipartUploadParts",
    "metadataSearch": "s3:MetadataSearch",
    "multipartDelete": "s3:AbortMultipartUpload",
    "objectDelete": "s3:DeleteObject",
    "objectDeleteTagging": "s3:DeleteObjectTagging",
    "objectDeleteTaggingVersion": "s3:DeleteObjectVersionTagging",
    "objectDeleteVersion": "s3:DeleteObjectVersion",
    "objectGet": "s3:GetObject",
    "objectGetACL": "s3:GetObjectAcl",
    "objectGetACLVersion": "s3:GetObjectVersionAcl",
    "objectGetLegalHold": "s3:GetObjectLegalHold",
    "objectGetLegalHoldVersion": "s3:GetObjectLegalHold",
    "objectGetRetention": "s3:GetObjectRetention",
    "objectGetRetentionVersion": "s3:GetObjectRetention",
    "objectGetTagging": "s3:GetObjectTagging",
    "objectGetTaggingVersion": "s3:GetObjectVersionTagging",
    "objectGetVersion": "s3:GetObjectVersion",
    "objectHead": "s3:GetObject",
    "objectPut": "s3:PutObject",
    "objectPutACL": "s3:PutObjectAcl",
    "objectPutACLVersion": "s3:PutObjectVersionAcl",
    "objectPutLegalHold": "s3:PutObjectLegalHold",
    "objectPutLegalHoldVersion": "s3:PutObjectLegalHold",
    "objectPutPart": "s3:PutObject",
    "objectPutRetention": "s3:PutObjectRetention",
    "objectPutRetentionVersion": "s3:PutObjectRetention",
    "objectPutTagging": "s3:PutObjectTagging",
    "objectPutTaggingVersion": "s3:PutObjectVersionTagging",
    "objectRestore": "s3:RestoreObject",
    "serviceGet": "s3:ListAllMyBuckets",
}

#: These count as ``objectPut`` wherever ACLs decide.
COUNTED_AS_PUT: Final = frozenset({"initiateMultipartUpload", "objectPutPart", "completeMultipartUpload"})

_ACL_HEADERS = (
    "x-amz-acl",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write-acp",
    "x-amz-grant-full-control",
)


def of_version(action: str, version_id: str | None) -> str:
    """The action's name for a request with that ``versionId`` parameter."""
    return f"{action}Version" if version_id else action


def of_object_get(version_id: str | None) -> list[str]:
    """What GET object needs: the object, and its tags, whose number it tells."""
    return [of_version("objectGet", version_id), of_version("objectGetTagging", version_id)]


def of_object_creation(headers: Mapping[str, str], main: str = "objectPut") -> list[str]:
    """What PutObject needs, and the multipart steps: ``main``, then what the headers add."""
    actions = [main]
    if main == "objectPut" and "x-amz-tagging" in headers:
        actions.append("objectPutTagging")
    if any(name in headers for name in _ACL_HEADERS):
        actions.append("objectPutACL")
    if "x-amz-object-lock-mode" in headers:
        actions.append("objectPutRetention")
    return actions


def without_version(action: str) -> str:
    """ACLs do not tell versions apart."""
    return action.removesuffix("Version")
