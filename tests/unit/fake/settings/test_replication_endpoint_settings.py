"""Replication endpoints: every check with its text."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.replication_endpoints import ReplicationEndpoint, parse_replication_endpoints

SITE_OBJECT = "bad config: each object of `replicationEndpoints` array"
SITE_TYPE = (
    "bad config: `type` property of `replicationEndpoints` object must be a valid external backend "
    '(one of: "aws_s3", "azure", "gcp", "pfs", "dmf", "azure_archive")'
)
SITE_SERVER = "bad config: each item of `replicationEndpoints:servers` must be a non-empty string"


@pytest.mark.parametrize(
    ("endpoints", "message"),
    [
        ({}, "bad config: `replicationEndpoints` property must be an array"),
        (None, "bad config: `replicationEndpoints` property must be an array"),
        (["zenko"], "bad config: `replicationEndpoints` property must be an array of objects"),
        ([None], "bad config: `replicationEndpoints` property must be an array of objects"),
        ([{}], f"{SITE_OBJECT} must have a `site` property"),
        ([[]], f"{SITE_OBJECT} must have a `site` property"),
        ([{"site": 1}], "bad config: `site` property of object in `replicationEndpoints` must be a string"),
        ([{"site": None}], "bad config: `site` property of object in `replicationEndpoints` must be a string"),
        ([{"site": ""}], "bad config: `site` property of object in `replicationEndpoints` must not be ''"),
        ([{"site": "s", "type": "mem"}], SITE_TYPE),
        ([{"site": "s", "type": None, "servers": ["h"]}], SITE_TYPE),
        ([{"site": "s", "type": {}}], SITE_TYPE),
        ([{"site": "s"}], f"{SITE_OBJECT} that is not an external backend must have `servers` property"),
        (
            [{"site": "s", "servers": "h:1"}],
            "bad config: `servers` property of object in `replicationEndpoints` must be an array",
        ),
        ([{"site": "s", "servers": ["h", ""]}], SITE_SERVER),
        ([{"site": "s", "servers": [1]}], SITE_SERVER),
        (
            [{"site": "s", "type": "gcp"}, {"site": ""}],
            "bad config: `site` property of object in `replicationEndpoints` must not be ''",
        ),
    ],
)
def test_replication_endpoints(endpoints: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_replication_endpoints(endpoints)
    assert str(caught.value) == message


@pytest.mark.parametrize("endpoint_type", ["aws_s3", "azure", "gcp", "pfs", "dmf", "azure_archive"])
def test_external_endpoints_need_no_servers(endpoint_type: str) -> None:
    endpoints = [{"site": "s", "type": endpoint_type, "servers": 3, "echo": True}]
    assert parse_replication_endpoints(endpoints) == (ReplicationEndpoint(site="s", type=endpoint_type),)


def test_a_scality_endpoint_may_have_no_server_and_sites_may_repeat() -> None:
    endpoints = [{"site": "s", "servers": []}, {"site": "s", "servers": ["h"]}]
    assert parse_replication_endpoints(endpoints) == (
        ReplicationEndpoint(site="s", servers=()),
        ReplicationEndpoint(site="s", servers=("h",)),
    )


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ([], None),
        ([False, False], 0),
        ([False, True, True], 1),
        ([None, 0, "", "yes"], 3),
        ([False, []], 1),
    ],
)
def test_default_replication_endpoint(defaults: list[Any], expected: int | None) -> None:
    endpoints = [{"site": str(n), "type": "aws_s3", "default": value} for n, value in enumerate(defaults)]
    settings = dataclasses.replace(Settings.default(), replication_endpoints=parse_replication_endpoints(endpoints))
    endpoint = settings.default_replication_endpoint
    assert (endpoint and endpoint.site) == (None if expected is None else str(expected))
