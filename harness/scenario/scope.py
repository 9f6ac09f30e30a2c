"""Which ``$names`` exist where: checked before anything runs; no IO."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.scenario.model import BUILT_IN_NAMES, Place
from harness.scenario.problems import Problems, nearest
from harness.scenario.values import names_in
from harness.scenario.yaml_tree import Node

_VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Scope:
    """The names known so far. ``own`` is what built-ins and buckets are called: nothing else may be called so."""

    def __init__(self, problems: Problems, aliases: Iterable[str]) -> None:
        self._problems = problems
        self._reserved = {*BUILT_IN_NAMES, *aliases}
        self._known = set(self._reserved)

    def define(self, name: str, place: Place) -> None:
        """A name that a row or a ``save`` sets."""
        if not _VALID.fullmatch(name):
            self._problems.add(place, f"{name!r} is no name: letters, digits and _ make one")
        elif name in self._reserved:
            self._problems.add(place, f"${name} is taken: it is a bucket or one of {', '.join(BUILT_IN_NAMES)}")
        self._known.add(name)

    def check(self, node: Node) -> None:
        """Every ``$name`` below ``node`` must be known."""
        if isinstance(node.value, str):
            self._check_text(node.value, node.place)
        elif isinstance(node.value, dict):
            for name, item in node.value.items():
                self._check_text(name, node.key_places[name])
                self.check(item)
        elif isinstance(node.value, tuple):
            for item in node.value:
                self.check(item)

    def _check_text(self, text: str, place: Place) -> None:
        for name in names_in(text):
            if name in self._known:
                continue
            near = nearest(name, self._known)
            known = ", ".join(f"${one}" for one in sorted(self._known))
            hint = f"did you mean ${near}?" if near else f"known here: {known}"
            self._problems.add(place, f"${name} is not set; {hint} (a dollar sign is written $$)")
