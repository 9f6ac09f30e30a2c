"""Copying in parts: the requests, side by side or one by one, and what happens when one fails."""

from __future__ import annotations

import json
import threading

import pytest
from engine_helpers import ENCODED, SITE, Answer, SmallCloudServer, World, error, metadata

from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.engine.tasks.context import Outcome
from harness.engine.tasks.part_sizes import MIB
from harness.queue.interruption import Interrupted

BODY = bytes(range(256)) * (40 * MIB // 256)  # three parts


def world_of(body: bytes = BODY, **overrides: object) -> World:
    return World(SmallCloudServer(body, metadata(body, **{"content-type": ""})), **overrides)


def run(world: World, *, threaded: bool = False) -> Outcome:
    return AWSReplicationTask(world.context(threaded=threaded), world.entry()).run()


def test_the_requests_one_by_one() -> None:
    world = world_of()
    assert run(world) == Outcome("COMPLETED", "aws-1")
    assert world.server.names[2:] == [
        "initiatempu",
        *["GET object", "putpart"] * 3,
        "completempu",
    ]
    assert world.server.aws == [BODY]
    ranges = [call.headers["range"] for call in world.server.calls if call.name == "GET object"]
    assert ranges == ["bytes=0-16777215", "bytes=16777216-33554431", "bytes=33554432-41943039"]
    initiate, part, complete = (world.server.call(name) for name in ("initiatempu", "putpart", "completempu"))
    assert (initiate.method, part.method, complete.method) == ("POST", "PUT", "POST")
    assert initiate.headers["x-scal-version-id"] == ENCODED
    assert initiate.headers["x-scal-content-type"] == ""  # sent though empty
    assert initiate.headers["x-scal-tags"] == "{}"
    assert (part.headers["x-scal-part-number"], part.headers["x-scal-upload-id"]) == ("1", "upload-1")
    assert "x-scal-version-id" not in part.headers
    assert "content-md5" not in part.headers
    assert complete.headers["x-scal-upload-id"] == "upload-1"
    assert complete.headers["x-scal-version-id"] == ENCODED
    parts = json.loads(complete.body)
    assert [part["PartNumber"] for part in parts] == [[1], [2], [3]]
    assert all(set(part) == {"PartNumber", "ETag"} for part in parts)
    for call in world.server.calls[2:]:
        if call.name != "GET object":
            assert (call.headers["x-scal-storage-type"], call.headers["x-scal-storage-class"]) == ("aws_s3", SITE)
    assert all(answer.closed for answer in world.server.opened)


def test_parts_side_by_side_arrive_whole() -> None:
    world = world_of()
    assert run(world, threaded=True) == Outcome("COMPLETED", "aws-1")
    assert world.server.aws == [BODY]


def test_an_empty_multipart_object_is_one_empty_part() -> None:
    document = metadata(b"", **{"content-md5": "d41d8cd98f00b204e9800998ecf8427e-1"})
    world = World(SmallCloudServer(b"", document))
    assert run(world).status == "COMPLETED"
    assert world.server.names[2:] == ["initiatempu", "putpart", "completempu"]
    assert world.server.call("putpart").body == b""


def test_a_part_is_retried_alone() -> None:
    world = world_of()
    world.server.faults["putpart"] = [None, error(503, "ServiceUnavailable"), None]
    assert run(world).status == "COMPLETED"
    numbers = [call.headers["x-scal-part-number"] for call in world.server.calls if call.name == "putpart"]
    assert numbers == ["1", "2", "2", "3"]
    assert world.server.names.count("initiatempu") == 1


def test_a_part_that_fails_for_good_aborts_the_upload() -> None:
    world = world_of()
    world.server.faults["putpart"] = [None, error(400, "BadRequest", "no such part")]
    assert run(world) == Outcome("FAILED", "", "no such part")
    assert world.server.names[-1] == "abortmpu"
    assert world.server.names.count("abortmpu") == 1
    abort = world.server.call("abortmpu")
    assert (abort.method, abort.headers["x-scal-upload-id"]) == ("DELETE", "upload-1")


def test_a_part_that_fails_again_and_again_is_tried_in_new_uploads() -> None:
    world = world_of()
    world.server.faults["putpart"] = [error(503, "ServiceUnavailable")] * 100
    assert run(world).status == "FAILED"
    assert world.server.names.count("putpart") == 3 * 3
    assert world.server.names.count("initiatempu") == world.server.names.count("abortmpu") == 3


def test_running_parts_are_awaited_before_the_abort() -> None:
    world = world_of()
    server = world.server
    answer, both, lock = server._answer, threading.Barrier(2), threading.Lock()
    finished: list[str] = []

    def slow(call: object) -> Answer:
        name = call.name  # type: ignore[attr-defined]
        if name == "putpart":
            number = call.headers["x-scal-part-number"]  # type: ignore[attr-defined]
            both.wait(10)
            if number == "1":
                return error(400, "BadRequest")
            with lock:
                finished.append("part")
        if name == "abortmpu":
            finished.append("abort")
        return answer(call)  # type: ignore[arg-type]

    server._answer = slow  # type: ignore[method-assign]
    world.settings = world.settings.model_copy(
        update={"queue_processor": world.settings.queue_processor.model_copy(update={"mpu_parts_concurrency": 2})}
    )
    assert run(world, threaded=True).status == "FAILED"
    assert finished == ["part", "abort"]


def test_a_failed_initiation_is_retried_with_growing_pauses() -> None:
    world = world_of()
    world.server.faults["initiatempu"] = [error(503, "ServiceUnavailable")] * 2
    assert run(world).status == "COMPLETED"
    assert world.clock.monotonic() == pytest.approx(1 + 1.5)


@pytest.mark.parametrize("answer", [error(400, "InvalidRequest"), Answer(200, b"{}")])
def test_an_initiation_that_fails_for_good_is_reported_at_once(answer: Answer) -> None:
    world = world_of()
    world.server.faults["initiatempu"] = [answer]
    assert run(world).status == "FAILED"
    assert world.server.names[2:] == ["initiatempu"]


def test_in_the_designed_dialect_a_copy_that_is_there_is_not_uploaded_again() -> None:
    world = world_of(dialect="design")
    world.server.faults["initiatempu"] = [Answer(200, b'{"versionId":"aws-7"}')]
    assert run(world) == Outcome("COMPLETED", "aws-7")
    assert world.server.names[2:] == ["initiatempu"]
    assert world.server.call("initiatempu").headers["x-scal-replication-storage-class"] == SITE
    released = world_of()
    released.server.faults["initiatempu"] = [Answer(200, b'{"versionId":"aws-7"}')]
    assert run(released).status == "FAILED"


def test_a_failed_completion_aborts_and_is_the_reason() -> None:
    world = world_of()
    world.server.faults["completempu"] = [error(400, "InvalidPart", "one is missing")]
    world.server.faults["abortmpu"] = [error(400, "BadRequest")]  # only logged
    assert run(world) == Outcome("FAILED", "", "one is missing")
    assert world.server.names[-2:] == ["completempu", "abortmpu"]


def test_a_part_that_arrives_damaged_is_sent_again() -> None:
    world = world_of()
    damaged = Answer(200, json.dumps({"partNumber": "1", "ETag": "0" * 32}).encode())
    world.server.faults["putpart"] = [damaged]
    assert run(world).status == "COMPLETED"
    assert world.server.names.count("putpart") == 4


@pytest.mark.parametrize(
    ("etag", "processor"), [("abc-1", {}), ("0" * 32, {"verifyParts": False})], ids=["no MD5", "not looked at"]
)
def test_an_etag_that_tells_nothing_is_believed(etag: str, processor: dict[str, object]) -> None:
    world = world_of(queueProcessor=processor)
    world.server.faults["putpart"] = [Answer(200, json.dumps({"partNumber": "1", "ETag": etag}).encode())]
    world.server.parts[1] = b""
    assert run(world).status == "COMPLETED"
    assert json.loads(world.server.call("completempu").body)[0]["ETag"] == [etag]


def test_letting_go_aborts_the_upload() -> None:
    world = world_of()
    world.server.faults["putpart"] = [error(503, "ServiceUnavailable")]
    world.interruption.order()
    with pytest.raises(Interrupted):
        run(world)
    assert world.server.names[-1] == "abortmpu"


def test_azure_needs_no_initiation() -> None:
    world = world_of(bootstrapList=[{"site": SITE, "type": "azure"}])
    answer = world.server._answer

    def azure(call: object) -> Answer:
        if call.name == "putpart":  # type: ignore[attr-defined]
            return Answer(200, b'{"partNumber":"1","ETag":"e","numberSubParts":2}')
        return Answer(200, b"{}") if call.name == "completempu" else answer(call)  # type: ignore[attr-defined,arg-type]

    world.server._answer = azure  # type: ignore[method-assign]
    assert run(world) == Outcome("COMPLETED", "")
    assert "initiatempu" not in world.server.names
    upload_id = world.server.call("putpart").headers["x-scal-upload-id"]
    assert len(upload_id) == 32
    assert "-" not in upload_id
    assert json.loads(world.server.call("completempu").body)[0]["NumberSubParts"] == [2]
