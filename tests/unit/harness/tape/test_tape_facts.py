from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.tape import format as tape_format
from harness.tape.aws_chunked import ChunkDecoder
from harness.tape.blobs import Blobs
from harness.tape.errors import TapeError
from harness.tape.model import Body, Fact

HEADER = {"tape": 1, "sites": {"a": "cloudserver"}}
OBJECT = {"at": "a", "bucket": "b", "key": "k"}
FACTS: dict[str, dict[str, Any]] = {
    "journal": {**OBJECT, "do": "put", "versionId": "<version:1>", "value": {"json": {"key": "k"}}},
    "status": {**OBJECT, "new": "COMPLETED", "site": "aws", "old": "PENDING"},
    "send": {"topic": "t", "value": {"text": ""}, "key": "k"},
    "take": {"group": "g", "topic": "t", "partition": 0, "offset": 7, "key": "k"},
    "commit": {"group": "g", "offsets": {"t/0": 8}},
    "clock": {"seconds": 1.5},
    "rule": {"do": "set", "name": "fault-1", "rule": {"site": "aws", "error": 503}},
    "fault": {"rule": "fault-1", "site": "aws", "operation": "PutObject"},
    "step": {"part": "engine-0"},
    "crash": {"part": "engine-0", "point": "processor.copied"},
}


def lines(*documents: object) -> str:
    return "".join(json.dumps(document, separators=(",", ":")) + "\n" for document in documents)


@pytest.mark.parametrize("kind", FACTS)
def test_a_fact_is_read_and_written_back(kind: str) -> None:
    text = lines(HEADER, {"n": 1, "t": 0.5, "k": kind, **FACTS[kind]})

    tape = tape_format.parse(text)

    assert isinstance(tape.events[0], Fact)
    assert json.loads(tape_format.serialise(tape).splitlines()[1]) == {"n": 1, "t": 0.5, "k": kind, **FACTS[kind]}


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("send", {"topic": None}, "topic: not a text"),
        ("send", {"value": "text"}, "value: not an object"),
        (
            "send",
            {"value": {"sha256": "../../etc/passwd", "length": 1}},
            "value.sha256: '../../etc/passwd' is no SHA-256 in hex",
        ),
        ("commit", {"offsets": [1]}, "offsets: not an object of at most 10000 offsets"),
        ("commit", {"offsets": {"t/0": -1}}, "offsets.t/0: not between 0 and 9007199254740992"),
        ("take", {"offset": 2**53 + 1}, "a number that is too big"),
        ("take", {"surprise": 1}, "surprise: not a field that a tape has"),
        ("clock", {"seconds": -1}, "seconds: not a time in seconds"),
        ("clock", {"seconds": 1e15}, "seconds: not a time in seconds, or more than a century"),
        ("rule", {"do": "maybe"}, "do: 'maybe' is none of set, clear"),
        ("rule", {"rule": []}, "rule: not an object"),
        ("journal", {"at": "b"}, "at: no site 'b'"),
        ("journal", {"at": "../b"}, "at: '../b' is no plain name"),
        ("status", {"key": "k" * 70_000}, "key: longer than 65536 characters"),
    ],
)
def test_a_damaged_fact_is_refused_with_one_line(kind: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(TapeError) as refused:
        tape_format.parse(lines(HEADER, {"n": 1, "k": kind, **FACTS[kind], **change}))

    assert str(refused.value) == f"line 2: {message}"


def test_a_fact_without_what_it_needs_is_refused() -> None:
    with pytest.raises(TapeError, match=r"^line 2: group: missing$"):
        tape_format.parse(lines(HEADER, {"n": 1, "k": "commit", "offsets": {}}))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_chunks_are_put_together_wherever_they_are_cut(size: int) -> None:
    framed = b"5;chunk-signature=aa\r\nhello\r\n3\r\n\r\n!\r\n0;chunk-signature=bb\r\nx-amz-checksum-crc32:AA==\r\n\r\n"
    decoder = ChunkDecoder()

    payload = b"".join(decoder.feed(framed[at : at + size]) for at in range(0, len(framed), size))

    assert payload == b"hello\r\n!"
    assert decoder.done
    assert not decoder.broken


@pytest.mark.parametrize("framed", [b"zz\r\nx", b"\xff\r\n", b"-5\r\nhello", b"5\r\nhelloX\r\n", b"f" * 20_000])
def test_what_is_no_framing_ends_the_payload(framed: bytes) -> None:
    decoder = ChunkDecoder()
    decoder.feed(framed)

    assert decoder.broken


def test_a_blob_is_what_its_name_says_or_it_is_refused(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "a.tape")
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of "hello"
    (tmp_path / "blobs").mkdir()
    path = tmp_path / "blobs" / digest

    assert blobs.content(Body("sha256", digest, 5)) is None
    path.write_bytes(b"hello")
    assert blobs.content(Body("sha256", digest, 5)) == b"hello"
    path.write_bytes(b"hallo")
    with pytest.raises(TapeError, match="another hash"):
        blobs.content(Body("sha256", digest, 5))
    with pytest.raises(TapeError, match="5 bytes; the tape says 6"):
        blobs.content(Body("sha256", digest, 6))


def test_a_blob_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / ("0" * 64)).symlink_to("/etc/passwd")

    with pytest.raises(TapeError, match="not a plain file"):
        Blobs(tmp_path / "a.tape").content(Body("sha256", "0" * 64, 1))
    with pytest.raises(TapeError, match="no name of a blob"):
        Blobs(tmp_path / "a.tape").content(Body("sha256", "../../etc/passwd", 1))
