"""``replicationEndpoints`` of config.json: the sites that a bucket's replication may name.

Source: cloudserver lib/Config.js.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from fake_cloudserver.settings.values import is_list_of_strings, is_truthy, properties_of, require

_TYPES = ("aws_s3", "azure", "gcp", "pfs", "dmf", "azure_archive")
_OBJECT = "bad config: each object of `replicationEndpoints` array"


@dataclasses.dataclass(frozen=True, slots=True)
class ReplicationEndpoint:
    """One site.

    Attributes:
        site: what a rule's StorageClass names; neither unique nor necessarily a location.
        type: the external back end; None means another Scality installation.
        servers: ``host:port`` of a Scality destination; of no use to CloudServer itself.
    """

    site: str
    type: str | None = None
    servers: tuple[str, ...] = ()
    default: bool = False


def parse_replication_endpoints(document: Any) -> tuple[ReplicationEndpoint, ...]:
    """The endpoints in the order of the configuration.

    Raises:
        ConfigurationError: CloudServer's text for the first thing it would refuse.
    """
    require(isinstance(document, list), "bad config: `replicationEndpoints` property must be an array")
    return tuple(_parse_endpoint(element) for element in document)


def _parse_endpoint(document: Any) -> ReplicationEndpoint:
    endpoint = properties_of(document, "bad config: `replicationEndpoints` property must be an array of objects")
    require("site" in endpoint, f"{_OBJECT} must have a `site` property")
    site = endpoint["site"]
    require(isinstance(site, str), "bad config: `site` property of object in `replicationEndpoints` must be a string")
    require(site != "", "bad config: `site` property of object in `replicationEndpoints` must not be ''")
    endpoint_type = endpoint.get("type")
    if "type" in endpoint:
        names = '", "'.join(_TYPES)
        require(
            endpoint_type in _TYPES,
            "bad config: `type` property of `replicationEndpoints` object must be a valid external backend "
            f'(one of: "{names}")',
        )
    else:
        _check_servers(endpoint)
    servers = endpoint.get("servers")
    return ReplicationEndpoint(
        site=site,
        type=endpoint_type,
        # Nobody checks the servers of an external back end, and nobody uses them.
        servers=tuple(servers) if is_list_of_strings(servers) else (),
        default=is_truthy(endpoint.get("default")),
    )


def _check_servers(endpoint: dict[str, Any]) -> None:
    require("servers" in endpoint, f"{_OBJECT} that is not an external backend must have `servers` property")
    require(
        isinstance(endpoint["servers"], list),
        "bad config: `servers` property of object in `replicationEndpoints` must be an array",
    )
    require(
        is_list_of_strings(endpoint["servers"]) and "" not in endpoint["servers"],
        "bad config: each item of `replicationEndpoints:servers` must be a non-empty string",
    )
