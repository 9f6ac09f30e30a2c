"""``?notification`` of a bucket. The configuration is kept and shown; notifications are sent by Backbeat, not here.

The stored form is ``{"queueConfig": [{"events", "queueArn", "id", "filterRules"?: [{"name", "value"}]}]}``, or None.

Source: Arsenal lib/models/NotificationConfiguration.ts; cloudserver lib/api/bucketPutNotification.js,
bucketGetNotification.js, lib/api/apiUtils/bucket/getNotificationConfiguration.js.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import Element, body_of, child, children, document_of, text
from fake_cloudserver.s3.javascript import length
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.rule_ids import new_rule_id
from fake_cloudserver.s3.xml import DECLARATION, NS, escape, xml_answer

_LONGEST_ID = 255
#: Arsenal lib/constants.ts, supportedNotificationEvents.
_EVENTS = frozenset(
    {
        *(f"s3:ObjectCreated:{kind}" for kind in ("*", "Put", "Copy", "CompleteMultipartUpload")),
        *(f"s3:ObjectRemoved:{kind}" for kind in ("*", "Delete", "DeleteMarkerCreated")),
        "s3:Replication:OperationFailedReplication",
        *(f"s3:ObjectTagging:{kind}" for kind in ("*", "Put", "Delete")),
        "s3:ObjectAcl:Put",
        *(f"s3:ObjectRestore:{kind}" for kind in ("*", "Post", "Completed", "Delete")),
        "s3:LifecycleTransition",
        *(f"s3:LifecycleExpiration:{kind}" for kind in ("*", "DeleteMarkerCreated", "Delete")),
    }
)


def bucket_put_notification(server: CloudServer, request: Request) -> Answer:
    """Replace the configuration: the document is checked before the bucket is looked at."""
    new_id = functools.partial(new_rule_id, server.randomness)
    configuration = parse_notification(body_of(request), new_id)
    if configuration is not None:
        _check_destinations(configuration, server.settings.bucket_notification_destinations)
    bucket = load_bucket(server, request, ("bucketPutNotification",))
    update_bucket(server, bucket.name, notification_configuration=configuration)
    return Answer(200)


def bucket_get_notification(server: CloudServer, request: Request) -> Answer:
    """200 in any case; without configuration the root is empty."""
    configuration = load_bucket(server, request, ("bucketGetNotification",)).notification_configuration or {}
    queues = "".join(_queue_xml(queue) for queue in configuration.get("queueConfig", []))
    return xml_answer(f"{DECLARATION}<NotificationConfiguration {NS}>{queues}</NotificationConfiguration>")


def _queue_xml(queue: dict[str, Any]) -> str:
    events = "".join(f"<Event>{event}</Event>" for event in queue["events"])
    rules = "".join(
        f"<FilterRule><Name>{rule['name']}</Name><Value>{escape(rule['value'])}</Value></FilterRule>"
        for rule in queue.get("filterRules", [])
    )
    filter_xml = f"<Filter><S3Key>{rules}</S3Key></Filter>" if rules else ""
    return (
        f"<QueueConfiguration><Id>{escape(queue['id'])}</Id><Queue>{escape(queue['queueArn'])}</Queue>{events}"
        f"{filter_xml}</QueueConfiguration>"
    )


def parse_notification(body: bytes, new_id: Callable[[], str]) -> dict[str, Any] | None:
    """The stored form of the XML in ``body``; None when it names no queue.

    Raises:
        S3Error: MalformedXML, InvalidArgument or InvalidRequest for its first fault.
    """
    root: Element | None = document_of(body).get("NotificationConfiguration")
    if not root:
        raise S3Error("MalformedXML", "request xml does not include NotificationConfiguration")
    queues = children(root, "QueueConfiguration")
    if not queues or not queues[0]:
        return None
    used_ids: set[str] = set()
    return {"queueConfig": [_parse_queue(queue, used_ids, new_id) for queue in queues]}


def _parse_queue(queue: Element, used_ids: set[str], new_id: Callable[[], str]) -> dict[str, Any]:
    events = _parse_events(children(queue, "Event"))
    filter_rules = _parse_filter(child(queue, "Filter"))
    queue_id = _parse_id(child(queue, "Id"), used_ids) or new_id()
    parsed = {"events": events, "queueArn": _parse_arn(child(queue, "Queue")), "id": queue_id}
    return parsed | {"filterRules": filter_rules} if filter_rules else parsed


def _parse_events(events: list[Element]) -> list[str]:
    if not events or not events[0]:
        raise S3Error("MalformedXML", "each queue configuration must contain an event")
    if any(not isinstance(event, str) or event not in _EVENTS for event in events):
        raise S3Error("MalformedXML", "event array contains invalid or unsupported event")
    return [str(event) for event in events]


def _parse_filter(element: Element | None) -> list[dict[str, str]]:
    if not element:
        return []
    key = child(element, "S3Key")
    if not key:
        raise S3Error("MalformedXML", "if included, queue configuration filter must contain S3Key")
    rules = children(key, "FilterRule")
    if not rules or not rules[0]:
        raise S3Error("MalformedXML", "if included, queue configuration filter must contain a rule")
    parsed = []
    for rule in rules:
        name, value = child(rule, "Name"), child(rule, "Value")
        if not name or not value:
            raise S3Error("MalformedXML", "each included filter must contain a name and value")
        if name not in ("Prefix", "Suffix"):
            raise S3Error("MalformedXML", "filter Name must be one of Prefix or Suffix")
        parsed.append({"name": str(name), "value": text(value)})
    return parsed


def _parse_id(element: Element | None, used_ids: set[str]) -> str:
    """The id; empty when there is none."""
    queue_id = text(element or "")
    if length(queue_id) > _LONGEST_ID:
        raise S3Error("InvalidArgument", f"queue configuration ID is greater than {_LONGEST_ID} characters long")
    if queue_id in used_ids:
        raise S3Error("InvalidRequest", "queue configuration ID must be unique")
    if queue_id:
        used_ids.add(queue_id)
    return queue_id


def _parse_arn(element: Element | None) -> str:
    if not element:
        raise S3Error("MalformedXML", "each queue configuration must contain a queue arn")
    arn = text(element)
    fields = arn.split(":")
    if len(fields) != 6 or fields[:3] != ["arn", "scality", "bucketnotif"]:
        raise S3Error("MalformedXML", "queue arn is invalid")
    return arn


def _check_destinations(configuration: dict[str, Any], destinations: tuple[str, ...]) -> None:
    """Every queue must be a configured resource; the error names each that is not."""
    arns = [queue["queueArn"] for queue in configuration["queueConfig"]]
    unknown = [arn for arn in arns if arn.split(":")[5] not in destinations]
    if unknown:
        raise S3Error(
            "InvalidArgument",
            "Unable to validate the following destination configurations",
            arguments=[(arn, "The destination queue does not exist") for arn in unknown],
        )
