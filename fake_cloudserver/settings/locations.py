"""The locations a CloudServer knows: locationConfig.json, checked as CloudServer checks it.

Source: cloudserver lib/Config.js (locationConstraintAssert).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fake_cloudserver.settings.location_details import checked_details
from fake_cloudserver.settings.values import is_number, is_truthy, properties_of, require

#: The types whose data is on somebody else's servers (Arsenal lib/constants.ts, externalBackends).
EXTERNAL_TYPES = ("aws_s3", "azure", "gcp")

# CloudServer's own list, in its order and with its two repeats: the message shows it (cloudserver lib/Config.js).
_SUPPORTED_TYPES = "mem,file,scality,mongodb,dmf,azure_archive,aws_s3,azure,gcp,pfs,dmf,azure_archive"

_REGION = "bad config: locationConstraints[region]"


@dataclasses.dataclass(frozen=True, slots=True)
class LocationSettings:
    """One location.

    Attributes:
        size_limit_gb: in gigabytes; None for no limit.
        details: under the configuration's own names, with these always there: ``https`` (True), ``pathStyle``
            (False), ``supportsVersioning`` (True), ``bucketMatch`` (False), ``serverSideEncryption`` (False). They
            hold secrets, and are never shown in texts.
    """

    name: str
    type: str
    object_id: str
    legacy_aws_behavior: bool = False
    is_transient: bool = False
    is_cold: bool = False
    size_limit_gb: float | None = None
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def is_external(self) -> bool:
        """Whether the data is behind a client of the multiple-backend gateway."""
        return self.type in EXTERNAL_TYPES


def parse_locations(document: Any, environ: Mapping[str, str]) -> dict[str, LocationSettings]:
    """The locations of a locationConfig document, by name.

    Args:
        document: what the file holds; it is not changed.
        environ: ``CI_CEPH`` and the overrides of azure locations are read from it.

    Raises:
        ConfigurationError: CloudServer's text for the first thing it would refuse.
    """
    entries = properties_of(document, "bad config: locationConstraints must be an object")
    locations: dict[str, LocationSettings] = {}
    object_ids: set[str] = set()
    for name, entry in entries.items():
        location = _parse_location(name, properties_of(entry, f"{_REGION} must be an object"), object_ids, environ)
        object_ids.add(location.object_id)
        locations[name] = location
    require("us-east-1" in locations, "bad locationConfig: must include us-east-1 as a locationConstraint")
    return locations


def _parse_location(
    name: str, entry: dict[str, Any], object_ids: set[str], environ: Mapping[str, str]
) -> LocationSettings:
    location_type, object_id = entry.get("type"), entry.get("objectId")
    require(isinstance(location_type, str), f"{_REGION}.type is mandatory and must be a string")
    require(location_type in _SUPPORTED_TYPES.split(","), f"{_REGION}.type must be one of {_SUPPORTED_TYPES}")
    require(isinstance(object_id, str), f"{_REGION}.objectId is mandatory and must be a unique string across locations")
    require(
        object_id not in object_ids,
        f'bad config: location constraint objectId "{object_id}" is not unique across configured locations',
    )
    require(
        isinstance(entry.get("legacyAwsBehavior"), bool),
        f"{_REGION}.legacyAwsBehavior is mandatory and must be a boolean",
    )
    is_transient = entry.get("isTransient", False)
    require(isinstance(is_transient, bool), f"{_REGION}.isTransient must be a boolean")
    size_limit = entry.get("sizeLimitGB")
    require(size_limit is None or is_number(size_limit), f"{_REGION}.sizeLimitGB must be a number (in gigabytes)")
    return LocationSettings(
        name=name,
        type=str(location_type),
        object_id=str(object_id),
        legacy_aws_behavior=entry["legacyAwsBehavior"],
        is_transient=is_transient,
        is_cold=is_truthy(entry.get("isCold")),
        size_limit_gb=size_limit,
        details=checked_details(name, str(location_type), entry.get("details"), environ),
    )


def check_against_main_config(locations: Mapping[str, LocationSettings], config: Mapping[str, Any]) -> None:
    """What CloudServer finds out about locations only once it has read the rest.

    Raises:
        ConfigurationError: a size limit without Utapi's location metric (cloudserver lib/Config.js), or an aws_s3 or
            gcp location without credentials (Arsenal lib/storage/data/LocationConstraintParser.js: it fails to start
            there, without a text of its own).
    """
    utapi = config.get("utapi")
    metrics = utapi.get("metrics") if isinstance(utapi, dict) else None
    has_location_metric = isinstance(metrics, list) and "location" in metrics
    for location in locations.values():
        require(
            location.size_limit_gb is None or has_location_metric,
            f'bad config: location "{location.name}" has a sizeLimitGB, '
            "which needs `utapi` with `metrics` containing `location`",
        )
        require(
            location.type not in ("aws_s3", "gcp")
            or "credentials" in location.details
            or "credentialsProfile" in location.details,
            f'bad config: location "{location.name}" of type {location.type} '
            "needs details.credentials (accessKey and secretKey) or details.credentialsProfile",
        )
