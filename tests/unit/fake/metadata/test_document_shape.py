"""What has the shape of object metadata, and what has not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.metadata.document_shape import is_well_formed
from fake_cloudserver.metadata.object_metadata import PROPERTY_NAMES, new_object_md

ELEMENT = {"key": "k", "size": 4, "start": 0, "dataStoreName": "us-east-1", "dataStoreETag": "1:0"}
BACKEND = {"site": "aws", "status": "PENDING", "dataStoreVersionId": ""}
DOCUMENT = new_object_md(
    {
        "last-modified": "2026-01-01T00:00:00.000Z",
        "location": [ELEMENT],
        "versionId": "98",
        "tags": {"a": "1"},
        "archive": {"archiveInfo": {"id": 1}, "restoreRequestedAt": "now", "restoreRequestedDays": 1},
        "x-amz-restore": {"ongoing-request": True},
    },
    {"x-amz-meta-a": "b"},
)
DOCUMENT["replicationInfo"] |= {"backends": [BACKEND], "content": ["DATA"]}


def with_value(name: str, value: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), name: value}


def test_what_cloudserver_writes() -> None:
    assert is_well_formed(DOCUMENT)


def test_a_document_may_lack_anything_and_hold_more() -> None:
    assert is_well_formed({})
    assert is_well_formed(with_value("unknown", [1, {"a": None}]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("location", None),
        ("location", []),
        ("location", "an old key"),
        ("location", [{"key": 118}]),
        ("location", [{"key": "k", "size": "4", "dataStoreVersionId": None}]),
        ("content-length", 4.0),
        ("content-length", "4"),
        ("tags", {}),
        ("tags", []),
        ("replicationInfo", {}),
        ("replicationInfo", {"storageType": None, "backends": [{**BACKEND, "dataStoreVersionId": None}]}),
        ("isNull", ""),
        ("creation-time", None),
        ("azureInfo", {"containerPublicAccess": None}),
        ("archive", {}),
    ],
)
def test_what_else_is_well_formed(name: str, value: Any) -> None:
    assert is_well_formed(with_value(name, value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content-length", None),
        ("content-length", -1),
        ("content-length", 1.5),
        ("content-length", True),
        ("content-length", "٣"),
        ("content-md5", None),
        ("content-md5", 1),
        ("last-modified", {}),
        ("owner-id", []),
        ("versionId", 98),
        ("x-amz-storage-class", None),
        ("x-amz-meta-a", None),
        ("location", {}),
        ("location", ["k"]),
        ("location", [{}]),
        ("location", [{"key": None}]),
        ("location", [{"key": True}]),
        ("location", [{**ELEMENT, "size": None}]),
        ("location", [{**ELEMENT, "start": "x"}]),
        ("location", [{**ELEMENT, "dataStoreName": 1}]),
        ("acl", None),
        ("acl", {}),
        ("acl", {"Canned": "private"}),
        ("acl", {**DOCUMENT["acl"], "READ": "everybody"}),
        ("acl", {**DOCUMENT["acl"], "READ": [1]}),
        ("tags", ["a"]),
        ("tags", {"a": 1}),
        ("replicationInfo", None),
        ("replicationInfo", []),
        ("replicationInfo", {"status": 1}),
        ("replicationInfo", {"backends": {}}),
        ("replicationInfo", {"backends": ["aws"]}),
        ("replicationInfo", {"backends": [{"site": "aws"}]}),
        ("replicationInfo", {"backends": [{**BACKEND, "site": None}]}),
        ("replicationInfo", {"content": "DATA"}),
        ("archive", []),
        ("archive", {"restoreRequestedDays": "soon"}),
        ("x-amz-restore", "ongoing"),
        ("x-amz-meta-a", 1),
    ],
)
def test_what_is_not(name: str, value: Any) -> None:
    assert not is_well_formed(with_value(name, value))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(PROPERTY_NAMES)), json_values)
def test_any_value_is_judged(name: str, value: Any) -> None:
    assert is_well_formed(with_value(name, value)) in {True, False}
