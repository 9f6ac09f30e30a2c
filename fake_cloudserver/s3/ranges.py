"""Byte ranges of a request and the parts of an object. IO-free.

Source: Arsenal lib/network/http/utils.ts (parseRange), cloudserver lib/api/apiUtils/object/partInfo.js.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.javascript import parse_int

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_PARTS = re.compile(r"-([0-9]+)$")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks for; None where it is to be ignored.

    Everything but exactly one range of bytes is ignored, and so is a start after the end.

    Raises:
        S3Error: InvalidRange for a start beyond the object, and for ``bytes=-0``.
    """
    match = _RANGE.fullmatch(header)
    if match is None or match[0] == "bytes=-":
        return None
    first, last = map(parse_int, match.groups())
    if first is None:
        return _suffix(last or 0, size)
    if last is not None and first > last:
        return None
    if first >= size:
        raise S3Error("InvalidRange")
    return first, size - 1 if last is None else min(last, size - 1)


def _suffix(count: int, size: int) -> tuple[int, int] | None:
    if count == 0:
        raise S3Error("InvalidRange")
    return (max(0, size - count), size - 1) if size else None


def part_elements(elements: Sequence[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """The location elements of one part: ``dataStoreETag`` is ``<number>:<md5>``, the position counts without it."""
    return [element for position, element in enumerate(elements, 1) if _part_number(element, position) == number]


def _part_number(element: dict[str, Any], position: int) -> int | None:
    etag = element.get("dataStoreETag")
    return parse_int(etag.partition(":")[0]) if etag else position


def part_range(elements: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """First and last byte, within the object, of neighbouring elements.

    Raises:
        S3Error: InternalError for elements of a document that knows neither: the real server never answers then.
    """
    first, last = elements[0], elements[-1]
    try:
        return int(first["start"]), int(last["start"]) + int(last["size"]) - 1
    except KeyError:
        raise S3Error("InternalError") from None


def parts_count(content_md5: str) -> str | None:
    """How many parts an object was made of, as its ETag says; None for one that was put in one piece."""
    match = _PARTS.search(content_md5)
    return match[1] if match else None
