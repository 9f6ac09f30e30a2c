from __future__ import annotations

import copy
import hashlib
import json

import pytest
from engine_helpers import ENCODED, SITE, Answer, Call, SmallCloudServer, World, error, metadata, pending

from fake_cloudserver import SeededRandomness
from harness.engine.checkpoints import STATUS_WRITTEN, Checkpoints
from harness.engine.failed_topic import FailedTopic, failed_message
from harness.engine.status import SiteResult
from harness.engine.status_writer import StatusWriter
from harness.queue.base import TopicSpecification
from harness.queue.interruption import Interrupted
from harness.queue.memory import MemoryQueue
from harness.transport import TransportError


class Passed(Checkpoints):
    def __init__(self) -> None:
        self.names: list[str] = []

    def reach(self, name: str) -> None:
        self.names.append(name)


class Writing:
    def __init__(self, server: SmallCloudServer | None = None) -> None:
        self.world = World(server)
        self.passed = Passed()
        self.queue = MemoryQueue(self.world.clock, SeededRandomness(1))
        self.queue.ensure_topics([TopicSpecification("failed")])
        topic = FailedTopic(self.queue.producer(), "failed", self.world.clock)
        self.writer = StatusWriter(
            self.world.clock, self.world.randomness, self.world.metrics, self.passed, failed_topic=topic
        )
        self.entry = self.world.entry()

    def write(self, said: str = "COMPLETED", version_id: str = "aws-1") -> str | None:
        result = SiteResult(SITE, said, version_id, self.entry.metadata)
        return self.writer.write(self.world.clients.new(), self.entry, result, self.world.interruption)

    @property
    def server(self) -> SmallCloudServer:
        return self.world.server


def test_a_result_is_merged_into_what_is_there_now() -> None:
    writing = Writing()
    assert writing.server.document is not None
    writing.server.document["acl"] = {"Canned": "public-read"}
    assert writing.write() == "COMPLETED"
    assert writing.server.names == ["GET metadata", "PUT metadata"]
    assert [call.query for call in writing.server.calls] == [{"versionId": ENCODED}] * 2
    written = writing.server.document
    assert written["acl"] == {"Canned": "public-read"}
    assert written["replicationInfo"]["status"] == "COMPLETED"
    assert written["replicationInfo"]["backends"] == [pending("COMPLETED", "aws-1")]
    assert written["md-model-version"] == 6
    assert "x-scal-replication-content" not in writing.server.call("PUT metadata").headers
    assert writing.passed.names == [STATUS_WRITTEN]
    assert writing.queue.read("failed") == []


def test_a_null_version_is_written_by_that_name() -> None:
    writing = Writing(SmallCloudServer(document=metadata(isNull=True)))
    writing.write()
    assert [call.query for call in writing.server.calls] == [{"versionId": "null"}] * 2


def test_completed_is_left_as_it_is() -> None:
    writing = Writing(SmallCloudServer(document=metadata(replicationInfo={"backends": [pending("COMPLETED")]})))
    assert writing.write("FAILED") is None
    assert writing.server.names == ["GET metadata"]
    assert writing.passed.names == []
    assert writing.queue.read("failed") == []


def test_a_failure_is_told_after_it_is_written() -> None:
    writing = Writing()
    writing.world.clock.advance(3600.5)
    assert writing.write("FAILED", "") == "FAILED"
    message = writing.queue.read("failed")[0]
    assert message.key is None
    assert json.loads(message.value) == {
        "key": f"bb:crr:failed:{SITE}:1767229200000",
        "member": f"src:dir/obj:{ENCODED}",
        "score": 1767229200500,
    }


def test_the_member_of_an_object_without_version_ends_with_a_colon() -> None:
    document = copy.deepcopy(metadata())
    del document["versionId"]
    writing = Writing(SmallCloudServer(document=document))
    assert failed_message(writing.entry, "s", 3_600_001) == (
        b'{"key":"bb:crr:failed:s:3600000","member":"src:dir/obj:","score":3600001}'
    )


