"""Bodies of a tape in files of their own: ``blobs/<sha256>`` beside it."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import IO

from harness.tape.errors import TapeError
from harness.tape.model import Body

FOLDER = "blobs"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 1024 * 1024


class Blobs:
    """The folder beside a tape.

    Args:
        tape: the tape's path; the folder need not exist.
    """

    def __init__(self, tape: Path) -> None:
        self._folder = tape.parent / FOLDER

    def incoming(self) -> IO[bytes]:
        """A file that a body is written to before its hash is known; it is gone when it is closed."""
        return tempfile.TemporaryFile()

    def keep(self, incoming: IO[bytes], digest: str) -> None:
        """Give what was written its place."""
        target = self._path(digest)
        if target.is_file():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        incoming.seek(0)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
            while piece := incoming.read(_PIECE):
                file.write(piece)
        Path(file.name).replace(target)

    def content(self, body: Body) -> bytes | None:
        """The bytes behind a hash; None when they were not kept.

        Raises:
            TapeError: the file holds something else, or is no plain file.
        """
        if body.form != "sha256":
            return None
        path = self._path(body.content)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise TapeError(f"{path}: not a plain file")
        if not path.exists():
            return None
        if path.stat().st_size != body.length:
            raise TapeError(f"{path}: {path.stat().st_size} bytes; the tape says {body.length}")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != body.content:
            raise TapeError(f"{path}: its content has another hash")
        return content

    def _path(self, digest: str) -> Path:
        if _SHA256.fullmatch(digest) is None:
            raise TapeError(f"{digest!r:.80} is no name of a blob")
        return self._folder / digest
