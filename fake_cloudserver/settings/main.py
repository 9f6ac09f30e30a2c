"""The single keys of config.json: what each may hold, and what it means when it is absent.

Source: cloudserver lib/Config.js, with its texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_cloudserver.settings.values import (
    is_integer,
    is_list_of_strings,
    is_positive_integer,
    is_truthy,
    properties_of,
    require,
)

Address = tuple[str, int]

#: Where a port without an address listens. The real one takes every address then; this one holds published keys and
#: never leaves this machine unless it is told to, with an address (``listenOn``, ``--host``).
_LOOPBACK_ADDRESS = "127.0.0.1"

_LOOPBACK = ("127.0.0.1/8", "::1")
_MOST_SCANNED_LIFECYCLE_ENTRIES = 10000


def parse_listen_on(config: Mapping[str, Any], field: str, port_field: str, default_port: int) -> tuple[Address, ...]:
    """The ``ip:port`` texts of ``field`` (IPv6 in brackets), or the port of ``port_field`` on this machine only."""
    port = config.get(port_field, default_port)
    require(is_positive_integer(port), f"bad config: {port_field} must be a positive integer")
    texts = config.get(field, [])
    require(is_list_of_strings(texts), f"bad config: {field} must be a list of strings")
    return tuple(_parse_address(text, field) for text in texts) or ((_LOOPBACK_ADDRESS, int(port)),)


def parse_metrics_listen_on(config: Mapping[str, Any]) -> tuple[Address, ...]:
    """Where health and metrics are served: nowhere unless the configuration says so.

    The real one listens on port 8002 in any case; here a second server in the background would only be in the way.
    """
    addresses = parse_listen_on(config, "metricsListenOn", "metricsPort", 8002)
    return addresses if config.get("metricsListenOn") or "metricsPort" in config else ()


def _parse_address(text: str, field: str) -> Address:
    address, colon, port = text.rpartition(":")
    is_number = port.isascii() and port.isdigit()
    require(
        colon == ":" and is_number and int(port) > 0,
        f"bad config: {field} port must be a positive integer",
    )
    return address.removeprefix("[").removesuffix("]") or _LOOPBACK_ADDRESS, int(port)


def parse_service(config: Mapping[str, Any], field: str) -> Address | None:
    """Host and port of a service that requests are passed on to; None when it is not configured."""
    if not is_truthy(config.get(field)):
        return None
    refusal = f"bad config: {field} host must be a string"
    service = properties_of(config[field], refusal)
    require(isinstance(service.get("host"), str), refusal)
    require(is_positive_integer(service.get("port")), f"bad config: {field} port must be a positive integer")
    return service["host"], int(service["port"])


def parse_replication_group_id(config: Mapping[str, Any]) -> str:
    group_id = config.get("replicationGroupId")
    if not is_truthy(group_id):
        return "RG001"
    require(isinstance(group_id, str), "bad config: replicationGroupId must be a string")
    return str(group_id)


def parse_rest_endpoints(config: Mapping[str, Any], locations: Mapping[str, Any]) -> dict[str, str]:
    """Host name to location name."""
    require("restEndpoints" in config, "bad config: config must include restEndpoints!")
    endpoints = properties_of(config["restEndpoints"], "bad config: restEndpoints must be an object of endpoints")
    require(all(isinstance(name, str) for name in endpoints.values()), "bad config: each endpoint must be a string")
    require(
        all(name in locations for name in endpoints.values()),
        "bad config: rest endpoint target not in locationConstraints",
    )
    return dict(endpoints)


def parse_website_endpoints(config: Mapping[str, Any]) -> tuple[str, ...]:
    endpoints = config.get("websiteEndpoints", [])
    require(is_list_of_strings(endpoints), "bad config: websiteEndpoints must be a list of strings")
    return tuple(endpoints)


def parse_bucketd_bootstrap(config: Mapping[str, Any]) -> tuple[str, ...]:
    bucketd = properties_of(config.get("bucketd", {}), "bad config: bucketd must be an object")
    bootstrap = bucketd.get("bootstrap", [])
    require(is_list_of_strings(bootstrap), "bad config: bucketd.bootstrap must be a list of strings")
    return tuple(bootstrap)


def parse_record_log(config: Mapping[str, Any]) -> str | None:
    """The name of the record log; None when it is not enabled."""
    if not is_truthy(config.get("recordLog")):
        return None
    record_log = properties_of(config["recordLog"], "bad config: recordLog must be an object")
    if not is_truthy(record_log.get("enabled")):
        return None
    name = record_log.get("recordLogName", "s3-recordlog")
    require(isinstance(name, str), "bad config: recordLog.recordLogName must be a string")
    return str(name)


def parse_health_check_sources(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The address ranges that may ask for the server's health: this machine, and what is configured beside it."""
    health_checks = config.get("healthChecks")
    if not is_truthy(health_checks):
        return _LOOPBACK
    allowed: Any = properties_of(health_checks, "bad config: healthChecks must be an object").get("allowFrom")
    if not is_truthy(allowed):
        return _LOOPBACK
    kind = "config: invalid healthcheck configuration. allowFrom"
    require(isinstance(allowed, list), f"{kind} must be an array")
    require(is_list_of_strings(allowed), f"{kind} IP address must be a string")
    return (*_LOOPBACK, *(source for source in allowed if source not in _LOOPBACK))


def parse_lifecycle_scan_limit(config: Mapping[str, Any]) -> int:
    """The most entries that one lifecycle listing may look at; below 3 it could not tell a version's age."""
    limit = config.get("maxScannedLifecycleListingEntries", _MOST_SCANNED_LIFECYCLE_ENTRIES)
    require(
        is_integer(limit) and limit > 2,
        "bad config: maxScannedLifecycleListingEntries must be greater than 2",
    )
    return int(limit)


def parse_notification_destinations(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The resource names, which are the last part of the ARNs that a notification configuration may name."""
    if not is_truthy(config.get("bucketNotificationDestinations")):
        return ()
    destinations = config["bucketNotificationDestinations"]
    kind = "bad config: bucket notification configuration"
    require(isinstance(destinations, list), f"{kind} must be an array")
    return tuple(_parse_destination(destination, kind) for destination in destinations)


def _parse_destination(document: Any, kind: str) -> str:
    destination = properties_of(document, f"{kind} must be an array of objects")
    resource, host, port = (destination.get(field) for field in ("resource", "host", "port"))
    require(isinstance(resource, str), f"{kind} resource must be a string")
    require(isinstance(destination.get("type"), str), f"{kind} type must be a string")
    require(isinstance(host, str) and host != "", "bad config: hostname must be a non-empty string")
    require(not is_truthy(port) or is_positive_integer(port), "bad config: port must be a positive integer")
    for field, name in (("internalTopic", "internal topic"), ("topic", "topic")):
        value = destination.get(field)
        require(not is_truthy(value) or isinstance(value, str), f"{kind} {name} must be a string")
    return str(resource)


def parse_report_token(config: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
    """The token that opens ``/_/report``; CloudServer makes up a random one when none is configured."""
    token = environ.get("REPORT_TOKEN") or config.get("reportToken")
    return str(token) if token else None


def check_back_end(environ: Mapping[str, str], variable: str, values: tuple[str, ...]) -> None:
    """A variable that selects a back end must name one that CloudServer has.

    What it selects changes nothing here: accounts always come from their file, data is always on several back ends,
    metadata is always the kind that keeps a record log.
    """
    require(
        environ.get(variable, "") in ("", *values),
        f"bad environment variable: {variable} environment variable should be one of {'/'.join(values)}",
    )
