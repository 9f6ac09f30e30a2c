"""The JSON Schema that editors use says what the loader says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.scenario import schema
from harness.scenario.fragments import WORD
from harness.scenario.loader import FILE, find_files, load_text
from harness.scenario.step_loader import MODIFIERS
from harness.scenario.verbs import names
from harness.scenario.yaml_tree import parse_tree, read_tree

PROJECT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def validator() -> Any:
    built = schema.build()
    jsonschema.Draft202012Validator.check_schema(built)
    return jsonschema.Draft202012Validator(built)


def test_the_committed_schema_is_the_one_that_is_generated() -> None:
    committed = (PROJECT / "schema/scenario.schema.json").read_text(encoding="utf-8")
    assert committed == schema.text(), "python -m harness.scenario.schema > schema/scenario.schema.json"


@pytest.mark.parametrize("file", find_files([PROJECT / "scenarios"]), ids=lambda file: file.stem)
def test_every_scenario_of_the_project_fits(validator: Any, file: Path) -> None:
    assert [error.message for error in validator.iter_errors(read_tree(file).plain())] == []


def test_every_scenario_of_the_project_names_the_schema() -> None:
    for file in find_files([PROJECT / "scenarios"]):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        _, _, path = first.partition("$schema=")
        assert (file.parent / path).resolve() == PROJECT / "schema/scenario.schema.json", file


def test_every_word_of_the_language_is_in_it() -> None:
    built = schema.build()
    step = built["$defs"]["step"]["anyOf"][0]["properties"]
    assert step.keys() == {*names(), *MODIFIERS}
    assert built["$defs"]["step"]["anyOf"][2]["properties"].keys() == {WORD}
    assert built["properties"].keys() == FILE.members.keys()


STEPS = [
    "- settle",
    "- settle: 10s",
    "- settle: {within: 10s}",
    "- kafka: {topic: t}",
    "- kafka: t",
    "- list_buckets:",
    "- list_buckets",
    "- stop: aws",
    "- put_object: {Bucket: src, Key: k, Body: {size: 5MiB, seed: x}}",
    "- put_object: {Bucket: src, Key: k, Body: {base64: AAE=}}",
    "- put_object: {Bucket: src, Key: k, ACL: $site}",
    "- list_objects_v2: {Bucket: src, MaxKeys: 5}",
    "- copy_object: {Bucket: src, Key: k, CopySource: {Bucket: src, Key: a}}",
    "- http: {path: /, sign: wrong, query: {a: null}}",
    "- head_object: {Bucket: src, Key: k}\n  eventually: 1s\n  expect: {ETag: {one_of: [a, b]}}",
    "- head_object: {Bucket: src, Key: k}\n  holds: {for: 1s}\n  expect: {Metadata: {a: b}}",
    "- head_object: {Bucket: src, Key: k}\n  error: {HTTPStatusCode: 404}\n  save: {c: Code}",
]
WRONG_STEPS = [
    "- setle",
    "- put_objet: {Bucket: src, Key: k}",
    "- put_object: {Bucket: src}",
    "- put_object: {Bucket: src, Kye: k}",
    "- put_object: {Bucket: src, Key: 1}",
    "- put_object: {Bucket: src, Key: k, Body: {sise: 5MiB}}",
    "- put_object: {Bucket: src, Key: k, ACL: publik}",
    "- list_objects_v2: {Bucket: src, MaxKeys: many}",
    "- settle: 10",
    "- http: {path: /, sign: maybe}",
    "- head_object: {Bucket: src, Key: k}\n  as: brat",
    "- head_object: {Bucket: src, Key: k}\n  eventually: 1s\n  holds: 1s\n  expect: {ETag: a}",
    "- head_object: {Bucket: src, Key: k}\n  eventually: {within: 1s, unles: {ETag: a}}\n  expect: {ETag: a}",
    "- head_object: {Bucket: src, Key: k}\n  expect: {}",
]


def _file(step: str) -> str:
    return "scenario: s\nbuckets: {src: {}}\nsteps:\n" + "".join(f"  {line}\n" for line in step.splitlines())


@pytest.mark.parametrize("step", STEPS)
def test_what_the_loader_takes_fits(validator: Any, step: str) -> None:
    load_text(_file(step))
    assert [error.message for error in validator.iter_errors(parse_tree(_file(step), "f").plain())] == []


@pytest.mark.parametrize("step", WRONG_STEPS)
def test_what_the_loader_refuses_does_not(validator: Any, step: str) -> None:
    assert not validator.is_valid(parse_tree(_file(step), "f").plain())
    with pytest.raises(Exception, match=r"^<text>:\d+: "):
        load_text(_file(step))


@pytest.mark.parametrize(
    "text",
    [
        "steps: [settle]",
        "scenario: s",
        "scenario: s\nsteps: []",
        "scenario: s\nsteps: [settle]\nstep: []",
        "scenario: s\nsteps: [settle]\ndialects: [other]",
        "scenario: s\nsteps: [settle]\nbuckets: {Bad: {}}",
        "scenario: s\nsteps: [settle]\nbuckets: {src: {versionin: Enabled}}",
        "scenario: s\nsteps: [settle]\nbuckets: {src: {versioning: Enabled, replicates_to: {prefix: a}}}",
        "scenario: s\nsteps: [settle]\nwith: []",
        "scenario: s\nsteps: [settle]\nstack: {retry: {maxRetris: 1}}",
    ],
)
def test_wrong_files_do_not_fit(validator: Any, text: str) -> None:
    assert not validator.is_valid(parse_tree(text, "f").plain())
