from __future__ import annotations

from typing import Any

import pytest
from routes_backend import Backend, make_backend, make_settings

from fake_cloudserver.backbeat import api_proxy, metadata_proxy
from fake_cloudserver.request import Answer, Request

CONFIG: dict[str, Any] = {
    "backbeat": {"host": "backbeat.test", "port": 8900},
    "workflowEngineOperator": {"host": "operator.test", "port": 3001},
    "bucketd": {"bootstrap": ["bucketd-1.test:9001", "bucketd-2.test:9002"]},
}


@pytest.fixture
def forwarded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int, str]]:
    """Method, host, port and target of what goes out."""
    calls: list[tuple[str, str, int, str]] = []

    def forward(request: Request, host: str, port: int, target: str) -> Answer:
        calls.append((request.method, host, port, target))
        return Answer(418, [("x-relayed", "yes")], b"relayed")

    monkeypatch.setattr(api_proxy, "forward", forward)
    monkeypatch.setattr(metadata_proxy, "forward", forward)
    return calls


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "/_/backbeat/api/metrics/crr/all", ("backbeat.test", 8900, "/_//metrics/crr/all")),
        ("POST", "/_/backbeat/api", ("backbeat.test", 8900, "/_/")),
        ("GET", "/_/backbeat/api/a%20b?x=1&y", ("backbeat.test", 8900, "/_//a%20b?x=1&y")),
        ("GET", "/_/backbeat/api/_/backbeat/api", ("backbeat.test", 8900, "/_//_/backbeat/api")),
        ("PUT", "/_/workflow-engine-operator/api/x", ("operator.test", 3001, "/_//x")),
        (
            "GET",
            "/_/metadata/admin/raft_sessions/1/log?begin=1&limit=10",
            ("bucketd-1.test", 9001, "/_/raft_sessions/1/log?begin=1&limit=10"),
        ),
        ("GET", "/_/metadata/admin/raft_sessions/1/bucket", ("bucketd-1.test", 9001, "/_/raft_sessions/1/bucket")),
        ("GET", "/_/metadata/admin/buckets/b/id", ("bucketd-1.test", 9001, "/_/buckets/b/id")),
        ("GET", "/_/metadata/default/attributes/b", ("bucketd-1.test", 9001, "/default/attributes/b")),
        ("DELETE", "/_/metadata/admin", ("bucketd-1.test", 9001, "/admin")),
    ],
)
def test_where_a_request_goes_on_to(
    forwarded: list[tuple[str, str, int, str]], method: str, url: str, expected: tuple[str, int, str]
) -> None:
    backend = make_backend(make_settings(config=CONFIG))
    answer = backend.ask(method, url, access_key="accessKey2")
    assert (answer.status, answer.headers, answer.body) == (418, [("x-relayed", "yes")], b"relayed")
    assert forwarded == [(method, *expected)]


@pytest.mark.parametrize(
    "url",
    [
        "/_/backbeat/api/metrics",
        "/_/workflow-engine-operator/api/x",
        "/_/metadata/default/attributes/b",
        "/_/metadata/admin/buckets/b/id",
    ],
)
def test_nobody_is_not_forwarded(forwarded: list[tuple[str, str, int, str]], url: str) -> None:
    backend = make_backend(make_settings(config=CONFIG))
    assert backend.refusal("GET", url, access_key=None).code == "AccessDenied"
    assert forwarded == []


@pytest.mark.parametrize("url", ["/_/metadata/admin/", "/_/metadata/admin/raft_sessions/1", "/_/metadata/admin/a/b/c"])
def test_other_administration_is_not_implemented(forwarded: list[tuple[str, str, int, str]], url: str) -> None:
    backend = make_backend(make_settings(config=CONFIG))
    assert backend.refusal("GET", url, access_key=None).code == "NotImplemented"
    assert forwarded == []


def test_without_bucketd_there_is_nowhere_to_go(backend: Backend) -> None:
    assert backend.refusal("GET", "/_/metadata/admin/", access_key=None).code == "ServiceUnavailable"


def test_a_bootstrap_host_has_a_usual_port(forwarded: list[tuple[str, str, int, str]]) -> None:
    backend = make_backend(make_settings(config={"bucketd": {"bootstrap": ["bucketd.test"]}}))
    backend.ask("GET", "/_/metadata/x")
    assert forwarded == [("GET", "bucketd.test", 9000, "/x")]
