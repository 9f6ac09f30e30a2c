"""A fake Scality CloudServer that a client cannot tell from the real one in what concerns cross-region replication.

What is listed here is public; everything else may move. Names are loaded when they are first used, so that importing
the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_cloudserver.clock import Clock, SystemClock, VirtualClock, from_milliseconds, iso
    from fake_cloudserver.data_folder import DataFolder, DataFolderError
    from fake_cloudserver.errors import ConfigurationError, S3Error
    from fake_cloudserver.fake import FakeCloudServer
    from fake_cloudserver.locations.base import LocationError
    from fake_cloudserver.locations.memory_aws import MemoryAws
    from fake_cloudserver.logs import get_logger, log_to_stderr
    from fake_cloudserver.randomness import Randomness, SeededRandomness, SystemRandomness
    from fake_cloudserver.server import HttpServer, serving
    from fake_cloudserver.settings import Settings
    from fake_cloudserver.sqlite_file import damaged, open_database, transaction

_HOMES = {
    "Clock": "clock",
    "ConfigurationError": "errors",
    "DataFolder": "data_folder",
    "DataFolderError": "data_folder",
    "FakeCloudServer": "fake",
    "HttpServer": "server",
    "LocationError": "locations.base",
    "MemoryAws": "locations.memory_aws",
    "Randomness": "randomness",
    "S3Error": "errors",
    "SeededRandomness": "randomness",
    "Settings": "settings",
    "SystemClock": "clock",
    "SystemRandomness": "randomness",
    "VirtualClock": "clock",
    "damaged": "sqlite_file",
    "from_milliseconds": "clock",
    "get_logger": "logs",
    "iso": "clock",
    "log_to_stderr": "logs",
    "open_database": "sqlite_file",
    "serving": "server",
    "transaction": "sqlite_file",
}

__all__ = [
    "Clock",
    "ConfigurationError",
    "DataFolder",
    "DataFolderError",
    "FakeCloudServer",
    "HttpServer",
    "LocationError",
    "MemoryAws",
    "Randomness",
    "S3Error",
    "SeededRandomness",
    "Settings",
    "SystemClock",
    "SystemRandomness",
    "VirtualClock",
    "damaged",
    "from_milliseconds",
    "get_logger",
    "iso",
    "log_to_stderr",
    "open_database",
    "serving",
    "transaction",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
