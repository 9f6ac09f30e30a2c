"""The replication configuration of a bucket: its checks, its stored form, its XML.

The stored form is a dict as CloudServer keeps it in the bucket's metadata:

    {"role": str, "destination": str | None, "rules": [{"id", "prefix", "enabled", "storageClass"?}],
     "preferredReadLocation": str | None}

Source: Arsenal lib/models/ReplicationConfiguration.ts; cloudserver lib/api/bucketPutReplication.js,
lib/api/apiUtils/bucket/getReplicationConfiguration.js, validateReplicationConfig.js.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.replication.rules import RuleChecks
from fake_cloudserver.s3.elements import Element, child, children, text
from fake_cloudserver.s3.javascript import length
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, parse
from fake_cloudserver.settings import Settings

_MOST_RULES = 1000
_ROLE_FAULT = "Invalid Role specified in replication configuration: "


def parse_configuration(body: bytes, settings: Settings, new_id: Callable[[], str]) -> dict[str, Any]:
    """The stored form of the XML in ``body``; ``new_id`` makes the id of a rule that has none.

    Rules are checked first, in document order, then the role; the first fault wins.

    Raises:
        S3Error: MalformedXML, InvalidArgument or InvalidRequest; InternalError for input that the real server never
            answers.
    """
    document = parse(body)
    if "ReplicationConfiguration" not in document:
        raise S3Error("InternalError")
    root: Element = document["ReplicationConfiguration"]
    rules = children(root, "Rule")
    if not rules:
        raise S3Error("MalformedXML")
    if len(rules) > _MOST_RULES:
        raise S3Error("InvalidRequest", f"Number of defined replication rules cannot exceed {_MOST_RULES}")
    checks = RuleChecks(settings, new_id)
    stored = [checks.check(rule) for rule in rules]
    role = _check_role(child(root, "Role"), two_roles=checks.has_scality_destination)
    return {
        "role": role,
        "destination": checks.destination,
        "rules": stored,
        "preferredReadLocation": checks.preferred_read_location,
    }


def _check_role(element: Element | None, *, two_roles: bool) -> str:
    if element is None:
        raise S3Error("MalformedXML")
    role = text(element)
    roles = role.split(",")
    if two_roles and len(roles) != 2:
        raise S3Error("InvalidArgument", f"{_ROLE_FAULT}Role must be a comma-separated list of two IAM roles")
    if not two_roles and len(roles) > 1:
        raise S3Error("InvalidArgument", f"{_ROLE_FAULT}Role may not contain a comma separator")
    for item in roles:
        if not _is_role_arn(item):
            raise S3Error("InvalidArgument", f"{_ROLE_FAULT}'{item}'")
    return role


def _is_role_arn(arn: str) -> bool:
    """``arn:aws:iam::<account or *>:role…``; a missing field after a good start is never answered."""
    fields = arn.split(":")
    if fields[:4] != ["arn", "aws", "iam", ""]:
        return False
    if len(fields) < 5:
        raise S3Error("InternalError")
    if fields[4] != "*" and length(fields[4]) < 2:
        return False
    if len(fields) < 6:
        raise S3Error("InternalError")
    return fields[5].startswith("role")


def check_transient_source(configuration: dict[str, Any], bucket: BucketInfo, settings: Settings) -> None:
    """A bucket on a transient location must be read from elsewhere: every rule with sites names one to prefer.

    Raises:
        S3Error: ValidationError; InternalError when the bucket's location is configured no longer.
    """
    location = settings.locations.get(bucket.location_constraint or "")
    if location is None:
        raise S3Error("InternalError")
    if not location.is_transient:
        return
    for rule in configuration["rules"]:
        sites = rule.get("storageClass")
        if sites and not any(site.endswith(":preferred_read") for site in sites.split(",")):
            raise S3Error("ValidationError", "Replication configuration lacks a preferred read location")


def is_unreadable(bucket: BucketInfo) -> bool:
    """Whether CloudServer chokes on the bucket's metadata: its model refuses a configuration it has itself stored.

    It happens when no rule names a destination bucket, which is legal for cloud sites: ``destination`` is null then.
    From there on every request for the bucket fails.

    Source: Arsenal lib/models/ReplicationConfiguration.ts (validateConfig), called by the constructor of BucketInfo.
    """
    configuration = bucket.replication_configuration
    if not configuration:
        return False
    if not isinstance(configuration.get("role"), str) or not isinstance(configuration.get("destination"), str):
        return True
    return not all(_is_readable_rule(rule) for rule in configuration["rules"])


def _is_readable_rule(rule: dict[str, Any]) -> bool:
    return (
        isinstance(rule["prefix"], str)
        and isinstance(rule.get("id", ""), str)
        and isinstance(rule.get("storageClass", ""), str)
    )


def to_xml(configuration: dict[str, Any]) -> str:
    """The document that GET answers: rules first, the role last; the storage class is not escaped."""
    bucket = f"<Bucket>{escape(configuration['destination'])}</Bucket>"
    rules = "".join(_rule_xml(rule, bucket) for rule in configuration["rules"])
    role = f"<Role>{escape(configuration['role'])}</Role>"
    return f"{DECLARATION}<ReplicationConfiguration {NS}>{rules}{role}</ReplicationConfiguration>"


def _rule_xml(rule: dict[str, Any], bucket: str) -> str:
    prefix = f"<Prefix>{escape(rule['prefix'])}</Prefix>" if rule["prefix"] else "<Prefix/>"
    status = "Enabled" if rule["enabled"] else "Disabled"
    storage_class = f"<StorageClass>{rule['storageClass']}</StorageClass>" if rule.get("storageClass") else ""
    return (
        f"<Rule><ID>{escape(rule['id'])}</ID>{prefix}<Status>{status}</Status>"
        f"<Destination>{bucket}{storage_class}</Destination></Rule>"
    )
