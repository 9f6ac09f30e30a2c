from __future__ import annotations

import json
from typing import Any

import pytest

from fake_cloudserver.metadata.versioning_request import (
    Operation,
    Plan,
    is_delete_marker,
    is_place_holder,
    plan_delete,
    plan_put,
    plan_repair,
    to_text,
)

NEW = {"v": 2}
INFINITE = "99"


def put(version_id: str | None, master: dict[str, Any] | None, *, versioning: bool = False) -> Plan:
    return plan_put(
        "k",
        NEW,
        versioning=versioning,
        version_id=version_id,
        master=master,
        new_version_id=lambda: "10",
        infinite_version_id=INFINITE,
    )


def written(plan: Plan) -> list[tuple[str, Any]]:
    return [(operation.key, json.loads(operation.value or "null")) for operation in plan.operations]


def test_a_plain_put_writes_the_master() -> None:
    assert put(None, None) == Plan((Operation("put", "k", '{"v":2}'),))


def test_a_new_version_is_written_as_master_then_as_version_its_id_last() -> None:
    text = '{"v":2,"versionId":"10"}'
    assert put(None, None, versioning=True) == Plan(
        (Operation("put", "k", text), Operation("put", "k\x0010", text)), "10"
    )


def test_a_previous_version_id_is_replaced_and_the_document_left_alone() -> None:
    md = {"versionId": "77", "v": 1}
    plan = plan_put(
        "k", md, versioning=True, version_id=None, master=None, new_version_id=lambda: "10", infinite_version_id="99"
    )
    assert plan.operations[0].value == '{"v":1,"versionId":"10"}'
    assert md == {"versionId": "77", "v": 1}


def test_an_empty_version_id_writes_the_master_alone_with_a_new_id() -> None:
    assert put("", {"versionId": "50"}) == Plan((Operation("put", "k", '{"v":2,"versionId":"10"}'),), "10")


@pytest.mark.parametrize(
    ("master", "expected"),
    [
        pytest.param(None, [("k\x0050", NEW), ("k", NEW)], id="no master"),
        pytest.param({"versionId": "40"}, [("k\x0050", NEW)], id="newer master"),
        pytest.param({"versionId": "40", "isNull": True}, [("k\x0050", NEW)], id="newer null master"),
        pytest.param({"versionId": "40", "isPHD": True}, [("k\x0050", NEW)], id="newer place-holder"),
        pytest.param({"versionId": "50"}, [("k\x0050", NEW), ("k", NEW)], id="same"),
        pytest.param({"versionId": "60"}, [("k\x0050", NEW), ("k", NEW)], id="older master"),
        pytest.param(
            {"v": 1, "versionId": "60", "isNull": True},
            [
                ("k\x0050", NEW),
                ("k\x0060", {"v": 1, "versionId": "60", "isNull": True}),
                ("k", {"v": 2, "nullVersionId": "60"}),
            ],
            id="older null master",
        ),
        pytest.param(
            {"v": 1},
            [
                ("k\x0050", NEW),
                ("k\x0099", {"v": 1, "isNull": True, "versionId": INFINITE}),
                ("k", {"v": 2, "nullVersionId": INFINITE}),
            ],
            id="master without id",
        ),
        pytest.param(
            {"v": 1, "versionId": "50", "isNull": True},
            [("k\x0050", NEW), ("k\x0050", {"v": 1, "versionId": "50", "isNull": True}), ("k", NEW)],
            id="the null master itself: its version key ends up stale",
        ),
    ],
)
def test_a_put_of_a_version_depends_on_the_master(
    master: dict[str, Any] | None, expected: list[tuple[str, Any]]
) -> None:
    plan = put("50", master)
    assert written(plan) == expected
    assert plan.version_id == "50"


@pytest.mark.parametrize(
    ("version_id", "master", "expected"),
    [
        (None, {"versionId": "50"}, [Operation("del", "k")]),
        ("", {"versionId": "50"}, [Operation("del", "k")]),
        ("50", None, [Operation("del", "k\x0050")]),
        ("50", {"versionId": "40"}, [Operation("del", "k\x0050")]),
        (
            "50",
            {"versionId": "50"},
            [Operation("del", "k\x0050"), Operation("put", "k", '{ "isPHD": true, "versionId": "10" }')],
        ),
    ],
)
def test_a_delete_leaves_a_place_holder_where_the_master_was(
    version_id: str | None, master: dict[str, Any] | None, expected: list[Operation]
) -> None:
    plan = plan_delete("k", version_id=version_id, master=master, new_version_id=lambda: "10")
    assert list(plan.operations) == expected


def test_repair_puts_the_latest_version_or_removes_the_place_holder() -> None:
    assert plan_repair("k", '{"v":1}').operations == (Operation("put", "k", '{"v":1}'),)
    assert plan_repair("k", None).operations == (Operation("del", "k"),)


@pytest.mark.parametrize(
    ("text", "place_holder", "delete_marker"),
    [
        ('{ "isPHD": true, "versionId": "1" }', True, False),
        (to_text({"isPHD": True}), True, False),
        (to_text({"isPHD": False, "isDeleteMarker": True}), False, True),
        (to_text({"x-amz-meta-a": '"isPHD":true,"isDeleteMarker":true', "isDeleteMarker": False}), False, False),
    ],
)
def test_texts_tell_what_they_are_and_user_metadata_cannot_lie(
    text: str, place_holder: bool, delete_marker: bool
) -> None:
    assert is_place_holder(text) is place_holder
    assert is_delete_marker(text) is delete_marker


def test_texts_are_those_of_javascript() -> None:
    assert to_text({"a": "é😀\ud83d", "b": [1, None]}) == '{"a":"é😀\\ud83d","b":[1,null]}'
