"""Which fields hold what a server chose: ids, times, secrets.

Ids are recognised by the field they stand in, never by what they look like inside other text. The kinds:

    version   version ids, CloudServer's and AWS's
    upload    multipart upload ids
    rule      ids that a server gives to the rules of a configuration
    data      keys of data in a location
    request   request ids
    time      dates and times
    etag      MD5 sums of content; other ones where a tape has only the hash of a body
    secret    signatures, tokens, keys
"""

from __future__ import annotations

#: Kinds whose values are known again: the same value has the same alias throughout a tape.
ID_KINDS = frozenset({"version", "upload", "rule", "data", "request"})
#: Kinds whose values stand in a tape as they are.
PLAIN_KINDS = frozenset({"time", "etag"})

_XML = {
    "ETag": "etag",
    "VersionId": "version",
    "VersionIdMarker": "version",
    "NextVersionIdMarker": "version",
    "DeleteMarkerVersionId": "version",
    "UploadId": "upload",
    "UploadIdMarker": "upload",
    "NextUploadIdMarker": "upload",
    "RequestId": "request",
    "HostId": "request",
    "LastModified": "time",
    "Initiated": "time",
    "CreationDate": "time",
    "SignatureProvided": "secret",
    "StringToSign": "secret",
    "StringToSignBytes": "secret",
    "CanonicalRequest": "secret",
    "CanonicalRequestBytes": "secret",
    "AWSAccessKeyId": "secret",
    "AccessKeyId": "secret",
    "SecretAccessKey": "secret",
    "SessionToken": "secret",
}

_JSON = {
    "ETag": "etag",
    "content-md5": "etag",
    "contentMd5": "etag",
    "dataStoreETag": "etag",
    "versionId": "version",
    "VersionId": "version",
    "nullVersionId": "version",
    "dataStoreVersionId": "version",
    "VersionIdMarker": "version",
    "NextVersionIdMarker": "version",
    "uploadId": "upload",
    "UploadId": "upload",
    "requestId": "request",
    "x-amz-request-id": "request",
    "last-modified": "time",
    "lastModified": "time",
    "LastModified": "time",
    "staleDate": "time",
    "creation-time": "time",
    "date": "time",
    "microVersionId": "time",
    "accessKey": "secret",
    "secretKey": "secret",
    "accessKeyId": "secret",
    "secretAccessKey": "secret",
    "sessionToken": "secret",
    "AccessKeyId": "secret",
    "SecretAccessKey": "secret",
    "SessionToken": "secret",
}

_QUERY = {
    "versionId": "version",
    "version-id-marker": "version",
    "uploadId": "upload",
    "upload-id-marker": "upload",
    "X-Amz-Signature": "secret",
    "X-Amz-Credential": "secret",
    "X-Amz-Security-Token": "secret",
    "AWSAccessKeyId": "secret",
    "Signature": "secret",
}

_SECRET_QUERY = {name.lower(): kind for name, kind in _QUERY.items() if kind == "secret"}

_HEADERS = {
    "etag": "etag",
    "if-match": "etag",
    "if-none-match": "etag",
    "x-amz-copy-source-if-match": "etag",
    "x-amz-copy-source-if-none-match": "etag",
    "x-amz-version-id": "version",
    "x-amz-copy-source-version-id": "version",
    "x-amz-scal-version-id": "version",
    "x-scal-version-id": "version",
    "x-scal-source-version-id": "version",
    "x-scal-data-store-version-id": "version",
    "x-scal-upload-id": "upload",
    "x-amz-request-id": "request",
    "x-amz-id-2": "request",
    "x-amzn-requestid": "request",
    "date": "time",
    "last-modified": "time",
    "x-amz-date": "time",
    "authorization": "secret",
    "proxy-authorization": "secret",
    "cookie": "secret",
    "set-cookie": "secret",
    "x-amz-security-token": "secret",
    "x-amz-server-side-encryption-customer-key": "secret",
    "x-amz-copy-source-server-side-encryption-customer-key": "secret",
}

#: Headers whose value is JSON with ids in it.
JSON_HEADERS = frozenset({"x-scal-locations"})
#: Headers whose value is a path with a query.
TARGET_HEADERS = frozenset({"location", "referer", "x-amz-copy-source"})
#: JSON fields whose text is a JSON document of its own (the answer of GET metadata; an entry on its way through Kafka).
NESTED_JSON = frozenset({"Body", "value"})
#: JSON fields that may hold an object's key and, after a NUL, a version's internal id (Arsenal lib/versioning).
KEYS_WITH_VERSION = frozenset({"key"})


def xml_kind(name: str, parent: str) -> str | None:
    """The kind of an element's text; local names."""
    if name == "ID":  # an Owner, a Grantee and an Initiator have ids too, which nobody chose for the occasion
        return "rule" if parent == "Rule" else None
    return _XML.get(name)


def json_kind(name: str, siblings: object) -> str | None:
    """The kind of a property's value.

    Args:
        siblings: the object that it belongs to. A ``key`` is a key of data where a ``dataStoreName`` is beside it,
            unless it is the whole document of an object, which has its own ``key`` and an ``owner-id``.
    """
    if name == "key" and isinstance(siblings, dict) and "dataStoreName" in siblings and "owner-id" not in siblings:
        return "data"
    return _JSON.get(name)


def query_kind(name: str) -> str | None:
    return _QUERY.get(name) or _SECRET_QUERY.get(name.lower())


def header_kind(name: str) -> str | None:
    """The kind of a header's value; the name in lower case."""
    if name.startswith("x-amz-meta-") and name.endswith("-version-id"):
        return "version"  # x-amz-meta-scal-version-id and x-amz-meta-<site>-version-id
    return _HEADERS.get(name)
