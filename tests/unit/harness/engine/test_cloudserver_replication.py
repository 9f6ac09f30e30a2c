"""The task that replicates to another CloudServer: what it asks whom, in which order, and what comes of errors."""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any

import pytest
from engine_helpers import ENCODED, VERSION, Answer, BrokenAnswer, Call, entry_of, error, pending, xml_error
from target_helpers import (
    OWNER,
    ROLES,
    SERVERS,
    SF,
    SOURCE_ROLE,
    TARGET_ROLE,
    CloudServerWorld,
    SmallSource,
    document,
)

from harness.engine.tasks.context import Outcome
from harness.queue.interruption import Interrupted
from harness.transport import TransportError

CHECKS = ["GET replication", "GET metadata"]
COMPLETED = Outcome("COMPLETED", "")


class TestData:
    def test_a_single_part(self) -> None:
        world = CloudServerWorld()
        assert world.run() == COMPLETED
        assert world.names == [*CHECKS, "GET object", "target PUT data", "target PUT metadata"]
        get = world.source.call("GET object")
        assert (get.path, get.query) == ("/src/dir/obj", {"partNumber": "1", "versionId": ENCODED})
        assert get.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
        assert get.headers["x-amz-location-constraint"] == "us-east-1"
        put = world.target.call("PUT data")
        assert (put.path, put.query) == ("/_/backbeat/data/tgt/dir/obj", {"v2": ""})
        assert put.body == b"hello world"
        assert put.headers["content-md5"] == hashlib.md5(b"hello world").hexdigest()
        assert put.headers["x-scal-canonical-id"] == OWNER
        assert put.headers["authorization"].startswith("AWS target-access:")
        assert world.target.data == b"hello world"
        assert world.source.opened[0].closed

    @pytest.mark.parametrize("threaded", [False, True])
    def test_parts_travel_one_by_one_and_the_metadata_come_last(self, threaded: bool) -> None:
        bodies = (b"hello ", b"wor", b"ld")
        world = CloudServerWorld(SmallSource(*bodies))
        assert world.run(threaded=threaded) == COMPLETED
        assert world.names[-1] == "target PUT metadata"
        assert world.names.count("target PUT metadata") == 1
        sent = {call.headers["content-md5"]: call.body for call in world.target.calls if call.name == "PUT data"}
        assert sent == {hashlib.md5(body).hexdigest(): body for body in bodies}
        assert {call.query["partNumber"] for call in world.source.calls if call.name == "GET object"} == {"1", "2", "3"}
        assert world.target.data == b"hello world"
        assert [element["start"] for element in world.replica()["location"]] == [0, 6, 9]

    @pytest.mark.parametrize("bodies", [(b"hello world",), (b"hello ", b"world")])
    def test_an_encrypted_target_says_how(self, bodies: tuple[bytes, ...]) -> None:
        source_encryption = {
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-customer-algorithm": "source",
            "x-amz-server-side-encryption-aws-kms-key-id": "source-key",
        }
        world = CloudServerWorld(SmallSource(*bodies, **source_encryption))
        world.target.encryption = {
            "x-amz-server-side-encryption": "AES256",
            "x-amz-server-side-encryption-aws-kms-key-id": "target-key",
        }
        world.target.cryptography = {"cryptoScheme": 1, "cipheredDataKey": "ciphered"}
        assert world.run() == COMPLETED
        replica = world.replica()
        assert {name: replica[name] for name in source_encryption} == {
            "x-amz-server-side-encryption": "AES256",
            "x-amz-server-side-encryption-customer-algorithm": "",
            "x-amz-server-side-encryption-aws-kms-key-id": "target-key",
        }
        for element in replica["location"]:
            assert (element["cryptoScheme"], element["cipheredDataKey"]) == (1, "ciphered")

    @pytest.mark.parametrize("bodies", [(), (b"hello world",)])
    def test_encryption_of_the_source_does_not_leak_to_a_clear_target(self, bodies: tuple[bytes, ...]) -> None:
        world = CloudServerWorld(SmallSource(*bodies, **{"x-amz-server-side-encryption": "AES256"}))
        assert world.run() == COMPLETED
        assert world.replica()["x-amz-server-side-encryption"] == ""

    def test_the_location_is_the_targets(self) -> None:
        world = CloudServerWorld()
        source = world.source.document
        assert source is not None
        source["location"][0] |= {"cryptoScheme": 1, "cipheredDataKey": "source", "dataStoreVersionId": "v"}
        world.run()
        md5 = hashlib.md5(b"hello world").hexdigest()
        assert world.replica()["location"] == [
            {"key": "target-1", "start": 0, "size": 11, "dataStoreName": "us-east-2", "dataStoreETag": f"1:{md5}"}
        ]

    def test_pieces_of_one_part_travel_together(self) -> None:
        source = SmallSource(b"hello world")
        etag = source.document["location"][0]["dataStoreETag"]  # type: ignore[index]
        source.document["location"] = [  # type: ignore[index]
            {"key": "a", "start": 0, "size": 6, "dataStoreName": "us-east-1", "dataStoreETag": etag},
            {"key": "b", "start": 6, "size": 5, "dataStoreName": "us-east-1", "dataStoreETag": etag},
        ]
        world = CloudServerWorld(source)
        assert world.run() == COMPLETED
        assert [call.body for call in world.target.calls if call.name == "PUT data"] == [b"hello world"]
        assert [(one["start"], one["size"]) for one in world.replica()["location"]] == [(0, 11)]

    def test_pieces_with_etags_of_their_own_are_read_first(self) -> None:
        source = SmallSource(b"hello world")
        source.document["location"] = [  # type: ignore[index]
            {"key": "a", "start": 0, "size": 6, "dataStoreName": "us-east-1", "dataStoreETag": "1:" + "a" * 32},
            {"key": "b", "start": 6, "size": 5, "dataStoreName": "us-east-1", "dataStoreETag": "1:" + "b" * 32},
        ]
        world = CloudServerWorld(source)
        assert world.run() == COMPLETED
        assert world.names[2:4] == ["GET object", "GET object"]
        assert world.target.data == b"hello world"

    def test_an_etag_without_part_number_is_read_as_a_range(self) -> None:
        source = SmallSource(b"hello world")
        source.document["location"][0]["dataStoreETag"] = "abc-2"  # type: ignore[index]
        world = CloudServerWorld(source)
        assert world.run() == COMPLETED
        get = world.source.call("GET object")
        assert get.query == {"versionId": ENCODED}
        assert get.headers["range"] == "bytes=0-10"
        assert world.target.data == b"hello world"

    def test_ten_megabytes_flow_through(self) -> None:
        body = bytes(10_000_000)
        world = CloudServerWorld(SmallSource(body))
        assert world.run() == COMPLETED
        assert world.target.data == body
        assert world.source.opened[0].closed

    @pytest.mark.parametrize("side", ["source", "target"])
    def test_a_connection_that_always_breaks_is_a_failure_and_leaves_nothing_open(self, side: str) -> None:
        world = CloudServerWorld()
        broken = [BrokenAnswer(206, b"hello world") for _ in range(9)]
        if side == "source":
            world.source.faults["GET object"] = list(broken)
        else:
            world.target.faults["PUT data"] = [TransportError("ECONNRESET", "cut") for _ in range(9)]
        assert world.run().status == "FAILED"
        opened = [*world.source.opened, *(broken[:4] if side == "source" else [])]
        assert len(opened) == 4
        assert all(answer.closed for answer in opened)

    def test_a_part_without_bytes_is_not_read(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello", b""))
        assert world.run() == COMPLETED
        assert world.names.count("GET object") == 1
        assert world.names.count("target PUT data") == 2

    def test_keys_are_encoded_once(self) -> None:
        world = CloudServerWorld()
        world.run(entry_of(world.source.document or {}, "dir/été %41+(x)"))
        path = "dir/%C3%A9t%C3%A9%20%2541%2B%28x%29"
        assert world.source.call("GET object").path == f"/src/{path}"
        assert world.target.call("PUT data").path == f"/_/backbeat/data/tgt/{path}"
        assert world.target.call("PUT metadata").path == f"/_/backbeat/metadata/tgt/{path}"


class TestMetadata:
    def test_the_replica(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", **{"tags": {"k": "v"}, "x-amz-meta-color": "blue"}))
        before = json.loads(json.dumps(world.source.document))
        world.run()
        put = world.target.call("PUT metadata")
        assert (put.path, put.query) == ("/_/backbeat/metadata/tgt/dir/obj", {"versionId": ENCODED})
        assert put.headers["content-type"] == "binary/octet-stream"
        assert "x-scal-replication-content" not in put.headers
        replica = world.replica()
        assert replica["replicationInfo"] == before["replicationInfo"] | {
            "status": "REPLICA",
            "backends": [pending("REPLICA", site=SF), pending(site="aws")],
        }
        assert (replica["owner-id"], replica["owner-display-name"]) == (OWNER, "Target")
        assert replica["md-model-version"] == 6
        assert replica["creation-time"] == before["last-modified"]
        changed = {"owner-id", "location", "replicationInfo"}
        assert {name: replica[name] for name in before if name not in changed} == {
            name: value for name, value in before.items() if name not in changed
        }

    def test_the_source_entry_is_not_touched(self) -> None:
        world = CloudServerWorld()
        entry = entry_of(world.source.document or {})
        world.run(entry)
        assert entry.replication_info["status"] == "PENDING"
        assert entry.metadata["owner-id"] == "owner"
        assert world.source.document == document(b"hello world")

    def test_an_update_sends_no_data_and_keeps_the_targets(self) -> None:
        world = CloudServerWorld()
        world.run()
        update = document(b"hello world", content=["METADATA"], tags={"new": "tag"})
        world.source.document = update
        world.network.asked.clear()
        assert world.run() == COMPLETED
        assert world.names == [*CHECKS, "target PUT metadata"]
        put = world.target.call("PUT metadata", 1)
        assert put.headers["x-scal-replication-content"] == "METADATA"
        assert json.loads(put.body)["location"] is None
        assert world.replica()["tags"] == {"new": "tag"}
        assert world.target.data == b"hello world"

    def test_an_update_of_what_the_target_lacks_becomes_a_full_replication(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello ", b"world", content=["METADATA"]))
        assert world.run() == COMPLETED
        assert world.names[2:] == [
            "target PUT metadata",
            *["GET object", "target PUT data"] * 2,
            "target PUT metadata",
        ]
        assert "x-scal-replication-content" not in world.target.call("PUT metadata", 1).headers
        assert world.target.data == b"hello world"

    def test_full_replication_is_tried_once_and_leaves_no_orphans(self) -> None:
        world = CloudServerWorld()
        world.target.faults["PUT metadata"] = [error(404, "ObjNotFound") for _ in range(9)]
        assert world.run().status == "FAILED"
        assert world.names.count("target PUT metadata") == 2
        assert world.names.count("target POST batchdelete") == 2
        assert world.target.kept == {}

    @pytest.mark.parametrize("content", [["METADATA"], ["DATA", "METADATA"]])
    def test_an_empty_object_is_metadata_only_but_no_update(self, content: list[str]) -> None:
        world = CloudServerWorld(SmallSource(content=content))
        assert world.run() == COMPLETED
        assert world.names == [*CHECKS, "target PUT metadata"]
        assert "x-scal-replication-content" not in world.target.call("PUT metadata").headers
        assert world.replica()["location"] is None

    def test_a_delete_marker_is_written_as_it_is(self) -> None:
        world = CloudServerWorld(SmallSource(content=["METADATA"], isDeleteMarker=True))
        assert world.run() == COMPLETED
        assert world.names == [*CHECKS, "target PUT metadata"]
        assert "x-scal-replication-content" not in world.target.call("PUT metadata").headers
        assert world.replica()["isDeleteMarker"] is True

    def test_a_null_version_is_called_so(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", isNull=True))
        assert world.run() == COMPLETED
        assert world.source.call("GET object").query["versionId"] == "null"
        assert world.target.call("PUT metadata").query == {"versionId": "null"}

    def test_an_object_without_version_id_is_asked_for_without(self) -> None:
        source = SmallSource(b"hello world")
        del source.document["versionId"]  # type: ignore[union-attr]
        world = CloudServerWorld(source)
        assert world.run() == COMPLETED
        assert world.source.call("GET object").query == {"partNumber": "1"}
        assert world.target.call("PUT metadata").query == {}

    def test_an_update_of_a_null_version_is_not_laid_over_other_data(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", content=["METADATA"], isNull=True))
        world.target.kept["older"] = b"older"
        world.target.held = {"content-md5": hashlib.md5(b"older").hexdigest(), "location": [{"key": "older"}]}
        assert world.run() == COMPLETED
        assert world.target.data == b"hello world"

    def test_an_update_of_a_null_version_that_the_target_has_sends_no_data(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", isNull=True))
        world.run()
        world.source.document = document(b"hello world", content=["METADATA"], isNull=True, tags={"a": "b"})
        world.network.asked.clear()
        assert world.run() == COMPLETED
        assert world.names == [*CHECKS, "target GET metadata", "target PUT metadata", "GET metadata"]
        assert world.target.data == b"hello world"

    def test_an_update_of_a_null_version_that_the_target_lacks_sends_everything(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", content=["METADATA"], isNull=True))
        assert world.run() == COMPLETED
        assert world.names[2:-1] == ["target GET metadata", "GET object", "target PUT data", "target PUT metadata"]


class TestRules:
    @pytest.mark.parametrize("role", [SOURCE_ROLE, f"{ROLES},arn:aws:iam::3:role/x", "", None])
    def test_the_object_must_have_two_roles(self, role: str | None) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", replicationInfo={"role": role}))
        assert world.run().status is None
        assert world.names == []

    @pytest.mark.parametrize(
        "role",
        [
            SOURCE_ROLE,
            f"{SOURCE_ROLE},arn:aws:iam::222222222222:role/other",
            f"arn:aws:iam::111111111111:role/other,{TARGET_ROLE}",
            f"{TARGET_ROLE},{SOURCE_ROLE}",
            f"{ROLES},{TARGET_ROLE}",
        ],
    )
    def test_both_roles_must_be_the_buckets(self, role: str) -> None:
        world = CloudServerWorld()
        world.source.role = role
        assert world.run().status is None
        assert world.names == ["GET replication"]

    def test_a_disabled_rule_fails(self) -> None:
        world = CloudServerWorld()
        world.source.rules = "<Rule><Status>Disabled</Status><Prefix></Prefix></Rule>"
        assert world.run() == Outcome("FAILED", "", "replication disabled for this object")
        assert world.names == ["GET replication"]

    def test_what_is_completed_is_not_sent_again(self) -> None:
        world = CloudServerWorld()
        entry = entry_of(world.source.document or {})
        world.source.document = document(
            b"hello world", replicationInfo={"backends": [pending("COMPLETED", site=SF), pending(site="aws")]}
        )
        assert world.run(entry).status is None
        assert world.names == CHECKS

    def test_what_was_overwritten_is_not_sent(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", isNull=True))
        entry = entry_of(world.source.document or {})
        world.source.document = document(b"newer", isNull=True)
        assert world.run(entry).status is None
        assert world.names == CHECKS

    def test_what_was_updated_leaves_it_to_the_updates_entry(self) -> None:
        world = CloudServerWorld()
        entry = entry_of(world.source.document or {})
        world.source.document = document(b"hello world", content=["METADATA"], tags={"newer": "tag"})
        assert world.run(entry).status is None
        assert world.names == CHECKS


class TestRetries:
    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("GET replication", xml_error(500, "InternalError")),
            ("GET replication", TransportError("ECONNRESET", "cut")),
            ("GET object", xml_error(500, "InternalError")),
            ("GET object", BrokenAnswer(206, b"hello world")),
            ("GET object", TransportError("NetworkingError", "no connection")),
        ],
    )
    def test_the_source_is_asked_again(self, name: str, fault: Any) -> None:
        world = CloudServerWorld()
        world.source.faults[name] = [fault]
        assert world.run() == COMPLETED
        assert world.names.count(name) == 2
        assert "target POST batchdelete" not in world.names
        assert world.target.data == b"hello world"
        assert len(set(world.network.hosts_of("PUT data"))) == 1

    @pytest.mark.parametrize("name", ["PUT data", "PUT metadata"])
    @pytest.mark.parametrize(
        "fault", [error(500, "InternalError"), error(503, "ServiceUnavailable"), TransportError("ECONNRESET", "cut")]
    )
    def test_another_server_of_the_target_is_asked(self, name: str, fault: Any) -> None:
        world = CloudServerWorld()
        world.target.faults[name] = [fault]
        assert world.run() == COMPLETED
        assert sorted(world.network.hosts_of(name)) == sorted(SERVERS)
        assert "target POST batchdelete" not in world.names
        assert world.target.data == b"hello world"

    def test_each_part_has_its_own_retries(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello ", b"world"))
        world.target.faults["PUT data"] = [error(503, "ServiceUnavailable"), None, error(503, "ServiceUnavailable")]
        assert world.run() == COMPLETED
        assert world.names.count("target PUT data") == 4

    def test_pauses_are_those_of_cloudserver_targets(self) -> None:
        world = CloudServerWorld()
        world.target.faults["PUT metadata"] = [error(503, "ServiceUnavailable")] * 2
        begun = world.clock.monotonic()
        assert world.run() == COMPLETED
        assert world.clock.monotonic() - begun == pytest.approx(1 + 1.5)

    def test_a_target_that_stays_away_is_given_up(self) -> None:
        world = CloudServerWorld()
        world.target.faults["PUT data"] = [error(500, "InternalError") for _ in range(99)]
        assert world.run().status == "FAILED"
        assert world.names.count("target PUT data") == 4
        assert world.network.hosts_of("PUT data")[:2] != world.network.hosts_of("PUT data")[1:3]

    def test_an_order_to_let_go_removes_what_was_written(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello ", b"world"))
        world.interruption.order()
        world.target.faults["PUT data"] = [None, error(503, "ServiceUnavailable")]
        with pytest.raises(Interrupted):
            world.run()
        assert world.target.kept == {}


class TestOrphans:
    def test_data_without_metadata_are_deleted(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello ", b"world"))
        world.target.faults["PUT metadata"] = [error(403, "AccessDenied")]
        assert world.run().status == "FAILED"
        delete = world.target.call("POST batchdelete")
        assert delete.path == "/_/backbeat/batchdelete/tgt/dir/obj"
        assert delete.headers["content-type"] == "application/json"
        assert json.loads(delete.body) == {
            "Locations": [
                {"key": "target-1", "dataStoreName": "us-east-2"},
                {"key": "target-2", "dataStoreName": "us-east-2"},
            ]
        }
        assert world.target.kept == {}

    def test_without_data_there_is_nothing_to_delete(self) -> None:
        world = CloudServerWorld()
        world.target.faults["PUT data"] = [error(403, "AccessDenied")]
        assert world.run().status == "FAILED"
        assert world.names == [*CHECKS, "GET object", "target PUT data"]

    def test_slow_parts_are_awaited_and_only_what_was_written_is_deleted(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello ", b"world"))
        failed = threading.Event()
        answer = world.target._answer

        def slow(call: Call) -> Answer:
            if call.name == "PUT data" and call.body == b"world":
                failed.set()
                return error(403, "AccessDenied")
            if call.name == "PUT data":
                assert failed.wait(10)  # the other part has failed by now
            return answer(call)

        world.target._answer = slow  # type: ignore[method-assign]
        assert world.run(threaded=True).status == "FAILED"
        assert json.loads(world.target.call("POST batchdelete").body) == {
            "Locations": [{"key": "target-1", "dataStoreName": "us-east-2"}]
        }
        assert "target PUT metadata" not in world.names

    def test_a_deletion_that_fails_changes_nothing(self) -> None:
        world = CloudServerWorld()
        world.target.faults["PUT metadata"] = [error(403, "AccessDenied", "no")]
        world.target.faults["POST batchdelete"] = [error(500, "InternalError")]
        assert world.run() == Outcome("FAILED", "", "no")
        assert world.names.count("target POST batchdelete") == 1

    def test_metadata_that_arrived_without_an_answer_keep_their_data(self) -> None:
        world = CloudServerWorld()
        answer = world.target._answer

        def mute(call: Call) -> Answer:
            answered = answer(call)
            if call.name == "PUT metadata":
                raise TransportError("ECONNRESET", "cut")
            return answered

        world.target._answer = mute  # type: ignore[method-assign]
        assert world.run() == COMPLETED
        assert world.target.data == b"hello world"

    def test_metadata_that_did_not_arrive_take_their_data_along(self) -> None:
        world = CloudServerWorld()
        world.target.faults["PUT metadata"] = [error(500, "InternalError") for _ in range(9)]
        assert world.run().status == "FAILED"
        assert world.names[-2:] == ["target GET metadata", "target POST batchdelete"]
        assert world.target.kept == {}

    def test_data_stay_when_nobody_knows_whether_the_metadata_arrived(self) -> None:
        world = CloudServerWorld()
        world.target.faults["PUT metadata"] = [error(500, "InternalError") for _ in range(9)]
        world.target.faults["GET metadata"] = [error(500, "InternalError")]
        assert world.run().status == "FAILED"
        assert world.target.kept == {"target-1": b"hello world"}


#: name of the call, answer to it, final status
OUTCOMES: dict[str, tuple[str, str, Any, str | None]] = {
    "none": ("source", "none", None, "COMPLETED"),
    "source AccessDenied": ("source", "GET replication", xml_error(403, "AccessDenied"), None),
    "source AccessDenied on metadata": ("source", "GET metadata", error(403, "AccessDenied"), None),
    "source AccessDenied on data": ("source", "GET object", xml_error(403, "AccessDenied"), None),
    "source NoSuchEntity": ("source", "GET replication", xml_error(404, "NoSuchEntity"), None),
    "source ObjNotFound": ("source", "GET metadata", error(404, "ObjNotFound"), None),
    "source ObjNotFound on data": ("source", "GET object", xml_error(404, "ObjNotFound"), None),
    "source NoSuchVersion on data": ("source", "GET object", xml_error(404, "NoSuchVersion"), None),
    "source NoSuchKey on data": ("source", "GET object", xml_error(404, "NoSuchKey"), None),
    "archived data": ("source", "GET object", xml_error(403, "InvalidObjectState"), None),
    "other length": ("source", "GET object", Answer(206, b"shorter"), None),
    "no bucket": ("source", "GET replication", xml_error(404, "NoSuchBucket"), "FAILED"),
    "no configuration": (
        "source",
        "GET replication",
        xml_error(404, "ReplicationConfigurationNotFoundError"),
        "FAILED",
    ),
    "target AccessDenied on data": ("target", "PUT data", error(403, "AccessDenied"), "FAILED"),
    "target AccessDenied on metadata": ("target", "PUT metadata", error(403, "AccessDenied"), "FAILED"),
    "target NoSuchEntity": ("target", "PUT data", error(404, "NoSuchEntity"), "FAILED"),
    "target NoSuchBucket": ("target", "PUT data", error(404, "NoSuchBucket"), "FAILED"),
    "target BadDigest": ("target", "PUT data", error(400, "BadDigest"), "FAILED"),
    "target ObjNotFound once": ("target", "PUT metadata", error(404, "ObjNotFound"), "COMPLETED"),
    "target InvalidObjectState": ("target", "PUT metadata", error(403, "InvalidObjectState"), None),
    "answer without location": ("target", "PUT data", Answer(200, b"[]"), "FAILED"),
    "answer that is no JSON": ("target", "PUT data", Answer(200, b"<html>"), "FAILED"),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_what_an_error_means(case: str) -> None:
    side, name, answer, status = OUTCOMES[case]
    world = CloudServerWorld()
    server = world.source if side == "source" else world.target
    server.faults[name] = [answer]
    assert world.run().status == status
    if status == "COMPLETED":
        assert world.target.data == b"hello world"
    else:
        assert world.target.held is None
        assert world.target.kept == {}


class TestIntegrity:
    def test_other_bytes_than_the_source_had_fail(self) -> None:
        world = CloudServerWorld()
        world.source.bodies = (b"HELLO WORLD",)
        assert world.run().status == "FAILED"
        assert world.target.held is None

    def test_one_damaged_part_takes_the_others_along(self) -> None:
        world = CloudServerWorld(SmallSource(b"hello ", b"world"))
        world.source.bodies = (b"hello ", b"WORLD")
        assert world.run().status == "FAILED"
        assert world.target.held is None
        assert world.target.kept == {}

    def test_a_location_without_etag_fails_before_anything_is_sent(self) -> None:
        world = CloudServerWorld()
        del world.source.document["location"][0]["dataStoreETag"]  # type: ignore[index]
        assert world.run().status == "FAILED"
        assert world.names == CHECKS

    @pytest.mark.parametrize("location", [None, [], [{"key": "a", "dataStoreETag": "1:x", "start": 0, "size": 3}]])
    def test_locations_that_are_not_the_whole_object_fail(self, location: Any) -> None:
        world = CloudServerWorld(SmallSource(b"hello world", location=location))
        assert world.run().status == "FAILED"
        assert world.names == CHECKS

    def test_the_version_id_stays(self) -> None:
        world = CloudServerWorld()
        world.run()
        assert world.replica()["versionId"] == VERSION