@pytest.mark.parametrize("call", ["GET metadata", "PUT metadata"])
@pytest.mark.parametrize("fault", [error(404, "ObjNotFound"), error(404, "NoSuchBucket")])
def test_an_object_that_is_gone_cannot_be_told(fault: Answer, call: str) -> None:
    writing = Writing()
    writing.server.faults[call] = [fault]
    assert writing.write("FAILED") is None
    assert writing.queue.read("failed") == []


@pytest.mark.parametrize("said", ["COMPLETED", "FAILED"])
@pytest.mark.parametrize("fault", [error(403, "AccessDenied"), error(400, "MalformedPOSTRequest"), Answer(200, b"[]")])
def test_a_source_that_refuses_the_result_lists_the_object_among_the_failed(fault: Answer, said: str) -> None:
    # Backbeat loses the result, and the object is pending for ever
    writing = Writing()
    writing.server.faults["GET metadata"] = [fault]
    assert writing.write(said) is None
    assert len(writing.queue.read("failed")) == 1
    assert "s3_replication_left_pending_objects_total{" in writing.world.metrics.render().decode()


@pytest.mark.parametrize("name", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"])
def test_an_account_that_does_not_work_is_waited_for(name: str) -> None:
    writing = Writing()
    writing.server.faults["GET metadata"] = [error(403, name)] * 30
    assert writing.write() == "COMPLETED"


class Interfering(SmallCloudServer):
    """Refuses to replace what the writer did not read; somebody else writes ``times`` times in between."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def _answer(self, call: Call) -> Answer:
        text = json.dumps(self.document)
        if call.name == "PUT metadata" and self.document is not None:
            assert call.headers["x-scal-replaced-metadata-md5"] == hashlib.md5(self.given.encode()).hexdigest()
            if self.times:
                self.times -= 1
                self.document["x-amz-meta-writes"] = str(self.times)
                return error(412, "PreconditionFailed")
        self.given = text
        return super()._answer(call)


@pytest.mark.parametrize("times", [1, 4, 5, 23])
def test_what_others_write_meanwhile_is_not_overwritten(times: int) -> None:
    server = Interfering(times)
    writing = Writing(server)
    assert writing.write() == "COMPLETED"
    assert server.document is not None
    assert server.document["x-amz-meta-writes"] == "0"
    assert server.document["replicationInfo"]["status"] == "COMPLETED"
    assert server.names == ["GET metadata", "PUT metadata"] * (times + 1)
    assert (writing.world.clock.monotonic() > 0) == (times >= 5)  # a pause only when it does not end


def test_while_the_source_is_gone_it_waits_as_long_as_it_takes() -> None:
    writing = Writing()
    writing.server.faults["GET metadata"] = [TransportError("NetworkingError", "gone")] * 40
    writing.server.faults["PUT metadata"] = [error(503, "ServiceUnavailable")] * 40
    assert writing.write() == "COMPLETED"
    assert writing.world.clock.monotonic() > 3600


def test_it_lets_go_when_told() -> None:
    writing = Writing()
    writing.server.faults["GET metadata"] = [TransportError("NetworkingError", "gone")]
    writing.world.interruption.order()
    with pytest.raises(Interrupted):
        writing.write()


def test_every_try_reads_again() -> None:
    writing = Writing()
    writing.server.faults["PUT metadata"] = [error(500, "InternalError")]
    writing.write()
    assert writing.server.names == ["GET metadata", "PUT metadata"] * 2


def test_results_are_counted() -> None:
    writing = Writing()
    writing.world.clock.advance(20)
    writing.write()
    text = writing.world.metrics.render().decode()
    assert 's3_replication_status_changed_total{origin="replication",replicationStatus="COMPLETED"} 1.0' in text
    assert 'replayCount="0",replicationStatus="COMPLETED"} 30.0' in text
    assert 'duration_seconds_count{origin="replication",replicationStatus="COMPLETED",result="success"} 1.0' in text
