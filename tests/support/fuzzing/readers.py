"""Who reads what was stored: the requests that come after a spoilt document was let in."""

from __future__ import annotations

from support.fuzzing import catalogue
from support.fuzzing.wire import Sent

_AWS = (("x-scal-storage-type", "aws_s3"), ("x-scal-storage-class", "aws-site"))
_SOURCE = (
    ("x-scal-data-store-version-id", ""),
    ("x-scal-replication-endpoint-site", "aws-site"),
    ("x-scal-tags", "{}"),
)
_OLD = (("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT"), ("if-none-match", "x"))
_LATER = "before-date=2028-01-01T00:00:00Z"


def object_readers(bucket: str) -> list[Sent]:
    """Every request that looks at the object ``key`` of a bucket; those that remove it come last."""
    key = f"/{bucket}/key"
    lifecycle = f"/_/backbeat/lifecycle/{bucket}?list-type"
    metadata = f"/_/backbeat/metadata/{bucket}/key"
    copy = (("x-amz-copy-source", key),)
    return [
        Sent("GET", key),
        Sent("HEAD", key),
        Sent("GET", key, (("range", "bytes=0-1"),)),
        Sent("GET", f"{key}?partNumber=1"),
        Sent("HEAD", f"{key}?partNumber=1"),
        Sent("GET", f"{key}?versionId=@VERSION@"),
        Sent("GET", key, _OLD),
        Sent("GET", key, (("x-amz-location-constraint", "aws-site"),)),
        *(Sent("GET", f"{key}?{name}") for name in ("acl", "tagging", "retention", "legal-hold")),
        Sent("PUT", f"{key}?tagging", body=catalogue.TAGGING.encode()),
        Sent("DELETE", f"{key}?tagging"),
        Sent("PUT", f"{key}?acl", body=catalogue.ACL.encode()),
        Sent("PUT", f"{key}?retention", body=catalogue.RETENTION.encode()),
        Sent("POST", f"{key}?restore", body=catalogue.RESTORE.encode()),
        *(Sent("GET", f"/{bucket}?{query}") for query in ("", "list-type=2&fetch-owner=true", "versions")),
        Sent("PUT", "/plain/copy", copy),
        Sent("PUT", "/remote/copy", copy),
        Sent("PUT", "/versioned/big?partNumber=1&uploadId=@UPLOAD@", copy),
        *(Sent("GET", f"{lifecycle}={kind}") for kind in ("current", "noncurrent")),
        Sent("GET", f"{lifecycle}=orphan&{_LATER}"),
        Sent("GET", f"{lifecycle}=current&excluded-data-store-name=us-east-1&{_LATER}"),
        Sent("GET", metadata),
        Sent("PUT", metadata, (("x-scal-replication-content", "METADATA"),), catalogue.METADATA.encode()),
        Sent("PUT", f"{metadata}?versionId=null", body=catalogue.METADATA.encode()),
        Sent(
            "POST",
            f"/_/backbeat/multiplebackenddata/{bucket}/key?operation=puttagging",
            (*_AWS, *_SOURCE, ("x-scal-source-bucket", bucket)),
        ),
        Sent("DELETE", f"/_/backbeat/expiration/{bucket}/key"),
        Sent("PUT", key, body=b"x"),
        Sent("POST", f"/{bucket}?delete", body=catalogue.DELETE.encode(), md5="base64"),
        *(Sent("DELETE", f"{key}{query}") for query in ("?versionId=@VERSION@", "?versionId=null", "")),
        Sent("GET", f"/{bucket}?versions"),
    ]


def configuration_readers(bucket: str) -> list[Sent]:
    """Every request whose answer depends on how a bucket is configured."""
    key = f"/{bucket}/key"
    origin = ("origin", "http://a.example")
    website = ("host", f"{bucket}.s3-website.localhost")
    return [
        *(Sent("GET", f"/{bucket}?{name}") for name in (*catalogue.CONFIGURATIONS, "object-lock", "quota", "location")),
        Sent("HEAD", f"/{bucket}"),
        Sent("GET", f"/{bucket}?uploads", (origin,)),
        Sent("PUT", key, (origin, ("x-amz-tagging", "a=1")), b"test"),
        Sent("PUT", f"/{bucket}/kiosk", body=b"test"),
        Sent("GET", key, (origin,)),
        Sent("HEAD", key),
        Sent("PUT", f"{key}?tagging", body=catalogue.TAGGING.encode()),
        Sent("GET", f"/{bucket}?versions", (origin,)),
        Sent("POST", f"/{bucket}/big?uploads", (origin,)),
        Sent("PUT", f"/{bucket}/copy", (("x-amz-copy-source", key),)),
        Sent(
            "OPTIONS", key, (origin, ("access-control-request-method", "PUT"), ("access-control-request-headers", "a"))
        ),
        *(Sent("GET", target, (website,)) for target in ("/", "/old/page", "/key", "/folder/")),
        Sent("HEAD", "/old/page", (website,)),
        Sent("POST", f"/{bucket}?delete", (origin,), catalogue.DELETE.encode(), md5="base64"),
        Sent("DELETE", key),
        Sent("DELETE", f"/{bucket}?quota"),
        *(Sent("DELETE", f"/{bucket}?{name}") for name in catalogue.CONFIGURATIONS),
    ]
