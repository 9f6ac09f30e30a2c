"""The paths between taking a message and committing it: what cannot be done goes another way, and shows."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from engine_helpers import SITE, Answer, Call, SmallCloudServer, error, metadata, pending
from test_processors import STATUS_TOPIC, TOPIC, Processing

from fake_cloudserver import SeededRandomness
from harness.engine.errors import MalformedEntryError
from harness.engine.queue_entry import parse
from harness.engine.topics import all_topics, replay_ends
from harness.queue.base import QueueError
from harness.queue.interruption import Interrupted
from harness.queue.memory import MemoryQueue


def message(change: dict[str, Any] | None = None, **info: Any) -> bytes:
    """A message on the replication topic with odd metadata."""
    document = metadata() | (change or {})
    document["replicationInfo"] = document["replicationInfo"] | info
    return json.dumps({"type": "put", "bucket": "src", "key": "k", "value": json.dumps(document)}).encode()


ODD = [
    message(backends={}),
    message(backends=[None]),
    message(backends=["aws"]),
    message(storageClass=7),
    message(storageClass=["a"]),
    message(role=["a"]),
    message(destination=5),
    message(content="DATA"),
    message({"content-md5": 5}),
    b"[" * 100_000,
    b'{"bucket":"src","key":"k","value":"' + b"[" * 100_000 + b'"}',
    b"\xff\xfe",
    b"null",
    b"7",
    b'{"bucket":"src","key":"k","value":7}',
    b'{"bucket":null,"key":"k","value":"{}"}',
]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_a_message_that_cannot_be_read_is_left_and_the_next_one_is_handled(value: bytes) -> None:
    # an exception would end the engine, and the next one would end at the same message
    with pytest.raises(MalformedEntryError):
        parse(value)
    processing = Processing()
    processing.send(TOPIC, value)
    processing.send_entry()
    processor = processing.processor()
    processor.step()
    assert len(processing.statuses()) == 1
    assert processing.queue.backlog(processor.group, [TOPIC]) == 0


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_neither_does_it_end_the_status_processor(value: bytes) -> None:
    processing = Processing()
    processing.send(STATUS_TOPIC, value)
    processing.send_entry(processing.world.entry().with_status(SITE, "COMPLETED", "v"), SITE, STATUS_TOPIC)
    status_processor = processing.status_processor()
    status_processor.step()
    assert processing.server.names == ["GET metadata", "PUT metadata"]
    assert processing.queue.backlog(status_processor.group, [STATUS_TOPIC]) == 0


@pytest.mark.parametrize(
    "document", [{"content-length": "many"}, {"last-modified": 7}, {"tags": 7}, {"owner-id": None}]
)
def test_metadata_that_no_cloudserver_writes_end_nobody(document: dict[str, Any]) -> None:
    processing = Processing(SmallCloudServer(document=metadata(**document)))
    processing.send_entry()
    processor = processing.processor()
    processor.step()
    processing.status_processor().step()
    assert processing.queue.backlog(processor.group, [TOPIC]) == 0


@pytest.mark.parametrize("odd", [{"replicationInfo": None}, {"replicationInfo": {"status": "PENDING", "backends": 7}}])
def test_odd_metadata_at_the_source_end_nobody_and_show(odd: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    processing = Processing()
    processing.send_entry(processing.world.entry().with_status(SITE, "COMPLETED", "v"), SITE, STATUS_TOPIC)
    processing.server.document = metadata() | odd
    status_processor = processing.status_processor()
    status_processor.step()
    assert processing.queue.backlog(status_processor.group, [STATUS_TOPIC]) == 0
    assert "the object stays as it is" in caplog.text
    assert 'cause="Defect"' in processing.world.metrics.render().decode()


def test_a_defect_while_publishing_shows_and_ends_nobody(caplog: pytest.LogCaptureFixture) -> None:
    processing = Processing()
    processing.send_entry()
    processor = processing.processor()

    class Broken:
        def publish(self, *arguments: object) -> None:
            raise LookupError("a defect")

    processor._publisher = Broken()
    processor.step()
    assert "a defect" in caplog.text
    assert 'cause="Defect"' in processing.world.metrics.render().decode()


@pytest.mark.parametrize("stop", [QueueError("refused"), Interrupted()])
def test_what_kafka_did_not_take_is_not_committed(stop: Exception) -> None:
    processing = Processing()
    processing.send_entry()
    processor = processing.processor()

    class Gone:
        def publish(self, *arguments: object) -> None:
            raise stop

    processor._publisher = Gone()
    if isinstance(stop, QueueError):
        with pytest.raises(QueueError):
            processor.step()
    else:
        processor.step()
    processor.stop()
    assert processing.queue.backlog(processor.group, [TOPIC]) == 1


def test_a_status_that_is_too_large_for_kafka_is_written_at_once() -> None:
    # it is a little larger than the entry that it is about, which Kafka did take
    processing = Processing()
    entry = processing.world.entry()
    size = sum(map(len, entry.to_kafka()))
    processing.queue = MemoryQueue(processing.world.clock, SeededRandomness(1), max_message_bytes=size)
    processing.queue.ensure_topics(all_topics(processing.world.settings))
    processing.send_entry(entry)
    processor = processing.processor()
    processor.step()
    assert processing.statuses() == []
    assert processing.server.document is not None
    assert processing.server.document["replicationInfo"]["status"] == "COMPLETED"
    assert processing.queue.backlog(processor.group, [TOPIC]) == 0


class TestOneObjectThatBreaksTheSource:
    """A source that answers 500 about one object for ever must not hold up the results of all others."""

    @pytest.mark.parametrize("call", ["GET metadata", "PUT metadata"])
    def test_its_result_goes_to_the_end_of_the_line(self, call: str) -> None:
        processing = Processing()
        entry = processing.world.entry().with_status(SITE, "COMPLETED", "v")
        processing.send_entry(entry, SITE, STATUS_TOPIC)
        processing.server.faults[call] = [error(500, "InternalError")] * 20
        status_processor = processing.status_processor()
        status_processor.step()
        first, again = processing.queue.read(STATUS_TOPIC)
        assert (again.key, again.value) == (first.key, first.value)
        assert processing.queue.backlog(status_processor.group, [STATUS_TOPIC]) == 1
        assert 300 <= processing.world.clock.monotonic() <= 900
        status_processor.step()
        assert processing.queue.backlog(status_processor.group, [STATUS_TOPIC]) == 0
        assert processing.server.document is not None
        assert processing.server.document["replicationInfo"]["status"] == "COMPLETED"

    def test_in_the_designed_dialect_it_is_left_to_the_status_processor(self) -> None:
        processing = Processing(dialect="design")
        processing.send_entry()
        processing.server.faults["PUT metadata"] = [error(500, "InternalError")] * 20
        processor = processing.processor()
        processor.step()
        assert processing.queue.backlog(processor.group, [TOPIC]) == 0
        assert len(processing.server.aws) == 1
        processing.status_processor().step()
        assert processing.server.document is not None
        assert processing.server.document["replicationInfo"]["backends"] == [pending("COMPLETED", "aws-1")]

    @pytest.mark.parametrize("answer", [error(503, "ServiceUnavailable"), error(429, "SlowDown")])
    def test_a_source_that_is_not_there_is_waited_for(self, answer: Answer) -> None:
        processing = Processing()
        processing.send_entry(processing.world.entry().with_status(SITE, "COMPLETED", "v"), SITE, STATUS_TOPIC)
        processing.server.faults["PUT metadata"] = [answer] * 40
        processing.status_processor().step()
        assert len(processing.queue.read(STATUS_TOPIC)) == 1


class TestTwoSitesAtOnce:
    """The designed dialect: the tasks of two sites write the same metadata."""

    def test_neither_result_overwrites_the_other(self) -> None:
        info = {"backends": [pending(), pending(site="other")], "storageClass": f"{SITE},other"}
        server = Conditional(metadata(replicationInfo=info))
        processing = Processing(server, dialect="design")
        entry = processing.world.entry()

        def other_site_writes() -> None:
            processing.send_entry(entry.with_status("other", "COMPLETED", "v2"), "other", STATUS_TOPIC)
            processing.status_processor().step()

        server.before_put = other_site_writes
        processing.send_entry(entry)
        processing.processor().step()
        assert server.document is not None
        assert server.document["replicationInfo"]["backends"] == [
            pending("COMPLETED", "aws-1"),
            pending("COMPLETED", "v2", site="other"),
        ]
        assert server.document["replicationInfo"]["status"] == "COMPLETED"

    def test_nor_what_a_user_wrote_meanwhile(self) -> None:
        server = Conditional(metadata())
        processing = Processing(server, dialect="design")
        processing.send_entry()

        def user_tags() -> None:
            assert server.document is not None
            server.document["tags"] = {"from": "user"}
            server.document["replicationInfo"]["content"] = ["METADATA", "PUT_TAGGING"]

        server.before_put = user_tags
        processing.processor().step()
        assert server.document is not None
        assert server.document["tags"] == {"from": "user"}
        # and the tags are still to be replicated
        assert server.document["replicationInfo"]["backends"] == [pending("PENDING", "aws-1")]


class Conditional(SmallCloudServer):
    """A CloudServer that replaces only the document that was read; something happens before the first write."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document=document)
        self.before_put: Any = None

    def _answer(self, call: Call) -> Answer:
        if call.name == "PUT metadata":
            happening, self.before_put = self.before_put, None
            if happening is not None:
                happening()
            now = hashlib.md5(json.dumps(self.document).encode()).hexdigest()
            if call.headers["x-scal-replaced-metadata-md5"] != now:
                return error(412, "PreconditionFailed")
        return super()._answer(call)


def test_an_engine_is_not_at_rest_while_something_goes_round() -> None:
    processing = Processing(replayTopics=[{"topicName": "t0", "retries": 1}])
    settings, queue = processing.world.settings, processing.queue
    before = replay_ends(settings, queue)
    assert before == [0] * settings.kafka.partitions
    processing.send_entry(processing.world.entry().to_retry_entry(SITE).with_replay_count(0), topic="t0")
    assert replay_ends(settings, queue) != before
    assert replay_ends(settings.model_copy(update={"replay_topics": ()}), queue) == []
