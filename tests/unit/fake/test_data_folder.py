"""Folders that outlive a process: whose they are, and that one process has them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from fake_cloudserver import DataFolder, DataFolderError, FakeCloudServer

KIND = "some-kind"


def test_it_is_made_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with DataFolder(path, KIND) as folder:
        assert folder.path == path
        (path / "content").touch()
    with DataFolder(path, KIND):
        assert (path / "content").exists()
        assert (path / "LAYOUT").read_text() == "some-kind 1\n"


def test_two_cannot_have_it_and_who_closes_it_gives_it_back(tmp_path: Path) -> None:
    with DataFolder(tmp_path, KIND) as folder:
        with pytest.raises(DataFolderError, match=f"{tmp_path} is in use by another process"):
            DataFolder(tmp_path, KIND)
        folder.close()
        folder.close()
        DataFolder(tmp_path, KIND).close()


def test_a_process_that_is_killed_gives_it_back(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from fake_cloudserver import DataFolder\n"
        "folder = DataFolder(pathlib.Path(sys.argv[1]), sys.argv[2]); print('x', flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(tmp_path), KIND]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"x\n"
            with pytest.raises(DataFolderError, match="in use"):
                DataFolder(tmp_path, KIND)
        finally:
            process.kill()
    DataFolder(tmp_path, KIND).close()


def test_a_folder_of_somebody_elses_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").touch()
    with pytest.raises(DataFolderError, match=f"{tmp_path} holds other things than data of {KIND}"):
        DataFolder(tmp_path, KIND)
    assert [entry.name for entry in tmp_path.iterdir()] == ["diary.txt"]


@pytest.mark.parametrize("layout", ["some-kind 2", "other-kind 1", "\x00\xff"])
def test_another_layout_is_refused(tmp_path: Path, layout: str) -> None:
    (tmp_path / "LAYOUT").write_text(layout, encoding="latin-1")
    with pytest.raises(DataFolderError, match=f"{tmp_path} has the layout .*, and this is 'some-kind 1'"):
        DataFolder(tmp_path, KIND)


def test_what_the_first_moment_leaves_is_no_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    (tmp_path / "LAYOUT.new").write_text("some-k")
    with DataFolder(tmp_path, KIND):
        assert (tmp_path / "LAYOUT").read_text() == "some-kind 1\n"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DataFolderError, match=f"{file} cannot be used: File exists"):
        DataFolder(file, KIND)


def test_a_fake_that_cannot_open_its_metadata_gives_the_folder_back(tmp_path: Path) -> None:
    FakeCloudServer(folder=tmp_path).close()
    database = tmp_path / "metadata.sqlite3"
    database.write_bytes(b"not a database" * 1000)
    with pytest.raises(DataFolderError, match="is damaged"):
        FakeCloudServer(folder=tmp_path)
    database.unlink()
    with contextlib.closing(FakeCloudServer(folder=tmp_path)) as fake:
        assert fake.journal.last_sequence == 0
        assert fake.unfinished_since == 1
