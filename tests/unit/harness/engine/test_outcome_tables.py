"""What becomes of an object, row by row of Backbeat's behaviour: from the message to the status in the source.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js, UpdateReplicationStatus.js, and
lib/tasks/BackbeatTask.js, lib/clients/BackbeatClient.js; aws-sdk lib/service.js, lib/protocol/json.js.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, ClassVar

import pytest
from engine_helpers import (
    ROLE,
    SITE,
    Answer,
    BrokenAnswer,
    Call,
    SmallCloudServer,
    World,
    error,
    metadata,
    pending,
    xml_error,
)
from test_processors import TOPIC, Processing

from harness.engine.errors import ReplicationError, is_retryable
from harness.engine.status import with_status
from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.transport import TransportError

OTHER = "other-site"
DISABLED = "<Rule><Status>Disabled</Status><Prefix></Prefix></Rule>"
TAGGED = {"content": ["METADATA", "PUT_TAGGING"], "backends": [pending(version_id="v")]}
UNTAGGED = {"content": ["METADATA", "DELETE_TAGGING"], "backends": [pending(version_id="v")]}
MULTIPART = {"content-md5": "5eb63bbbe01eeed093cb22bb8f5acdc3-1"}
FOR_EVER = 200

Fault = Answer | TransportError | None


@dataclasses.dataclass(frozen=True)
class Row:
    """One situation.

    Attributes:
        faults: what calls are answered, by name; ``times`` as often.
        published: the site's status in the message to the status processor; None: there is none.
        written: the object's status in the end; None: the object is gone.
        causes: why the object stays as it is, if that is to be seen in the metrics.
        tries: how often the faulty call is made; 0 does not look.
    """

    name: str
    faults: dict[str, Fault] = dataclasses.field(default_factory=dict)
    times: int = FOR_EVER
    published: str | None = "FAILED"
    written: str | None = "FAILED"
    cause: str = ""
    tries: int = 1
    info: dict[str, Any] = dataclasses.field(default_factory=dict)
    change: dict[str, Any] = dataclasses.field(default_factory=dict)
    rules: str | None = None
    role: str = ROLE
    gone: bool = False

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def skipped(name: str, call: str, fault: Fault, cause: str = "", **more: Any) -> Row:
    return Row(name, {call: fault}, published=None, written="PENDING", cause=cause, **more)


def retried(name: str, call: str, fault: Fault, **more: Any) -> Row:
    return Row(f"{name}, for ever", {call: fault}, tries=3, **more)


def once(name: str, call: str, fault: Fault, **more: Any) -> Row:
    return Row(f"{name}, once", {call: fault}, times=1, published="COMPLETED", written="COMPLETED", tries=2, **more)


def refused(status: int, name: str) -> Answer:
    return error(status, name, "why")


OUTCOMES = [
    Row("no error", published="COMPLETED", written="COMPLETED"),
    # BadRole, whoever says so
    Row("no role", info={"role": None}, published=None, written="PENDING", cause="BadRole"),
    Row("three roles", info={"role": "a,b,c"}, published=None, written="PENDING", cause="BadRole"),
    Row("another role configured", role="another", published=None, written="PENDING", cause="BadRole"),
    Row("three roles configured", role=f"{ROLE},b,c", published=None, written="PENDING", cause="BadRole"),
    skipped("a BadRole that the source answers", "putobject", refused(400, "BadRole"), "BadRole"),
    # what only the source may say
    skipped("NoSuchEntity", "GET replication", xml_error(404, "NoSuchEntity"), "NoSuchEntity"),
    skipped("rules refused", "GET replication", xml_error(403, "AccessDenied"), "AccessDenied"),
    skipped("metadata refused", "GET metadata", refused(403, "AccessDenied"), "AccessDenied", times=1),
    skipped("put refused", "putobject", refused(403, "AccessDenied"), "AccessDenied"),
    Row("part refused", {"putpart": refused(403, "AccessDenied")}, published=None, written="PENDING",
        cause="AccessDenied", change=MULTIPART),
    Row("tags refused: nobody is named", {"puttagging": refused(403, "AccessDenied")}, info=TAGGED),
    Row("deletion of tags refused", {"deleteobjecttagging": refused(403, "AccessDenied")}, info=UNTAGGED),
    # gone
    skipped("no object when it is looked at", "GET metadata", refused(404, "ObjNotFound"), times=1),
    skipped("no object says the put", "putobject", refused(404, "ObjNotFound")),
    skipped("no version when it is read", "GET object", xml_error(404, "NoSuchVersion")),  # Backbeat cannot read it
    skipped("no key when it is read", "GET object", xml_error(404, "NoSuchKey")),
    Row("gone for good", gone=True, published=None, written=None),
    # an invalid state
    skipped("an invalid state says the put", "putobject", refused(403, "InvalidObjectState")),
    # anything else
    Row("replication disabled", rules=DISABLED),
    Row("no replication configuration", {"GET replication": xml_error(404, "ReplicationConfigurationNotFoundError")}),
    Row("no bucket, say the rules", {"GET replication": xml_error(404, "NoSuchBucket")}),
    Row("no bucket, say the metadata", {"GET metadata": refused(404, "NoSuchBucket")}, times=1, tries=2),
    Row("reading refused", {"GET object": xml_error(403, "AccessDenied")}),
    Row("archived", {"GET object": xml_error(403, "InvalidObjectState")}),
    Row("put: BadDigest", {"putobject": refused(400, "BadDigest")}),
    Row("put: BadRequest", {"putobject": refused(400, "BadRequest")}),
    Row("put: InvalidRequest", {"putobject": refused(400, "InvalidRequest")}),
    Row("put: conflict", {"putobject": refused(409, "OperationAborted")}),
    Row("put: method", {"putobject": refused(405, "MethodNotAllowed")}),
    Row("deletion of a copy refused", {"deleteobject": refused(400, "InvalidRequest")}, change={"isDeleteMarker": True},
        info={"content": ["METADATA"]}),
    # retried, and then failed
    retried("rules 503", "GET replication", xml_error(503, "ServiceUnavailable")),
    retried("read 500", "GET object", xml_error(500, "InternalError")),
    retried("read without a word", "GET object", Answer(503)),
    retried("put 503", "putobject", refused(503, "ServiceUnavailable")),
    retried("put 500", "putobject", refused(500, "InternalError")),
    retried("put 429", "putobject", refused(429, "TooManyRequests")),
    retried("no connection", "putobject", TransportError("NetworkingError", "refused")),
    retried("no name", "putobject", TransportError("UnknownEndpoint", "DNS")),
    retried("no answer", "putobject", TransportError("TimeoutError", "hung up")),
    retried("cut off", "putobject", TransportError("ECONNRESET", "cut")),
    retried("tags 503", "puttagging", refused(503, "ServiceUnavailable"), info=TAGGED),
    retried("initiation 503", "initiatempu", refused(503, "ServiceUnavailable"), change=MULTIPART),
    Row("completion 400", {"completempu": refused(400, "InvalidPart")}, change=MULTIPART),
    # three tries of a part in each of three uploads
    Row("part 503", {"putpart": refused(503, "ServiceUnavailable")}, change=MULTIPART, tries=9),
    Row("metadata 503", {"GET metadata": refused(503, "ServiceUnavailable")}, times=14, tries=0),
    # … and when it gets better, not failed
    once("rules 500", "GET replication", xml_error(500, "InternalError")),
    once("metadata 500", "GET metadata", refused(500, "InternalError"), ),
    once("read 500", "GET object", xml_error(500, "InternalError")),
    once("read cut in the middle", "GET object", BrokenAnswer(200, b"hello world")),
    once("put 503", "putobject", refused(503, "ServiceUnavailable")),
    once("put without an answer", "putobject", TransportError("TimeoutError", "")),
    once("part 503", "putpart", refused(503, "ServiceUnavailable"), change=MULTIPART),
    once("completion 503", "completempu", refused(503, "ServiceUnavailable"), change=MULTIPART),
    once("deletion 503", "deleteobject", refused(503, "ServiceUnavailable"), change={"isDeleteMarker": True},
         info={"content": ["METADATA"]}),
]  # fmt: skip


@pytest.mark.parametrize("row", OUTCOMES, ids=str)
def test_the_outcome(row: Row) -> None:
    server = SmallCloudServer(document=metadata(replicationInfo=row.info, **row.change))
    processing = Processing(server)
    entry = processing.world.entry()
    if row.gone:
        server.document = None
    if row.rules is not None:
        server.rules = row.rules
    server.role = row.role
    server.faults = {call: [fault] * row.times for call, fault in row.faults.items()}
    processing.send_entry(entry)
    processor, status_processor = processing.processor(), processing.status_processor()
    processor.step()
    published = [json.loads(one["value"])["replicationInfo"] for one in processing.statuses()]
    assert [info["backends"][0]["status"] for info in published] == ([row.published] if row.published else [])
    for call in row.faults:
        tried = server.names.count(call)
        # the metadata are read twice without a fault: by the task, and by the status processor
        assert row.tries in {tried, 0} or call == "GET metadata"
    status_processor.step()
    written = None if server.document is None else server.document["replicationInfo"]["status"]
    assert written == row.written
    seen = processing.world.metrics.render().decode()
    assert f'cause="{row.cause}"' in seen if row.cause else "left_pending_objects_total{" not in seen
    assert processing.queue.backlog(processor.group, [TOPIC]) == 0


class TestSituations:
    """What may happen to an object while it is on its way to a cloud."""

    def test_deleted_between_the_look_and_the_reading(self) -> None:
        # Backbeat publishes FAILED, and then finds nobody to tell; here it is seen to be gone
        processing = Processing()
        processing.send_entry()
        real = processing.server._answer

        def answer(call: Call) -> Answer:
            if call.name == "GET object":
                processing.server.document = None
                return xml_error(404, "NoSuchVersion")
            return real(call)

        processing.server._answer = answer  # type: ignore[method-assign]
        processing.processor().step()
        processing.status_processor().step()
        assert processing.statuses() == []
        assert "PUT metadata" not in processing.server.names

    def test_an_older_version_is_copied_before_the_newer_one(self) -> None:
        processing = Processing()
        versions = ("98498980852335999999RG001  ", "98498980852334999999RG001  ")
        for version in versions:
            processing.send_entry(processing.world.entry(versionId=version))
        processing.processor().step()
        sent = [call.headers["x-scal-version-id"] for call in processing.server.calls if call.name == "putobject"]
        assert len(sent) == 2
        assert sent[0] != sent[1]
        assert len(processing.statuses()) == 2

    def test_a_delete_marker_follows_the_version_below_it(self) -> None:
        processing = Processing()
        processing.send_entry()
        marker = {"isDeleteMarker": True, "content-length": 0, "versionId": "98498980852334999999RG001  "}
        processing.send_entry(processing.world.entry(replicationInfo={"content": ["METADATA"]}, **marker))
        processing.processor().step()
        assert [name for name in processing.server.names if name in {"putobject", "deleteobject"}] == [
            "putobject",
            "deleteobject",
        ]

    def test_an_nfs_object_that_was_overwritten_is_skipped(self) -> None:
        processing = Processing(SmallCloudServer(document=metadata(replicationInfo={"isNFS": True})))
        entry = processing.world.entry(**{"content-md5": "another"})
        processing.send_entry(entry)
        processing.processor().step()
        assert processing.server.names == ["GET replication", "GET metadata"]
        assert processing.statuses() == []

    def test_while_the_source_is_down_results_wait_for_it(self) -> None:
        # Backbeat gives up, and the object stays PENDING
        processing = Processing()
        processing.send_entry()
        processing.processor().step()
        processing.server.faults["GET metadata"] = [TransportError("NetworkingError", "refused")] * 50
        processing.status_processor().step()
        assert processing.server.document is not None
        assert processing.server.document["replicationInfo"]["status"] == "COMPLETED"
        assert processing.world.clock.monotonic() > 300

    def test_a_bucket_that_is_gone_has_nobody_to_tell(self) -> None:
        processing = Processing()
        processing.server.faults["GET replication"] = [xml_error(404, "NoSuchBucket")]
        processing.send_entry()
        processing.processor().step()
        assert len(processing.statuses()) == 1
        processing.server.faults["GET metadata"] = [error(404, "NoSuchBucket")]
        processing.status_processor().step()
        assert "PUT metadata" not in processing.server.names


@pytest.mark.parametrize(
    ("before", "said", "site", "whole", "origin_op"),
    [
        ("PENDING", "COMPLETED", "COMPLETED", "PROCESSING", "CompletedReplication"),
        ("PENDING", "FAILED", "FAILED", "FAILED", "FailedReplication"),
        ("PENDING", "PENDING", "PENDING", "PROCESSING", "PendingReplication"),
        ("FAILED", "COMPLETED", "COMPLETED", "PROCESSING", "CompletedReplication"),
        ("FAILED", "FAILED", "FAILED", "FAILED", "FailedReplication"),
        ("FAILED", "PENDING", "PENDING", "PROCESSING", "PendingReplication"),
        ("COMPLETED", "COMPLETED", None, "PROCESSING", ""),
        ("COMPLETED", "FAILED", None, "PROCESSING", ""),
        ("COMPLETED", "PENDING", None, "PROCESSING", ""),
    ],
)
def test_the_status_of_one_site_beside_a_pending_one(
    before: str, said: str, site: str | None, whole: str, origin_op: str
) -> None:
    backends = [pending(before, "old"), pending(site=OTHER)]
    info = {"backends": backends, "storageClass": f"{SITE},{OTHER}", "status": "PROCESSING"}
    processing = Processing(SmallCloudServer(document=metadata(replicationInfo=info)))
    entry = processing.world.entry().with_status(SITE, said, "new")
    processing.send_entry(entry, SITE, "backbeat-replication-status")
    processing.status_processor().step()
    assert ("PUT metadata" in processing.server.names) == (site is not None)
    document = processing.server.document
    assert document is not None
    expected = pending(before, "old") if site is None else pending(site, "new")
    assert document["replicationInfo"]["backends"] == [expected, pending(site=OTHER)]
    assert document["replicationInfo"]["status"] == whole
    assert document.get("originOp", "") == (f"s3:Replication:Operation{origin_op}" if site else "")


@pytest.mark.parametrize(
    ("first", "then", "whole"),
    [
        ([], [], "PENDING"),
        ([("COMPLETED", SITE)], [], "PROCESSING"),
        ([("COMPLETED", SITE)], [("COMPLETED", OTHER)], "COMPLETED"),
        ([("COMPLETED", SITE)], [("FAILED", OTHER)], "FAILED"),
        ([("COMPLETED", SITE), ("FAILED", OTHER)], [("PENDING", OTHER)], "PROCESSING"),
        ([("COMPLETED", SITE), ("FAILED", OTHER), ("PENDING", OTHER)], [("COMPLETED", OTHER)], "COMPLETED"),
        ([("FAILED", OTHER)], [("COMPLETED", SITE)], "FAILED"),
    ],
)
def test_two_sites_one_after_the_other(first: list[tuple[str, str]], then: list[tuple[str, str]], whole: str) -> None:
    document = metadata(replicationInfo={"backends": [pending(), pending(site=OTHER)]})
    for said, site in first + then:
        document = with_status(document, site, said)
    assert document["replicationInfo"]["status"] == whole


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 507, 599, 429])
def test_these_are_retried_whatever_they_say(status: int) -> None:
    assert is_retryable(status, "Anything")


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 412])
@pytest.mark.parametrize("name", ["AccessDenied", "BadDigest", "RequestTimeTooSkewed", "UnknownError"])
def test_other_refusals_are_not_retried(status: int, name: str) -> None:
    assert not is_retryable(status, name)


@pytest.mark.parametrize(
    "name",
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ],
)
@pytest.mark.parametrize("status", [400, 403])
def test_throttling_and_keys_that_ran_out_are_retried_at_any_status(status: int, name: str) -> None:
    assert is_retryable(status, name)


@pytest.mark.parametrize("name", ["BadRole", "PreconditionFailed", "InvalidObjectState", "InternalError"])
def test_what_the_engine_objects_itself_is_not_retried(name: str) -> None:
    assert not ReplicationError(name).retryable


@pytest.mark.parametrize(
    ("answer", "name", "description"),
    [
        (Answer(403, b'{"code":"AccessDenied","message":"no"}'), "AccessDenied", "no"),
        (Answer(403, b'{"Code":"AccessDenied","Message":"no"}'), "AccessDenied", "no"),
        (Answer(403, b'{"__type":"x#AccessDenied","message":"no"}'), "AccessDenied", "no"),
        (Answer(403, b'{"message":"no"}'), "UnknownError", "no"),
        (Answer(403, b"<Error><Code>AccessDenied</Code></Error>"), "UnknownError", "Forbidden"),
        (Answer(403, b"[]"), "UnknownError", "Forbidden"),
        (Answer(403, b""), "UnknownError", "403"),
        (error(404, "ObjNotFound"), "ObjNotFound", ""),
    ],
)
def test_errors_of_the_internal_routes_are_read_as_json(answer: Answer, name: str, description: str) -> None:
    world = World()
    world.server.faults["GET metadata"] = [answer]
    with pytest.raises(ReplicationError) as caught:
        world.clients.new().get_metadata("src", "k", None)
    found = caught.value
    assert (found.name, found.description, found.origin) == (name, description, "source")
    assert (found.http_status, found.retryable) == (answer.status, False)


@pytest.mark.parametrize(
    ("answer", "name", "description"),
    [
        (xml_error(403, "AccessDenied"), "AccessDenied", "m"),
        (Answer(403, b'{"code":"AccessDenied"}'), "UnknownError", "Forbidden"),
        (Answer(403, b""), "UnknownError", "Forbidden"),
        (Answer(403, b"<Error/>"), "UnknownError", "Forbidden"),
    ],
)
def test_errors_of_the_s3_routes_are_read_as_xml(answer: Answer, name: str, description: str) -> None:
    world = World()
    world.server.faults["GET replication"] = [answer]
    with pytest.raises(ReplicationError) as caught:
        world.clients.new().get_bucket_replication("src")
    assert (caught.value.name, caught.value.description, caught.value.origin) == (name, description, "source")


class TestParameters:
    """Which retry parameters apply where; the pauses say which they were."""

    retry: ClassVar[dict[str, Any]] = {
        "aws_s3": {"maxRetries": 1, "backoff": {"min": 7_000, "jitter": 0}},
        "gcp": {"maxRetries": 1, "backoff": {"min": 11_000, "jitter": 0}},
        "scality": {"maxRetries": 1, "backoff": {"min": 13_000, "jitter": 0}},
    }

    @pytest.mark.parametrize(("site_type", "pause"), [("aws_s3", 7), ("gcp", 11), ("azure", 13)])
    @pytest.mark.parametrize(
        ("call", "change", "info"),
        [
            ("GET replication", {}, {}),
            ("GET object", {}, {}),
            ("putobject", {}, {}),
            ("putpart", MULTIPART, {}),
            ("puttagging", {}, TAGGED),
            ("deleteobjecttagging", {}, UNTAGGED),
            ("deleteobject", {"isDeleteMarker": True}, {"content": ["METADATA"]}),
        ],
    )
    def test_those_of_the_sites_type_or_else_scalitys(
        self, call: str, change: dict[str, Any], info: dict[str, Any], site_type: str, pause: int
    ) -> None:
        server = SmallCloudServer(document=metadata(replicationInfo=info, **change))
        world = World(
            server,
            bootstrapList=[{"site": SITE, "type": site_type}],
            queueProcessor={"retry": self.retry},
        )
        server.faults[call] = [error(503, "ServiceUnavailable")]
        assert AWSReplicationTask(world.context(), world.entry()).run().status == "COMPLETED"
        assert world.clock.monotonic() == pause

    def test_the_metadata_have_their_own_for_five_minutes(self) -> None:
        world = World(queueProcessor={"retry": self.retry})
        world.server.faults["GET metadata"] = [error(503, "ServiceUnavailable")] * FOR_EVER
        assert AWSReplicationTask(world.context(), world.entry()).run().status == "FAILED"
        assert world.server.names.count("GET metadata") > 2
        assert 300 <= world.clock.monotonic() <= 600

    def test_an_abort_is_retried_and_its_failure_is_only_logged(self) -> None:
        world = World(SmallCloudServer(document=metadata(**MULTIPART)), queueProcessor={"retry": self.retry})
        world.server.faults["completempu"] = [error(400, "InvalidPart")]
        world.server.faults["abortmpu"] = [error(503, "ServiceUnavailable")] * FOR_EVER
        outcome = AWSReplicationTask(world.context(), world.entry()).run()
        assert (outcome.status, outcome.reason) == ("FAILED", "InvalidPart")
        assert world.server.names.count("abortmpu") == 2
