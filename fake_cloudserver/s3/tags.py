"""Tags of objects and buckets: the header, the XML, the rules. IO-free.

Source: Arsenal lib/s3middleware/tagging.ts.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.javascript import length, object_order
from fake_cloudserver.s3.xml import escape, parse

_MOST = 50
_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_HEADER = (
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
    "duplicates."
)


def parse_tag_header(header: str) -> dict[str, str]:
    """``a=1&b=2``, percent-encoded; a plus stays a plus.

    Raises:
        S3Error: InvalidArgument for the syntax and for duplicates, InvalidTag for lengths, BadRequest for too many.
    """
    tags: dict[str, str] = {}
    for pair in filter(None, header.split("&")):
        pieces = pair.split("=")
        if len(pieces) != 2:
            raise S3Error("InvalidArgument", _BAD_HEADER)
        key, value = map(_decode, pieces)
        if not key:
            raise S3Error("InvalidArgument", _BAD_HEADER)
        _check_lengths(key, value)
        if key in tags:
            raise S3Error("InvalidArgument", _BAD_HEADER)
        tags[key] = value
    if len(tags) > _MOST:
        raise S3Error("BadRequest", f"Object tags cannot be greater than {_MOST}")
    return object_order(tags)


def _decode(text: str) -> str:
    # header bytes arrive as Latin-1 and are left so, as Node leaves them
    if _BAD_PERCENT.search(text):
        raise S3Error("InvalidArgument", _BAD_HEADER)
    try:
        return urllib.parse.unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise S3Error("InvalidArgument", _BAD_HEADER) from None


def parse_tagging(body: bytes) -> dict[str, str]:
    """The ``Tagging`` document of PUT ?tagging; an empty TagSet is an empty dict.

    Raises:
        S3Error: MalformedXML, InvalidTag or BadRequest, the number of tags being tested before each of them.
    """
    document = parse(body)
    tags = _tag_list(document)
    if len(tags) > _MOST:
        raise S3Error("BadRequest", f"Object tags cannot be greater than {_MOST}")
    found: dict[str, str] = {}
    for tag in tags:
        if not _is_tag(tag):
            raise S3Error("MalformedXML")
        key, value = tag["Key"][0], tag["Value"][0]
        if not key:
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid")
        _check_lengths(key, value)
        found[key] = value
    if len(found) < len(tags):
        raise S3Error("InvalidTag", "Cannot provide multiple Tags with the same key")
    return object_order(found)


def _tag_list(document: dict[str, Any]) -> list[Any]:
    tagging = document.get("Tagging")
    sets = tagging.get("TagSet") if len(document) == 1 and isinstance(tagging, dict) else None
    if not isinstance(sets, list) or len(sets) != 1:
        raise S3Error("MalformedXML")
    if sets[0] == "":
        return []
    if not isinstance(sets[0], dict) or list(sets[0]) != ["Tag"]:
        raise S3Error("MalformedXML")
    tags: list[Any] = sets[0]["Tag"]
    return tags


def _is_tag(tag: Any) -> bool:
    """Exactly one Key and one Value, both text."""
    return (
        isinstance(tag, dict)
        and sorted(tag) == ["Key", "Value"]
        and all(len(values) == 1 and isinstance(values[0], str) for values in tag.values())
    )


def _check_lengths(key: str, value: str) -> None:
    if length(key) > _LONGEST_KEY:
        raise S3Error("InvalidTag", f"The TagKey you have provided is too long, max {_LONGEST_KEY}")
    if length(value) > _LONGEST_VALUE:
        raise S3Error("InvalidTag", f"The TagValue you have provided is too long, max {_LONGEST_VALUE}")


def tagging_document(tags: Mapping[str, str]) -> str:
    """The answer of GET ?tagging; the blanks around TagSet are the real one's."""
    items = "".join(f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in tags.items())
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Tagging> <TagSet>{items}</TagSet> </Tagging>'


def stored_tags(md: Mapping[str, Any]) -> dict[str, str]:
    """Tags of an object: an emptied set is stored as an empty list (cloudserver lib/api/objectPutTagging.js)."""
    tags = md.get("tags")
    return dict(tags) if isinstance(tags, dict) else {}
