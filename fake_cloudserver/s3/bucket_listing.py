"""GET bucket: listings of objects (first and second form) and of versions.

Source: cloudserver lib/api/bucketGet.js.
"""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata import version_id
from fake_cloudserver.metadata.listing import ListedObject, ListedVersion, list_objects, list_versions
from fake_cloudserver.metadata.object_metadata import encoded_version_id
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.javascript import decode_base64, parse_int
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, xml_answer

_MOST_KEYS = 1000

Escape = Callable[[str], str]


def bucket_get(server: CloudServer, request: Request) -> Answer:
    return list_bucket(server, request, "bucketGet")


def list_bucket(server: CloudServer, request: Request, action: str) -> Answer:
    """The listing that the query asks for, for requesters who may do ``action``.

    ``versions`` has priority over ``list-type``, which is checked all the same.
    """
    list_type = request.query.get("list-type")
    if list_type is not None and parse_int(list_type) != 2:
        raise S3Error("InvalidArgument", "Invalid List Type specified in Request")
    if request.query.get("encoding-type", "url") != "url":
        raise S3Error("InvalidArgument", "Invalid Encoding Method specified in Request")
    max_keys = parse_int(request.query.get("max-keys") or str(_MOST_KEYS))
    if max_keys is None or max_keys < 0:
        raise S3Error("InvalidArgument")
    bucket = load_bucket(server, request, (action,))
    if "versions" in request.query:
        return xml_answer(_versions(server, request, bucket.name, max_keys))
    return xml_answer(_objects(server, request, bucket.name, max_keys))


def escape_uri(text: str) -> str:
    """Node's ``querystring.escape``: what ``encoding-type=url`` does to keys and prefixes."""
    return urllib.parse.quote(text, safe="-_.!~*'()")


def _escape_of(request: Request) -> Escape:
    return escape_uri if "encoding-type" in request.query else escape


def _objects(server: CloudServer, request: Request, bucket: str, max_keys: int) -> str:
    query = request.query
    second_form = "list-type" in query
    token = decode_token(query.get("continuation-token", ""))
    page = list_objects(
        server.metadata,
        bucket,
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        marker=(token or query.get("start-after", "")) if second_form else query.get("marker", ""),
        max_keys=min(max_keys, _MOST_KEYS),
    )
    next_marker = page.next_marker if page.is_truncated else ""
    fetch_owner = query.get("fetch-owner") == "true"
    quote = _escape_of(request)
    elements = [
        f"<Name>{bucket}</Name>",
        _element("Prefix", quote(query.get("prefix", "")), always=True),
        f"<MaxKeys>{max_keys}</MaxKeys>",
        _element("Delimiter", quote(query.get("delimiter", ""))),
        _element("EncodingType", query.get("encoding-type", "")),
        f"<IsTruncated>{_boolean(page.is_truncated)}</IsTruncated>",
    ]
    if second_form:
        elements += [
            _element("StartAfter", quote(query.get("start-after", ""))),
            f"<FetchOwner>{_boolean(fetch_owner)}</FetchOwner>",
            _element("ContinuationToken", encode_token(token), always=True),
            _element("NextContinuationToken", encode_token(next_marker)),
            f"<KeyCount>{len(page.contents)}</KeyCount>",
        ]
    else:
        elements += [
            _element("Marker", quote(query.get("marker", "")), always=True),
            _element("NextMarker", quote(next_marker) if query.get("delimiter") else ""),
        ]
    with_owner = fetch_owner or not second_form
    elements += [_contents(listed, quote, with_owner=with_owner) for listed in page.contents]
    elements += _common_prefixes(page.common_prefixes, quote)
    return _document("ListBucketResult", elements)


def _contents(listed: ListedObject, quote: Escape, *, with_owner: bool) -> str:
    return (
        f"<Contents><Key>{quote(listed.key)}</Key>{_description(listed.md)}"
        f"{_owner(listed.md) if with_owner else ''}{_storage_class(listed.md)}</Contents>"
    )


