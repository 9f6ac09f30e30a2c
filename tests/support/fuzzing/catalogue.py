"""A valid request for every operation, S3 and internal.

Buckets are those of :mod:`support.fuzzing.session`; texts like ``@VERSION@`` stand for what only a session knows.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

_ROLE = "arn:aws:iam::123456789012:role/crr"
_BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
_LISA = _BART[:-1] + "f"
_NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_REDIRECT = "http://elsewhere.example/"


@dataclasses.dataclass(frozen=True, slots=True)
class Template:
    """One valid request.

    Attributes:
        operation: what it reaches: a name of the operation table, or ``method resource operation`` of an internal route.
        md5: how the body's MD5 is announced: ``base64`` as S3 has it, ``hex`` as the internal routes have it.
    """

    operation: str
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: str = ""
    md5: str = ""


REPLICATION = (
    f"<ReplicationConfiguration><Role>{_ROLE}</Role><Rule><ID>r</ID><Prefix></Prefix><Status>Enabled</Status><Destination>"
    "<Bucket>arn:aws:s3:::aws-target</Bucket><StorageClass>aws-site</StorageClass></Destination></Rule>"
    "</ReplicationConfiguration>"
)
TAGGING = (
    "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value></Value></Tag></TagSet></Tagging>"
)
ACL = (
    f'<AccessControlPolicy xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Owner><ID>{_BART}</ID></Owner>'
    f'<AccessControlList><Grant><Grantee xsi:type="CanonicalUser"><ID>{_LISA}</ID></Grantee><Permission>READ</Permission>'
    '</Grant><Grant><Grantee xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>'
    "<Permission>READ_ACP</Permission></Grant></AccessControlList></AccessControlPolicy>"
)
CORS = (
    "<CORSConfiguration><CORSRule><ID>c</ID><AllowedMethod>GET</AllowedMethod><AllowedOrigin>http://*.example"
    "</AllowedOrigin><AllowedHeader>*</AllowedHeader><MaxAgeSeconds>5</MaxAgeSeconds><ExposeHeader>ETag</ExposeHeader>"
    "</CORSRule></CORSConfiguration>"
)
LIFECYCLE = (
    "<LifecycleConfiguration><Rule><ID>l</ID><Status>Enabled</Status><Filter><And><Prefix>k</Prefix><Tag><Key>a</Key>"
    "<Value>1</Value></Tag></And></Filter><Expiration><Days>5</Days></Expiration><NoncurrentVersionExpiration>"
    "<NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>"
    "<Transition><Days>1</Days><StorageClass>aws-site</StorageClass></Transition><NoncurrentVersionTransition>"
    "<NoncurrentDays>1</NoncurrentDays><StorageClass>aws-site</StorageClass></NoncurrentVersionTransition></Rule>"
    "<Rule><Status>Enabled</Status><Prefix></Prefix><AbortIncompleteMultipartUpload><DaysAfterInitiation>1"
    "</DaysAfterInitiation></AbortIncompleteMultipartUpload><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>"
    "</Rule></LifecycleConfiguration>"
)
WEBSITE = (
    f"<WebsiteConfiguration {_NS}><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>error.html"
    "</Key></ErrorDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals>"
    "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><Protocol>https</Protocol>"
    "<HostName>h</HostName><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith><HttpRedirectCode>302</HttpRedirectCode>"
    "</Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>"
)
NOTIFICATION = (
    f"<NotificationConfiguration {_NS}><QueueConfiguration><Id>n</Id><Queue>arn:scality:bucketnotif:::target1</Queue>"
    "<Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>Prefix</Name><Value>a</Value></FilterRule></S3Key>"
    "</Filter></QueueConfiguration></NotificationConfiguration>"
)
ENCRYPTION = (
    f"<ServerSideEncryptionConfiguration {_NS}><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
    "</SSEAlgorithm><KMSMasterKeyID>key</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>"
    "</ServerSideEncryptionConfiguration>"
)
OBJECT_LOCK = (
    f"<ObjectLockConfiguration {_NS}><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE"
    "</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
)


def policy(principal: Any) -> str:
    """A bucket policy that opens ``plain`` to ``principal``, and closes it again a little."""
    opened = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": principal,
        "Action": ["s3:GetObject", "s3:Put*"],
        "Resource": ["arn:aws:s3:::plain", "arn:aws:s3:::plain/*"],
        "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}, "StringNotLike": {"aws:UserAgent": ["a*"]}},
    }
    closed = {
        "Effect": "Deny",
        "Principal": {"CanonicalUser": _LISA},
        "Action": "s3:DeleteObject",
        "Resource": "arn:aws:s3:::plain/*",
        "Condition": {
            "DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
            "Null": {"aws:Referer": "true"},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [opened, closed]})


POLICY = policy({"AWS": ["arn:aws:iam::123456789013:root"]})
VERSIONING = (
    f"<VersioningConfiguration {_NS}><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>"
)
RETENTION = (
    f"<Retention {_NS}><Mode>GOVERNANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>"
)
DELETE = (
    "<Delete><Quiet>false</Quiet><Object><Key>key</Key><VersionId>@OLD_VERSION@</VersionId></Object><Object><Key>nowhere</Key>"
    "</Object><Object><Key>gone</Key><VersionId>null</VersionId></Object></Delete>"
)
COMPLETE = (
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"098f6bcd4621d373cade4e832627b4f6"</ETag></Part><Part>'
    "<PartNumber>2</PartNumber><ETag>098f6bcd4621d373cade4e832627b4f6</ETag></Part></CompleteMultipartUpload>"
)
RESTORE = (
    "<RestoreRequest><Days>1</Days><GlacierJobParameters><Tier>Standard</Tier></GlacierJobParameters></RestoreRequest>"
)
LOCATION = "<CreateBucketConfiguration><LocationConstraint>us-east-2</LocationConstraint></CreateBucketConfiguration>"
METADATA = json.dumps(
    {
        "owner-display-name": "Bart",
        "owner-id": _BART,
        "content-length": 4,
        "content-md5": "098f6bcd4621d373cade4e832627b4f6",
        "content-type": "text/plain",
        "x-amz-version-id": "null",
        "x-amz-storage-class": "STANDARD",
        "x-amz-meta-a": "b",
        "acl": {"Canned": "private", "FULL_CONTROL": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []},
        "key": "key",
        "location": [{"key": "k", "size": 4, "start": 0, "dataStoreName": "us-east-1", "dataStoreETag": "1:098f"}],
        "isDeleteMarker": False,
        "tags": {"a": "1"},
        "replicationInfo": {
            "status": "PENDING",
            "backends": [{"site": "aws-site", "status": "PENDING", "dataStoreVersionId": "v"}],
            "content": ["DATA", "METADATA"],
            "destination": "arn:aws:s3:::aws-target",
            "storageClass": "aws-site",
            "role": _ROLE,
            "storageType": "aws_s3",
            "dataStoreVersionId": "",
            "isNFS": None,
        },
        "dataStoreName": "us-east-1",
        "last-modified": "2026-01-01T00:00:00.000Z",
        "versionId": "@INTERNAL@",
        "md-model-version": 3,
    }
)

_BUCKET_CONFIGURATIONS = (
    ("acl", "acl", ACL, ""),
    ("cors", "cors", CORS, "base64"),
    ("encryption", "encryption", ENCRYPTION, ""),
    ("lifecycle", "lifecycle", LIFECYCLE, ""),
    ("notification", "notification", NOTIFICATION, ""),
    ("policy", "policy", POLICY, ""),
    ("replication", "replication", REPLICATION, ""),
    ("tagging", "tagging", TAGGING, ""),
    ("versioning", "versioning", VERSIONING, ""),
    ("website", "website", WEBSITE, ""),
)
#: What a bucket may have: the names of its sub-resources.
CONFIGURATIONS = tuple(name for name, *_ in _BUCKET_CONFIGURATIONS)
_NOT_DELETED = {"acl", "notification", "versioning"}


def _bucket_configurations() -> list[Template]:
    templates = []
    for name, query, body, md5 in _BUCKET_CONFIGURATIONS:
        bucket = "/versioned" if name in {"replication", "versioning"} else "/plain"
        templates.append(Template(f"bucket_put_{name}", "PUT", bucket, query, {}, body, md5))
        templates.append(Template(f"bucket_get_{name}", "GET", "/configured", query))
        if name not in _NOT_DELETED:
            templates.append(Template(f"bucket_delete_{name}", "DELETE", "/configured", query))
    return templates


_PUT_HEADERS = {
    "content-type": "text/plain",
    "x-amz-meta-a": "b",
    "x-amz-tagging": "a=1&b=2",
    "x-amz-acl": "public-read",
    "cache-control": "no-cache",
    "content-encoding": "gzip,aws-chunked",
    "expires": "never",
}
_LOCKED_HEADERS = {
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z",
    "x-amz-object-lock-legal-hold": "ON",
}
_GRANTS = {"x-amz-grant-read": f'id={_LISA}, uri="http://acs.amazonaws.com/groups/global/AllUsers"'}
_COPY = {"x-amz-copy-source": "/versioned/key?versionId=@OLD_VERSION@"}

S3: tuple[Template, ...] = (
    *_bucket_configurations(),
    Template("service_get", "GET", "/"),
    Template("bucket_get", "GET", "/versioned", "prefix=k&delimiter=/&max-keys=2&marker=a&encoding-type=url"),
    Template("bucket_get", "GET", "/versioned", "list-type=2&continuation-token=a2V5&start-after=a&fetch-owner=true"),
    Template("bucket_get", "GET", "/versioned", "versions&key-marker=key&version-id-marker=@VERSION@&delimiter=e&max-keys=1"),
    Template("bucket_put", "PUT", "/new-bucket", "", {"x-amz-acl": "public-read"}, LOCATION),
    Template("bucket_put", "PUT", "/new-bucket", "", {"x-amz-bucket-object-lock-enabled": "true", **_GRANTS}),
    Template("bucket_put", "PUT", "/new-bucket", "", {"x-amz-scal-server-side-encryption": "AES256"}),
    Template("bucket_head", "HEAD", "/plain"),
    Template("bucket_delete", "DELETE", "/empty"),
    Template("bucket_get_location", "GET", "/plain", "location"),
    Template("bucket_get_object_lock", "GET", "/locked", "object-lock"),
    Template("bucket_put_object_lock", "PUT", "/locked", "object-lock", {}, OBJECT_LOCK),
    Template("bucket_get_quota", "GET", "/configured", "quota"),
    Template("bucket_update_quota", "PUT", "/plain", "quota", {}, '{"quota": 100}'),
    Template("bucket_update_quota", "PUT", "/plain", "quota", {}, "<quota>100</quota>"),
    Template("bucket_delete_quota", "DELETE", "/configured", "quota"),
    Template("metadata_search", "GET", "/plain", "search=key%3D%22a%22"),
    Template(
        "cors_preflight", "OPTIONS", "/configured/key", "",
        {"origin": "http://a.example", "access-control-request-method": "GET", "access-control-request-headers": "a, B"},
    ),
    Template("object_put", "PUT", "/versioned/key", "", _PUT_HEADERS, "test"),
    Template("object_put", "PUT", "/replicated/key", "", {"x-amz-website-redirect-location": _REDIRECT}, "test", "base64"),
    Template("object_put", "PUT", "/locked/key", "", _LOCKED_HEADERS, "test"),
    Template("object_put", "PUT", "/remote/key", "", {"x-amz-server-side-encryption": "AES256"}, "test"),
    Template("object_put", "PUT", "/plain/key", "", {"x-amz-meta-scal-location-constraint": "aws-site"}, "test"),
    Template("object_put", "PUT", "/lisas/key", "", _GRANTS, ""),
    Template("object_put", "PUT", "/plain/key", "", {"x-scal-s3-version-id": "@VERSION@"}, "test"),
    Template(
        "object_get", "GET", "/versioned/key", "versionId=@VERSION@&response-content-type=a/b",
        {"range": "bytes=1-2", "if-match": "*"},
    ),
    Template("object_get", "GET", "/versioned/parts", "partNumber=2"),
    Template("object_get", "GET", "/replicated/key", "", {"x-amz-location-constraint": "aws-site"}),
    Template("object_get", "GET", "/remote/key", "", {"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}),
    Template("object_get", "GET", "/configured/key", "", {"origin": "http://a.example"}),
    Template("object_head", "HEAD", "/versioned/key", "versionId=null", {"x-amz-scal-archive-info": "true"}),
    Template("object_head", "HEAD", "/locked/key", "partNumber=1", {"if-none-match": "*"}),
    Template("object_delete", "DELETE", "/versioned/key", "versionId=@VERSION@"),
    Template("object_delete", "DELETE", "/locked/key", "versionId=null", {"x-amz-bypass-governance-retention": "true"}),
    Template("object_delete", "DELETE", "/remote/key"),
    Template("object_delete", "DELETE", "/suspended/key"),
    Template("object_copy", "PUT", "/plain/copy", "", _COPY),
    Template(
        "object_copy", "PUT", "/remote/copy", "",
        {
            "x-amz-copy-source": "plain/key", "x-amz-metadata-directive": "REPLACE", "x-amz-tagging-directive": "REPLACE",
            "x-amz-copy-source-if-match": "*", **_PUT_HEADERS,
        },
    ),
    Template("object_copy", "PUT", "/versioned/key", "", {"x-amz-copy-source": "remote/key", "x-amz-storage-class": "STANDARD"}),
    Template("object_get_acl", "GET", "/versioned/key", "acl&versionId=@OLD_VERSION@"),
    Template("object_put_acl", "PUT", "/versioned/key", "acl", {}, ACL),
    Template("object_put_acl", "PUT", "/plain/key", "acl", _GRANTS),
    Template("object_get_tagging", "GET", "/versioned/key", "tagging"),
    Template("object_put_tagging", "PUT", "/versioned/key", "tagging&versionId=@VERSION@", {}, TAGGING),
    Template("object_put_tagging", "PUT", "/remote/key", "tagging", {}, TAGGING),
    Template("object_delete_tagging", "DELETE", "/versioned/key", "tagging"),
    Template("object_get_retention", "GET", "/locked/key", "retention"),
    Template("object_put_retention", "PUT", "/locked/key", "retention", {}, RETENTION),
    Template("object_get_legal_hold", "GET", "/locked/key", "legal-hold"),
    Template("object_put_legal_hold", "PUT", "/locked/key", "legal-hold", {}, "<LegalHold><Status>ON</Status></LegalHold>"),
    Template("multi_object_delete", "POST", "/versioned", "delete", {}, DELETE, "base64"),
    Template("object_restore", "POST", "/versioned/key", "restore", {}, RESTORE),
    Template("initiate_multipart_upload", "POST", "/versioned/big", "uploads", _PUT_HEADERS),
    Template("initiate_multipart_upload", "POST", "/locked/big", "uploads", _LOCKED_HEADERS),
    Template("initiate_multipart_upload", "POST", "/remote/big", "uploads"),
    Template("object_put_part", "PUT", "/versioned/big", "partNumber=1&uploadId=@UPLOAD@", {}, "part", "base64"),
    Template("object_put_part", "PUT", "/remote/big", "partNumber=1&uploadId=@OTHER_UPLOAD@", {}, "part"),
    Template(
        "object_put_copy_part", "PUT", "/versioned/big", "partNumber=3&uploadId=@UPLOAD@",
        {**_COPY, "x-amz-copy-source-range": "bytes=0-1"},
    ),
    Template("list_parts", "GET", "/versioned/big", "uploadId=@UPLOAD@&max-parts=1&part-number-marker=1&encoding-type=url"),
    Template("list_multipart_uploads", "GET", "/versioned", "uploads&max-uploads=1&key-marker=a&prefix=b&delimiter=i"),
    Template("list_multipart_uploads", "GET", "/versioned", "uploads&key-marker=big&upload-id-marker=@UPLOAD@&encoding-type=url"),
    Template("complete_multipart_upload", "POST", "/versioned/big", "uploadId=@UPLOAD@", {}, COMPLETE),
    Template("complete_multipart_upload", "POST", "/remote/big", "uploadId=@OTHER_UPLOAD@", {}, COMPLETE),
    Template("multipart_delete", "DELETE", "/versioned/big", "uploadId=@UPLOAD@"),
)  # fmt: skip

_AWS = {"x-scal-storage-type": "aws_s3", "x-scal-storage-class": "aws-site"}
_DESCRIPTION = {
    "x-scal-content-type": "text/plain",
    "x-scal-user-metadata": '{"x-amz-meta-a":"b"}',
    "x-scal-tags": '{"a":"1"}',
    "x-scal-cache-control": "no-cache",
    "x-scal-version-id": "@VERSION@",
}
_TAGGING_HEADERS = {
    "x-scal-data-store-version-id": "",
    "x-scal-source-bucket": "replicated",
    "x-scal-source-version-id": "",
    "x-scal-replication-endpoint-site": "aws-site",
    "x-scal-tags": '{"a":"1"}',
}
_MULTIPLE = "/_/backbeat/multiplebackenddata/replicated/key"
_OWNER = {"x-scal-canonical-id": _BART}
_LOCATIONS = (
    '[{"key":"key","dataStoreName":"aws-site","dataStoreVersionId":"@REMOTE_VERSION@","dataStoreType":"aws_s3",'
    '"size":4,"start":0,"dataStoreETag":"1:098f"}]'
)

INTERNAL: tuple[Template, ...] = (
    Template("PUT data", "PUT", "/_/backbeat/data/versioned/key", "v2", _OWNER, "test", "hex"),
    Template(
        "PUT data", "PUT", "/_/backbeat/data/replicated/key", "versionId=@VERSION@",
        {"x-scal-replication-storage-type": "aws_s3", "x-scal-replication-storage-class": "aws-site", **_DESCRIPTION},
        "test", "hex",
    ),
    Template("PUT metadata", "PUT", "/_/backbeat/metadata/versioned/key", "versionId=@VERSION@", {}, METADATA),
    Template("PUT metadata", "PUT", "/_/backbeat/metadata/plain/key", "", {}, METADATA),
    Template(
        "PUT metadata", "PUT", "/_/backbeat/metadata/versioned/key", "versionId=null",
        {"x-scal-replication-content": "METADATA"}, METADATA,
    ),
    Template("GET metadata", "GET", "/_/backbeat/metadata/versioned/key", "versionId=@VERSION@"),
    Template(
        "PUT multiplebackenddata putobject", "PUT", _MULTIPLE, "operation=putobject", {**_AWS, **_OWNER, **_DESCRIPTION},
        "test", "hex",
    ),
    Template(
        "PUT multiplebackenddata putpart", "PUT", _MULTIPLE, "operation=putpart",
        {**_AWS, "x-scal-part-number": "1", "x-scal-upload-id": "u"}, "test",
    ),
    Template("POST multiplebackenddata initiatempu", "POST", _MULTIPLE, "operation=initiatempu", {**_AWS, **_DESCRIPTION}),
    Template(
        "POST multiplebackenddata completempu", "POST", _MULTIPLE, "operation=completempu",
        {**_AWS, **_DESCRIPTION, "x-scal-upload-id": "u"}, '[{"PartNumber":[1],"ETag":["098f6bcd4621d373cade4e832627b4f6"]}]',
    ),
    Template("POST multiplebackenddata puttagging", "POST", _MULTIPLE, "operation=puttagging", {**_AWS, **_TAGGING_HEADERS}),
    Template("DELETE multiplebackenddata deleteobject", "DELETE", _MULTIPLE, "operation=deleteobject", _AWS),
    Template(
        "DELETE multiplebackenddata deleteobjecttagging", "DELETE", _MULTIPLE, "operation=deleteobjecttagging",
        {**_AWS, **_TAGGING_HEADERS},
    ),
    Template(
        "DELETE multiplebackenddata abortmpu", "DELETE", _MULTIPLE, "operation=abortmpu", {**_AWS, "x-scal-upload-id": "u"},
    ),
    Template(
        "GET multiplebackendmetadata", "GET", "/_/backbeat/multiplebackendmetadata/replicated/key", "",
        {"x-scal-locations": _LOCATIONS},
    ),
    Template("POST batchdelete", "POST", "/_/backbeat/batchdelete", "", {}, f'{{"Locations":{_LOCATIONS}}}'),
    Template(
        "POST batchdelete", "POST", "/_/backbeat/batchdelete/replicated/key", "",
        {
            "x-scal-storage-class": "aws-site", "if-unmodified-since": "Thu, 01 Jan 2099 00:00:00 GMT",
            "x-scal-tags": '{"a":"1"}',
        },
        '{"Locations":[{"key":"key","dataStoreName":"aws-site"}]}',
    ),
    Template("DELETE expiration", "DELETE", "/_/backbeat/expiration/versioned/key", "versionId=@VERSION@"),
    Template(
        "GET lifecycle", "GET", "/_/backbeat/lifecycle/versioned",
        "list-type=noncurrent&max-keys=1&before-date=2026-02-01T00:00:00Z&key-marker=key&version-id-marker=@VERSION@"
        "&excluded-data-store-name=aws-site&prefix=k&max-scanned-lifecycle-listing-entries=100",
    ),
    Template("GET lifecycle", "GET", "/_/backbeat/lifecycle/versioned", "list-type=current&marker=a&before-date=2027"),
    Template("GET lifecycle", "GET", "/_/backbeat/lifecycle/versioned", "list-type=orphan&before-date=2027-01-01T00:00:00Z"),
    Template("GET index", "GET", "/_/backbeat/index/versioned"),
    Template("POST index", "POST", "/_/backbeat/index/versioned", "operation=add", {}, '[{"name":"i","keys":[{"key":"a","order":1}]}]'),
    Template("POST index", "POST", "/_/backbeat/index/versioned", "operation=delete", {}, '[{"name":"i","keys":[]}]'),
    Template("GET api", "GET", "/_/backbeat/api/metrics/crr/all"),
    Template("GET metadata service", "GET", "/_/metadata/admin/raft_sessions/1/log", "begin=1&limit=10"),
    Template("GET metadata service", "GET", "/_/metadata/default/attributes/plain"),
    Template("GET workflow", "GET", "/_/workflow-engine-operator/api/v1"),
    Template("GET report", "GET", "/_/report", "", {"x-scal-report-token": "report"}),
    Template("GET veeam", "GET", "/_/veeam/plain/.system-d26a9498/system.xml"),
    Template("unknown service", "GET", "/_/healthcheck"),
)  # fmt: skip

WEBSITES: tuple[Template, ...] = (
    Template("website", "GET", "/", "", {"host": "configured.s3-website.localhost"}),
    Template("website", "HEAD", "/old/page", "", {"host": "configured.s3-website.localhost"}),
    Template("website", "GET", "/configured/old/page", "", {"host": "s3-website.localhost"}),
)
