"""Bodies in signed chunks: the documentation's example, any cut of the stream, every fault."""

from __future__ import annotations

import hashlib
import io
import itertools

import pytest
from auth_helpers import build_request, server_at
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.auth.signature_v4 import signing_key
from fake_cloudserver.auth.streaming import (
    ChunkParser,
    StreamingSeed,
    check_checksum_headers,
    decoded_length,
    open_body,
)
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request

STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SEED = StreamingSeed(signing_key("secret", "20260101", "us-east-1"), "20260101T000000Z", "20260101/x", "0" * 64)
MEBIBYTE = 1048576


def encode(chunks: list[bytes], *, final: bool = True) -> bytes:
    """A body of these chunks, signed for SEED."""
    body, previous = bytearray(), SEED.signature
    for chunk in [*chunks, b""] if final else chunks:
        previous = SEED.chunk_signature(previous, hashlib.sha256(chunk).hexdigest())
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + b"\r\n"
    return bytes(body)


def decode(pieces: list[bytes], announced: int) -> bytes | str:
    """The decoded data, or the code of the fault."""
    parser, data = ChunkParser(SEED, announced), bytearray()
    try:
        for piece in pieces:
            for decoded in parser.feed(piece):
                data += decoded
        parser.finish()
    except S3Error as error:
        return error.code
    return bytes(data)


def cut(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(body), *(place % (len(body) + 1) for place in cuts)})
    return [body[start:end] for start, end in itertools.pairwise(places)]


chunk_lists = st.lists(st.binary(min_size=1, max_size=40), max_size=5)


class TestAnyCut:
    @given(chunks=chunk_lists, cuts=st.lists(st.integers(0, 1000), max_size=20), final=st.booleans())
    def test_gives_the_data(self, chunks: list[bytes], cuts: list[int], final: bool) -> None:
        data = b"".join(chunks)
        assert decode(cut(encode(chunks, final=final), cuts), len(data)) == data

    @given(
        chunks=chunk_lists,
        cuts=st.lists(st.integers(0, 1000), max_size=20),
        place=st.integers(0, 1000),
        other=st.binary(min_size=0, max_size=3),
    )
    def test_gives_what_the_whole_gives(self, chunks: list[bytes], cuts: list[int], place: int, other: bytes) -> None:
        body = encode(chunks)
        place %= len(body)
        broken = body[:place] + other + body[place + len(other) :]
        announced = sum(map(len, chunks))
        assert decode(cut(broken, cuts), announced) == decode([broken], announced)

    @given(chunks=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=3), place=st.integers(0, 1000))
    def test_no_changed_byte_of_data_goes_unnoticed(self, chunks: list[bytes], place: int) -> None:
        body = bytearray(encode(chunks))
        data_places = [
            offset
            for chunk, start in zip(chunks, _starts(chunks), strict=True)
            for offset in range(start, start + len(chunk))
        ]
        body[data_places[place % len(data_places)]] ^= 1
        assert decode([bytes(body)], sum(map(len, chunks))) == "SignatureDoesNotMatch"


def _starts(chunks: list[bytes]) -> list[int]:
    starts, position = [], 0
    for chunk in chunks:
        position += len(f"{len(chunk):x};chunk-signature=") + 64 + 2
        starts.append(position)
        position += len(chunk) + 2
    return starts


