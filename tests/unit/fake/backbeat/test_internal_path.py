from __future__ import annotations

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.backbeat.path import InternalPath, is_json_route, parse_path, service_name
from fake_cloudserver.errors import S3Error


@pytest.mark.parametrize(
    ("raw_path", "raw_query", "service"),
    [
        ("/_/backbeat", "", "backbeat"),
        ("/_/backbeat/", "", "backbeat"),
        ("/_/backbeat/data/b/k", "v2", "backbeat"),
        ("/_/metadata/admin", "", "metadata"),
        ("/_/report", "", "report"),
        ("/_/veeam/b", "", "veeam"),
        ("/_/workflow-engine-operator/api", "", "workflow-engine-operator"),
        ("/_/backbeat", "x", None),
        ("/_/backbeat", "x=/y", None),
        ("/_/healthcheck", "", None),
        ("/_/monitoring/metrics", "", None),
        ("/_/", "", None),
        ("/_/Backbeat/data", "", None),
        ("/bucket/_/backbeat", "", None),
    ],
)
def test_service_name(raw_path: str, raw_query: str, service: str | None) -> None:
    assert service_name(raw_path, raw_query) == service


@pytest.mark.parametrize(
    ("raw_path", "raw_query", "is_json"),
    [
        ("/_/backbeat", "", True),
        ("/_/metadata/x", "", True),
        ("/_/workflow-engine-operator/x", "", True),
        ("/_/report", "", False),
        ("/_/veeam/x", "", False),
        ("/_/nothing/x", "", False),
        ("/_/backbeat", "x", False),
    ],
)
def test_errors_of_backbeat_metadata_and_the_operator_are_json(raw_path: str, raw_query: str, is_json: bool) -> None:
    assert is_json_route(raw_path, raw_query) is is_json


@pytest.mark.parametrize(
    ("raw_path", "expected"),
    [
        ("/_/backbeat", InternalPath("", "", "")),
        ("/_/backbeat/batchdelete", InternalPath("batchdelete", "", "")),
        ("/_/backbeat/lifecycle/b", InternalPath("lifecycle", "b", "")),
        ("/_/backbeat/data/b/k", InternalPath("data", "b", "k")),
        ("/_/backbeat/data/b/a%2Fb/c", InternalPath("data", "b", "a/b/c")),
        ("/_/backbeat/data/b/a+b%2Bc", InternalPath("data", "b", "a b+c")),
        ("/_/backbeat/data/b//k/", InternalPath("data", "b", "/k/")),
        ("/_/backbeat/data/b/%C3%BC", InternalPath("data", "b", "ü")),
    ],
)
def test_path(raw_path: str, expected: InternalPath) -> None:
    assert parse_path(raw_path) == expected


@pytest.mark.parametrize("key", ["%zz", "%2", "%", "%FF", "%C3%28"])
def test_what_javascript_cannot_decode_is_an_internal_error(key: str) -> None:
    with pytest.raises(S3Error) as raised:
        parse_path(f"/_/backbeat/data/b/{key}")
    assert raised.value.code == "InternalError"


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_an_encoded_key_comes_back(key: str) -> None:
    assert parse_path(f"/_/backbeat/data/b/{urllib.parse.quote(key, safe='/')}").key == key
