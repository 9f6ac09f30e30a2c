"""Check the JMESPaths of a step against what its verb gives; no IO."""

from __future__ import annotations

from typing import Any

from harness.errors import ScenarioError
from harness.scenario import shapes
from harness.scenario.expectations import compile_path
from harness.scenario.problems import unknown


def check_path(path: str, output: shapes.Shape | None) -> str | None:
    """What is wrong with ``path``, in words: malformed, or a name that the output never has; None when nothing is.

    Only the plain parts of a path are followed (names, indexes, ``[]``); after a function or a filter anything goes.
    """
    try:
        parsed = compile_path(path).parsed
    except ScenarioError as error:
        return str(error)
    try:
        _follow(parsed, output)
    except _UnknownName as error:
        return f"{error} in {path!r}"
    return None


class _UnknownName(Exception):  # noqa: N818  (leaves this module as a text only)
    pass


def _follow(tree: dict[str, Any], shape: shapes.Shape | None) -> shapes.Shape | None:
    """The shape of what ``tree`` finds in ``shape``; None when that is not known."""
    children = tree["children"]
    match tree["type"]:
        case "field":
            return _member(tree["value"], shape)
        case "subexpression" | "index_expression":
            for child in children:
                shape = _follow(child, shape)
            return shape
        case "index":
            return shape.item if isinstance(shape, shapes.Sequence) else None
        case "flatten":
            return _follow(children[0], shape)
        case "projection":
            left = _follow(children[0], shape)
            if isinstance(left, shapes.Sequence):
                found = _follow(children[1], left.item)
                return None if found is None else shapes.Sequence(found)
            return None
        case "identity":
            return shape
        case _:
            return None


def _member(name: str, shape: shapes.Shape | None) -> shapes.Shape | None:
    if isinstance(shape, shapes.Names):
        return shape.item
    if not isinstance(shape, shapes.Record):
        return None
    if name not in shape.members:
        raise _UnknownName(unknown("name", name, shape.members))
    return shape.members[name]
