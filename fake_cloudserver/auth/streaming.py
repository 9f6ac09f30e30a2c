"""Bodies in signed chunks (``aws-chunked``), and what an object body may announce about itself.

A chunk is ``<hex size>;chunk-signature=<hex>\\r\\n<data>\\r\\n``; a chunk of size 0 ends the body. Every signature
covers the one before it, the first one that of the request.

Source: cloudserver lib/auth/streamingV4/V4Transform.js, constructChunkStringToSign.js,
lib/api/apiUtils/object/prepareStream.js, validateChecksumHeaders.js.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import io
import re
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Final

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request
from fake_cloudserver.s3.javascript import parse_int

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from fake_cloudserver.cloudserver import CloudServer

STREAMING_PAYLOAD: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"

_ACCEPTED_PAYLOADS = frozenset({"UNSIGNED-PAYLOAD", STREAMING_PAYLOAD})
_LONGEST_METADATA = 1024
_HELD_CHUNK = 1048576
_PIECE = 65536
_NO_DATA_HASH = hashlib.sha256(b"").hexdigest()
# What JavaScript's parseInt reads in base 16: the rest of the text does not matter.
_HEX_SIZE = re.compile(r"\s*\+?(?:0[xX])?([0-9A-Fa-f]+)")
_SIGNATURE_NAME = "chunk-signature="


@dataclasses.dataclass(frozen=True, slots=True)
class StreamingSeed:
    """What the request's signature leaves for its chunks.

    Attributes:
        key: the derived signing key.
        signature: of the request, in hexadecimal: the first chunk's predecessor.
    """

    key: bytes
    timestamp: str
    scope: str
    signature: str

    def chunk_signature(self, previous: str, data_hash: str) -> str:
        """The signature of a chunk, in hexadecimal."""
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{self.timestamp}\n{self.scope}\n{previous}\n{_NO_DATA_HASH}\n{data_hash}"
        return hmac.digest(self.key, text.encode("latin-1", "replace"), "sha256").hex()


class ChunkParser:
    """Takes the chunks of a body apart and verifies them, whatever pieces they arrive in. IO-free.

    Data of a chunk is held back until its signature has been verified, as the real server does; a chunk of more than
    1 MiB is passed on as it comes and its signature judged at its end, so that memory stays bounded.

    Args:
        seed: what authentication left in ``request.auth``.
        announced: length of the decoded body, in bytes.
    """

    def __init__(self, seed: StreamingSeed, announced: int) -> None:
        self._seed = seed
        self._left_to_give = announced
        self._previous = seed.signature
        self._metadata = bytearray()
        self._may_skip_line = True
        self._ended = False
        self._signature = ""
        self._hash = hashlib.sha256()
        self._held: list[bytes] | None = None
        self._data_left = 0
        self._line_break_left = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The decoded data that ``data`` completes; what follows the last chunk is ignored.

        Raises:
            S3Error: InvalidArgument for malformed chunk metadata, SignatureDoesNotMatch, ServiceUnavailable for more
                data than announced.
        """
        given: list[bytes] = []
        position = 0
        while position < len(data) and not self._ended:
            if self._data_left:
                position = self._take_data(data, position, given)
            elif self._line_break_left:
                # nobody looks at what the two bytes are
                skipped = min(self._line_break_left, len(data) - position)
                self._line_break_left -= skipped
                position += skipped
            else:
                position = self._take_metadata(data, position)
        return given

    def finish(self) -> None:
        """The body ended. A missing last chunk is forgiven, and so is a chunk cut short: its data is dropped.

        Raises:
            S3Error: IncompleteBody when data of the unverified chunk was passed on already.
        """
        if self._data_left and self._held is None:
            raise S3Error("IncompleteBody")

    def _take_data(self, data: bytes, position: int, given: list[bytes]) -> int:
        piece = data[position : position + self._data_left]
        self._hash.update(piece)
        self._data_left -= len(piece)
        if self._held is None:
            self._give([piece], given)
        else:
            self._held.append(piece)
        if not self._data_left:
            self._verify(self._hash.hexdigest())
            self._give(self._held or [], given)
            self._line_break_left = 2
        return position + len(piece)

    def _give(self, pieces: list[bytes], given: list[bytes]) -> None:
        self._left_to_give -= sum(map(len, pieces))
        if self._left_to_give < 0:
            raise S3Error("ServiceUnavailable")
        given += pieces

    def _take_metadata(self, data: bytes, position: int) -> int:
        buffer = self._metadata
        searched_from = max(0, len(buffer) - 1)
        taken = data[position : position + _LONGEST_METADATA + 2 - len(buffer)]
        buffer += taken
        end = buffer.find(b"\r\n", searched_from)
        if end < 0:
            if len(buffer) >= _LONGEST_METADATA + 2:
                raise S3Error("InvalidArgument")
            return position + len(taken)
        line = buffer[:end].decode("utf-8", "replace")
        position += end + 2 - (len(buffer) - len(taken))
        buffer.clear()
        if not line and self._may_skip_line:
            self._may_skip_line = False
        else:
            self._begin_chunk(line)
        return position

    def _begin_chunk(self, line: str) -> None:
        size_text, *others = line.split(";")
        size = _HEX_SIZE.match(size_text)
        if len(others) != 1 or size is None or _SIGNATURE_NAME not in others[0]:
            raise S3Error("InvalidArgument")
        self._signature = others[0].replace(_SIGNATURE_NAME, "", 1)
        self._may_skip_line = True
        self._data_left = int(size[1], 16)
        if not self._data_left:
            self._verify(_NO_DATA_HASH)
            self._ended = True
            return
        self._hash = hashlib.sha256()
        self._held = [] if self._data_left <= _HELD_CHUNK else None

    def _verify(self, data_hash: str) -> None:
        expected = self._seed.chunk_signature(self._previous, data_hash)
        if not hmac.compare_digest(expected.encode(), self._signature.encode("utf-8", "surrogatepass")):
            raise S3Error("SignatureDoesNotMatch")
        self._previous = self._signature


