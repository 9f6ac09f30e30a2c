"""What a value of a configuration file is in JavaScript's eyes: CloudServer's checks are written in its terms."""

from __future__ import annotations

from typing import Any, TypeGuard

from fake_cloudserver.errors import ConfigurationError


def require(condition: bool, message: str) -> None:
    """Raise ConfigurationError with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ConfigurationError(message)


def properties_of(value: Any, refusal: str) -> dict[str, Any]:
    """The properties of what ``typeof`` calls an object: an array has its indices for names.

    ``null`` is an object to ``typeof`` as well, but CloudServer fails on the first property it reads from it.

    Raises:
        ConfigurationError: with the text ``refusal``, for anything else.
    """
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): element for index, element in enumerate(value)}
    raise ConfigurationError(refusal)


def is_truthy(value: Any) -> bool:
    """JavaScript's truth: every object counts, an empty one too."""
    return isinstance(value, dict | list) or bool(value)


def is_number(value: Any) -> bool:
    """``typeof value === 'number'``."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """``Number.isInteger(value)``: ``8000.0`` is an integer there."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


def is_positive_integer(value: Any) -> bool:
    return is_integer(value) and value > 0


def is_list_of_strings(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(element, str) for element in value)


def as_text(value: Any) -> str:
    """The value as a template literal shows it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, list):
        return ",".join("" if element is None else as_text(element) for element in value)
    return str(value)
