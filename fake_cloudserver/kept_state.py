"""What a fake keeps in a folder across restarts.

| | |
|---|---|
| ``LAYOUT``, ``lock`` | whose folder it is, and that it is in use |
| ``metadata.sqlite3`` | buckets, objects, multipart uploads, the journal |
| ``data/`` | what objects hold, a file for each piece of data; complete before any metadata name it |

A process that is killed between the two leaves data that nothing names. They stay: an engine that was given their
location by ``/_/backbeat/data`` may be about to write the metadata.
"""

from __future__ import annotations

from pathlib import Path

from fake_cloudserver.clock import Clock
from fake_cloudserver.data_folder import DataFolder
from fake_cloudserver.metadata.durable import DurableMetadata
from fake_cloudserver.metadata.version_id import VersionIdGenerator

_KIND = "fake-cloudserver"


class KeptState:
    """The folder, opened.

    Raises:
        DataFolderError: it is damaged, in use, or not ours.
    """

    def __init__(self, path: Path, clock: Clock, version_ids: VersionIdGenerator) -> None:
        self._folder = DataFolder(path, _KIND)
        self.data_folder = path / "data"
        try:
            self.metadata = DurableMetadata(path / "metadata.sqlite3", clock, version_ids)
        except BaseException:
            self._folder.close()
            raise

    def close(self) -> None:
        self.metadata.close()
        self._folder.close()
