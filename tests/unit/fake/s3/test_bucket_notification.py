"""``?notification`` of a bucket."""

from __future__ import annotations

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, BucketClient

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
ARN = "arn:scality:bucketnotif:::target1"
EVENT = "<Event>s3:ObjectCreated:*</Event>"


def document(*queues: str) -> str:
    inner = "".join(f"<QueueConfiguration>{queue}</QueueConfiguration>" for queue in queues)
    return f"<NotificationConfiguration>{inner}</NotificationConfiguration>"


def queue(inner: str = EVENT, arn: str = ARN, queue_id: str = "<Id>n1</Id>") -> str:
    return f"{queue_id}<Queue>{arn}</Queue>{inner}"


def shown(client: BucketClient) -> str:
    reply = client.call("bucket_get_notification")
    assert reply.headers == {"Content-type": "application/xml"}
    head = f'<?xml version="1.0" encoding="UTF-8"?><NotificationConfiguration {NS}>'
    assert reply.body.startswith(head)
    return reply.body.removeprefix(head).removesuffix("</NotificationConfiguration>")


def test_put_and_get() -> None:
    client = BucketClient()
    client.create()
    assert shown(client) == ""
    rules = (
        "<FilterRule><Name>Prefix</Name><Value>a&amp;</Value></FilterRule>"
        "<FilterRule><Name>Suffix</Name><Value>.jpg</Value></FilterRule>"
    )
    filter_xml = f"<Filter><S3Key>{rules}</S3Key></Filter>"
    events = f"{EVENT}<Event>s3:ObjectRemoved:Delete</Event>"
    body = document(queue(f"{filter_xml}{events}"), queue(queue_id="<Id>n2</Id>"))
    reply = client.call("bucket_put_notification", body=body)
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    assert client.stored().notification_configuration == {
        "queueConfig": [
            {
                "events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
                "queueArn": ARN,
                "id": "n1",
                "filterRules": [{"name": "Prefix", "value": "a&"}, {"name": "Suffix", "value": ".jpg"}],
            },
            {"events": ["s3:ObjectCreated:*"], "queueArn": ARN, "id": "n2"},
        ]
    }
    assert shown(client) == (
        f"<QueueConfiguration><Id>n1</Id><Queue>{ARN}</Queue>{events}{filter_xml}</QueueConfiguration>"
        f"<QueueConfiguration><Id>n2</Id><Queue>{ARN}</Queue>{EVENT}</QueueConfiguration>"
    )


@pytest.mark.parametrize("body", ["<NotificationConfiguration><a>b</a></NotificationConfiguration>", document("")])
def test_a_document_without_queues_removes_the_configuration(body: str) -> None:
    client = BucketClient()
    client.create()
    client.call("bucket_put_notification", body=document(queue()))
    assert client.call("bucket_put_notification", body=body).status == 200
    assert shown(client) == ""


EVENTS = [
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:Replication:OperationFailedReplication",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:ObjectAcl:Put",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:LifecycleTransition",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleExpiration:Delete",
]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_known(event: str) -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_notification", body=document(queue(f"<Event>{event}</Event>"))).status == 200
    assert f"<Event>{event}</Event>" in shown(client)


@pytest.mark.parametrize("event", ["s3:ObjectCreated:Post", "s3:ReducedRedundancyLostObject", "s3:ObjectAcl:*", "*"])
def test_other_events_are_not(event: str) -> None:
    reply = BucketClient().call("bucket_put_notification", "missing", document(queue(f"<Event>{event}</Event>")))
    assert reply.error == ("MalformedXML", "event array contains invalid or unsupported event")


def test_missing_ids_are_made() -> None:
    client = BucketClient()
    client.create()
    client.call("bucket_put_notification", body=document(queue(queue_id=""), queue(queue_id="<Id/>")))
    configuration = client.stored().notification_configuration
    assert configuration is not None
    ids = {one["id"] for one in configuration["queueConfig"]}
    assert len(ids) == 2
    assert {len(one) for one in ids} == {48}


def with_filter(inner: str) -> str:
    return document(queue(f"{EVENT}<Filter>{inner}</Filter>"))


REFUSED = [
    ("", MALFORMED),
    ("<a>", MALFORMED),
    ("<Foo><a/></Foo>", ("MalformedXML", "request xml does not include NotificationConfiguration")),
    ("<NotificationConfiguration/>", ("MalformedXML", "request xml does not include NotificationConfiguration")),
    (document(queue("")), ("MalformedXML", "each queue configuration must contain an event")),
    (document(queue("<Event/>")), ("MalformedXML", "each queue configuration must contain an event")),
    (
        document(queue(f"{EVENT}<Event>s3:Foo</Event>")),
        ("MalformedXML", "event array contains invalid or unsupported event"),
    ),
    (with_filter("<x/>"), ("MalformedXML", "if included, queue configuration filter must contain S3Key")),
    (
        with_filter("<S3Key><x/></S3Key>"),
        ("MalformedXML", "if included, queue configuration filter must contain a rule"),
    ),
    (
        with_filter("<S3Key><FilterRule><Name>Prefix</Name></FilterRule></S3Key>"),
        ("MalformedXML", "each included filter must contain a name and value"),
    ),
    (
        with_filter("<S3Key><FilterRule><Name>prefix</Name><Value>a</Value></FilterRule></S3Key>"),
        ("MalformedXML", "filter Name must be one of Prefix or Suffix"),
    ),
    (
        document(queue(queue_id=f"<Id>{'i' * 256}</Id>")),
        ("InvalidArgument", "queue configuration ID is greater than 255 characters long"),
    ),
    (document(queue(), queue()), ("InvalidRequest", "queue configuration ID must be unique")),
    (document(EVENT), ("MalformedXML", "each queue configuration must contain a queue arn")),
    (document(queue(arn="arn:aws:sqs:::target1")), ("MalformedXML", "queue arn is invalid")),
    (document(queue(arn=f"{ARN}:more")), ("MalformedXML", "queue arn is invalid")),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
def test_a_faulty_document_is_found_before_the_bucket(body: str, expected: tuple[str, str]) -> None:
    assert BucketClient().call("bucket_put_notification", "missing", body).error == expected


def test_an_unknown_destination_is_named() -> None:
    nowhere = "arn:scality:bucketnotif:::nowhere"
    body = document(queue(), queue(arn=nowhere, queue_id=""))
    reply = BucketClient().call("bucket_put_notification", "missing", body)
    assert reply.error == ("InvalidArgument", "Unable to validate the following destination configurations")
    assert reply.arguments == ((nowhere, "The destination queue does not exist"),)


def test_bucket_and_rights() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_notification", "missing", document(queue())).error == NO_BUCKET
    assert client.call("bucket_put_notification", body=document(queue()), requester=client.lisa).error == DENIED
    assert client.call("bucket_get_notification", requester=client.lisa).error == DENIED


def test_the_longest_id() -> None:
    client = BucketClient()
    client.create()
    body = document(queue(queue_id=f"<Id>{'i' * 255}</Id>"))
    assert client.call("bucket_put_notification", body=body).status == 200
