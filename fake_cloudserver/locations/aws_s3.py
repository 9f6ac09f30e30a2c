"""Locations of type ``aws_s3``: a bucket behind any S3 endpoint.

Source: Arsenal lib/storage/data/external/AwsClient.js.
"""

from __future__ import annotations

import email.utils
import logging
import re
import threading
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any
from xml.sax.saxutils import escape

from fake_cloudserver.clock import Clock
from fake_cloudserver.locations import aws_errors, aws_upload
from fake_cloudserver.locations.aws_client import AwsClient, Query
from fake_cloudserver.locations.base import (
    CompletedPart,
    CompletedUpload,
    Element,
    HeadResult,
    ListedPart,
    LocationError,
    PartListing,
    Stored,
    Upload,
)
from fake_cloudserver.locations.gateway_errors import MISSING_VERSION_ID
from fake_cloudserver.locations.remote_names import remote_key
from fake_cloudserver.locations.streams import BodyReader
from fake_cloudserver.settings import LocationSettings

_logger = logging.getLogger(__name__)

_META_PREFIX = "x-amz-meta-"

_SETUP_REGION = "us-east-1"

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

# what JavaScript writes a number as: the client library takes a text for a number only in that form
_CANONICAL_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")


class AwsS3Location:
    """One ``aws_s3`` location; nothing is sent before it is used."""

    type = "aws_s3"
    label = "AWS"

    def __init__(self, settings: LocationSettings, clock: Clock) -> None:
        details = settings.details
        self.name = settings.name
        self._bucket_match = bool(details.get("bucketMatch"))
        self._supports_versioning = details.get("supportsVersioning") is not False
        self._encrypts = bool(details.get("serverSideEncryption"))
        self._client = AwsClient(settings, clock)
        self._setup_lock = threading.Lock()
        self._is_set_up = not self._client.secure

    def setup(self) -> None:
        """Ask where the bucket is, and go there. A failure is only logged.

        Over HTTPS, where the region is part of every signature, the first request does it if nobody has before.
        """
        with self._setup_lock:
            self._locate_bucket()
            self._is_set_up = True

    def close(self) -> None:
        self._client.close()

    def remote_key(self, bucket: str, key: str) -> str:
        return remote_key(bucket, key, bucket_match=self._bucket_match)

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        key = self.remote_key(upload.bucket, upload.key)
        headers = {**_content_headers(upload), **_metadata_headers(_metadata(upload))}
        if self._encrypts:
            headers["x-amz-server-side-encryption"] = "AES256"
        reader = BodyReader(body, upload.size)
        version_id = self._checked_version(aws_upload.upload(self._ready(), key, reader, headers))
        md5 = reader.hexdigest()
        element = self._element(key, reader.received, f"1:{md5}", version_id)
        return Stored(element, md5, reader.received, version_id)

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        whole = first == 0 and (last is None or last + 1 == element.get("size"))
        headers = {} if whole else {"Range": f"bytes={first}-{'' if last is None else last}"}
        if last is not None and last < first:
            return iter(())
        return self._ready().stream(_key(element), query=_version(element), headers=headers)

    def delete(self, element: Element, *, with_version: bool) -> None:
        try:
            self._ready().call("DELETE", _key(element), query=_version(element) if with_version else ())
        except LocationError as error:
            # somebody deleted it behind the gateway's back: nothing to retry
            if error.code not in {"NoSuchKey", "NoSuchVersion"}:
                raise

    def head(self, element: Element) -> HeadResult:
        headers = self._ready().call("HEAD", _key(element), query=_version(element)).headers
        modified = headers.get("Last-Modified", "")
        return HeadResult(
            last_modified=_timestamp(modified),
            size=int(headers.get("Content-Length", "0")),
            etag=headers.get("ETag", "").strip('"'),
            version_id=headers.get("x-amz-version-id", ""),
            metadata={
                name.lower()[len(_META_PREFIX) :]: value
                for name, value in headers.items()
                if name.lower().startswith(_META_PREFIX)
            },
        )

    def delete_marker(self, bucket: str, key: str) -> str:
        return self._checked_version(self._ready().call("DELETE", self.remote_key(bucket, key)).version_id)

    def latest_version(self, bucket: str, key: str) -> str:
        name = self.remote_key(bucket, key)
        query = (("versions", None), ("encoding-type", "url"), ("max-keys", "1"), ("prefix", name))
        root = aws_errors.parse_result(self._ready().call("GET", query=query, may_fail_late=True).body)
        for element in () if root is None else root.iter():
            # the listing is in the order of keys: one of this key comes before all that only begin like it
            if element.tag.rpartition("}")[2] in {"Version", "DeleteMarker"}:
                found = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
                return found.get("VersionId", "") if urllib.parse.unquote(found.get("Key", "")) == name else ""
        return ""

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        inner = "".join(
            f"<Tag><Key>{_escape(name)}</Key><Value>{_escape(value)}</Value></Tag>" for name, value in tags.items()
        )
        body = f'<Tagging xmlns="{_NAMESPACE}"><TagSet>{inner}</TagSet></Tagging>'.encode()
        headers = {"Content-MD5": aws_upload.content_md5(body)}
        query = _tagging(version_id)
        self._ready().call("PUT", self.remote_key(bucket, key), query=query, headers=headers, body=body)

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        self._ready().call("DELETE", self.remote_key(bucket, key), query=_tagging(version_id))

    def create_upload(self, upload: Upload) -> str:
        # unlike put, this drops names without the prefix, and asks for no encryption
        metadata = {name: value for name, value in _metadata(upload).items() if name.startswith(_META_PREFIX)}
        headers = {**_content_headers(upload), **_metadata_headers(metadata)}
        return aws_upload.create(self._ready(), self.remote_key(upload.bucket, upload.key), headers)

    def put_part(
        self, bucket: str, key: str, upload_id: str, part_number: str, body: IO[bytes], size: int | None
    ) -> str:
        if not _CANONICAL_NUMBER.fullmatch(part_number):
            raise LocationError("InvalidParameterType", "Expected params.PartNumber to be a number")
        if size is None:
            raise LocationError("Error", "Cannot determine length of [object Object]")
        reader = BodyReader(body, size)
        answer = self._ready().call(
            "PUT",
            self.remote_key(bucket, key),
            query=[("partNumber", part_number), ("uploadId", upload_id)],
            body=_complete_chunks(reader),
            length=size,
        )
        return answer.headers.get("ETag", "").strip('"')

    def list_parts(self, bucket: str, key: str, upload_id: str, marker: int, limit: int) -> PartListing:
        query = [("max-parts", str(limit)), ("part-number-marker", str(marker)), ("uploadId", upload_id)]
        root = aws_errors.parse_result(self._ready().call("GET", self.remote_key(bucket, key), query=query).body)
        parts = [
            ListedPart(
                number=int(aws_errors.find_text(part, "PartNumber")),
                etag=aws_errors.find_text(part, "ETag").strip('"'),
                size=int(aws_errors.find_text(part, "Size")),
                last_modified=aws_errors.find_text(part, "LastModified"),
            )
            for part in (() if root is None else root)
            if aws_errors.local_name(part) == "Part"
        ]
        return PartListing(parts, aws_errors.find_text(root, "IsTruncated") == "true")

    def complete_upload(self, bucket: str, key: str, upload_id: str, parts: Sequence[CompletedPart]) -> CompletedUpload:
        remote = self.remote_key(bucket, key)
        answer = aws_upload.complete(self._ready(), remote, upload_id, parts)
        version_id = self._checked_version(answer.version_id)
        etag = aws_errors.find_text(aws_errors.parse_result(answer.body), "ETag").strip('"')
        size = self.head({"key": remote}).size
        return CompletedUpload(self._element(remote, size, etag, version_id), etag, size, version_id)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self._ready().call("DELETE", self.remote_key(bucket, key), query=[("uploadId", upload_id)])

    def copy(self, source: Element, source_bucket: str, upload: Upload, directive: str | None) -> tuple[str, str]:
        key = self.remote_key(upload.bucket, upload.key)
        answer = self._ready().call(
            "PUT", key, headers=self._copy_headers(source, source_bucket, upload, directive), may_fail_late=True
        )
        version_id = answer.version_id
        if not version_id and self._supports_versioning:
            version_id = self._checked_version(self.head({"key": key}).version_id)
        return key, version_id

    def healthcheck(self) -> dict[str, Any]:
        owned = {"message": "Congrats! You own the bucket"}
        try:
            self._ready().call("HEAD")
            if not self._supports_versioning:
                return owned
            answer = self._ready().call("GET", query=[("versioning", None)])
            status = aws_errors.find_text(aws_errors.parse_result(answer.body), "Status")
        except LocationError as error:
            return {"error": error.text, "external": True}
        if status == "Enabled":
            return {"versioningStatus": status, **owned}
        fault = {"error": "Versioning must be enabled", "external": True}
        return {"versioningStatus": status, **fault} if status else fault

    def _ready(self) -> AwsClient:
        if not self._is_set_up:
            with self._setup_lock:
                if not self._is_set_up:
                    self._locate_bucket()
                    self._is_set_up = True
        return self._client

    def _locate_bucket(self) -> None:
        try:
            answer = self._client.call("GET", query=[("location", None)], region=_SETUP_REGION)
            root = aws_errors.parse_result(answer.body)
        except LocationError as error:
            if not isinstance(error, aws_errors.WrongRegion):
                _logger.error("location %s: error during setup: %s", self.name, error)  # noqa: TRY400
                return
            region = error.region
        else:
            region = "" if root is None else (root.text or aws_errors.find_text(root, "LocationConstraint"))
        if region:
            self._client.move_to(region)

    def _copy_headers(
        self, source: Element, source_bucket: str, upload: Upload, directive: str | None
    ) -> dict[str, str]:
        headers = {"x-amz-copy-source": _copy_source(source, source_bucket), **_metadata_headers(upload.metadata)}
        if directive is not None:
            headers["x-amz-metadata-directive"] = directive
        if self._encrypts:
            headers["x-amz-server-side-encryption"] = "AES256"
        return headers

    def _checked_version(self, version_id: str) -> str:
        if not version_id and self._supports_versioning:
            raise LocationError(MISSING_VERSION_ID, "missing version id for data backend object")
        return version_id

    def _element(self, key: str, size: int, etag: str, version_id: str) -> Element:
        element: Element = {
            "key": key,
            "size": size,
            "dataStoreName": self.name,
            "dataStoreType": self.type,
            "dataStoreETag": etag,
        }
        if version_id:
            element["dataStoreVersionId"] = version_id
        return element


