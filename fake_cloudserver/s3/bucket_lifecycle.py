"""``?lifecycle`` of a bucket. CloudServer expires nothing itself: Backbeat does, from the same configuration.

Source: cloudserver lib/api/bucketPutLifecycle.js, bucketGetLifecycle.js, bucketDeleteLifecycle.js;
Arsenal lib/models/LifecycleConfiguration.ts (getConfigXml).
"""

from __future__ import annotations

import functools
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.lifecycle_rules import parse_lifecycle
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.rule_ids import new_rule_id
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, xml_answer


def bucket_put_lifecycle(server: CloudServer, request: Request) -> Answer:
    """Replace the configuration: the document is checked before the bucket is looked at."""
    sites = [endpoint.site for endpoint in server.settings.replication_endpoints]
    new_id = functools.partial(new_rule_id, server.randomness)
    configuration = parse_lifecycle(body_of(request), sites, new_id)
    bucket = load_bucket(server, request, ("bucketPutLifecycle",))
    update_bucket(server, bucket.name, lifecycle_configuration=configuration)
    return Answer(200)


def bucket_get_lifecycle(server: CloudServer, request: Request) -> Answer:
    configuration = load_bucket(server, request, ("bucketGetLifecycle",)).lifecycle_configuration
    if configuration is None:
        raise S3Error("NoSuchLifecycleConfiguration")
    rules = "".join(_rule_xml(rule) for rule in configuration["rules"])
    return xml_answer(f"{DECLARATION}<LifecycleConfiguration {NS}>{rules}</LifecycleConfiguration>")


def bucket_delete_lifecycle(server: CloudServer, request: Request) -> Answer:
    """204, also when there was nothing to delete; then nothing is written."""
    bucket = load_bucket(server, request, ("bucketDeleteLifecycle",))
    if bucket.lifecycle_configuration is not None:
        update_bucket(server, bucket.name, lifecycle_configuration=None)
    return Answer(204)


def _rule_xml(rule: dict[str, Any]) -> str:
    """Of all texts only the id is escaped, as the real one does it."""
    selection = _prefix_xml(rule["prefix"]) if "prefix" in rule else _filter_xml(rule["filter"])
    actions = "".join(_action_xml(action) for action in rule["actions"])
    return f"<Rule><ID>{escape(rule['ruleID'])}</ID><Status>{rule['ruleStatus']}</Status>{selection}{actions}</Rule>"


def _prefix_xml(prefix: str | None) -> str:
    return "" if prefix is None else f"<Prefix>{prefix}</Prefix>"


def _filter_xml(selection: dict[str, Any]) -> str:
    prefix = _prefix_xml(selection.get("rulePrefix"))
    tags = [f"<Tag><Key>{tag['key']}</Key><Value>{tag['val']}</Value></Tag>" for tag in selection.get("tags", [])]
    inner = prefix + "".join(tags)
    is_combined = len(tags) > (1 if not prefix else 0)
    return f"<Filter><And>{inner}</And></Filter>" if is_combined else f"<Filter>{inner}</Filter>"


def _action_xml(action: dict[str, Any]) -> str:
    name = action["actionName"]
    match name:
        case "AbortIncompleteMultipartUpload":
            parts = [_elements(action, {"days": "DaysAfterInitiation"})]
        case "Expiration":
            parts = [_elements(action, {"days": "Days", "date": "Date", "deleteMarker": "ExpiredObjectDeleteMarker"})]
        case "NoncurrentVersionExpiration":
            names = {"days": "NoncurrentDays", "newerNoncurrentVersions": "NewerNoncurrentVersions"}
            parts = [_elements(action, names)]
        case "NoncurrentVersionTransition":
            names = {"noncurrentDays": "NoncurrentDays", "storageClass": "StorageClass"}
            parts = [_elements(transition, names) for transition in action["nonCurrentVersionTransition"]]
        case _:
            names = {"days": "Days", "date": "Date", "storageClass": "StorageClass"}
            parts = [_elements(transition, names) for transition in action["transition"]]
    return "".join(f"<{name}>{part}</{name}>" for part in parts)


def _elements(values: dict[str, Any], names: dict[str, str]) -> str:
    return "".join(f"<{name}>{values[stored]}</{name}>" for stored, name in names.items() if stored in values)
