"""Steps: one verb each, with what is expected of it; no IO."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from harness.scenario import fragments, shapes, verbs
from harness.scenario.checking import Checker
from harness.scenario.expectations import OPERATORS
from harness.scenario.model import ACCOUNTS, AWS, CLOUDSERVER, Eventually, Holds, Step
from harness.scenario.paths import check_path
from harness.scenario.problems import Problems, nearest, unknown
from harness.scenario.scope import Scope
from harness.scenario.target import PART_VERBS, PARTS, site_of_part
from harness.scenario.values import has_names
from harness.scenario.verb import Verb
from harness.scenario.yaml_tree import Node

MODIFIERS = ("at", "as", "save", "expect", "error", "eventually", "holds")
EVENTUALLY = shapes.Record(
    {
        "within": shapes.Duration(about="how long to try"),
        "every": shapes.Duration(about="pause between tries; 10 ms growing to 1 s unless given"),
        "unless": shapes.Names(shapes.Anything(), about="expectations that end the wait at once"),
    },
    frozenset({"within"}),
    shorthand="within",
)
HOLDS = shapes.Record(
    {
        "for": shapes.Duration(about="how long"),
        "every": shapes.Duration(about="pause between looks; 100 ms unless given"),
    },
    frozenset({"for"}),
    shorthand="for",
)
#: What an expected error can be asked for; names inside ResponseMetadata are free.
ERROR = shapes.Record(
    {
        **{name: shapes.Text() for name in ("Code", "Message", "Resource", "RequestId", "HostId", "BucketName", "Key")},
        "HTTPStatusCode": shapes.Number(),
        "ResponseMetadata": shapes.Anything(),
    }
)


class StepLoader:
    """Reads the steps of one scenario, in order.

    Args:
        sites: site -> its kind (``cloudserver`` or ``aws``).
    """

    def __init__(self, problems: Problems, scope: Scope, sites: dict[str, str]) -> None:
        self._problems = problems
        self._scope = scope
        self._sites = sites

    def load(self, node: Node) -> Step | None:
        """The step; None when it cannot be read at all (the problem is noted)."""
        node = _spelt_out(node)
        if not isinstance(node.value, dict):
            self._problems.add(node.place, f"a step is a mapping such as put_object: {{…}}, not {node.describe()}")
            return None
        self._scope.check(node)
        found = self._verb(node)
        if found is None:
            return None
        verb, arguments = found
        modifiers = {name: item for name, item in node.value.items() if name in MODIFIERS}
        checker = Checker(self._problems, any_value="error" in modifiers)
        before = len(self._problems)
        step = Step(verb.name, checker.check(arguments, verb.arguments, verb.name), node.key_places[verb.name])
        if verb.why_wrong is not None and len(self._problems) == before and isinstance(step.arguments, dict):
            self._note(verb.why_wrong(step.arguments) or None, step.place)
        return self._modified(step, verb, modifiers)

    def _verb(self, node: Node) -> tuple[Verb, Node] | None:
        assert isinstance(node.value, dict)
        words = [name for name in node.value if name not in MODIFIERS]
        if not words:
            self._problems.add(node.place, "a step needs a verb, such as put_object, head_object or settle")
            return None
        verb = None
        known = []
        for word in words:
            found = verbs.find(word)
            if found is None:
                self._problems.add(
                    node.key_places[word], unknown("verb", word, [*verbs.names(), *MODIFIERS, fragments.WORD])
                )
            else:
                known.append(word)
                verb = verb or found
        if len(known) > 1:
            place = node.key_places[known[1]]
            self._problems.add(place, f"a step has one verb; here are {' and '.join(known)}")
        return None if verb is None else (verb, node.value[verb.name])

    def _modified(self, step: Step, verb: Verb, modifiers: dict[str, Node]) -> Step:
        step = dataclasses.replace(
            step,
            at=self._site(verb, modifiers.get("at")),
            wait=self._wait(step, verb, modifiers),
            expect=self._expectations(modifiers.get("expect"), verb.output, "expect"),
            error=self._error(modifiers.get("error")),
        )
        account = self._account(step, verb, modifiers.get("as"))
        self._check_part(step)
        if "error" in modifiers and "expect" in modifiers:
            place = modifiers["expect"].place
            self._problems.add(place, "a step that expects an error has no output to expect: use error: {Code: …}")
        output = ERROR if "error" in modifiers else verb.output
        return dataclasses.replace(step, account=account, save=self._save(modifiers.get("save"), output))

    def _check_part(self, step: Step) -> None:
        """``stop``, ``start`` and ``kill`` name a part of every stack, or a CloudServer that the scenario declares."""
        part = step.arguments.get("part") if step.verb in PART_VERBS else None
        if not isinstance(part, str) or part in PARTS or has_names(part):
            return
        further = [site for site, kind in self._sites.items() if kind == CLOUDSERVER and site != CLOUDSERVER]
        if site_of_part(part) not in further:
            self._problems.add(step.place, unknown("part", part, [*PARTS, *further]))

    def _site(self, verb: Verb, node: Node | None) -> str:
        if node is None:
            return CLOUDSERVER
        if not verb.sites:
            self._problems.add(node.place, f"{verb.name} is about the whole stack: it takes no `at`")
        elif not isinstance(node.value, str) or node.value not in self._sites:
            self._problems.add(node.place, unknown("site", str(node.value), self._sites))
        elif self._sites[node.value] not in verb.sites:
            self._problems.add(node.place, f"{verb.name} cannot speak to {node.value}: it is no CloudServer")
        else:
            return node.value
        return CLOUDSERVER

    def _account(self, step: Step, verb: Verb, node: Node | None) -> str | None:
        if node is None:
            return verb.account
        if node.value not in ACCOUNTS:
            self._problems.add(node.place, unknown("account", str(node.value), ACCOUNTS))
        elif not verb.sites:
            self._problems.add(node.place, f"{verb.name} is about the whole stack: it takes no `as`")
        elif self._sites.get(step.at) == AWS and node.value != "anonymous":
            self._problems.add(node.place, "AWS has one account: `as` can only be anonymous there")
        return str(node.value)

    def _wait(self, step: Step, verb: Verb, modifiers: dict[str, Node]) -> Eventually | Holds | None:
        both = [modifiers[name] for name in ("eventually", "holds") if name in modifiers]
        if not both:
            return None
        if len(both) > 1:
            self._problems.add(both[1].place, "a step has `eventually` or `holds`, not both")
        if not verb.reads:
            self._problems.add(both[0].place, f"{step.verb} changes something: it is done once, not many times")
        if not ({"expect", "error"} & modifiers.keys()):
            self._problems.add(both[0].place, "nothing is waited for: `expect` or `error` says what")
        checker = Checker(self._problems)
        if "holds" in modifiers:
            read = checker.check(modifiers["holds"], HOLDS, "holds")
            return Holds(read.get("for", "0s"), read.get("every", "100ms"))
        read = checker.check(modifiers["eventually"], EVENTUALLY, "eventually")
        unless = _member(modifiers["eventually"], "unless")
        return Eventually(
            read.get("within", "0s"), read.get("every"), self._expectations(unless, verb.output, "unless")
        )

    def _expectations(self, node: Node | None, output: shapes.Shape | None, what: str) -> dict[str, Any]:
        if node is None:
            return {}
        if has_names(node.value):
            self._problems.add(node.place, f"{what} is written here, not taken from a $name")
            return {}
        if not isinstance(node.value, dict) or not node.value:
            self._problems.add(node.place, f"{what} is a mapping such as {{ReplicationStatus: COMPLETED}}")
            return {}
        for path, wanted in node.value.items():
            if not has_names(path):
                self._note(check_path(path, output), node.key_places[path])
            self._operators(wanted)
        return {path: wanted.plain() for path, wanted in node.value.items()}

    def _operators(self, wanted: Node) -> None:
        if not isinstance(wanted.value, dict):
            return
        strange = [name for name in wanted.value if name not in OPERATORS]
        for name in strange:
            near = nearest(name, OPERATORS)
            alone = len(wanted.value) == 1 and near is not None and name.islower()
            if alone or len(strange) < len(wanted.value):
                message = f"{unknown('operator', name, OPERATORS)} (a mapping as it is: {{equals: {{…}}}})"
                self._problems.add(wanted.key_places[name], message)
        if not strange:
            for name, value in wanted.value.items():
                self._note(_wrong_operand(name, value), value.place)

    def _error(self, node: Node | None) -> Any:
        if node is None:
            return None
        if isinstance(node.value, str):
            return node.value if has_names(node.value) else {"Code": node.value}
        return self._expectations(node, ERROR, "error")

    def _save(self, node: Node | None, output: shapes.Shape | None) -> dict[str, str]:
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self._problems.add(node.place, "save is a mapping such as {version: VersionId}")
            return {}
        paths = {}
        for name, path in node.value.items():
            self._scope.define(name, node.key_places[name])
            if isinstance(path.value, str):
                self._note(None if has_names(path.value) else check_path(path.value, output), path.place)
                paths[name] = path.value
            else:
                self._problems.add(path.place, f"save.{name} is a path into the output, not {path.describe()}")
        return paths

    def _note(self, message: str | None, place: Any) -> None:
        if message is not None:
            self._problems.add(place, message)


def _spelt_out(node: Node) -> Node:
    """``- settle`` means ``- settle:``."""
    if isinstance(node.value, str) and verbs.find(node.value) is not None:
        return Node(node.place, {node.value: Node(node.place, None)}, {node.value: node.place})
    return node


def _member(node: Node, name: str) -> Node | None:
    return node.value.get(name) if isinstance(node.value, dict) else None


def _wrong_operand(name: str, value: Node) -> str | None:
    """Why an operator cannot work with this operand; None when it can."""
    if has_names(value.value):
        return None
    if name == "one_of" and not isinstance(value.value, tuple):
        return f"one_of is a list, not {value.describe()}"
    if name == "absent" and not isinstance(value.value, bool):
        return f"absent is true or false, not {value.describe()}"
    if name == "length" and (isinstance(value.value, bool) or not isinstance(value.value, int)):
        return f"length is a whole number, not {value.describe()}"
    if name in {"gte", "lte"} and not isinstance(value.value, int | float | str):
        return f"{name} is a number or a text, not {value.describe()}"
    if name == "matches":
        return _wrong_pattern(value)
    return None


def _wrong_pattern(value: Node) -> str | None:
    if not isinstance(value.value, str):
        return f"matches is a regular expression, not {value.describe()}"
    try:
        re.compile(value.value)
    except re.error as error:
        return f"{value.value!r} is no regular expression: {error}"
    return None