def _versions(server: CloudServer, request: Request, bucket: str, max_keys: int) -> str:
    query = request.query
    marker = _decoded_marker(query.get("version-id-marker", ""))
    page = list_versions(
        server.metadata,
        bucket,
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        key_marker=query.get("key-marker", ""),
        version_id_marker=marker,
        max_keys=min(max_keys, _MOST_KEYS),
    )
    next_version = page.next_version_id_marker if page.is_truncated else ""
    quote = _escape_of(request)
    elements = [
        f"<Name>{bucket}</Name>",
        _element("Prefix", quote(query.get("prefix", ""))),
        _element("KeyMarker", quote(query.get("key-marker", ""))),
        _element("VersionIdMarker", quote(marker)),
        _element("NextKeyMarker", quote(page.next_key_marker) if page.is_truncated else ""),
        _element("NextVersionIdMarker", _encoded(next_version)),
        _element("MaxKeys", str(max_keys) if max_keys else ""),
        _element("Delimiter", quote(query.get("delimiter", ""))),
        _element("EncodingType", query.get("encoding-type", "")),
        f"<IsTruncated>{_boolean(page.is_truncated)}</IsTruncated>",
    ]
    elements += [_version(listed, quote) for listed in page.versions]
    elements += _common_prefixes(page.common_prefixes, quote)
    return _document("ListVersionsResult", elements)


def _version(listed: ListedVersion, quote: Escape) -> str:
    """Delete markers have the same children as versions: ETag, size and storage class included."""
    tag = "DeleteMarker" if listed.md.get("isDeleteMarker") else "Version"
    return (
        f"<{tag}><Key>{quote(listed.key)}</Key><VersionId>{encoded_version_id(listed.md)}</VersionId>"
        f"<IsLatest>{_boolean(listed.is_latest)}</IsLatest>{_description(listed.md)}"
        f"{_owner(listed.md)}{_storage_class(listed.md)}</{tag}>"
    )


def _decoded_marker(encoded: str) -> str:
    """The internal id; for a marker that is none, the text of the error, which is what the real server seeks to."""
    if not encoded:
        return ""
    try:
        return version_id.decode(encoded)
    except ValueError as error:
        return f"Error: {error}"


def _encoded(internal: str) -> str:
    return internal if internal in ("", "null") else version_id.encode(internal)


def encode_token(key: str) -> str:
    """A continuation token: the base64 of the last entry's name."""
    return base64.b64encode(key.encode("utf-8", "surrogatepass")).decode()


def decode_token(token: str) -> str:
    """Whatever is no base64 is passed over: nothing is refused."""
    return decode_base64(token).decode("utf-8", "replace")


def _description(md: Mapping[str, Any]) -> str:
    return (
        f"<LastModified>{_shown(md, 'last-modified')}</LastModified>"
        f"<ETag>&quot;{_shown(md, 'content-md5')}&quot;</ETag><Size>{_shown(md, 'content-length')}</Size>"
    )


def _owner(md: Mapping[str, Any]) -> str:
    """The display name is not escaped."""
    return (
        f"<Owner><ID>{_shown(md, 'owner-id')}</ID><DisplayName>{_shown(md, 'owner-display-name')}</DisplayName></Owner>"
    )


def _storage_class(md: Mapping[str, Any]) -> str:
    return f"<StorageClass>{_shown(md, 'x-amz-storage-class')}</StorageClass>"


def _shown(md: Mapping[str, Any], name: str) -> Any:
    return md.get(name, "undefined")


def _common_prefixes(prefixes: Iterable[str], quote: Escape) -> list[str]:
    return [f"<CommonPrefixes><Prefix>{quote(prefix)}</Prefix></CommonPrefixes>" for prefix in prefixes]


def _element(name: str, text: str, *, always: bool = False) -> str:
    """Without text: an empty element when it is shown ``always``, else nothing."""
    if text:
        return f"<{name}>{text}</{name}>"
    return f"<{name}/>" if always else ""


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _document(root: str, elements: Iterable[str]) -> str:
    return f"{DECLARATION}<{root} {NS}>{''.join(elements)}</{root}>"
