"""The task that replicates to a cloud: what it asks, in which order, with which headers, and what comes of errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_helpers import (
    ENCODED,
    ROLE,
    SITE,
    VERSION,
    Answer,
    BrokenAnswer,
    SmallCloudServer,
    World,
    error,
    metadata,
    pending,
    xml_error,
)

from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.engine.tasks.context import Outcome
from harness.queue.interruption import Interrupted
from harness.transport import TransportError

CHECKS = ["GET replication", "GET metadata"]


def run(world: World, entry: ObjectQueueEntry | None = None) -> Outcome:
    return AWSReplicationTask(world.context(), entry or world.entry()).run()


class TestSinglePut:
    def test_the_released_request(self) -> None:
        document = metadata(
            **{
                "cache-control": "max-age=7",
                "content-disposition": "inline",
                "content-encoding": "gzip",
                "tags": {"k": "v"},
                "x-amz-meta-color": "blue",
                "x-amz-meta-name": "Ж",
            }
        )
        world = World(SmallCloudServer(document=document))
        assert run(world) == Outcome("COMPLETED", "aws-1")
        assert world.server.names == [*CHECKS, "GET object", "putobject"]
        assert world.server.call("GET metadata").query == {"versionId": ENCODED}
        assert world.server.call("GET object").headers["x-amz-location-constraint"] == "us-east-1"
        put = world.server.call("putobject")
        assert put.path == "/_/backbeat/multiplebackenddata/src/dir/obj"
        assert put.body == b"hello world"
        described = {name: value for name, value in put.headers.items() if name.startswith(("x-scal", "content-"))}
        del described["x-scal-request-uids"]
        assert described == {
            "content-md5": "5eb63bbbe01eeed093cb22bb8f5acdc3",
            "content-type": "binary/octet-stream",
            "x-scal-canonical-id": "owner",
            "x-scal-storage-type": "aws_s3",
            "x-scal-storage-class": SITE,
            "x-scal-version-id": ENCODED,
            "x-scal-user-metadata": '{"x-amz-meta-color":"blue","x-amz-meta-name":"\\u0416"}',
            "x-scal-content-type": "text/plain",
            "x-scal-cache-control": "max-age=7",
            "x-scal-content-disposition": "inline",
            "x-scal-content-encoding": "gzip",
            "x-scal-tags": '{"k":"v"}',
        }
        assert world.server.opened[0].closed

    def test_what_there_is_nothing_to_say_of_is_left_out(self) -> None:
        world = World(SmallCloudServer(document=metadata(**{"content-type": "", "tags": []})))
        run(world)
        headers = world.server.call("putobject").headers
        assert headers["x-scal-tags"] == "{}"
        absent = {"x-scal-content-type", "x-scal-user-metadata", "x-scal-cache-control", "x-scal-content-encoding"}
        assert not absent & set(headers)
        assert not any(name.startswith("x-scal-replication") for name in headers)

    def test_the_designed_request(self) -> None:
        world = World(dialect="design")
        assert run(world) == Outcome("COMPLETED", "aws-1")
        assert world.server.names == [*CHECKS, "GET object", "PUT data"]
        put = world.server.call("PUT data")
        assert (put.path, put.query) == ("/_/backbeat/data/src/dir/obj", {"versionId": ENCODED})
        assert put.headers["x-scal-replication-storage-type"] == "aws_s3"
        assert put.headers["x-scal-replication-storage-class"] == SITE
        assert put.headers["x-scal-version-id"] == ENCODED
        assert put.headers["content-md5"] == "5eb63bbbe01eeed093cb22bb8f5acdc3"
        assert put.headers["x-scal-canonical-id"] == "owner"
        assert "x-scal-storage-class" not in put.headers
        assert put.body == b"hello world"

    @pytest.mark.parametrize(("dialect", "route"), [("release", "putobject"), ("design", "PUT data")])
    def test_an_empty_object_is_put_without_a_get(self, dialect: str, route: str) -> None:
        document = metadata(b"", replicationInfo={"content": ["METADATA"]})
        world = World(SmallCloudServer(b"", document), dialect=dialect)
        assert run(world) == Outcome("COMPLETED", "aws-1")
        assert world.server.names == [*CHECKS, route]
        assert world.server.call(route).body == b""
        assert world.server.call(route).headers["content-type"] == "binary/octet-stream"

    def test_a_null_version_is_asked_for_by_that_name(self) -> None:
        world = World(SmallCloudServer(document=metadata(isNull=True)))
        run(world)
        assert world.server.call("GET metadata").query == {"versionId": "null"}
        assert world.server.call("GET object").query == {"versionId": "null"}
        assert world.server.call("putobject").headers["x-scal-version-id"] == "null"

    def test_a_location_without_versions_gives_none(self) -> None:
        world = World()
        world.server.faults["putobject"] = [Answer(200, b'{"versionId":"","location":[]}')]
        assert run(world) == Outcome("COMPLETED", "")

    def test_get_and_put_are_retried_together(self) -> None:
        world = World()
        world.server.faults["putobject"] = [error(503, "ServiceUnavailable"), None]
        world.server.faults["GET object"] = [None, BrokenAnswer(200, b"hello world"), None]
        assert run(world).status == "COMPLETED"
        assert world.server.names[2:] == ["GET object", "putobject"] * 3
        assert all(answer.closed for answer in world.server.opened)

    def test_the_pauses_are_those_of_the_destinations_type(self) -> None:
        retry = {"aws_s3": {"maxRetries": 2, "backoff": {"min": 60_000, "jitter": 0}}}
        world = World(queueProcessor={"retry": retry})
        world.server.faults["putobject"] = [error(503, "ServiceUnavailable")] * 9
        before = world.clock.monotonic()
        outcome = run(world)
        assert outcome.status == "FAILED"
        assert world.clock.monotonic() - before == pytest.approx(60 + 90)
        assert world.server.names.count("putobject") == 3

    def test_data_of_another_length_than_announced_are_somebody_elses(self) -> None:
        world = World()
        world.server.body = b"hello"
        assert run(world).status is None
        assert "putobject" not in world.server.names
        assert world.server.opened[0].closed


class TestRules:
    @pytest.mark.parametrize(
        ("rules", "allowed"),
        [
            ("<Rule><Status>Enabled</Status><Prefix>dir/</Prefix></Rule>", True),
            ("<Rule><Status>Disabled</Status><Prefix></Prefix></Rule>", False),
            ("<Rule><Status>Enabled</Status><Prefix>other/</Prefix></Rule>", False),
            ("<Rule><Status>Enabled</Status></Rule>", False),
            ("", False),
        ],
    )
    def test_a_rule_must_be_enabled_and_match(self, rules: str, allowed: bool) -> None:
        world = World()
        world.server.rules = rules
        outcome = run(world)
        assert outcome.status == ("COMPLETED" if allowed else "FAILED")
        assert allowed or world.server.names == ["GET replication"]

    @pytest.mark.parametrize(("role", "asked"), [(None, 0), ("a,b,c", 0), ("other", 1)])
    def test_a_wrong_role_is_skipped(self, role: str | None, asked: int) -> None:
        world = World()
        assert run(world, world.entry(replicationInfo={"role": role})).status is None
        assert len(world.server.calls) == asked

    @pytest.mark.parametrize("configured", [ROLE, f"{ROLE},second"])
    def test_only_the_first_role_is_compared(self, configured: str) -> None:
        world = World()
        world.server.role = configured
        assert run(world, world.entry(replicationInfo={"role": f"{ROLE},mine"})).status == "COMPLETED"

    def test_three_configured_roles_are_too_many(self) -> None:
        world = World()
        world.server.role = f"{ROLE},b,c"
        assert run(world).status is None


class TestDecision:
    @pytest.mark.parametrize("dialect", ["release", "design"])
    def test_a_delete_marker(self, dialect: str) -> None:
        document = metadata(b"", isDeleteMarker=True, replicationInfo={"content": ["METADATA"]})
        world = World(SmallCloudServer(b"", document), dialect=dialect)
        assert run(world) == Outcome("COMPLETED", "")
        assert world.server.names == [*CHECKS, "deleteobject"]
        call = world.server.call("deleteobject")
        assert (call.method, call.body) == ("DELETE", b"")
        sent = {name for name in call.headers if name.startswith("x-scal")} - {"x-scal-request-uids"}
        designed = {"x-scal-replication-storage-type", "x-scal-replication-storage-class", "x-scal-version-id"}
        assert sent == {"x-scal-storage-type", "x-scal-storage-class"} | (designed if dialect == "design" else set())

    def test_a_delete_marker_that_was_sent_is_not_sent_again(self) -> None:
        # it would hide a version that came after it
        document = metadata(b"", isDeleteMarker=True, replicationInfo={"content": ["METADATA"]})
        world = World(SmallCloudServer(b"", document))
        entry = world.entry()
        document["replicationInfo"]["backends"] = [pending("COMPLETED")]
        assert run(world, entry).status is None
        assert world.server.names == CHECKS

    @pytest.mark.parametrize("content", [["DATA", "METADATA"], ["DATA", "METADATA", "MPU"], ["METADATA"]])
    def test_what_is_completed_is_skipped(self, content: list[str]) -> None:
        world = World()
        entry = world.entry(replicationInfo={"content": content})
        assert world.server.document is not None
        world.server.document["replicationInfo"]["backends"] = [pending("COMPLETED", "v")]
        assert run(world, entry).status is None
        assert world.server.names == CHECKS

    def test_data_that_the_destination_has_are_not_sent_again_for_an_entry_published_twice(self) -> None:
        # its tags were changed since, so that the object waits again; and newer versions may be there already
        world = World()
        entry = world.entry()
        assert world.server.document is not None
        info = {"content": ["METADATA", "PUT_TAGGING"], "backends": [pending("PENDING", "aws-7")]}
        world.server.document["replicationInfo"] |= info
        assert run(world, entry).status is None
        assert world.server.names == CHECKS

    def test_data_are_sent_again_for_an_entry_that_knows_the_copy(self) -> None:
        world = World()
        assert world.server.document is not None
        world.server.document["replicationInfo"]["backends"] = [pending("PENDING", "aws-7")]
        assert run(world, world.entry()).status == "COMPLETED"
        assert "putobject" in world.server.names

    @pytest.mark.parametrize(
        ("content", "now", "sent"),
        [
            ("PUT_TAGGING", {"new": "2"}, "puttagging"),
            ("DELETE_TAGGING", {"new": "2"}, "puttagging"),
            ("DELETE_TAGGING", {}, "deleteobjecttagging"),
        ],
    )
    def test_tags_that_come_late_are_those_of_now(self, content: str, now: dict[str, str], sent: str) -> None:
        world = World()
        info = {"content": ["METADATA", content], "backends": [pending("PENDING", "aws-7")]}
        entry = world.entry(tags={"old": "1"}, replicationInfo=info)
        assert world.server.document is not None
        world.server.document["replicationInfo"] |= info
        world.server.document["tags"] = now
        assert run(world, entry).status == "COMPLETED"
        assert world.server.names == [*CHECKS, sent]
        if now:
            assert world.server.call(sent).headers["x-scal-tags"] == '{"new":"2"}'

    @pytest.mark.parametrize("where", ["entry", "refreshed"])
    def test_tags_are_put_on_the_copy_that_is_there(self, where: str) -> None:
        # Backbeat looks into the entry alone, and uploads the object again when the tags came before the status
        world = World()
        info = {
            "content": ["METADATA", "PUT_TAGGING"],
            "backends": [pending(version_id="aws-7" if where == "entry" else "")],
        }
        entry = world.entry(tags={"a": "ü"}, replicationInfo=info)
        assert world.server.document is not None
        world.server.document["tags"] = {"a": "ü"}
        if where == "refreshed":
            world.server.document["replicationInfo"]["backends"] = [pending("COMPLETED", "aws-7")]
        assert run(world, entry) == Outcome("COMPLETED", "aws-7")
        assert world.server.names == [*CHECKS, "puttagging"]
        call = world.server.call("puttagging")
        assert call.method == "POST"
        assert call.headers["x-scal-tags"] == '{"a":"\\u00fc"}'
        assert call.headers["x-scal-data-store-version-id"] == "aws-7"
        assert call.headers["x-scal-source-bucket"] == "src"
        assert call.headers["x-scal-source-version-id"] == VERSION  # raw
        assert call.headers["x-scal-replication-endpoint-site"] == SITE

    def test_tags_are_deleted_from_the_copy_that_is_there(self) -> None:
        info = {"content": ["METADATA", "DELETE_TAGGING"], "backends": [pending(version_id="aws-7")]}
        world = World(SmallCloudServer(document=metadata(isNull=True)))
        assert run(world, world.entry(replicationInfo=info)) == Outcome("COMPLETED", "aws-7")
        call = world.server.call("deleteobjecttagging")
        assert call.method == "DELETE"
        assert "x-scal-tags" not in call.headers
        assert call.headers["x-scal-source-version-id"] == "null"

    @pytest.mark.parametrize("word", ["PUT_TAGGING", "DELETE_TAGGING"])
    def test_tags_of_an_object_that_is_not_there_come_with_it(self, word: str) -> None:
        world = World()
        outcome = run(world, world.entry(tags={"a": "b"}, replicationInfo={"content": ["METADATA", word]}))
        assert outcome == Outcome("COMPLETED", "aws-1")
        assert world.server.call("putobject").headers["x-scal-tags"] == '{"a":"b"}'

    @pytest.mark.parametrize("word", ["PUT_LEGAL_HOLD", "PUT_RETENTION"])
    def test_other_updates_of_an_object_that_is_there_send_nothing(self, word: str) -> None:
        info = {"content": ["METADATA", word], "backends": [pending(version_id="aws-7")]}
        world = World()
        assert run(world, world.entry(replicationInfo=info)) == Outcome("COMPLETED", "aws-7")
        assert world.server.names == CHECKS

    def test_an_object_that_was_overwritten_is_left_to_its_successor(self) -> None:
        world = World()
        entry = world.entry(**{"content-md5": "before", "isNull": True})
        assert run(world, entry).status is None
        assert world.server.names == CHECKS

    @pytest.mark.parametrize(
        ("length", "md5", "operation"),
        [
            (19_999_999, None, "putobject"),
            (20_000_000, None, "completempu"),
            (11, "5eb63bbbe01eeed093cb22bb8f5acdc3-1", "completempu"),
        ],
    )
    def test_big_objects_and_multipart_ones_go_in_parts(self, length: int, md5: str | None, operation: str) -> None:
        body = b"x" * length
        document = metadata(body, **({"content-md5": md5} if md5 else {}))
        world = World(SmallCloudServer(body, document))
        assert run(world) == Outcome("COMPLETED", "aws-1")
        assert world.server.names[-1] == operation
        assert world.server.aws == [body]


class TestErrors:
    """What is published, by the place of the error, its status and its name."""

    @pytest.mark.parametrize(
        ("call", "answer", "published"),
        [
            ("GET replication", xml_error(403, "AccessDenied"), None),
            ("GET replication", xml_error(404, "ReplicationConfigurationNotFoundError"), "FAILED"),
            ("GET replication", xml_error(404, "NoSuchBucket"), "FAILED"),
            ("GET metadata", error(404, "ObjNotFound"), None),
            ("GET metadata", error(404, "NoSuchBucket"), "FAILED"),
            ("GET metadata", error(403, "AccessDenied"), None),
            ("GET metadata", Answer(200, b"nonsense"), "FAILED"),
            ("GET object", xml_error(404, "NoSuchVersion"), None),
            ("GET object", xml_error(404, "NoSuchKey"), None),
            ("GET object", xml_error(404, "NoSuchBucket"), "FAILED"),
            ("GET object", xml_error(403, "AccessDenied"), "FAILED"),
            ("GET object", xml_error(403, "InvalidObjectState"), "FAILED"),
            ("putobject", error(400, "BadDigest"), "FAILED"),
            ("putobject", error(400, "BadRequest"), "FAILED"),
            ("putobject", error(400, "InvalidRequest"), "FAILED"),
            ("putobject", error(403, "AccessDenied"), None),
            ("putobject", error(404, "ObjNotFound"), None),
        ],
    )
    def test_final_at_once(self, call: str, answer: Answer, published: str | None) -> None:
        world = World()
        world.server.faults[call] = [answer]
        assert run(world).status == published
        assert world.server.names.count(call) == 1
        assert world.clock.monotonic() == 0.0

    @pytest.mark.parametrize(
        ("call", "fault"),
        [
            ("GET replication", xml_error(500, "InternalError")),
            ("GET metadata", error(503, "ServiceUnavailable")),
            ("GET object", xml_error(500, "InternalError")),
            ("GET object", TransportError("TimeoutError", "")),
            ("putobject", error(503, "ServiceUnavailable")),
            ("putobject", TransportError("NetworkingError", "")),
        ],
    )
    def test_retried_and_then_failed(self, call: str, fault: Answer | TransportError) -> None:
        once = World()
        once.server.faults[call] = [fault]
        assert run(once).status == "COMPLETED"
        for_ever = World()
        for_ever.server.faults[call] = [fault] * 100
        assert run(for_ever).status == "FAILED"
        assert for_ever.server.names.count(call) >= 3

    @pytest.mark.parametrize("operation", ["puttagging", "deleteobjecttagging"])
    def test_nobody_is_blamed_for_tags_so_that_refusal_is_failure(self, operation: str) -> None:
        word = {"puttagging": "PUT_TAGGING", "deleteobjecttagging": "DELETE_TAGGING"}[operation]
        world = World()
        world.server.faults[operation] = [error(403, "AccessDenied", "no")]
        info = {"content": ["METADATA", word], "backends": [pending(version_id="v")]}
        assert run(world, world.entry(replicationInfo=info)) == Outcome("FAILED", "v", "no")

    def test_the_reason_is_kept(self) -> None:
        world = World()
        world.server.faults["putobject"] = [error(400, "BadDigest", "the MD5 is another one")]
        assert run(world) == Outcome("FAILED", "", "the MD5 is another one")

    def test_letting_go_leaves_nothing_open(self) -> None:
        world = World()
        world.server.faults["putobject"] = [error(503, "ServiceUnavailable")]
        world.interruption.order()
        with pytest.raises(Interrupted):
            run(world)
        assert world.server.opened[0].closed


def test_what_was_done_is_counted() -> None:
    world = World()
    world.clock.advance(5)
    run(world)
    text = world.metrics.render().decode()
    labels = f'location="{SITE}",origin="replication",serviceName="ReplicationQueueProcessor"'
    assert f"s3_replication_data_bytes_total{{{labels}}} 11.0" in text
    assert f"s3_replication_source_data_bytes_total{{{labels}}} 11.0" in text
    assert f"s3_replication_rpo_seconds_sum{{{labels}}} 15.0" in text


def test_the_designed_dialect_names_the_destination_in_every_operation() -> None:
    info: dict[str, Any] = {"content": ["METADATA", "PUT_TAGGING"], "backends": [pending(version_id="v")]}
    world = World(dialect="design")
    run(world, world.entry(replicationInfo=info))
    headers = world.server.call("puttagging").headers
    assert headers["x-scal-replication-storage-type"] == "aws_s3"
    assert json.loads(headers["x-scal-tags"]) == {}
