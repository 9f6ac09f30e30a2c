"""The folder of ``harness up --data``: what each part keeps there.

| | |
|---|---|
| ``LAYOUT``, ``lock`` | whose folder it is, and that a stack uses it |
| ``cloudserver/`` | buckets, objects, journal, data: as ``fake-cloudserver --data`` keeps them |
| ``aws/`` | the same of AWS |
| ``sites/NAME/`` | the same of each further CloudServer |

The embedded Kafka keeps nothing; ``stack_resume.py`` says how an engine goes on without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from fake_cloudserver import DataFolder

_KIND = "cloudserver-harness"


class StackData:
    """Where the parts of one stack keep things; None each when nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Have the folder. Raises DataFolderError when it is in use, or somebody else's."""
        if self._folder is None:
            yield
            return
        with DataFolder(self._folder, _KIND):
            yield

    @property
    def cloudserver(self) -> Path | None:
        return self._of("cloudserver")

    @property
    def aws(self) -> Path | None:
        return self._of("aws")

    def site(self, name: str) -> Path | None:
        return self._of(f"sites/{name}")

    def _of(self, part: str) -> Path | None:
        return None if self._folder is None else self._folder / part
