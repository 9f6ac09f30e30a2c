"""A request and its answer as they crossed the wire, before anything of them is written."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Mapping
from typing import IO

from harness.faults.rules import Occasion
from harness.tape.aws_chunked import ChunkDecoder
from harness.tape.blobs import Blobs
from harness.tape.model import HeaderList

#: Bytes of a document that is kept as it is; a longer one is data.
MAX_DOCUMENT = 1024 * 1024

_DATA_REQUESTS = frozenset({"PutObject", "UploadPart", "PUT", "POST"})
_INTERNAL_DATA = ("data:put", "multiplebackenddata:putobject", "multiplebackenddata:putpart")
_DATA_ANSWERS = frozenset({"GetObject", "GET", "data:get"})


def carries_data(occasion: Occasion) -> bool:
    """Whether a request's body is an object's content, as against a document that says what to do."""
    return occasion.operation in _DATA_REQUESTS or occasion.operation in _INTERNAL_DATA


def answers_with_data(occasion: Occasion, status: int) -> bool:
    """The same for the answer."""
    return occasion.operation in _DATA_ANSWERS and status < 300


class Captured:
    """A body, while it passes.

    Args:
        is_data: only its hash is of interest.
        framed: it comes as ``aws-chunked``; the payload counts.
        blobs: where to put its bytes when it is over.
    """

    def __init__(self, *, is_data: bool, framed: bool = False, blobs: Blobs | None = None) -> None:
        self.length = 0
        self.seen = 0
        self.is_whole = False
        self._is_data = is_data
        self._decoder = ChunkDecoder() if framed else None
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5()
        self._kept = bytearray()
        self._blobs = blobs
        self._file: IO[bytes] | None = None

    def feed(self, piece: bytes) -> None:
        self.seen += len(piece)
        if self._decoder is not None:
            piece = self._decoder.feed(piece)
        self.length += len(piece)
        self._sha256.update(piece)
        self._md5.update(piece)
        if not self._is_data and len(self._kept) + len(piece) <= MAX_DOCUMENT:
            self._kept += piece
            return
        self._is_data = True
        if self._blobs is not None and piece:
            if self._file is None:
                self._file = self._blobs.incoming()
                self._file.write(self._kept)
            self._file.write(piece)

    def finish(self) -> None:
        """No more of it will come."""
        if self._file is not None and self._blobs is not None:
            with self._file:
                self._blobs.keep(self._file, self.digest)
            self._file = None

    @property
    def document(self) -> bytes | None:
        """The bytes of what is not data."""
        return None if self._is_data else bytes(self._kept)

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()

    def md5_form(self, value: str) -> str:
        """A Content-MD5 as a tape has it: ``<md5:…>`` when it is the body's."""
        if value == base64.b64encode(self._md5.digest()).decode():
            return "<md5:base64>"
        return "<md5:hex>" if value == self._md5.hexdigest() else value


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange.

    Attributes:
        target: path and raw query.
        status: None when there was no answer, or not the whole of it.
    """

    at: str
    by: str
    method: str
    target: str
    headers: HeaderList
    body: Captured
    status: int | None
    answer_headers: HeaderList
    answer: Captured

    def header(self, name: str) -> str:
        """The first of that name; "" when there is none."""
        return next((value for known, value in self.headers if known.lower() == name), "")


def by_name(headers: HeaderList) -> Mapping[str, str]:
    """Names in lower case; of repeated ones the last."""
    return {name.lower(): value for name, value in headers}
