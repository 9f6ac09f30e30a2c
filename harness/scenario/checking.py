"""Compare what a scenario says with a shape; no IO."""

from __future__ import annotations

from typing import Any

from harness.errors import ScenarioError
from harness.scenario import shapes
from harness.scenario.problems import Problems, nearest, unknown
from harness.scenario.values import body, duration, has_names
from harness.scenario.yaml_tree import Node

#: What the outermost record is called in messages; its members are called by their names alone.
WHOLE = "a scenario"


class Checker:
    """Checks trees against shapes.

    Args:
        problems: takes what is wrong.
        names_allowed: a text with a ``$name`` fits everywhere; what it stands for shows when the scenario runs.
        any_value: texts outside a shape's ``enum`` are allowed: the step means to send something wrong.
    """

    def __init__(self, problems: Problems, *, names_allowed: bool = True, any_value: bool = False) -> None:
        self._problems = problems
        self._names_allowed = names_allowed
        self._any_value = any_value

    def check(self, node: Node, shape: shapes.Shape, what: str) -> Any:
        """The plain value of ``node``, shorthands written out; ``what`` names it in messages."""
        if self._names_allowed and has_names(node.value):
            return self._written_out(node, shape)
        match shape:
            case shapes.Record():
                return self._record(node, shape, what)
            case shapes.Names():
                return self._names(node, shape, what)
            case shapes.Sequence():
                return self._sequence(node, shape, what)
            case shapes.Choice():
                return self.check(node, _chosen(node, shape), what)
            case shapes.Body():
                self._body(node, what)
            case _:
                self._scalar(node, shape, what)
        return node.plain()

    def _scalar(self, node: Node, shape: shapes.Shape, what: str) -> None:
        match shape:
            case shapes.Text():
                self._text(node, shape, what)
            case shapes.Number():
                self._number(node, shape, what)
            case shapes.Literal():
                self._literal(node, shape, what)
            case shapes.Duration():
                self._duration(node, what)
            case shapes.Flag() if not isinstance(node.value, bool):
                self._wrong(node, what, "true or false")

    def _wrong(self, node: Node, what: str, wanted: str) -> None:
        self._problems.add(node.place, f"{what} is {wanted}, not {node.describe()}")

    def _written_out(self, node: Node, shape: shapes.Shape) -> Any:
        if isinstance(shape, shapes.Record) and shape.shorthand is not None:
            return {shape.shorthand: node.value}
        return node.value

    def _record(self, node: Node, shape: shapes.Record, what: str) -> Any:
        if not isinstance(node.value, dict):
            return self._shorthand(node, shape, what)
        values = {}
        for name, item in node.value.items():
            member = shape.members.get(name)
            if member is None:
                self._problems.add(node.key_places[name], unknown(f"member of {what}", name, shape.members))
            else:
                values[name] = self.check(item, member, name if what == WHOLE else f"{what}.{name}")
        self._missing(node, shape, what)
        return values

    def _shorthand(self, node: Node, shape: shapes.Record, what: str) -> Any:
        if node.value is None and not shape.required:
            return {}
        if shape.shorthand is None:
            self._wrong(node, what, "a mapping")
            return {}
        return {shape.shorthand: self.check(node, shape.members[shape.shorthand], what)}

    def _missing(self, node: Node, shape: shapes.Record, what: str) -> None:
        assert isinstance(node.value, dict)
        unexpected = [name for name in node.value if name not in shape.members]
        for name in sorted(shape.required - node.value.keys()):
            if any(nearest(word, shape.members) == name for word in unexpected):
                continue  # it is there, misspelt: one line is enough
            self._problems.add(node.place, f"{what} needs {name}")

    def _names(self, node: Node, shape: shapes.Names, what: str) -> Any:
        if not isinstance(node.value, dict):
            self._wrong(node, what, "a mapping")
            return {}
        return {name: self.check(item, shape.item, f"{what}.{name}") for name, item in node.value.items()}

    def _sequence(self, node: Node, shape: shapes.Sequence, what: str) -> Any:
        if not isinstance(node.value, tuple):
            self._wrong(node, what, "a list")
            return []
        return [self.check(item, shape.item, f"{what}[{index}]") for index, item in enumerate(node.value)]

    def _text(self, node: Node, shape: shapes.Text, what: str) -> None:
        if not isinstance(node.value, str):
            hint = f"; write '{node.plain()}'" if isinstance(node.value, int | float) else ""
            self._problems.add(node.place, f"{what} is a text, not {node.describe()}{hint}")
        elif shape.enum and not self._any_value and node.value not in shape.enum:
            self._problems.add(node.place, unknown(f"value of {what}", node.value, shape.enum))

    def _number(self, node: Node, shape: shapes.Number, what: str) -> None:
        allowed = int if shape.whole else int | float
        if isinstance(node.value, bool) or not isinstance(node.value, allowed):
            self._wrong(node, what, "a whole number" if shape.whole else "a number")

    def _literal(self, node: Node, shape: shapes.Literal, what: str) -> None:
        if not any(node.value == value and type(node.value) is type(value) for value in shape.values):
            allowed = [str(value).lower() if isinstance(value, bool) else str(value) for value in shape.values]
            self._wrong(node, what, " or ".join(allowed))

    def _duration(self, node: Node, what: str) -> None:
        try:
            duration(node.value)
        except ValueError:
            self._wrong(node, what, "a duration such as 10s or 250ms")

    def _body(self, node: Node, what: str) -> None:
        value = node.value
        if isinstance(value, dict):
            if self._names_allowed and any(has_names(item.value) for item in value.values()):
                return
            self._described_body(node, what)
        elif not isinstance(value, str):
            self._wrong(node, what, "a text, {size: 5MiB} or {base64: …}")

    def _described_body(self, node: Node, what: str) -> None:
        plain = node.plain()
        try:
            # only the description is looked at: nobody wants 2 GiB built for a check
            body({**plain, "size": 0} if _is_plain_size(plain) else plain)
        except ScenarioError as error:
            self._problems.add(node.place, f"{what}: {error}")


def _is_plain_size(plain: dict[str, Any]) -> bool:
    from harness.scenario.values import size

    try:
        size(plain.get("size"))
    except ValueError:
        return False
    return True


def _chosen(node: Node, shape: shapes.Choice) -> shapes.Shape:
    for one in shape.shapes:
        match one:
            case shapes.Record() | shapes.Names():
                if isinstance(node.value, dict):
                    return one
            case shapes.Sequence():
                if isinstance(node.value, tuple):
                    return one
            case _:
                if not isinstance(node.value, dict | tuple):
                    return one
    return shape.shapes[0]
