"""How a rule is written: in a faults file, in a scenario, over HTTP; one description for checks, schema and pages.

{site: aws, operation: PutObject, error: SlowDown, times: 3}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.errors import ScenarioError, UsageError
from harness.faults.operations import known
from harness.faults.rules import RESETS, Effect, FaultRule, S3Failure
from harness.scenario import shapes
from harness.scenario.checking import Checker
from harness.scenario.model import Place
from harness.scenario.problems import Problems, nearest, unknown
from harness.scenario.values import duration, has_names, size
from harness.scenario.yaml_tree import Node, parse_tree, read_tree

KAFKA = "kafka"
ENGINE = "engine"
QUEUE_OPERATIONS = ("Consume", "Produce")
EFFECTS = ("error", "delay", "stall", "reset", "truncate", "corrupt", "duplicate", "kill")
_MOST_RULES = 1000
_LARGEST_COUNT = 1_000_000
_LONGEST_SECONDS = 3600.0

#: Statuses of the codes that need no status (AWS S3 API reference, error responses).
STATUSES = {
    "AccessDenied": 403,
    "BadDigest": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidRequest": 400,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "OperationAborted": 409,
    "RequestTimeout": 400,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
}
_ERROR = shapes.Choice(
    (
        shapes.Record(
            {"Code": shapes.Text(), "Message": shapes.Text(), "Status": shapes.Number(about="HTTP status")},
            frozenset({"Code"}),
        ),
        shapes.Anything(),
    ),
    about="answer this and do nothing: a code, an HTTP status such as 502, or {Code, Message, Status}",
)
#: A rule as it is written.
RULE = shapes.Record(
    {
        "site": shapes.Text(about="aws, cloudserver, kafka or engine"),
        "operation": shapes.Text(about="such as PutObject, multiplebackenddata:putobject, Produce, processor.copied"),
        "method": shapes.Text(about="the HTTP method"),
        "bucket": shapes.Text(about="the bucket, or the topic; may be a pattern such as src-*"),
        "key": shapes.Text(about="the object's key; may be a pattern"),
        "after": shapes.Number(about="so many go well first"),
        "times": shapes.Number(about="so often, then never again; always unless given"),
        "probability": shapes.Number(whole=False, about="0 to 1; always unless given"),
        "error": _ERROR,
        "delay": shapes.Duration(about="go on after this time; for Consume, deliver so late"),
        "stall": shapes.Duration(about="nothing comes for this time in the middle, then the connection is cut"),
        "reset": shapes.Text(RESETS, about="end the connection: before, during or after the work"),
        "truncate": shapes.Anything(about="end the answer's body after so many bytes"),
        "corrupt": shapes.Flag(about="change one byte of the body"),
        "duplicate": shapes.Number(about="Produce: the message is there so many times more"),
        "kill": shapes.Flag(about="engine: SIGKILL at this point of its work"),
    },
    frozenset({"site"}),
    about="what goes wrong, and when",
)
_FILE = shapes.Record({"faults": shapes.Sequence(shapes.Anything())}, frozenset({"faults"}))
_WHICH = {
    KAFKA: ("duplicate", "delay"),
    ENGINE: ("kill",),
}
_HTTP_EFFECTS = ("error", "delay", "stall", "reset", "truncate", "corrupt")


def load_file(path: Path) -> list[dict[str, Any]]:
    """The rules of a faults file (YAML or JSON), checked, as they are written.

    Raises:
        UsageError: one ``file:line: …`` for each thing that is wrong.
    """
    try:
        return _checked(read_tree(path))
    except ScenarioError as error:
        raise UsageError(str(error)) from None


def load_text(text: str, name: str) -> list[dict[str, Any]]:
    """The same for a text: a rule, a list of rules, or ``{faults: [...]}``."""
    try:
        return _checked(parse_tree(text, name))
    except ScenarioError as error:
        raise UsageError(str(error)) from None


def to_rule(document: dict[str, Any]) -> FaultRule:
    """The rule that a checked document means; UsageError with one line when it makes no sense."""
    problems = Problems()
    node = Node.of(document, Place("fault", 1))
    checked = Checker(problems, names_allowed=False).check(node, RULE, "fault")
    if problems:
        raise UsageError(problems.first())
    wrong = _nonsense(checked)
    if wrong:
        raise UsageError(wrong)
    return FaultRule(
        effect=_effect(checked),
        text=_text(checked),
        **{name: checked[name] for name in _MATCHERS if name in checked},
    )


_MATCHERS = ("site", "operation", "method", "bucket", "key", "after", "times", "probability")


def why_wrong(document: dict[str, Any]) -> str:
    """Why a rule of the right shape makes no sense; "" when it does, or when that depends on a ``$name``."""
    named = any(has_names(value) for value in document.values())
    return "" if named else _nonsense(document)


def _checked(tree: Node) -> list[dict[str, Any]]:
    problems = Problems()
    checker = Checker(problems, names_allowed=False)
    if isinstance(tree.value, dict) and "faults" not in tree.value and "site" in tree.value:
        nodes: tuple[Node, ...] = (tree,)
    elif isinstance(tree.value, tuple):
        nodes = tree.value
    else:
        checker.check(tree, _FILE, "a faults file")
        inside = tree.value.get("faults") if isinstance(tree.value, dict) else None
        nodes = inside.value if inside is not None and isinstance(inside.value, tuple) else ()
    if len(nodes) > _MOST_RULES:
        problems.add(tree.place, f"{len(nodes)} rules; at most {_MOST_RULES} are allowed")
    found = []
    for node in nodes[:_MOST_RULES]:
        before = len(problems)
        document = checker.check(node, RULE, "fault")
        wrong = _nonsense(document) if len(problems) == before else ""
        if wrong:
            problems.add(node.place, wrong)
        found.append(document)
    problems.raise_if_any()
    return found


def _nonsense(rule: dict[str, Any]) -> str:
    """Why a rule of the right shape can do nothing; "" when it can."""
    effects = [name for name in EFFECTS if name in rule and rule[name] is not False]
    if len(effects) != 1:
        listed = " and ".join(effects) or "none"
        return f"a fault has one effect of {', '.join(EFFECTS)}; here is {listed}"
    possible = _WHICH.get(rule["site"], _HTTP_EFFECTS)
    if effects[0] not in possible:
        return f"{effects[0]} does not go with site {rule['site']}; possible are {', '.join(possible)}"
    return _wrong_number(rule) or _wrong_operation(rule) or _wrong_value(rule)


def _wrong_number(rule: dict[str, Any]) -> str:
    for name in ("after", "times", "duplicate"):
        if not 0 <= rule.get(name, 0) <= _LARGEST_COUNT:
            return f"fault.{name} is from 0 to {_LARGEST_COUNT}, not {rule[name]}"
    if not 0 <= rule.get("probability", 1) <= 1:
        return f"fault.probability is from 0 to 1, not {rule['probability']}"
    for name in ("delay", "stall"):
        if name in rule and duration(rule[name]) > _LONGEST_SECONDS:
            return f"fault.{name} is at most an hour, not {rule[name]}"
    return ""


def _wrong_operation(rule: dict[str, Any]) -> str:
    operation = rule.get("operation")
    if operation is None or any(character in operation for character in "*?["):
        return ""
    if rule["site"] == ENGINE:
        from harness.engine.checkpoints import EVERYWHERE

        return "" if operation in EVERYWHERE else unknown("point of the engine", operation, EVERYWHERE)
    if rule["site"] == KAFKA:
        return "" if operation in QUEUE_OPERATIONS else unknown("operation of Kafka", operation, QUEUE_OPERATIONS)
    if ":" in operation or operation in known():
        return ""
    return unknown("operation", operation, known())


def _wrong_value(rule: dict[str, Any]) -> str:
    if "truncate" in rule:
        try:
            size(rule["truncate"])
        except ValueError as problem:
            return f"fault.truncate: {problem}"
    return _wrong_error(rule["error"]) if "error" in rule else ""


def _wrong_error(error: Any) -> str:
    match error:
        case bool():
            return "fault.error is a code, an HTTP status or {Code, Message, Status}"
        case int() | {"Status": int()}:
            status = error if isinstance(error, int) else error["Status"]
            return "" if 400 <= status <= 599 else f"fault.error: {status} is no HTTP status of an error"
        case str() | {"Code": str()}:
            code = error if isinstance(error, str) else error["Code"]
            if code in STATUSES:
                return ""
            near = nearest(code, STATUSES)
            hint = f"; or did you mean {near}?" if near else ""
            return f"fault.error {code!r} needs a Status: {{Code: {code}, Status: 500}}{hint}"
    return "fault.error is a code, an HTTP status or {Code, Message, Status}"


def _effect(rule: dict[str, Any]) -> Effect:
    return Effect(
        error=_failure(rule["error"]) if "error" in rule else None,
        delay=duration(rule["delay"]) if "delay" in rule else None,
        stall=duration(rule["stall"]) if "stall" in rule else None,
        reset=rule.get("reset"),
        truncate=size(rule["truncate"]) if "truncate" in rule else None,
        corrupt=rule.get("corrupt", False),
        duplicate=rule.get("duplicate"),
        kill=rule.get("kill", False),
    )


def _failure(error: Any) -> S3Failure:
    if isinstance(error, int):
        return S3Failure(error)
    if isinstance(error, str):
        return S3Failure(STATUSES[error], error, "a fault on purpose")
    code = error["Code"]
    return S3Failure(error.get("Status") or STATUSES[code], code, error.get("Message", "a fault on purpose"))


def _text(rule: dict[str, Any]) -> str:
    """One line: the effect, and how often."""
    shown = {name: rule[name] for name in (*EFFECTS, "after", "times", "probability") if name in rule}
    return json.dumps(shown, separators=(", ", ": "), ensure_ascii=False)[1:-1].replace('"', "")