class TestFaults:
    @pytest.mark.parametrize(
        "metadata",
        [
            b"5\r\nhello\r\n",
            b"5;chunk-signature=a;x=y\r\n",
            b"x;chunk-signature=a\r\n",
            b"-5;chunk-signature=a\r\n",
            b";chunk-signature=a\r\n",
            b"5;signature=a\r\n",
            b"\r\n\r\n5;chunk-signature=a\r\n",
            b"\xff\r\n",
            b"5;chunk-signature=" + b"a" * 1024,
            b"5;chunk-signature=" + b"a" * 1024 + b"\r\n",
        ],
    )
    def test_malformed_metadata(self, metadata: bytes) -> None:
        assert decode([metadata], 5) == "InvalidArgument"
        assert decode([metadata[:3], metadata[3:]], 5) == "InvalidArgument"

    def test_metadata_of_the_greatest_length(self) -> None:
        signature = SEED.chunk_signature(SEED.signature, hashlib.sha256(b"hello").hexdigest())
        line = f"5;chunk-signature={signature}".encode()
        padded = b"0" * (1024 - len(line)) + line
        assert decode([padded + b"\r\nhello\r\n"], 5) == b"hello"
        assert decode([b"0" + padded + b"\r\nhello\r\n"], 5) == "InvalidArgument"

    @pytest.mark.parametrize("spelling", ["0x5", " 5", "+5", "5zz", "05"])
    def test_sizes_as_javascript_reads_them(self, spelling: str) -> None:
        assert decode([encode([b"hello"]).replace(b"5;", f"{spelling};".encode(), 1)], 5) == b"hello"

    @pytest.mark.parametrize("which", [0, 1, 2])
    def test_a_wrong_signature_of_any_chunk(self, which: int) -> None:
        parts = encode([b"hello", b"world"]).split(b"chunk-signature=")
        parts[which + 1] = (b"0" if parts[which + 1][:1] != b"0" else b"1") + parts[which + 1][1:]
        assert decode([b"chunk-signature=".join(parts)], 10) == "SignatureDoesNotMatch"

    def test_chunks_in_another_order(self) -> None:
        first, second = encode([b"hello"], final=False), encode([b"hello", b"world"], final=False)
        assert decode([second[len(first) :] + first], 10) == "SignatureDoesNotMatch"

    def test_a_seed_of_another_request(self) -> None:
        other = StreamingSeed(SEED.key, SEED.timestamp, SEED.scope, "1" * 64)
        with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
            ChunkParser(other, 5).feed(encode([b"hello"]))

    def test_more_data_than_announced(self) -> None:
        assert decode([encode([b"hello", b"world"])], 9) == "ServiceUnavailable"

    def test_less_data_than_announced_is_accepted(self) -> None:
        assert decode([encode([b"hello", b"world!"])], 20) == b"helloworld!"

    def test_the_last_chunk_may_be_missing(self) -> None:
        assert decode([encode([b"hello"], final=False)], 5) == b"hello"

    def test_a_chunk_cut_short_is_dropped(self) -> None:
        body = encode([b"hello", b"world"], final=False)
        assert decode([body[:-4]], 10) == b"hello"

    def test_what_follows_the_last_chunk_is_ignored(self) -> None:
        assert decode([encode([b"hello"]), b"x-amz-checksum-crc32:NhCmhg==\r\n\r\n"], 5) == b"hello"

    def test_nobody_looks_at_the_line_break_behind_data(self) -> None:
        assert decode([encode([b"hello"]).replace(b"hello\r\n", b"helloXX")], 5) == b"hello"

    def test_an_empty_body(self) -> None:
        assert decode([encode([])], 0) == b""
        assert decode([], 0) == b""


