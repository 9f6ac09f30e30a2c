"""The parts that a completion lists, against those that are stored; and the object they make. IO-free.

Source: Arsenal lib/s3middleware/processMpuParts.ts.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Final

from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import Element
from fake_cloudserver.s3.elements import Element as XmlElement
from fake_cloudserver.s3.elements import child, children, document_of, text
from fake_cloudserver.s3.javascript import decode_base64, parse_int
from fake_cloudserver.s3.multipart_state import Part

#: Every part but the last listed one must have that many bytes.
SMALLEST_PART: Final = 5 * 1024 * 1024

_MD5_LENGTH = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The parts that make the object, in order, and the data of those that were sent and are not listed."""

    parts: tuple[Part, ...]
    unlisted: tuple[Element, ...]


def parse_part_list(body: bytes) -> list[XmlElement]:
    """The ``Part`` elements of a ``CompleteMultipartUpload`` document; MalformedXML when there is none."""
    parts = children(document_of(body).get("CompleteMultipartUpload"), "Part")
    if not parts:
        raise S3Error("MalformedXML")
    return parts


def choose_parts(listed: Sequence[XmlElement], stored: Sequence[Part], *, any_size: bool) -> Choice:
    """The stored parts that are listed.

    Args:
        listed: what :func:`parse_part_list` gives.
        stored: by number.
        any_size: parts may be smaller than :data:`SMALLEST_PART`.

    Raises:
        S3Error: InvalidPart, InvalidPartOrder, EntityTooSmall: the first faulty part decides. InternalError for one
            without a number or an ETag, which the real server never answers.
    """
    if len(listed) > len(stored):
        raise S3Error("InvalidPart")
    by_number = {part.number: part for part in stored}
    chosen: list[Part] = []
    previous: int | None = None
    for position, element in enumerate(listed, 1):
        number = _number(element)
        if previous is not None and number is not None and number <= previous:
            raise S3Error("InvalidPartOrder")
        part = by_number.pop(number, None) if number is not None else None
        if part is None or _etag(element) != part.etag:
            raise S3Error("InvalidPart")
        if position < len(listed) and part.size < SMALLEST_PART and not any_size:
            raise S3Error("EntityTooSmall")
        chosen.append(part)
        previous = number
    unlisted = tuple(element for part in by_number.values() for element in part.elements)
    return Choice(tuple(chosen), unlisted)


def part_number_and_etag(element: XmlElement) -> tuple[str, str]:
    """Both as the client wrote them; InternalError where one is missing, which the real server never answers."""
    return _text_of(element, "PartNumber"), _text_of(element, "ETag")


def aggregate_etag(parts: Sequence[Part]) -> str:
    """The MD5 of the parts' MD5s, and how many there are."""
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(parts)}"


def object_elements(parts: Sequence[Part]) -> list[Element]:
    """Location elements of the object: parts are numbered anew from 1, all pieces of one have its ETag."""
    elements: list[Element] = []
    start = 0
    for number, part in enumerate(parts, 1):
        for piece in part.elements:
            size = int(piece["size"])
            elements.append(
                {
                    "key": piece["key"],
                    "size": size,
                    "start": start,
                    "dataStoreName": piece["dataStoreName"],
                    "dataStoreETag": f"{number}:{part.etag}",
                }
            )
            start += size
    return elements


def _number(element: XmlElement) -> int | None:
    number = child(element, "PartNumber")
    if number is None:
        raise S3Error("InternalError")
    return parse_int(number) if isinstance(number, str) else None


def _etag(element: XmlElement) -> str:
    """Hexadecimal; some clients write the base64 of an MD5."""
    etag = _text_of(element, "ETag").replace('"', "").replace("'", "")
    if len(etag) == _MD5_LENGTH:
        return etag
    return decode_base64(etag).hex()


def _text_of(element: XmlElement, name: str) -> str:
    found = child(element, name)
    if found is None:
        raise S3Error("InternalError")
    return text(found)