class _DecodedBody(io.RawIOBase):
    """The decoded data of a body in signed chunks."""

    def __init__(self, stream: IO[bytes], parser: ChunkParser) -> None:
        super().__init__()
        self._stream = stream
        self._parser = parser
        self._ready: list[bytes] = []
        self._at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Raises S3Error as :class:`ChunkParser` does."""
        target = memoryview(buffer).cast("B")
        while not self._ready and not self._at_end:
            self._fetch()
        if not self._ready:
            return 0
        piece = self._ready[-1]
        size = min(len(piece), len(target))
        target[:size] = piece[:size]
        if size == len(piece):
            self._ready.pop()
        else:
            self._ready[-1] = piece[size:]
        return size

    def _fetch(self) -> None:
        data = self._stream.read(_PIECE)
        if data:
            self._ready = self._parser.feed(data)[::-1]
        else:
            self._parser.finish()
            self._at_end = True


def open_body(server: CloudServer, request: Request) -> IO[bytes]:  # noqa: ARG001  (every operation's shape)
    """The decoded body of an object or part, read once; never more than about 1 MiB of it is in memory.

    It may end before ``decoded_length`` is reached: the real server takes that for a success.

    Raises:
        S3Error: InvalidArgument for a chunked body without a version-4 signature in the header; reading raises as
            :class:`ChunkParser` does.
    """
    if request.headers.get("x-amz-content-sha256") != STREAMING_PAYLOAD:
        return request.stream
    if not isinstance(request.auth, StreamingSeed):
        raise S3Error("InvalidArgument")
    parser = ChunkParser(request.auth, decoded_length(request) or 0)
    return io.BufferedReader(_DecodedBody(request.stream, parser), _PIECE)


def decoded_length(request: Request) -> int | None:
    """Announced size of the body without chunk metadata, in bytes; None when it is absent or not a number."""
    announced = request.headers.get("x-amz-decoded-content-length")
    return parse_int(announced) if announced else request.content_length


def check_checksum_headers(headers: Mapping[str, str]) -> None:
    """What PutObject and UploadPart accept about the body; internal routes do not ask.

    Raises:
        S3Error: BadRequest for trailing checksums and for payload hashes that are none.
    """
    if "x-amz-trailer" in headers:
        raise S3Error("BadRequest", "trailing checksum is not supported")
    payload = headers.get("x-amz-content-sha256")
    if payload is None or payload in _ACCEPTED_PAYLOADS:
        return
    if len(payload) != 64:
        raise S3Error("BadRequest", "unsupported checksum algorithm")
