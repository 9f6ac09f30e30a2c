"""The parts that an object's data are in, as its ``location`` tells.

Source: Arsenal lib/models/ObjectMDLocation.ts; Backbeat extensions/replication/tasks/ReplicateObject.js.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.engine.errors import ReplicationError

_MD5 = re.compile("[0-9a-f]{32}")
#: What a target says of stored data, beside what is always there.
_ANSWERED = ("dataStoreVersionId", "cryptoScheme", "cipheredDataKey")


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """Data that are read and written at once.

    Attributes:
        number: of the part, as S3 counts; None when nobody knows.
        md5: None when nobody knows it.
        etag: ``dataStoreETag`` as it is: ``<number>:<md5>``.
    """

    number: int | None
    start: int
    size: int
    md5: str | None
    etag: str

    @property
    def byte_range(self) -> str:
        """As a Range header has it."""
        return f"bytes={self.start}-{self.start + self.size - 1}"

    def stored_as(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The location element of the copy, given what the target answered."""
        element = {"key": answer["key"], "start": self.start, "size": self.size}
        element |= {"dataStoreName": answer["dataStoreName"], "dataStoreETag": self.etag}
        return element | {name: answer[name] for name in _ANSWERED if answer.get(name) is not None}


def parts_of(metadata: Mapping[str, Any]) -> list[Part]:
    """The parts, in order. Neighbouring elements of one part become one: a part may have been copied in pieces.

    The ETag of a multipart object at a cloud has no part number, and is no MD5; neither are the ETags of pieces.
    Backbeat sends them as if they were, which no target accepts; here the number and MD5 are unknown then.

    Raises:
        ReplicationError: InternalError for a location without ``dataStoreETag``, and for data that are not all there.
    """
    elements: Sequence[Mapping[str, Any]] = metadata.get("location") or []
    if any(not element.get("dataStoreETag") for element in elements):
        raise ReplicationError("InternalError", "a location of the object has no dataStoreETag")
    try:
        parts = [_part(list(pieces)) for _, pieces in itertools.groupby(_numbered(elements), key=_piece_key)]
    except (KeyError, TypeError, ValueError) as error:
        raise ReplicationError("InternalError", f"a location of the object is malformed: {error!r}") from error
    length = int(metadata["content-length"])
    if sum(part.size for part in parts) != length:
        raise ReplicationError("InternalError", f"the object's locations do not make up its {length} bytes")
    return parts


def _numbered(elements: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(elements))


def _piece_key(numbered: tuple[int, Mapping[str, Any]]) -> tuple[str, int]:
    """The same for neighbours that belong together."""
    index, element = numbered
    number = _number(element["dataStoreETag"])
    return ("nobody knows", index) if number is None else ("part", number)


def _part(pieces: list[tuple[int, Mapping[str, Any]]]) -> Part:
    first, last = pieces[0][1], pieces[-1][1]
    etags = {element["dataStoreETag"] for _, element in pieces}
    etag = str(last["dataStoreETag"])
    md5 = etag.rpartition(":")[2]
    return Part(
        number=_number(etag),
        start=int(first["start"]),
        size=sum(int(element["size"]) for _, element in pieces),
        md5=md5 if len(etags) == 1 and _MD5.fullmatch(md5) else None,
        etag=etag,
    )


def _number(etag: str) -> int | None:
    number, colon, _ = etag.partition(":")
    return int(number) if colon and number.isdigit() else None
