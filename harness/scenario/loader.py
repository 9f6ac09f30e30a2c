"""Read scenario files. Untrusted input: nothing in a file is executed, nothing outside its folder is opened."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.errors import ScenarioError
from harness.scenario import shapes, verbs
from harness.scenario.bucket_loader import BucketLoader
from harness.scenario.checking import WHOLE, Checker
from harness.scenario.fragments import Spreader, is_fragment
from harness.scenario.model import AWS, CLOUDSERVER, DIALECTS, BucketSpec, Needs, Place, Scenario, Step
from harness.scenario.problems import Problems
from harness.scenario.role_verbs import CLOCK_VERB, ROLE_VERB
from harness.scenario.scope import Scope
from harness.scenario.step_loader import StepLoader
from harness.scenario.target import PART_VERBS, site_of_part
from harness.scenario.twin_verbs import TWINS, TWINS_SHAPE
from harness.scenario.yaml_tree import Node, parse_tree, read_tree

SUFFIXES = (".yaml", ".yml")
_MOST_ROWS = 1000
_TAG = re.compile(r"[a-z0-9][a-z0-9_-]*")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){0,3}")

_RETRY = shapes.Record(
    {
        "maxRetries": shapes.Number(about="attempts after the first"),
        "timeoutS": shapes.Number(about="no new attempt after this many seconds", whole=False),
        "backoff": shapes.Record(
            {
                "min": shapes.Number(about="milliseconds"),
                "max": shapes.Number(about="milliseconds"),
                "jitter": shapes.Number(whole=False, about="0 to 1"),
                "factor": shapes.Number(whole=False),
            }
        ),
    },
    about="how the engine retries, in the words of Backbeat's queueProcessor.retry",
)
#: What a scenario may ask of its stack.
STACK = shapes.Record(
    {
        "retry": _RETRY,
        "concurrency": shapes.Number(about="entries that the queue processor has in hand at a time"),
        "engine": shapes.Names(shapes.Anything(), about="settings of the engine, in Backbeat's names"),
        TWINS: TWINS_SHAPE,
    }
)

#: A scenario file, but for what has a loader of its own.
FILE = shapes.Record(
    {
        "scenario": shapes.Text(about="the title; what the run is called"),
        "about": shapes.Text(about="what it guards"),
        "tags": shapes.Sequence(shapes.Text(), about="words to select it by"),
        "since": shapes.Text(about="the first version of CloudServer it is true for"),
        "dialects": shapes.Sequence(shapes.Text(DIALECTS), about="one run in each; design unless given"),
        "stack": STACK,
        "sites": shapes.Names(shapes.Text((CLOUDSERVER, AWS)), about="sites beyond cloudserver and aws"),
        "buckets": shapes.Names(shapes.Anything(), about="alias or alias@site -> what the bucket is like"),
        "with": shapes.Anything(about="a list of rows, or a mapping of lists: one run for each"),
        "steps": shapes.Sequence(shapes.Anything(), about="what happens, in order"),
        "finally": shapes.Sequence(shapes.Anything(), about="what happens at the end, whatever went wrong"),
    },
    frozenset({"scenario", "steps"}),
)


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The scenario files that ``paths`` mean: files as they are, folders with all below them, in order.

    Raises:
        ScenarioError: a path does not exist, or a folder holds none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if is_scenario(file))
            if not inside:
                raise ScenarioError(f"{path}: holds no scenario (*.yaml)")
            found.update(dict.fromkeys(inside))
        elif path.is_file():
            found[path] = None
        else:
            raise ScenarioError(f"{path}: there is no such file or folder")
    return list(found)


def is_scenario(path: Path) -> bool:
    """Whether the name is that of a scenario file."""
    return path.suffix in SUFFIXES and not is_fragment(path) and path.is_file()


def load_files(paths: Iterable[Path]) -> list[Scenario]:
    """All of them; ScenarioError with one line for each thing that is wrong in any of them."""
    scenarios, wrong = [], []
    for path in find_files(paths):
        try:
            scenarios.append(load_file(path))
        except ScenarioError as error:
            wrong.append(str(error))
    if wrong:
        raise ScenarioError("\n".join(wrong))
    return scenarios


def load_file(path: Path) -> Scenario:
    """The scenario in a file; ScenarioError with one ``file:line: …`` for each thing that is wrong."""
    return _load(read_tree(path))


def load_text(text: str, file: str = "<text>") -> Scenario:
    """The same for a text."""
    return _load(parse_tree(text, file))


def _load(tree: Node) -> Scenario:
    problems = Problems()
    scenario = _Loader(tree, problems).load()
    problems.raise_if_any()
    return scenario


class _Loader:
    def __init__(self, tree: Node, problems: Problems) -> None:
        self._tree = tree
        self._problems = problems
        self._spreader = Spreader(problems)
        self._read: dict[str, Any] = Checker(problems, names_allowed=False).check(tree, FILE, WHOLE)
        self._nodes: dict[str, Node] = tree.value if isinstance(tree.value, dict) else {}

    def load(self) -> Scenario:
        sites = {CLOUDSERVER: CLOUDSERVER, AWS: AWS, **self._declared_sites()}
        buckets = BucketLoader(self._problems, sites).load(self._nodes.get("buckets"))
        scope = Scope(self._problems, [bucket.alias for bucket in buckets])
        rows = self._rows(scope)
        loader = StepLoader(self._problems, scope, sites)
        steps = self._steps("steps", loader)
        final_steps = self._steps("finally", loader)
        if "steps" in self._nodes and not steps and not self._problems:
            self._problems.add(self._nodes["steps"].place, "a scenario has at least one step")
        return Scenario(
            title=self._title(),
            place=Place(self._tree.place.file, self._tree.key_places.get("scenario", self._tree.place).line),
            about=str(self._read.get("about", "")),
            tags=self._tags(),
            since=self._since(),
            dialects=self._dialects(),
            buckets=buckets,
            rows=rows,
            steps=steps,
            final_steps=final_steps,
            needs=self._needs((*steps, *final_steps), buckets),
        )

    def _title(self) -> str:
        title = str(self._read.get("scenario", "")).strip()
        if "scenario" in self._nodes and (not title or "\n" in title):
            self._problems.add(self._nodes["scenario"].place, "scenario is the title: one line of text")
        return title

    def _declared_sites(self) -> dict[str, str]:
        declared: dict[str, str] = self._read.get("sites", {})
        for name in declared:
            if name in {CLOUDSERVER, AWS}:
                self._problems.add(self._nodes["sites"].key_places[name], f"the site {name} is always there")
        return declared

    def _tags(self) -> tuple[str, ...]:
        tags: list[str] = self._read.get("tags", [])
        for tag in tags:
            if not _TAG.fullmatch(str(tag)):
                self._problems.add(
                    self._nodes["tags"].place, f"the tag {tag!r} is not lower-case letters, digits, - and _"
                )
        return tuple(tags)

    def _since(self) -> str | None:
        since = self._read.get("since")
        if isinstance(since, str) and not _VERSION.fullmatch(since):
            self._problems.add(self._nodes["since"].place, f"since {since!r} is no version such as '9.2'")
        return since

    def _dialects(self) -> tuple[str, ...]:
        dialects = tuple(self._read.get("dialects", DIALECTS[:1]))
        if not dialects or len(set(dialects)) < len(dialects):
            self._problems.add(self._nodes["dialects"].place, "dialects names each dialect once")
        return dialects

    def _rows(self, scope: Scope) -> tuple[dict[str, Any], ...]:
        node = self._nodes.get("with")
        if node is None:
            return ({},)
        rows = self._listed_rows(node) if isinstance(node.value, tuple) else self._product_rows(node)
        scope.check(node)
        for name, place in self._row_names(node).items():
            scope.define(name, place)
        if not rows or len(rows) > _MOST_ROWS:
            self._problems.add(node.place, f"with makes {len(rows)} runs; 1 to {_MOST_ROWS} are allowed")
        return tuple(rows)

    def _listed_rows(self, node: Node) -> list[dict[str, Any]]:
        assert isinstance(node.value, tuple)
        rows = []
        expected = self._row_names(node).keys()
        for item in node.value:
            if not isinstance(item.value, dict):
                self._problems.add(item.place, f"a row is a mapping of names to values, not {item.describe()}")
            elif item.value.keys() != expected:
                different = ", ".join(sorted(item.value.keys() ^ expected))
                self._problems.add(item.place, f"all rows have the same names; this one differs in {different}")
            else:
                rows.append(item.plain())
        return rows

    def _product_rows(self, node: Node) -> list[dict[str, Any]]:
        if not isinstance(node.value, dict) or not all(isinstance(item.value, tuple) for item in node.value.values()):
            self._problems.add(node.place, "with is a list of rows, or a mapping of names to lists of values")
            return [{}]
        lists = [item.plain() for item in node.value.values()]
        if _product_length(lists) > _MOST_ROWS:
            self._problems.add(node.place, f"with makes more than {_MOST_ROWS} runs")
            return [{}]
        return [dict(zip(node.value, values, strict=True)) for values in itertools.product(*lists)]

    def _row_names(self, node: Node) -> dict[str, Place]:
        first = node.value[0] if isinstance(node.value, tuple) and node.value else node
        return dict(first.key_places)

    def _steps(self, name: str, loader: StepLoader) -> tuple[Step, ...]:
        node = self._nodes.get(name)
        if node is None or not isinstance(node.value, tuple):
            return ()
        items = self._spreader.spread(node.value)
        return tuple(step for item in items if (step := loader.load(item)) is not None)

    def _needs(self, steps: tuple[Step, ...], buckets: tuple[BucketSpec, ...]) -> Needs:
        used = {bucket.site for bucket in buckets} | {step.at for step in steps}
        used |= {site_of_part(str(step.arguments["part"])) for step in steps if step.verb in PART_VERBS}
        declared: dict[str, str] = self._read.get("sites", {})
        for name, kind in declared.items():
            if name not in used and kind in {CLOUDSERVER, AWS}:
                self._problems.add(self._nodes["sites"].key_places[name], f"the site {name} is used nowhere")
        own = any((verb := verbs.find(step.verb)) is not None and verb.own_stack for step in steps)
        used_verbs = {step.verb for step in steps}
        roles, movable = ROLE_VERB in used_verbs, CLOCK_VERB in used_verbs
        takes_turns = TWINS in self._read.get("stack", {})
        if movable and not takes_turns and (roles or "kill" in used_verbs):
            place = next(step.place for step in steps if step.verb == CLOCK_VERB)
            self._problems.add(
                place, f"{CLOCK_VERB} needs an engine that shares the clock, which none does that is killed"
            )
        return Needs(own, self._read.get("stack", {}), declared, roles, movable)


def _product_length(lists: list[list[Any]]) -> int:
    length = 1
    for one in lists:
        length *= len(one)
    return length
