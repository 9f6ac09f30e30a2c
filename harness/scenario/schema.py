"""The JSON Schema of scenario files, from the same shapes that the loader checks with; for editors.

``python -m harness.scenario.schema`` prints it. It is looser than the loader: what depends on other parts of the file
(names, sites, paths) only the loader knows.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from harness.scenario import bucket_loader, fragments, loader, shapes, step_loader, verbs
from harness.scenario.expectations import OPERATORS
from harness.scenario.model import ACCOUNTS, DIALECTS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: A ``$name`` fits everywhere.
_NAMED = {"type": "string", "pattern": r"\$[A-Za-z_$]"}
_DURATION = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d)|.*\$[A-Za-z_].*)$"}
_BODY = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"size": {"type": ["string", "integer"]}, "seed": {"type": "string"}},
            "required": ["size"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"base64": {"type": "string"}},
            "required": ["base64"],
            "additionalProperties": False,
        },
    ]
}


def build() -> dict[str, Any]:
    """The whole schema."""
    members = {
        **_object(loader.FILE)["properties"],
        "dialects": {"type": "array", "items": {"enum": list(DIALECTS)}, "minItems": 1, "uniqueItems": True},
        "buckets": _buckets(),
        "with": _rows(),
        "steps": {
            "type": "array",
            "items": {"$ref": "#/$defs/step"},
            "minItems": 1,
            **_about("what happens, in order"),
        },
        "finally": {
            "type": "array",
            "items": {"$ref": "#/$defs/step"},
            **_about("what happens at the end, whatever went wrong"),
        },
    }
    return {
        "$schema": _DIALECT,
        "title": "A replication scenario",
        "type": "object",
        "properties": members,
        "required": ["scenario", "steps"],
        "additionalProperties": False,
        "$defs": {
            "named": _NAMED,
            "duration": _DURATION,
            "body": _BODY,
            "expectations": _expectations(),
            "operators": _operators(),
            "step": _step(),
        },
    }


def _about(text: str) -> dict[str, str]:
    return {"description": text} if text else {}


def of_shape(shape: shapes.Shape) -> dict[str, Any]:
    """The schema of one shape; a ``$name`` is allowed in its place."""
    described = _described(shape)
    schema = described if shape_takes_any_text(shape) else {"anyOf": [described, {"$ref": "#/$defs/named"}]}
    return {**schema, **_about(shape.about)}


def shape_takes_any_text(shape: shapes.Shape) -> bool:
    """Whether a ``$name`` fits without saying so."""
    match shape:
        case shapes.Text():
            return not shape.enum
        case shapes.Anything() | shapes.Duration() | shapes.Body():
            return True
        case shapes.Choice():
            return any(shape_takes_any_text(one) for one in shape.shapes)
    return False


def _described(shape: shapes.Shape) -> dict[str, Any]:
    match shape:
        case shapes.Sequence():
            return {"type": "array", "items": of_shape(shape.item)}
        case shapes.Names():
            return {"type": "object", "additionalProperties": of_shape(shape.item)}
        case shapes.Choice():
            return {"anyOf": [_described(one) for one in shape.shapes]}
        case shapes.Record():
            return _record(shape)
        case _:
            return _scalar(shape)


def _scalar(shape: shapes.Shape) -> dict[str, Any]:
    match shape:
        case shapes.Text():
            return {"type": "string", "enum": list(shape.enum)} if shape.enum else {"type": "string"}
        case shapes.Number():
            return {"type": "integer" if shape.whole else "number"}
        case shapes.Flag():
            return {"type": "boolean"}
        case shapes.Literal():
            return {"enum": list(shape.values)}
        case shapes.Duration():
            return {"$ref": "#/$defs/duration"}
        case shapes.Body():
            return {"$ref": "#/$defs/body"}
        case _:
            return {}


def _record(shape: shapes.Record) -> dict[str, Any]:
    choices = [_object(shape)]
    if shape.shorthand is not None:
        choices.append(_described(shape.members[shape.shorthand]))
    if not shape.required:
        choices.append({"type": "null"})
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _object(shape: shapes.Record) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: of_shape(member) for name, member in shape.members.items()},
        "additionalProperties": False,
    }
    if shape.required:
        schema["required"] = sorted(shape.required)
    return schema


def _expectations() -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/operators"}, True]},
        **_about("JMESPath over the output -> a value, or operators"),
    }


def _operators() -> dict[str, Any]:
    operands: dict[str, Any] = {
        "absent": {"type": "boolean"},
        "length": {"type": ["integer", "string"]},
        "matches": {"type": "string"},
        "one_of": {"type": ["array", "string"]},
        "same_as": {"$ref": "#/$defs/body"},
    }
    return {
        "type": "object",
        "properties": {name: operands.get(name, {}) for name in OPERATORS},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _buckets() -> dict[str, Any]:
    destination = _record(bucket_loader.DESTINATION)
    bucket = _object(bucket_loader.BUCKET)
    bucket["properties"]["replicates_to"] = {
        "anyOf": [destination, {"type": "array", "items": destination}],
        **_about(bucket_loader.BUCKET.members["replicates_to"].about),
    }
    return {
        "type": "object",
        "patternProperties": {"^[a-z][a-z0-9]{0,15}(@.+)?$": {"anyOf": [bucket, {"type": "null"}]}},
        "additionalProperties": False,
        **_about("alias, or alias@site -> what the bucket is like"),
    }


def _rows() -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": "array", "items": {"type": "object"}, "minItems": 1},
            {"type": "object", "additionalProperties": {"type": "array", "minItems": 1}},
        ],
        **_about("a list of rows, or a mapping of lists: one run for each"),
    }


def _step() -> dict[str, Any]:
    expectations = {"$ref": "#/$defs/expectations"}
    modifiers: dict[str, Any] = {
        "at": {"type": "string", **_about("the site it speaks to; cloudserver unless given")},
        "as": {"enum": list(ACCOUNTS), **_about("the account it acts as")},
        "save": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            **_about("name -> path into the output"),
        },
        "expect": expectations,
        "error": {"anyOf": [{"type": "string"}, expectations], **_about("the failure that is expected")},
        "eventually": _record(step_loader.EVENTUALLY),
        "holds": _record(step_loader.HOLDS),
    }
    table = {name: verb for name in verbs.names() if (verb := verbs.find(name)) is not None}
    described = {name: {**of_shape(verb.arguments), **_about(verb.about)} for name, verb in table.items()}
    bare = [name for name, verb in table.items() if not verb.arguments.required]
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {**modifiers, **described},
                "additionalProperties": False,
                "not": {"required": ["eventually", "holds"]},
            },
            {"enum": bare},
            {
                "type": "object",
                "properties": {fragments.WORD: {"type": "string"}},
                "required": [fragments.WORD],
                "additionalProperties": False,
                **_about("the steps of a file beside this one"),
            },
        ]
    }


def text() -> str:
    """The file as it is committed."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
