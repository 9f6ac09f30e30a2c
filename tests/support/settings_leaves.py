"""The settings of the engine as its documentation lists them."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

import pydantic
from pydantic_core import PydanticUndefined

from harness.engine.settings import AuthSettings, CircuitBreakerSettings, ProbeServerSettings

#: Documented as one; what is in them is the same everywhere.
_WHOLE = (AuthSettings, CircuitBreakerSettings, ProbeServerSettings)


def leaves(model: type[pydantic.BaseModel], above: str = "") -> Iterator[tuple[str, str]]:
    """The path of every setting in Backbeat's spelling, and its default as the page writes it."""
    for name, field in model.model_fields.items():
        path = above + _spelling(name, field)
        inner = _model_in(field.annotation)
        if inner is None or issubclass(inner, _WHOLE):
            yield path, _written(field.get_default(call_default_factory=True))
        else:
            many = typing.get_origin(field.annotation) is tuple
            yield from leaves(inner, f"{path}[]." if many else f"{path}.")


def _spelling(name: str, field: Any) -> str:
    alias = field.validation_alias
    return str(alias.choices[0] if isinstance(alias, pydantic.AliasChoices) else alias or name)


def _model_in(annotation: Any) -> type[pydantic.BaseModel] | None:
    """The model that ``annotation`` is, may be, or is a sequence of."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType, tuple}:
        found = [_model_in(inner) for inner in typing.get_args(annotation)]
        return next((one for one in found if one is not None), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel) else None


def _written(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None or default in ((), "", frozenset()):
        return "none"
    if isinstance(default, CircuitBreakerSettings):
        return "no probes"
    if isinstance(default, dict):
        return "as Backbeat ships"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return (
        f"`{default}`" if isinstance(default, str) else f"{default:g}" if isinstance(default, float) else str(default)
    )
