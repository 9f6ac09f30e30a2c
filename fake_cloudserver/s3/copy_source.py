"""The source of a copy, as the ``x-amz-copy-source`` header names it. IO-free.

Source: cloudserver lib/api/apiUtils/object/parseCopySource.js.
"""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Mapping

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import parse_query
from fake_cloudserver.s3.versioning import decode_version_id


@dataclasses.dataclass(frozen=True, slots=True)
class CopySource:
    """Bucket, key, and the version: None for the latest, ``null``, or an internal version id."""

    bucket: str
    key: str
    version_id: str | None = None


def parse_copy_source(headers: Mapping[str, str]) -> CopySource:
    """``[/]bucket/key[?versionId=id]``, percent-encoded; a plus stays a plus, a bad percent sequence stays too.

    Raises:
        S3Error: InvalidArgument when no slash follows the bucket's name, and for an undecodable version id.
    """
    path, _, query = headers["x-amz-copy-source"].partition("#")[0].partition("?")
    bucket, slash, key = urllib.parse.unquote(path).removeprefix("/").partition("/")
    if not slash:
        raise S3Error("InvalidArgument")
    return CopySource(bucket, key, decode_version_id(parse_query(query)[0].get("versionId")))
