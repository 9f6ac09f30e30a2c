from __future__ import annotations

from typing import Any

import pytest

from harness.engine.api.errors import ApiError
from harness.engine.api.routes import METRICS, Route, Router

SITES = ("site1", "site2")
ROUTER = Router(SITES)

ROUTES = {
    "GET /_/healthcheck": Route("healthcheck"),
    "GET /_//healthcheck": Route("healthcheck"),
    "GET /_/monitoring/metrics": Route("prometheus"),
    "POST /_/configuration/workflows": Route("workflows"),
    "GET /_/metrics/crr/all": Route("metrics", SITES, METRICS),
    "GET /_//metrics/crr/all": Route("metrics", SITES, METRICS),
    "GET /_/metrics/crr/site1": Route("metrics", ("site1",), METRICS),
    "GET /_/metrics/crr/site1/all": Route("metrics", ("site1",), METRICS),
    "GET /_/metrics/crr/all/all": Route("metrics", SITES, METRICS),
    **{f"GET /_/metrics/crr/site2/{name}": Route("metrics", ("site2",), (name,)) for name in METRICS},
    **{f"GET /_/metrics/crr/all/{name}": Route("metrics", SITES, (name,)) for name in METRICS},
    "GET /_/crr/failed": Route("list_failed"),
    "POST /_/crr/failed": Route("retry"),
    "GET /_/crr/failed/b/k": Route("list_no_failed", SITES, bucket="b", key="k"),
    "POST /_/crr/pause": Route("pause", SITES),
    "POST /_/crr/pause/all": Route("pause", SITES),
    "POST /_/crr/pause/site1": Route("pause", ("site1",)),
    "POST /_/crr/resume": Route("resume", SITES),
    "POST /_/crr/resume/site1": Route("resume", ("site1",)),
    "POST /_/crr/resume/all/schedule": Route("schedule", SITES),
    "POST /_/crr/resume/site1/schedule": Route("schedule", ("site1",)),
    "GET /_/crr/resume": Route("schedules", SITES),
    "GET /_/crr/resume/all": Route("schedules", SITES),
    "GET /_/crr/resume/site1/schedule": Route("schedules", ("site1",)),
    "DELETE /_/crr/resume/site1/schedule": Route("cancel", ("site1",)),
    "DELETE /_/crr/resume/all/schedule": Route("cancel", SITES),
    "GET /_/crr/status": Route("status", SITES),
    "GET /_/crr/status/site2": Route("status", ("site2",)),
    "GET /_/crr/status/all": Route("status", SITES),
}

WITH_VERSION = {
    "GET /_/crr/failed/b/dir/sub:key": Route("one_failed", SITES, (), "b", "dir/sub:key", "v1"),
    "GET /_/metrics/crr/site1/progress/b/dir/k": Route("object_progress", ("site1",), (), "b", "dir/k", "v1"),
    "GET /_/metrics/crr/site1/throughput/b/k": Route("object_throughput", ("site1",), (), "b", "k", "v1"),
}

NOT_FOUND = [
    "GET /",
    "GET /healthcheck",
    "GET /_",
    "GET /_/",
    "GET /_/healthchecks",
    "GET /_/healthcheck/more",
    "GET /_/metrics",
    "GET /_/metrics/crr",
    "GET /_/metrics/crr/",
    "GET /_/metric/crr/all",
    "GET /_/metrics/ingestion/all",
    "GET /_/metrics/crr/site3",
    "GET /_/metrics/crr/all/backlo",
    "GET /_/metrics/crr/all/backlog/more",
    "POST /_/metrics/crr/all",
    "GET /_/metrics/crr/site1/progress",
    "GET /_/metrics/crr/site1/progress/b",
    "GET /_/metrics/crr/site1/progress/b/",
    "GET /_/metrics/crr/site1/progress/b/k",
    "GET /_/metrics/crr/site1/throughput/b/k",
    "GET /_/metrics/crr/all/progress/b/k",
    "DELETE /_/crr/failed",
    "GET /_/crr/failed/b",
    "POST /_/crr/failed/b/k",
    "GET /_/crr/pause",
    "POST /_/crr/pause/site3",
    "POST /_/crr/pauses",
    "POST /_/crr/pause/site1/more",
    "POST /_/ingestion/pause",
    "POST /_/lifecycle/pause",
    "POST /_/crr/resume/site3",
    "POST /_/crr/resume/site3/schedule",
    "POST /_/crr/resume/schedule",
    "DELETE /_/crr/resume",
    "DELETE /_/crr/resume/site1",
    "POST /_/crr/status",
    "GET /_/crr/status/site3",
    "GET /_/crr",
]


def route(line: str, version_id: str = "") -> Route:
    return ROUTER.route(*line.split(" ", 1), version_id)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ROUTES)
def test_what_a_path_asks(line: str) -> None:
    assert route(line) == ROUTES[line]


@pytest.mark.parametrize("line", WITH_VERSION)
def test_what_a_path_asks_of_one_version(line: str) -> None:
    assert route(line, "v1") == WITH_VERSION[line]


@pytest.mark.parametrize(
    ("lines", "name", "status"),
    [
        (NOT_FOUND, "RouteNotFound", 404),
        (["GET /_/metrics/crr/all/progress/b/k"], "RouteNotFound", 404),
        (["PUT /_/healthcheck", "HEAD /_/crr/status", "PATCH /nowhere"], "MethodNotAllowed", 405),
        (
            ["POST /_/healthcheck", "DELETE /_/monitoring/metrics", "GET /_/configuration/workflows"],
            "MethodNotAllowed",
            405,
        ),
    ],
)
def test_what_no_path_asks(lines: list[str], name: str, status: int) -> None:
    answers: dict[str, Any] = {}
    for line in lines:
        with pytest.raises(ApiError) as refused:
            route(line, "v1" if "/all/progress" in line else "")
        answers[line] = (refused.value.status, refused.value.body)
    assert answers == dict.fromkeys(lines, (status, f'{{"{name}":true}}'))
