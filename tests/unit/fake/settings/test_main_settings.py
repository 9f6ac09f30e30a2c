"""The single keys of config.json: every check with its text, and what each key means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import default_accounts, default_locations

MINIMAL: dict[str, Any] = {"restEndpoints": {"localhost": "us-east-1"}}
KEYS = [
    "backbeat", "bucketd", "bucketNotificationDestinations", "healthChecks", "listenOn", "metricsListenOn",
    "metricsPort", "maxScannedLifecycleListingEntries", "port", "recordLog", "replicationEndpoints",
    "replicationGroupId", "reportToken", "restEndpoints", "testingMode", "utapi", "websiteEndpoints",
    "workflowEngineOperator",
]  # fmt: skip


def settings_of(**changes: Any) -> Settings:
    return Settings.from_documents({**MINIMAL, **changes}, default_locations(), default_accounts())


def refusal(config: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_documents(config, default_locations(), default_accounts())
    return str(caught.value)


NOTIFICATION = "bad config: bucket notification configuration"
DESTINATION = {"resource": "r", "type": "kafka", "host": "h"}
HEALTH = "config: invalid healthcheck configuration. allowFrom"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"port": 0}, "bad config: port must be a positive integer"),
        ({"port": "8000"}, "bad config: port must be a positive integer"),
        ({"port": 1.5}, "bad config: port must be a positive integer"),
        ({"port": True}, "bad config: port must be a positive integer"),
        ({"port": None}, "bad config: port must be a positive integer"),
        ({"listenOn": "127.0.0.1:8000"}, "bad config: listenOn must be a list of strings"),
        ({"listenOn": [8000]}, "bad config: listenOn must be a list of strings"),
        ({"listenOn": ["127.0.0.1"]}, "bad config: listenOn port must be a positive integer"),
        ({"listenOn": ["127.0.0.1:"]}, "bad config: listenOn port must be a positive integer"),
        ({"listenOn": ["8000"]}, "bad config: listenOn port must be a positive integer"),
        ({"listenOn": ["127.0.0.1:80x"]}, "bad config: listenOn port must be a positive integer"),
        ({"listenOn": ["127.0.0.1:²"]}, "bad config: listenOn port must be a positive integer"),
        ({"listenOn": ["127.0.0.1:0"]}, "bad config: listenOn port must be a positive integer"),
        ({"listenOn": ["127.0.0.1:-1"]}, "bad config: listenOn port must be a positive integer"),
        ({"metricsPort": -1}, "bad config: metricsPort must be a positive integer"),
        ({"metricsListenOn": {}}, "bad config: metricsListenOn must be a list of strings"),
        ({"metricsListenOn": ["h:x"]}, "bad config: metricsListenOn port must be a positive integer"),
        ({"replicationGroupId": 1}, "bad config: replicationGroupId must be a string"),
        ({"replicationGroupId": []}, "bad config: replicationGroupId must be a string"),
        ({"backbeat": "localhost"}, "bad config: backbeat host must be a string"),
        ({"backbeat": {"port": 1}}, "bad config: backbeat host must be a string"),
        ({"backbeat": {"host": "h"}}, "bad config: backbeat port must be a positive integer"),
        ({"backbeat": {"host": "h", "port": "1"}}, "bad config: backbeat port must be a positive integer"),
        ({"workflowEngineOperator": {}}, "bad config: workflowEngineOperator host must be a string"),
        (
            {"workflowEngineOperator": {"host": "h", "port": 0}},
            "bad config: workflowEngineOperator port must be a positive integer",
        ),
        ({"restEndpoints": "localhost"}, "bad config: restEndpoints must be an object of endpoints"),
        ({"restEndpoints": {"localhost": 1}}, "bad config: each endpoint must be a string"),
        ({"restEndpoints": {"localhost": "x"}}, "bad config: rest endpoint target not in locationConstraints"),
        ({"websiteEndpoints": "h"}, "bad config: websiteEndpoints must be a list of strings"),
        ({"websiteEndpoints": [1]}, "bad config: websiteEndpoints must be a list of strings"),
        ({"bucketd": 1}, "bad config: bucketd must be an object"),
        ({"bucketd": {"bootstrap": "h:1"}}, "bad config: bucketd.bootstrap must be a list of strings"),
        ({"bucketd": {"bootstrap": [1]}}, "bad config: bucketd.bootstrap must be a list of strings"),
        ({"recordLog": True}, "bad config: recordLog must be an object"),
        (
            {"recordLog": {"enabled": True, "recordLogName": 1}},
            "bad config: recordLog.recordLogName must be a string",
        ),
        ({"healthChecks": 1}, "bad config: healthChecks must be an object"),
        ({"healthChecks": {"allowFrom": "::1"}}, f"{HEALTH} must be an array"),
        ({"healthChecks": {"allowFrom": [1]}}, f"{HEALTH} IP address must be a string"),
        (
            {"maxScannedLifecycleListingEntries": 2},
            "bad config: maxScannedLifecycleListingEntries must be greater than 2",
        ),
        (
            {"maxScannedLifecycleListingEntries": "3"},
            "bad config: maxScannedLifecycleListingEntries must be greater than 2",
        ),
        ({"bucketNotificationDestinations": {}}, f"{NOTIFICATION} must be an array"),
        ({"bucketNotificationDestinations": ["r"]}, f"{NOTIFICATION} must be an array of objects"),
        ({"bucketNotificationDestinations": [{}]}, f"{NOTIFICATION} resource must be a string"),
        ({"bucketNotificationDestinations": [{"resource": "r"}]}, f"{NOTIFICATION} type must be a string"),
        (
            {"bucketNotificationDestinations": [{**DESTINATION, "host": ""}]},
            "bad config: hostname must be a non-empty string",
        ),
        (
            {"bucketNotificationDestinations": [{**DESTINATION, "port": "1"}]},
            "bad config: port must be a positive integer",
        ),
        (
            {"bucketNotificationDestinations": [{**DESTINATION, "internalTopic": 1}]},
            f"{NOTIFICATION} internal topic must be a string",
        ),
        (
            {"bucketNotificationDestinations": [{**DESTINATION, "topic": 1}]},
            f"{NOTIFICATION} topic must be a string",
        ),
    ],
)
def test_keys_of_the_main_configuration(changes: dict[str, Any], message: str) -> None:
    assert refusal({**MINIMAL, **changes}) == message


def test_rest_endpoints_are_mandatory() -> None:
    assert refusal({}) == "bad config: config must include restEndpoints!"


def test_the_main_configuration_is_an_object() -> None:
    assert refusal("text") == "bad config: config.json must hold an object"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("[::1]:8000", ("::1", 8000)),
        ("localhost:80", ("localhost", 80)),
        (":9000", ("127.0.0.1", 9000)),
    ],
)
def test_listen_on(text: str, address: tuple[str, int]) -> None:
    assert settings_of(listenOn=[text, "h:1"]).listen_on == (address, ("h", 1))
    assert settings_of(metricsListenOn=[text]).metrics_listen_on == (address,)


def test_health_and_metrics_are_served_where_the_configuration_says() -> None:
    assert settings_of().metrics_listen_on == settings_of(metricsListenOn=[]).metrics_listen_on == ()
    assert settings_of(metricsPort=82).metrics_listen_on == (("127.0.0.1", 82),)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("192.168.7.7", True),
        ("192.168.7.8", False),
        ("::2", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_who_may_ask_for_health(address: str, *, allowed: bool) -> None:
    settings = settings_of(healthChecks={"allowFrom": ["no network", "10.0.0.0/8", "192.168.7.7"]})
    assert settings.may_ask_for_health(address) is allowed


def test_ports_without_addresses() -> None:
    settings = settings_of(port=81, metricsPort=82.0, listenOn=[])
    assert (settings.listen_on, settings.metrics_listen_on) == ((("127.0.0.1", 81),), (("127.0.0.1", 82),))


@pytest.mark.parametrize("record_log", [None, {}, {"enabled": False, "recordLogName": "x"}, {"recordLogName": "x"}])
def test_the_record_log_must_be_enabled(record_log: Any) -> None:
    assert settings_of(recordLog=record_log).record_log_name is None


def test_the_record_log_has_a_name() -> None:
    assert settings_of(recordLog={"enabled": 1}).record_log_name == "s3-recordlog"
    assert settings_of(recordLog={"enabled": True, "recordLogName": "mine"}).record_log_name == "mine"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(KEYS), json_values)
def test_any_json_is_read_or_refused(key: str, value: Any) -> None:
    try:
        settings = settings_of(**{key: value})
    except ConfigurationError:
        return
    assert all(isinstance(ip, str) and port > 0 for ip, port in (*settings.listen_on, *settings.metrics_listen_on))
    assert set(settings.rest_endpoints.values()) <= set(settings.locations)