class TestGreatChunks:
    """Those that are passed on before their signature is known."""

    DATA = bytes(range(256)) * (MEBIBYTE // 256 + 16)

    def test_pass_as_they_come(self) -> None:
        parser = ChunkParser(SEED, len(self.DATA))
        body = encode([self.DATA])
        assert b"".join(parser.feed(body[:5000])) == self.DATA[: 5000 - _starts([self.DATA])[0]]
        assert decode([body], len(self.DATA)) == self.DATA

    def test_are_verified_at_their_end(self) -> None:
        body = encode([self.DATA])
        assert decode([body[:-30], b"!", body[-29:]], len(self.DATA)) == "SignatureDoesNotMatch"

    def test_must_not_end_early(self) -> None:
        assert decode([encode([self.DATA])[:-200]], len(self.DATA)) == "IncompleteBody"

    def test_never_give_more_than_announced(self) -> None:
        parser = ChunkParser(SEED, 100)
        with pytest.raises(S3Error, match="ServiceUnavailable"):
            parser.feed(b"ffffffffffff;chunk-signature=a\r\n" + b"x" * 101)


def streaming_request(body: bytes, announced: str = "10") -> Request:
    headers = {"x-amz-content-sha256": STREAMING, "x-amz-decoded-content-length": announced}
    request = build_request("PUT", headers=headers, body=body)
    request.auth = SEED
    return request


class TestOpenBody:
    def test_a_body_as_it_is(self) -> None:
        request = build_request("PUT", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, body=b"hello")
        assert open_body(server_at(), request) is request.stream

    @pytest.mark.parametrize("size", [1, 3, 10, 100, -1])
    def test_is_read_like_a_file(self, size: int) -> None:
        body = open_body(server_at(), streaming_request(encode([b"hello", b"world"])))
        assert b"".join(iter(lambda: body.read(size), b"")) == b"helloworld"
        assert body.read(1) == b""

    def test_reads_exactly_what_is_asked_for(self) -> None:
        chunks = [bytes([number]) * 70_000 for number in range(5)]
        body = open_body(server_at(), streaming_request(encode(chunks), str(350_000)))
        assert [len(body.read(100_000)) for _ in range(4)] == [100_000, 100_000, 100_000, 50_000]

    def test_a_fault_is_raised_while_reading(self) -> None:
        body = open_body(server_at(), streaming_request(encode([b"hello"]).replace(b"hello", b"hallo")))
        with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
            body.read()

    def test_a_great_chunk_cut_short(self) -> None:
        data = b"x" * (MEBIBYTE + 1)
        body = open_body(server_at(), streaming_request(encode([data])[:-500], str(len(data))))
        with pytest.raises(S3Error, match="IncompleteBody"):
            body.read()

    def test_needs_a_signature_in_the_header(self) -> None:
        request = streaming_request(b"")
        request.auth = None
        with pytest.raises(S3Error, match="InvalidArgument"):
            open_body(server_at(), request)

    def test_memory_is_bounded(self) -> None:
        """What is read from the connection before the first byte comes out: never more than a chunk and a piece."""
        chunks = [bytes(MEBIBYTE)] * 4
        stream = io.BytesIO(encode(chunks))
        request = streaming_request(b"", str(4 * MEBIBYTE))
        request.stream = stream
        body = open_body(server_at(), request)
        assert body.read(1) == b"\0"
        assert stream.tell() <= MEBIBYTE + 2 * 65536

    def test_the_documentations_example(self) -> None:
        headers = {
            "host": "s3.amazonaws.com",
            "x-amz-date": "20130524T000000Z",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
            "x-amz-content-sha256": STREAMING,
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": "66560",
            "content-length": "66824",
            "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class,"
            "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        }
        signatures = [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ]
        body = b"".join(
            f"{size:x};chunk-signature={signature}\r\n".encode() + b"a" * size + b"\r\n"
            for size, signature in zip((65536, 1024, 0), signatures, strict=True)
        )
        assert len(body) == 66824
        server = server_at("2013-05-24T00:00:00Z")
        request = build_request("PUT", "/examplebucket/chunkObject.txt", headers, body)
        authenticate(server, request)
        assert open_body(server, request).read() == b"a" * 66560
        assert decoded_length(request) == 66560


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ({"content-length": "5"}, 5),
        ({"content-length": "5", "x-amz-decoded-content-length": "3"}, 3),
        ({"content-length": "5", "x-amz-decoded-content-length": ""}, 5),
        ({"x-amz-decoded-content-length": "x"}, None),
        ({"x-amz-decoded-content-length": "-1"}, -1),
        ({"content-length": "x"}, None),
        ({}, None),
    ],
)
def test_decoded_length(headers: dict[str, str], length: int | None) -> None:
    assert decoded_length(build_request("PUT", headers=headers)) == length


class TestChecksumHeaders:
    @pytest.mark.parametrize("payload", ["a" * 64, "UNSIGNED-PAYLOAD", STREAMING])
    def test_accepted(self, payload: str) -> None:
        check_checksum_headers({"x-amz-content-sha256": payload})
        check_checksum_headers({})

    @pytest.mark.parametrize(
        "payload", ["abc", "", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"]
    )
    def test_unsupported(self, payload: str) -> None:
        with pytest.raises(S3Error, match="BadRequest: unsupported checksum algorithm"):
            check_checksum_headers({"x-amz-content-sha256": payload})

    def test_a_trailer_comes_first(self) -> None:
        with pytest.raises(S3Error, match="BadRequest: trailing checksum is not supported"):
            check_checksum_headers({"x-amz-trailer": "x-amz-checksum-crc32", "x-amz-content-sha256": "abc"})
