"""``?object-lock`` of a bucket: the retention that new objects get by default.

The stored form is ``{"rule": {"mode": str, "days" | "years": int}}``, or ``{}`` without a default.

Source: Arsenal lib/models/ObjectLockConfiguration.ts; cloudserver lib/api/bucketPutObjectLock.js,
bucketGetObjectLock.js.
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import Element, body_of, child, children, document_of
from fake_cloudserver.s3.javascript import parse_int
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import DECLARATION, NS, xml_answer

_MODES = ("GOVERNANCE", "COMPLIANCE")
_LONGEST = {"days": 36500, "years": 100}


def bucket_put_object_lock(server: CloudServer, request: Request) -> Answer:
    """Set or remove the default: the document is checked before the bucket is looked at."""
    configuration = parse_object_lock(body_of(request))
    bucket = load_bucket(server, request, ("bucketPutObjectLock",))
    if not bucket.object_lock_enabled:
        raise S3Error("InvalidBucketState", "Object Lock configuration cannot be enabled on existing buckets")
    update_bucket(server, bucket.name, object_lock_configuration=configuration)
    return Answer(200)


def bucket_get_object_lock(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetObjectLock",))
    if not bucket.object_lock_enabled:
        raise S3Error("ObjectLockConfigurationNotFoundError")
    rule = (bucket.object_lock_configuration or {}).get("rule")
    rule_xml = "" if rule is None else _rule_xml(rule)
    return xml_answer(
        f"{DECLARATION}<ObjectLockConfiguration {NS}><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule_xml}"
        "</ObjectLockConfiguration>"
    )


def _rule_xml(rule: dict[str, Any]) -> str:
    period = f"<Days>{rule['days']}</Days>" if "days" in rule else f"<Years>{rule['years']}</Years>"
    return f"<Rule><DefaultRetention><Mode>{rule['mode']}</Mode>{period}</DefaultRetention></Rule>"


def parse_object_lock(body: bytes) -> dict[str, Any]:
    """The stored form of the XML in ``body``; raises S3Error MalformedXML or InvalidArgument for its first fault."""
    root: Element | None = document_of(body).get("ObjectLockConfiguration")
    if not root:
        raise S3Error("MalformedXML", "request xml does not include ObjectLockConfiguration")
    if child(root, "ObjectLockEnabled") != "Enabled":
        raise S3Error("MalformedXML", "request xml does not include valid ObjectLockEnabled")
    rules = children(root, "Rule")
    if len(rules) > 1:
        raise S3Error("MalformedXML", "request xml contains more than one rule")
    return {"rule": _parse_rule(rules[0])} if rules else {}


def _parse_rule(rule: Element) -> dict[str, Any]:
    retention = child(rule, "DefaultRetention")
    if not retention:
        raise S3Error("MalformedXML", "Rule request xml does not contain DefaultRetention")
    periods = {name.lower(): children(retention, name) for name in ("Days", "Years")}
    if not children(retention, "Mode") or not any(periods.values()):
        raise S3Error(
            "MalformedXML", "DefaultRetention request xml does not contain Mode or retention period (Days or Years)"
        )
    return {"mode": _parse_mode(children(retention, "Mode")), **_parse_period(periods)}


def _parse_mode(modes: list[Element]) -> str:
    mode = modes[0]
    if not mode:
        raise S3Error("MalformedXML", "request xml does not contain Mode")
    if len(modes) > 1:
        raise S3Error("MalformedXML", "request xml contains more than one Mode")
    if mode not in _MODES:
        raise S3Error("MalformedXML", 'Mode request xml must be one of "GOVERNANCE", "COMPLIANCE"')
    return str(mode)


def _parse_period(periods: dict[str, list[Element]]) -> dict[str, int]:
    if all(periods.values()):
        raise S3Error("MalformedXML", "request xml contains both Days and Years")
    unit = "days" if periods["days"] else "years"
    values = periods[unit]
    if not values[0]:
        raise S3Error("MalformedXML", "request xml does not contain Days or Years")
    if len(values) > 1:
        raise S3Error("MalformedXML", "request xml contains more than one retention period")
    period = parse_int(values[0]) if isinstance(values[0], str) else None
    if period is None:
        raise S3Error("MalformedXML", "request xml does not contain valid retention period")
    if period < 1:
        raise S3Error("InvalidArgument", "retention period must be a positive integer")
    if period > _LONGEST[unit]:
        raise S3Error("InvalidArgument", "retention period is too large")
    return {unit: period}
