"""Makes locations of their settings. The libraries behind a type are loaded with the first location of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fake_cloudserver.clock import Clock
from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.locations.base import Location
from fake_cloudserver.randomness import Randomness
from fake_cloudserver.settings import LocationSettings

if TYPE_CHECKING:
    from fake_cloudserver.locations.file import FileStore
    from fake_cloudserver.locations.memory import MemoryStore


class LocationFactory:
    """What the locations of one gateway share, and how they are made.

    Args:
        settings: every location of the configuration.
        clock, randomness: the seams.
        data_folder: where locations of type ``file`` keep their bytes; None for a temporary folder.
        durable: those of type ``mem``, too.

    Raises:
        ConfigurationError: a location has no credentials.
    """

    def __init__(
        self,
        settings: Mapping[str, LocationSettings],
        clock: Clock,
        randomness: Randomness,
        data_folder: Path | None,
        *,
        durable: bool = False,
    ) -> None:
        for location in settings.values():
            _check_credentials(location)
        self._settings = settings
        self._clock = clock
        self._randomness = randomness
        self._data_folder = data_folder
        self._durable = durable
        self._temporary_folder: Path | None = None
        self._memory: MemoryStore | None = None
        self._files: FileStore | None = None

    def make(self, name: str) -> Location | None:
        """The location of that name; None for an unknown one and for types without a data client.

        Called under the gateway's lock, once for each name.
        """
        # Arsenal lib/storage/data/LocationConstraintParser.js
        settings = self._settings.get(name)
        match settings.type if settings is not None else None:
            case "mem" if not self._durable:
                return self._make_memory(name)
            case "file" | "scality" | "mem" as kind:
                return self._make_file(name, kind)
            case "aws_s3":
                return self._make_aws(self._settings[name])
            case "azure" | "gcp":
                return _make_unreachable(self._settings[name])
            case _:
                return None

    def close(self) -> None:
        """Remove what the locations shared."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        if self._temporary_folder is not None:
            shutil.rmtree(self._temporary_folder, ignore_errors=True)
            self._temporary_folder = None

    def _make_memory(self, name: str) -> Location:
        from fake_cloudserver.locations.memory import MemoryLocation, MemoryStore

        if self._memory is None:
            self._memory = MemoryStore()
        return MemoryLocation(name, self._memory)

    def _make_file(self, name: str, kind: str) -> Location:
        from fake_cloudserver.locations.file import FileLocation, FileStore

        if self._files is None:
            folder = self._data_folder
            if folder is None:
                folder = self._temporary_folder = Path(tempfile.mkdtemp(prefix="fake-cloudserver-data-"))
            self._files = FileStore(folder, self._randomness)
        return FileLocation(name, kind, self._files)

    def _make_aws(self, settings: LocationSettings) -> Location:
        from fake_cloudserver.locations.aws_s3 import AwsS3Location

        return AwsS3Location(settings, self._clock)


def _make_unreachable(settings: LocationSettings) -> Location:
    from fake_cloudserver.locations.unreachable import UnreachableLocation

    return UnreachableLocation(settings)


def _check_credentials(settings: LocationSettings) -> None:
    # Arsenal lib/storage/data/LocationConstraintParser.js: without either it runs into an exception at start
    if settings.type not in {"aws_s3", "gcp"}:
        return
    if not settings.details.get("credentials") and not settings.details.get("credentialsProfile"):
        raise ConfigurationError(f"location {settings.name}: neither credentials nor credentialsProfile is set")
