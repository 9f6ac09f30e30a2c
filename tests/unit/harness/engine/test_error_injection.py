"""Errors on purpose: which operations they hit, how often, and that they repeat from a seed."""

from __future__ import annotations

from typing import Any

import pytest
from engine_helpers import SmallCloudServer, World, metadata, pending

from fake_cloudserver import SeededRandomness
from harness.engine.errors import ReplicationError
from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.engine.tasks.context import Outcome
from harness.engine.tasks.injection import NO_ERRORS, OPERATIONS, ErrorInjection, from_environment
from harness.errors import UsageError

MARKER: dict[str, Any] = {"isDeleteMarker": True, "replicationInfo": {"content": ["METADATA"]}}
TAGS: dict[str, Any] = {"content": ["METADATA", "PUT_TAGGING"], "backends": [pending(version_id="v")]}
NO_TAGS: dict[str, Any] = {"content": ["METADATA", "DELETE_TAGGING"], "backends": [pending(version_id="v")]}


def run(document: dict[str, Any], injection: ErrorInjection) -> tuple[Outcome, list[str]]:
    world = World(SmallCloudServer(document=document), injection=injection)
    return AWSReplicationTask(world.context(), world.entry()).run(), world.server.names


@pytest.mark.parametrize(
    ("operation", "document", "call"),
    [
        ("copyObject", metadata(), "putobject"),
        ("copyPart", metadata(**{"content-md5": "x-1"}), "putpart"),
        ("deleteObject", metadata(**MARKER), "deleteobject"),
        ("putTag", metadata(replicationInfo=TAGS), "puttagging"),
        ("deleteTag", metadata(replicationInfo=NO_TAGS), "deleteobjecttagging"),
    ],
)
def test_an_operation_fails_for_good_and_only_the_one_that_was_named(
    operation: str, document: dict[str, Any], call: str
) -> None:
    outcome, names = run(document, ErrorInjection(100, frozenset({operation})))
    assert (outcome.status, outcome.reason) == ("FAILED", f"injected into {operation}")
    assert call not in names
    outcome, names = run(document, ErrorInjection(100, OPERATIONS - {operation}))
    assert outcome.status == "COMPLETED"
    assert call in names


def test_a_rate_is_a_percentage_and_repeats_from_its_seed() -> None:
    def hits(seed: int) -> list[bool]:
        randomness = SeededRandomness(seed)
        return [_strikes(ErrorInjection(30), randomness) for _ in range(1000)]

    assert hits(1) == hits(1)
    assert 250 < sum(hits(1)) < 350
    assert not any(_strikes(NO_ERRORS, SeededRandomness(1)) for _ in range(100))


def _strikes(injection: ErrorInjection, randomness: SeededRandomness) -> bool:
    try:
        injection.strike("copyObject", randomness)
    except ReplicationError as error:
        return not error.retryable
    return False


def test_a_task_that_knows_no_operations_obeys_the_rate_alone() -> None:
    with pytest.raises(ReplicationError, match="injected"):
        ErrorInjection(100, frozenset({"putTag"})).strike(None, SeededRandomness(1))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, NO_ERRORS),
        ({"BACKBEAT_INJECT_REPLICATION_ERRORS": "putTag"}, NO_ERRORS),
        ({"BACKBEAT_INJECT_REPLICATION_ERROR_RATE": "5"}, ErrorInjection(5, frozenset({"copyObject"}))),
        (
            {"BACKBEAT_INJECT_REPLICATION_ERROR_RATE": "0.5", "BACKBEAT_INJECT_REPLICATION_ERRORS": "copyPart, putTag"},
            ErrorInjection(0.5, frozenset({"copyPart", "putTag"})),
        ),
    ],
)
def test_the_environment_asks_for_them(environ: dict[str, str], expected: ErrorInjection) -> None:
    assert from_environment(environ) == expected


@pytest.mark.parametrize(
    ("rate", "operations", "message"),
    [
        ("many", "", "'many' is no percentage"),
        ("101", "", "'101' is no percentage"),
        ("-1", "", "is no percentage"),
        ("5", "copyObject,fly", "there is no fly; there are copyObject, copyPart, deleteObject, deleteTag, putTag"),
    ],
)
def test_what_cannot_be_asked_for_is_named(rate: str, operations: str, message: str) -> None:
    environ = {"BACKBEAT_INJECT_REPLICATION_ERROR_RATE": rate, "BACKBEAT_INJECT_REPLICATION_ERRORS": operations}
    with pytest.raises(UsageError, match=message):
        from_environment(environ)
