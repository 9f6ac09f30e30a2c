"""Configuration files: read, and complained about in a way that tells where to look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from harness.errors import UsageError

Kind = TypeVar("Kind", bound=pydantic.BaseModel)

Location = tuple[int | str, ...]


def read_json(path: Path) -> Any:
    """Raises UsageError for a file that is not there or no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error


def validated(
    model: type[Kind], document: Any, path: Path, place: Callable[[Location], Location] = lambda location: location
) -> Kind:
    """``document``, which was read from ``path``, as ``model``.

    Args:
        place: where in the file the member at a location comes from.

    Raises:
        UsageError: a line for each wrong member: the file, the path of the key, and what is allowed there.
    """
    try:
        return model.model_validate(document)
    except pydantic.ValidationError as error:
        lines = [f"{path}: {problem}" for problem in problems(error.errors(), place)]
        raise UsageError("\n".join(lines)) from None


def problems(errors: Iterable[Any], place: Callable[[Location], Location] = lambda location: location) -> list[str]:
    """Of pydantic's errors: where, and what."""
    return [_problem(error, place(error["loc"])) for error in errors]


def _problem(error: Any, location: Location) -> str:
    where = ".".join(map(str, location))
    said = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        said = "is missing"
    elif isinstance(error["input"], str | int | float) and error["type"] != "value_error":
        said = f"{said}, not {error['input']!r}"
    return f"{where}: {said}" if where else said
