"""Tapes on disk."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError
from harness.tape import format as tape_format
from harness.tape.errors import TapeError
from harness.tape.model import Tape

#: Bytes of a whole tape.
MAX_SIZE = 1024 * 1024 * 1024


def write_text(path: Path, text: str) -> None:
    """A whole tape. Raises UsageError when it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def load(path: Path) -> Tape:
    """Read and check a tape. Raises TapeError, with the path and the line."""
    try:
        size = path.stat().st_size
        if size > MAX_SIZE:
            raise TapeError(f"{path}: {size} bytes; a tape has at most {MAX_SIZE}")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise TapeError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TapeError(f"{path}: not a tape: no UTF-8 at byte {error.start}") from None
    try:
        return tape_format.parse(text)
    except TapeError as error:
        raise TapeError(f"{path}: {error}") from None


def save(tape: Tape, path: Path) -> None:
    path.write_text(tape_format.serialise(tape), encoding="utf-8", newline="\n")
