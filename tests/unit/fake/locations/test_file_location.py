from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from location_helpers import Body, stream, upload_of

from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import LocationError, NoSuchData
from fake_cloudserver.locations.file import FileLocation, FileStore
from fake_cloudserver.randomness import SeededRandomness


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def on_disk(tmp_path: Path) -> FileLocation:
    return FileLocation("disk", "file", FileStore(tmp_path / "data", SeededRandomness(1)))


def get(location: FileLocation, element: dict[str, object], first: int = 0, last: int | None = None) -> bytes:
    return b"".join(location.get(element, first, last))


def test_an_element_and_its_file(on_disk: FileLocation, tmp_path: Path) -> None:
    stored = on_disk.put(stream(b"hello"), upload_of(b"hello"))
    key = stored.element["key"]
    assert re.fullmatch(r"[0-9a-f]{40}", key)
    assert stored.element == {
        "key": key,
        "size": 5,
        "dataStoreName": "disk",
        "dataStoreETag": "1:5d41402abc4b2a76b9719d911017c592",
    }
    assert [(path.name, path.read_bytes()) for path in files_in(tmp_path)] == [(key, b"hello")]


def test_a_location_of_type_scality_names_its_type(tmp_path: Path) -> None:
    location = FileLocation("ring", "scality", FileStore(tmp_path, SeededRandomness(1)))
    assert location.put(stream(b"x"), upload_of(b"x")).element["dataStoreType"] == "scality"


def test_ranges_of_a_big_file(on_disk: FileLocation) -> None:
    content = bytes(range(256)) * 4000
    stored = on_disk.put(stream(content), upload_of(content))
    assert stored.md5 == hashlib.md5(content).hexdigest()
    assert get(on_disk, stored.element) == content
    assert get(on_disk, stored.element, 300_000, 700_000) == content[300_000:700_001]
    assert get(on_disk, stored.element, 1_000_000) == content[1_000_000:]
    assert get(on_disk, stored.element, 3, 2) == b""


def test_data_outlives_the_process(on_disk: FileLocation, tmp_path: Path) -> None:
    stored = on_disk.put(stream(b"hello"), upload_of(b"hello"))
    again = FileLocation("disk", "file", FileStore(tmp_path / "data", SeededRandomness(2)))
    assert get(again, stored.element) == b"hello"


def test_what_a_crash_left_half_written_is_removed(tmp_path: Path) -> None:
    FileStore(tmp_path, SeededRandomness(1))
    leftover = tmp_path / ".incoming" / "half"
    leftover.write_bytes(b"he")
    FileStore(tmp_path, SeededRandomness(1))
    assert not leftover.exists()


def test_a_deleted_file_is_gone(on_disk: FileLocation, tmp_path: Path) -> None:
    stored = on_disk.put(stream(b"hello"), upload_of(b"hello"))
    on_disk.delete(stored.element, with_version=True)
    assert files_in(tmp_path) == []
    with pytest.raises(NoSuchData):
        on_disk.delete(stored.element, with_version=True)
    with pytest.raises(NoSuchData):
        get(on_disk, stored.element)


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "A" * 40, "a" * 40 + "\n", 7, None])
def test_only_a_key_names_a_file(on_disk: FileLocation, tmp_path: Path, key: object) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    with pytest.raises(NoSuchData):
        get(on_disk, {"key": key})
    with pytest.raises(NoSuchData):
        on_disk.delete({"key": key}, with_version=False)
    assert (tmp_path / "secret").exists()


@pytest.mark.parametrize("end", [None, S3Error("SignatureDoesNotMatch")], ids=["short", "broken"])
def test_a_body_cut_off_leaves_no_file(on_disk: FileLocation, tmp_path: Path, end: S3Error | None) -> None:
    with pytest.raises((LocationError, S3Error)):
        on_disk.put(Body.of(b"he", end=end), upload_of(b"hello"))
    assert files_in(tmp_path) == []


def test_a_short_aws_chunked_body_is_filled_up(on_disk: FileLocation) -> None:
    stored = on_disk.put(stream(b"hell"), upload_of(b"", size=100_000, chunked=True))
    assert stored.size == 100_000
    assert get(on_disk, stored.element) == b"hell" + bytes(99_996)


def test_a_disk_that_fails_is_a_location_error(on_disk: FileLocation, tmp_path: Path) -> None:
    for path in (tmp_path / "data" / ".incoming", tmp_path / "data"):
        path.rmdir()
    (tmp_path / "data").write_bytes(b"in the way")
    with pytest.raises(LocationError):
        on_disk.put(stream(b"hello"), upload_of(b"hello"))
    with pytest.raises(LocationError):
        get(on_disk, {"key": "0" * 40})
