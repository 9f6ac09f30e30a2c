"""The checks of the rules of a replication configuration, one rule after the other.

Source: Arsenal lib/models/ReplicationConfiguration.ts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.elements import Element, child, text
from fake_cloudserver.s3.javascript import length
from fake_cloudserver.s3.names import is_valid_bucket_name
from fake_cloudserver.settings import ReplicationEndpoint, Settings

_LONGEST_PREFIX = 1024
_LONGEST_ID = 255
_STANDARD_CLASSES = frozenset({"STANDARD", "STANDARD_IA", "REDUCED_REDUNDANCY"})
_PREFERRED_READ = ":preferred_read"


class RuleChecks:
    """What the checks of one configuration carry from rule to rule.

    Attributes:
        has_scality_destination: whether two roles are needed. One flag for all rules: a site without a type turns it
            on, a missing or standard storage class overwrites it with the nature of the default endpoint.
        destination: ARN of the destination bucket, which all rules share; None while no rule has named one.
        preferred_read_location: of the last rule that had one.
    """

    def __init__(self, settings: Settings, new_id: Callable[[], str]) -> None:
        self._settings = settings
        self._new_id = new_id
        self._prefixes: list[Element] = []
        self._ids: list[str] = []
        self.has_scality_destination = False
        self.destination: str | None = None
        self.preferred_read_location: str | None = None

    def check(self, rule: Element) -> dict[str, Any]:
        """The stored form of the next rule; raises S3Error for its first fault."""
        status = child(rule, "Status")
        if not isinstance(status, str) or status not in ("Enabled", "Disabled"):
            raise S3Error("MalformedXML")
        prefix = self._check_prefix(child(rule, "Prefix"))
        rule_id = self._check_id(child(rule, "ID"))
        destination = child(rule, "Destination")
        if not destination:
            raise S3Error("MalformedXML")
        storage_class = self._check_storage_class(child(destination, "StorageClass"))
        self._check_bucket(child(destination, "Bucket"))
        stored: dict[str, Any] = {"id": rule_id, "prefix": prefix, "enabled": status == "Enabled"}
        if storage_class is not None:
            stored["storageClass"] = storage_class
        return stored

    def _check_prefix(self, prefix: Element | None) -> Element:
        if prefix is None:
            raise S3Error("MalformedXML")
        if isinstance(prefix, str) and length(prefix) > _LONGEST_PREFIX:
            raise S3Error(
                "InvalidArgument",
                f"Rule prefix cannot be longer than maximum allowed key length of {_LONGEST_PREFIX}",
            )
        for used in self._prefixes:
            # a prefix with an XML attribute is an object: comparing it is never answered, storing the only one is
            earlier, this = text(used), text(prefix)
            if this.startswith(earlier) or earlier.startswith(this):
                raise S3Error("InvalidRequest", f"Found overlapping prefixes '{earlier}' and '{this}'")
        self._prefixes.append(prefix)
        return prefix

    def _check_id(self, rule_id: Element | None) -> Element:
        if not rule_id:
            return self._new_id()
        if isinstance(rule_id, dict):
            return rule_id
        if length(rule_id) > _LONGEST_ID:
            raise S3Error("InvalidArgument", f"Rule Id cannot be greater than {_LONGEST_ID}")
        if rule_id in self._ids:
            raise S3Error("InvalidRequest", "Rule Id must be unique")
        self._ids.append(rule_id)
        return rule_id

    def _check_storage_class(self, element: Element | None) -> str | None:
        if element is None:
            self.has_scality_destination = self._is_default_scality()
            return None
        storage_class = text(element)
        sites = storage_class.split(",")
        for index, site in enumerate(sites):
            if site.endswith(_PREFERRED_READ):
                # only the first one is recognised; a second keeps its suffix and is an unknown site
                sites[index] = site.partition(":")[0]
                self.preferred_read_location = sites[index]
                break
        for site in sites:
            self._check_site(site)
        return storage_class

    def _check_site(self, site: str) -> None:
        if site in _STANDARD_CLASSES:
            self.has_scality_destination = self._is_default_scality()
            return
        endpoint = self._endpoint(site)
        if endpoint is None or self._settings.is_cold(site):
            raise S3Error("MalformedXML")
        self.has_scality_destination = self.has_scality_destination or endpoint.type is None

    def _endpoint(self, site: str) -> ReplicationEndpoint | None:
        return next((one for one in self._settings.replication_endpoints if one.site == site), None)

    def _is_default_scality(self) -> bool:
        default = self._settings.default_replication_endpoint
        if default is None:
            raise S3Error("InternalError")  # a property of undefined: never answered
        return default.type is None

    def _check_bucket(self, element: Element | None) -> None:
        if element is None:
            if self.has_scality_destination:
                raise S3Error("MalformedXML")
            return
        arn = text(element)
        if not arn:
            raise S3Error("InvalidArgument", "Destination bucket cannot be null or empty")
        fields = arn.split(":")
        if fields[:5] != ["arn", "aws", "s3", "", ""]:
            raise S3Error("InvalidArgument", "Invalid bucket ARN")
        if len(fields) < 6:
            raise S3Error("InternalError")
        if not is_valid_bucket_name(fields[5]):
            raise S3Error("InvalidArgument", "The specified bucket is not valid")
        if self.destination not in (None, arn):
            raise S3Error("InvalidRequest", "The destination bucket must be same for all rules")
        self.destination = arn
