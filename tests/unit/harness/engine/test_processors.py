"""The queue processor and the status processor: which messages they act on, and when an offset is committed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_helpers import SITE, SmallCloudServer, World, error, metadata, pending

from fake_cloudserver import SeededRandomness
from harness.engine.checkpoints import Checkpoints
from harness.engine.publishing import MetadataPublisher, StatusTopicPublisher
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.queue_processor import QueueProcessor, SiteState
from harness.engine.recent import RecentlyCompleted
from harness.engine.status_processor import ReplicationStatusProcessor
from harness.engine.status_writer import StatusWriter
from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.engine.topics import all_topics
from harness.queue.base import Outgoing
from harness.queue.interruption import Interrupted
from harness.queue.memory import MemoryQueue

TOPIC, STATUS_TOPIC = "backbeat-replication", "backbeat-replication-status"


class Processing:
    """One processor of each kind over a queue in memory, without threads."""

    def __init__(self, server: SmallCloudServer | None = None, **overrides: Any) -> None:
        self.world = World(server, **overrides)
        self.server = self.world.server
        self.queue = MemoryQueue(self.world.clock, SeededRandomness(1))
        self.queue.ensure_topics(all_topics(self.world.settings))
        self.writer = StatusWriter(self.world.clock, self.world.randomness, self.world.metrics, Checkpoints())

    def processors(self) -> list[QueueProcessor]:
        """The main one, and one for the first replay topic."""
        shared = SiteState()
        replay_topic = self.world.settings.replay_topics[0].topic_name
        return [self.processor(shared=shared), self.processor(shared=shared, replay_topic=replay_topic)]

    def processor(self, **options: Any) -> QueueProcessor:
        settings = self.world.settings
        to_topic = StatusTopicPublisher(self.queue.producer(), STATUS_TOPIC, self.writer)
        publisher = MetadataPublisher(self.writer, to_topic) if settings.dialect == "design" else to_topic
        return QueueProcessor(
            settings,
            settings.bootstrap_list[0],
            self.queue,
            self.world.clients,
            publisher,
            clock=self.world.clock,
            randomness=self.world.randomness,
            metrics=self.world.metrics,
            checkpoints=Checkpoints(),
            threaded=False,
            **options,
        )

    def status_processor(self) -> ReplicationStatusProcessor:
        return ReplicationStatusProcessor(
            self.world.settings,
            self.queue,
            self.world.clients,
            self.writer,
            clock=self.world.clock,
            metrics=self.world.metrics,
            checkpoints=Checkpoints(),
            threaded=False,
        )

    def send(self, topic: str, *values: object) -> None:
        messages = [value if isinstance(value, bytes) else json.dumps(value).encode() for value in values]
        self.queue.producer().send_all([Outgoing(topic, b"src%2Fdir%2Fobj", message) for message in messages])

    def send_entry(self, entry: ObjectQueueEntry | None = None, site: str | None = None, topic: str = TOPIC) -> None:
        key, value = (entry or self.world.entry()).to_kafka(site)
        self.queue.producer().send_all([Outgoing(topic, key, value)])

    def statuses(self) -> list[dict[str, Any]]:
        return [json.loads(message.value) for message in self.queue.read(STATUS_TOPIC)]


class TestQueueProcessor:
    def test_the_result_goes_to_the_status_topic(self) -> None:
        processing = Processing()
        processing.send_entry()
        processor = processing.processor()
        assert processor.group == f"backbeat-replication-group-{SITE}"
        assert processor.step() == 1
        status = processing.statuses()[0]
        assert list(status) == ["bucket", "key", "value", "site", "ignore"]
        assert status["site"] == SITE
        document = json.loads(status["value"])
        assert document["replicationInfo"]["backends"] == [pending("COMPLETED", "aws-1")]
        assert document["replicationInfo"]["status"] == "COMPLETED"
        assert document["originOp"] == "s3:Replication:OperationCompletedReplication"
        assert processing.queue.read(STATUS_TOPIC)[0].key == b"src%2Fdir%2Fobj"
        assert processing.queue.backlog(processor.group, [TOPIC]) == 0
        assert "PUT metadata" not in processing.server.names

    def test_a_designed_task_writes_the_metadata_itself(self) -> None:
        processing = Processing(dialect="design")
        processing.send_entry()
        processing.processor().step()
        assert processing.statuses() == []
        assert processing.server.names[-3:] == ["PUT data", "GET metadata", "PUT metadata"]
        assert processing.server.document is not None
        assert processing.server.document["replicationInfo"]["status"] == "COMPLETED"

    def test_a_failure_keeps_the_version_that_is_known(self) -> None:
        processing = Processing()
        processing.server.faults["putobject"] = [error(400, "BadDigest")]
        entry = processing.world.entry(replicationInfo={"backends": [pending(version_id="old")]}).with_replay_count(2)
        processing.send_entry(entry)
        processing.processor().step()
        status = processing.statuses()[0]
        assert json.loads(status["value"])["replicationInfo"]["backends"] == [pending("FAILED", "old")]
        assert status["replayCount"] == 2

    @pytest.mark.parametrize(
        "value",
        [
            {"canary": True},
            {"type": "del", "bucket": "src", "key": "k"},
            {"bucket": "users..bucket", "key": "o..|..b", "value": "{}"},
            {"bucket": "src", "key": "src", "value": '{"attributes":"{}"}'},
            {"bucket": "src", "key": "k", "value": json.dumps(metadata(replicationInfo={"storageClass": "another"}))},
            {"bootstrapId": "x"},
            b"{broken",
            {"bucket": "src"},
        ],
    )
    def test_what_is_not_for_this_site_is_skipped_and_committed(self, value: object) -> None:
        processing = Processing()
        processing.send(TOPIC, value)
        processor = processing.processor()
        processor.step()
        assert processing.server.calls == []
        assert processing.statuses() == []
        assert processing.queue.backlog(processor.group, [TOPIC]) == 0

    def test_a_skipped_object_is_committed_without_a_status(self) -> None:
        processing = Processing()
        processing.server.faults["GET metadata"] = [error(404, "ObjNotFound")]
        processing.send_entry()
        processor = processing.processor()
        processor.step()
        assert processing.statuses() == []
        assert processing.queue.backlog(processor.group, [TOPIC]) == 0

    def test_preferred_read_is_no_part_of_the_site(self) -> None:
        processing = Processing()
        processing.send_entry(processing.world.entry(replicationInfo={"storageClass": f"x,{SITE}:preferred_read"}))
        processing.processor().step()
        assert len(processing.statuses()) == 1

    def test_the_same_message_twice_is_done_once(self) -> None:
        # published twice, and the status of the first is not written yet
        processing = Processing()
        processing.send_entry()
        processing.send_entry()
        processing.processor().step()
        assert len(processing.server.aws) == len(processing.statuses()) == 1

    def test_a_failed_object_may_come_again(self) -> None:
        processing = Processing()
        processing.server.faults["putobject"] = [error(400, "BadDigest")]
        processing.send_entry()
        processing.send_entry()
        processing.processor().step()
        statuses = [json.loads(one["value"])["replicationInfo"]["status"] for one in processing.statuses()]
        assert statuses == ["FAILED", "COMPLETED"]

    def test_newer_tags_are_another_message(self) -> None:
        processing = Processing()
        processing.send_entry()
        info = {"content": ["METADATA", "PUT_TAGGING"], "backends": [pending(version_id="aws-1")]}
        processing.send_entry(processing.world.entry(tags={"a": "b"}, replicationInfo=info))
        processing.processor().step()
        assert processing.server.names.count("puttagging") == 1

    def test_while_kafka_does_not_take_the_result_nothing_is_committed(self) -> None:
        processing = Processing()
        processing.send_entry()
        processor = processing.processor()
        real = processing.queue.producer().send_all
        publisher = processor._publisher
        assert isinstance(publisher, StatusTopicPublisher)

        class Gone:
            def send_all(self, *arguments: object) -> None:
                raise Interrupted

        publisher._producer = Gone()  # type: ignore[assignment]
        processor.step()
        processor.stop()
        assert processing.queue.backlog(processor.group, [TOPIC]) == 1
        publisher._producer = type("Back", (), {"send_all": staticmethod(real)})()
        again = processing.processor()
        again.step()
        assert len(processing.statuses()) == 1

    def test_a_defect_fails_the_object_and_not_the_processor(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(self: AWSReplicationTask) -> None:
            raise LookupError("a defect")

        monkeypatch.setattr(AWSReplicationTask, "run", broken)
        processing = Processing()
        processing.send_entry()
        processor = processing.processor()
        processor.step()
        assert json.loads(processing.statuses()[0]["value"])["replicationInfo"]["status"] == "FAILED"
        assert "a defect" in caplog.text


class TestStatusProcessor:
    def result(self, processing: Processing, said: str = "COMPLETED", version_id: str = "aws-1") -> None:
        processing.send_entry(processing.world.entry().with_status(SITE, said, version_id), SITE, STATUS_TOPIC)

    @pytest.mark.parametrize("said", ["COMPLETED", "FAILED"])
    def test_a_result_is_written(self, said: str) -> None:
        processing = Processing()
        self.result(processing, said)
        processor = processing.status_processor()
        assert processor.group == "backbeat-replication-group"
        processor.step()
        assert processing.server.names == ["GET metadata", "PUT metadata"]
        assert processing.server.document is not None
        assert processing.server.document["replicationInfo"]["backends"] == [pending(said, "aws-1")]
        assert processing.queue.backlog(processor.group, [STATUS_TOPIC]) == 0

    def test_somebody_asks_for_another_try(self) -> None:
        info = {"status": "FAILED", "backends": [pending("FAILED")]}
        processing = Processing(SmallCloudServer(document=metadata(replicationInfo=info)))
        self.result(processing, "PENDING", "")
        processing.status_processor().step()
        assert processing.server.document is not None
        assert processing.server.document["replicationInfo"]["status"] == "PROCESSING"

    @pytest.mark.parametrize(
        ("info", "site"),
        [
            ({"role": None}, SITE),
            ({"role": "a,b,c"}, SITE),
            ({"backends": [pending("PROCESSING")]}, SITE),
            ({"backends": [pending("REPLICA")]}, SITE),
            ({}, "unknown"),
            ({}, None),
        ],
    )
    def test_what_is_no_result_asks_nothing(self, info: dict[str, Any], site: str | None) -> None:
        processing = Processing()
        processing.send_entry(processing.world.entry(replicationInfo=info), site, STATUS_TOPIC)
        processor = processing.status_processor()
        processor.step()
        assert processing.server.calls == []
        assert processing.queue.backlog(processor.group, [STATUS_TOPIC]) == 0

    @pytest.mark.parametrize("value", [{"canary": True}, b"{broken"])
    def test_what_is_no_object_is_skipped(self, value: object) -> None:
        processing = Processing()
        processing.send(STATUS_TOPIC, value)
        processor = processing.status_processor()
        processor.step()
        assert processing.queue.backlog(processor.group, [STATUS_TOPIC]) == 0


def test_memory_of_what_was_completed_has_an_end() -> None:
    recent = RecentlyCompleted(limit=2)
    entry = World().entry()
    for message in (b"1", b"2", b"1", b"3"):
        recent.add(entry, message)
    assert [recent.knows(entry, message) for message in (b"1", b"2", b"3")] == [True, False, True]


def test_an_update_that_says_the_same_is_another_update() -> None:
    recent = RecentlyCompleted()
    entry = World().entry(replicationInfo={"content": ["METADATA", "PUT_TAGGING"]})
    recent.add(entry, b"1", "there")
    assert not recent.knows(entry, b"1")
    assert recent.copy_of(entry) == "there"
