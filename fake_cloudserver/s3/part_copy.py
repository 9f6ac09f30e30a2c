"""Copying data into a part of a multipart upload.

Source: cloudserver lib/api/apiUtils/object/setUpCopyLocator.js; Arsenal lib/storage/data/DataWrapper.js
(uploadPartCopy).
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Element, Upload
from fake_cloudserver.metadata.object_metadata import location_elements
from fake_cloudserver.s3.ranges import parse_range

_BAD_RANGE = (
    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based "
    "offsets of the first and last bytes to copy"
)


@dataclasses.dataclass(frozen=True, slots=True)
class SourceRange:
    """What is to be copied: the bytes ``first`` to ``last`` (both included) of the elements."""

    elements: tuple[Element, ...]
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    @classmethod
    def of(cls, md: Mapping[str, Any], header: str) -> SourceRange:
        """What ``x-amz-copy-source-range`` asks for; the whole object when it is empty.

        Raises:
            S3Error: InvalidArgument for a malformed one, InvalidRange for one outside the object.
        """
        size, elements = int(md["content-length"]), tuple(location_elements(md))
        if not header:
            return cls(elements, 0, size - 1)
        byte_range = parse_range(header, size)
        if byte_range is None:
            raise S3Error("InvalidArgument", _BAD_RANGE)
        return cls(elements, *byte_range)

    def pieces(self) -> Iterator[tuple[Element, int, int]]:
        """The elements that the range touches, each with first and last byte inside of it."""
        start = 0
        for element in self.elements:
            # very old documents do not say how long their only element is
            size = int(element["size"]) if "size" in element else self.last + 1
            first, last = max(self.first - start, 0), min(self.last - start, size - 1)
            if first <= last:
                yield element, first, last
            start += size


@dataclasses.dataclass(frozen=True, slots=True)
class CopiedData:
    """The location elements of the copied pieces, and the hexadecimal MD5 over all of them."""

    elements: tuple[Element, ...]
    md5: str


def copy_data(server: CloudServer, source: SourceRange, location: str, upload: Upload, number: int) -> CopiedData:
    """Copy each piece by itself, so that nothing is held; what was copied is deleted when a later one fails.

    Args:
        location: a local one.
        upload: the destination's bucket, key and owner.
        number: of the part.

    Raises:
        S3Error: ServiceUnavailable when the data cannot be read or stored.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    copied: list[Element] = []
    try:
        for element, first, last in source.pieces():
            body = _HashedBody(server.gateway.open([element], first, last), md5)
            piece = dataclasses.replace(upload, size=last - first + 1)
            stored = server.gateway.put(location, cast("IO[bytes]", body), piece)
            copied.append({**stored.element, "dataStoreETag": f"{number}:{stored.md5}"})
    except S3Error:
        server.gateway.delete_replaced(copied, "")
        raise
    return CopiedData(tuple(copied), md5.hexdigest())


def open_source(server: CloudServer, source: SourceRange) -> IO[bytes]:
    """The bytes to be copied as one stream, for a location that keeps the part itself."""
    return server.gateway.open(source.elements, source.first, source.last)


class _HashedBody(io.RawIOBase):
    """A stream that adds to a digest what is read from it."""

    def __init__(self, body: IO[bytes], digest: Any) -> None:
        super().__init__()
        self._body = body
        self._digest = digest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._body.read(size)
        self._digest.update(data)
        return data