def _metadata(upload: Upload) -> dict[str, str]:
    """User metadata with the marks of replication before it, so that it can override them."""
    # cloudserver lib/routes/routeBackbeat.js (putObject, initiateMultipartUpload)
    marks = {}
    if upload.replica:
        marks[f"{_META_PREFIX}scal-replication-status"] = "REPLICA"
        if upload.source_version_id:
            marks[f"{_META_PREFIX}scal-version-id"] = upload.source_version_id
    return {**marks, **upload.metadata}


def _metadata_headers(metadata: Mapping[str, object]) -> dict[str, str]:
    """Every name loses its first eleven characters, whatever they are, and gets the prefix in their place."""
    headers = {}
    for full_name, value in metadata.items():
        name = full_name[len(_META_PREFIX) :]
        if not isinstance(value, str):  # metadata can come from a JSON header, where a value may be anything
            raise LocationError("InvalidParameterType", f"Expected params.Metadata['{name}'] to be a string")
        headers[_META_PREFIX + name] = value
    return headers


def _content_headers(upload: Upload) -> dict[str, str]:
    headers = {
        "Cache-Control": upload.cache_control,
        "Content-Disposition": upload.content_disposition,
        "Content-Encoding": upload.content_encoding,
        "Content-Type": upload.content_type,
        "x-amz-tagging": upload.tags or None,
    }
    return {name: value for name, value in headers.items() if value is not None}


def _copy_source(source: Element, bucket: str) -> str:
    version_id = source.get("dataStoreVersionId")
    suffix = f"?versionId={urllib.parse.quote(str(version_id), safe='')}" if version_id else ""
    return f"{bucket}/{urllib.parse.quote(_key(source), safe='/~')}{suffix}"


def _key(element: Element) -> str:
    # elements come back from clients, who may leave anything out
    return str(element.get("key") or "")


def _version(element: Element) -> Query:
    version_id = element.get("dataStoreVersionId")
    return [("versionId", str(version_id))] if version_id else ()


def _tagging(version_id: str) -> Query:
    return [("tagging", None), *([("versionId", version_id)] if version_id else [])]


def _escape(text: str) -> str:
    return escape(text, {"\r": "&#x0D;", "\n": "&#x0A;"})


def _timestamp(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def _complete_chunks(reader: BodyReader) -> Iterator[bytes]:
    yield from reader.chunks()
    reader.check_complete()
