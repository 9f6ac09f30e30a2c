"""``use``: steps that several scenarios share, from a file beside them. Untrusted input: it cannot leave its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.errors import ScenarioError
from harness.scenario import shapes
from harness.scenario.checking import Checker
from harness.scenario.model import Place
from harness.scenario.problems import Problems
from harness.scenario.yaml_tree import Node, read_tree

WORD = "use"
#: Files with such names are no scenarios: looking for scenarios passes over them.
PREFIX = "_"
_DEEPEST = 4
_MOST = 100

FILE = shapes.Record(
    {
        "about": shapes.Text(about="what the steps do"),
        "steps": shapes.Sequence(shapes.Anything(), about="the steps"),
    },
    frozenset({"steps"}),
)


def is_fragment(path: Path) -> bool:
    """Whether a file holds steps for others rather than a scenario."""
    return path.name.startswith(PREFIX)


class Spreader:
    """Replaces every ``use`` of one scenario by the steps of its file."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._uses = 0

    def spread(self, nodes: tuple[Node, ...], depth: int = 0) -> Iterator[Node]:
        """The steps as they are to be taken."""
        for node in nodes:
            if isinstance(node.value, dict) and WORD in node.value:
                yield from self._used(node, depth)
            else:
                yield node

    def _used(self, node: Node, depth: int) -> Iterator[Node]:
        assert isinstance(node.value, dict)
        place = node.key_places[WORD]
        self._uses += 1
        if len(node.value) > 1:
            others = ", ".join(name for name in node.value if name != WORD)
            self._problems.add(place, f"use stands alone; here is {others} beside it")
        elif depth >= _DEEPEST:
            self._problems.add(place, f"use is nested more than {_DEEPEST} deep")
        elif self._uses == _MOST + 1:
            self._problems.add(place, f"use stands more than {_MOST} times in one scenario")
        elif self._uses <= _MOST:
            yield from self.spread(self._steps(node.value[WORD], place), depth + 1)

    def _steps(self, path: Node, place: Place) -> tuple[Node, ...]:
        try:
            tree = read_tree(_path(path))
        except ScenarioError as error:
            self._problems.add(place, f"use: {error}")
            return ()
        Checker(self._problems, names_allowed=False).check(tree, FILE, "a file to use")
        steps = tree.value.get("steps") if isinstance(tree.value, dict) else None
        return steps.value if steps is not None and isinstance(steps.value, tuple) else ()


def _path(node: Node) -> Path:
    """The file that is meant; ScenarioError when it is none below the folder of the scenario."""
    if not isinstance(node.value, str):
        raise ScenarioError(f"a path such as {PREFIX}steps.yaml is needed, not {node.describe()}")
    folder = Path(node.place.file).parent
    path = folder / node.value
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ScenarioError(f"{node.value!r} leaves the folder of the scenario")
    if not is_fragment(path):
        raise ScenarioError(f"{node.value!r} is no file of steps: their names begin with {PREFIX}")
    return path
