"""Finding and reading the JSON files of a CloudServer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from fake_cloudserver.errors import ConfigurationError

_REPLICATION_FILE = "S3_REPLICATION_FILE"

# What the messages call the file that a variable names (cloudserver lib/Config.js).
_KINDS = {
    "S3_CONFIG_FILE": "config",
    "S3_LOCATION_FILE": "location config",
    "S3AUTH_CONFIG": "auth config",
    _REPLICATION_FILE: "replication",
}


def read_named(environ: Mapping[str, str], variable: str, folder: Path) -> Any:
    """The document in the file that the environment names in ``variable``; None when it names none.

    Raises:
        ConfigurationError: no such file, not readable, not JSON; the text says which file and where in it.
    """
    name = environ.get(variable)
    return read_document(find(name, variable, folder), variable) if name else None


def find(name: str, variable: str, folder: Path) -> Path:
    """A name that starts with ``/`` is taken as it is; others are looked for in ``conf``, then in ``folder`` itself.

    Source: cloudserver lib/Config.js (``_getConfigPath`` and its like), with ``folder`` for the repository root.
    """
    if name.startswith("/"):
        return Path(name)
    containers = [folder.absolute() / "conf", folder.absolute()]
    for container in containers:
        if (container / name).exists():
            return container / name
    paths = json.dumps([str(container) for container in containers])
    raise ConfigurationError(
        f'Unable to find the configuration file "{name}" (named by {variable}) under the paths: {paths}'
    )


def read_document(path: Path, variable: str) -> Any:
    """The JSON document in a file; ConfigurationError names the file, and line and column of what is wrong."""
    problem = f"could not parse {_KINDS[variable]} file: {path} (named by {variable})"
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        raise ConfigurationError(f"{problem}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{problem}: not UTF-8 text at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{problem}: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except ValueError as error:
        raise ConfigurationError(f"{problem}: {error}") from error
    if document is None:
        raise ConfigurationError(f"{problem}: must hold a JSON object, not null")
    return document


def append_replication_endpoints(config: Any, environ: Mapping[str, str], folder: Path) -> Any:
    """The main configuration with the elements of the extra replication file behind its own.

    They go in before any check, and only into an array that is already there (cloudserver lib/Config.js).
    """
    extra = read_named(environ, _REPLICATION_FILE, folder)
    if extra is None:
        return config
    problem = f"could not parse replication file: {environ[_REPLICATION_FILE]} (named by {_REPLICATION_FILE})"
    if not isinstance(extra, list):
        raise ConfigurationError(f"{problem}: must hold a JSON array of replication endpoints")
    own = config.get("replicationEndpoints") if isinstance(config, dict) else None
    if not isinstance(own, list):
        raise ConfigurationError(
            f"{problem}: the main config must have a `replicationEndpoints` array to append its elements to"
        )
    return {**config, "replicationEndpoints": [*own, *extra]}


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON; a number must be finite")
