"""A folder that outlives the process: what is in it is ours, of a layout that we know, and nobody else uses it.

``LAYOUT`` says whose it is and how it is laid out; ``lock`` is held, by the kernel, as long as the process that opened
the folder lives. What the rest is belongs to whoever opens it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from fake_cloudserver.clock import SystemClock
from fake_cloudserver.errors import ConfigurationError

_LAYOUT = "LAYOUT"
_LOCK = "lock"
#: Seconds between two looks whether it is free.
_LOOK = 0.02


class DataFolderError(ConfigurationError):
    """A folder that cannot be used; the text says why, and names it."""


class DataFolder:
    """Made when it is missing. A context manager: it is ours until it is closed.

    Args:
        kind: whose layout it is, such as ``fake-cloudserver``.
        version: of that layout. There is one so far; a folder of any other is refused.
        patience: seconds to wait for another process to end; a child outlives its killed parent by a moment.

    Raises:
        DataFolderError: it holds something else, is of another version, or in use.
    """

    def __init__(self, path: Path, kind: str, version: int = 1, *, patience: float = 0.0) -> None:
        self.path = path
        self._clock = SystemClock()
        self._layout = f"{kind} {version}"
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._check_kind(kind)
            self._lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise DataFolderError(f"{path} cannot be used: {error.strerror or error}") from error
        try:
            self._take(patience)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let somebody else have it. Does nothing the second time."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _check_kind(self, kind: str) -> None:
        """Before anything is written: a folder of somebody else's stays as it is."""
        layout = self.path / _LAYOUT
        if not layout.exists():
            # these are what a process leaves that was killed in its first moment
            if any(entry.name not in {_LOCK, f"{_LAYOUT}.new"} for entry in self.path.iterdir()):
                raise DataFolderError(f"{self.path} holds other things than data of {kind}: name a folder of its own")
            return
        found = layout.read_text(encoding="utf-8", errors="replace").strip()
        if found != self._layout:
            raise DataFolderError(f"{self.path} has the layout {found[:60]!r}, and this is {self._layout!r}")

    def _take(self, patience: float) -> None:
        deadline = self._clock.monotonic() + patience
        while not self._locked():
            if self._clock.monotonic() >= deadline:
                raise DataFolderError(f"{self.path} is in use by another process")
            self._clock.sleep(_LOOK)
        layout = self.path / _LAYOUT
        if not layout.exists():
            new = self.path / f"{_LAYOUT}.new"
            new.write_text(f"{self._layout}\n", encoding="utf-8")
            new.replace(layout)

    def _locked(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
