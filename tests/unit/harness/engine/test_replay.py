"""Replays: which topic an attempt goes through, what travels with it, and that nothing gets lost on the way."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from engine_helpers import ENCODED, SITE, SmallCloudServer, World, error, metadata, pending
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import SeededRandomness
from harness.engine.checkpoints import Checkpoints
from harness.engine.failed_topic import FailedTopic
from harness.engine.queue_entry import ObjectQueueEntry, parse
from harness.engine.replay import Replays, attempts_left, replay_list, replay_topic_names
from harness.engine.settings import ReplayTopicSettings
from harness.engine.status import SiteResult
from harness.engine.status_writer import StatusWriter
from harness.queue.base import Outgoing, TopicSpecification
from harness.queue.interruption import Interrupted
from harness.queue.memory import MemoryQueue

TOPICS = ("t0", "t1")


def topics(*pairs: tuple[str, int]) -> tuple[ReplayTopicSettings, ...]:
    return tuple(ReplayTopicSettings(topic_name=name, retries=retries) for name, retries in pairs)


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ([], []),
        ([("t0", 1)], ["t0"]),
        ([("t0", 5)], ["t0"] * 5),
        ([("t0", 5), ("t1", 2)], ["t1"] * 2 + ["t0"] * 5),
        ([("t0", 1), ("t1", 1), ("t0", 1)], ["t0", "t1", "t0"]),
    ],
)
def test_a_topic_for_each_attempt_the_last_one_first(configured: list[tuple[str, int]], expected: list[str]) -> None:
    assert replay_list(topics(*configured)) == tuple(expected)


@pytest.mark.parametrize(
    ("configured", "expected"),
    [([], []), ([("t0", 5)], ["t0"]), ([("t0", 5), ("t1", 2)], ["t0", "t1"]), ([("t0", 1), ("t0", 2)], ["t0"])],
)
def test_the_names_of_the_topics_in_their_order(configured: list[tuple[str, int]], expected: list[str]) -> None:
    assert replay_topic_names(topics(*configured)) == tuple(expected)


@pytest.mark.parametrize(
    ("said", "attempts", "left"),
    [
        (None, 0, None),  # replay is not configured
        (None, 3, 2),  # the first failure
        (3, 3, 2),
        (2, 3, 1),
        (1, 3, 0),
        (0, 3, None),  # failed for good
        (7, 3, 2),  # the configuration shrank
        (7, 0, None),  # … to nothing
        (1, 0, None),
        (-1, 3, 2),
        ("2", 3, 2),
        (True, 3, 2),
    ],
)
def test_how_many_attempts_are_left(said: object, attempts: int, left: int | None) -> None:
    assert attempts_left(said, attempts) == left


@given(
    st.integers(min_value=0, max_value=50), st.none() | st.integers(min_value=-3, max_value=99) | st.text(max_size=1)
)
def test_every_chain_of_attempts_has_an_end(attempts: int, said: object) -> None:
    for _ in range(attempts + 1):
        said = attempts_left(said, attempts)
        if said is None:
            return
    pytest.fail("it goes on")


class Replaying:
    """A status writer whose failures go round, over a queue in memory."""

    def __init__(
        self, configured: tuple[ReplayTopicSettings, ...] = topics(("t0", 2), ("t1", 1)), **queue: Any
    ) -> None:
        self.world = World()
        self.queue = MemoryQueue(self.world.clock, SeededRandomness(1), **queue)
        self.queue.ensure_topics(TopicSpecification(name) for name in (*TOPICS, "failed"))
        producer = self.queue.producer()
        self.writer = StatusWriter(
            self.world.clock,
            self.world.randomness,
            self.world.metrics,
            Checkpoints(),
            FailedTopic(producer, "failed", self.world.clock),
            Replays(producer, configured),
        )

    def fail(self, entry: ObjectQueueEntry | None = None, said: str = "FAILED", version_id: str = "") -> str | None:
        entry = entry or self.world.entry()
        result = SiteResult(SITE, said, version_id, entry.metadata)
        return self.writer.write(self.world.clients.new(), entry, result, self.world.interruption)

    def replayed(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, json.loads(message.value)) for name in TOPICS for message in self.queue.read(name)]

    @property
    def server(self) -> SmallCloudServer:
        return self.world.server


def test_the_first_failure_goes_to_the_first_topic_and_writes_nothing() -> None:
    replaying = Replaying()
    other = pending(site="other")
    entry = replaying.world.entry(
        replicationInfo={"backends": [pending("FAILED", "known"), other], "storageClass": f"{SITE},other"}
    )
    assert replaying.fail(entry) is None
    assert replaying.server.names == ["GET metadata"]
    assert replaying.queue.read("failed") == []
    ((topic, message),) = replaying.replayed()
    assert topic == "t0"
    assert list(message) == ["bucket", "key", "value", "ignore", "replayCount"]  # and no site
    assert (message["replayCount"], message["ignore"]) == (2, False)
    info = json.loads(message["value"])["replicationInfo"]
    assert info["backends"] == [pending("PENDING", "known")]
    assert info["storageClass"] == SITE
    assert info["status"] == "PENDING"
    assert replaying.queue.read("t0")[0].key == b"src%2Fdir%2Fobj"


@pytest.mark.parametrize(("count", "topic", "left"), [(3, "t0", 2), (2, "t0", 1), (1, "t1", 0), (9, "t0", 2)])
def test_the_count_chooses_the_topic(count: int, topic: str, left: int) -> None:
    replaying = Replaying()
    assert replaying.fail(replaying.world.entry().with_replay_count(count)) is None
    assert [(name, message["replayCount"]) for name, message in replaying.replayed()] == [(topic, left)]
    assert "PUT metadata" not in replaying.server.names


def test_the_last_failure_is_written_and_told() -> None:
    replaying = Replaying()
    assert replaying.fail(replaying.world.entry().with_replay_count(0)) == "FAILED"
    assert replaying.replayed() == []
    assert replaying.server.document is not None
    assert replaying.server.document["replicationInfo"]["status"] == "FAILED"
    assert replaying.server.document["originOp"] == "s3:Replication:OperationFailedReplication"
    assert json.loads(replaying.queue.read("failed")[0].value)["member"] == f"src:dir/obj:{ENCODED}"


@pytest.mark.parametrize("count", [None, 0, 2])
def test_without_replay_topics_a_failure_is_final_whatever_its_count(count: int | None) -> None:
    replaying = Replaying(())
    assert replaying.fail(replaying.world.entry().with_replay_count(count)) == "FAILED"
    assert replaying.replayed() == []
    assert len(replaying.queue.read("failed")) == 1


@pytest.mark.parametrize("configured", [(), topics(("t0", 1))])
@pytest.mark.parametrize("count", [0, 2, 7])
def test_a_success_with_a_count_is_a_success(count: int, configured: tuple[ReplayTopicSettings, ...]) -> None:
    # Backbeat breaks at this when replay was switched off meanwhile
    replaying = Replaying(configured)
    assert replaying.fail(replaying.world.entry().with_replay_count(count), "COMPLETED", "v") == "COMPLETED"


def test_a_failure_of_what_another_attempt_completed_goes_nowhere() -> None:
    replaying = Replaying()
    entry = replaying.world.entry()
    assert replaying.server.document is not None
    replaying.server.document["replicationInfo"]["backends"] = [pending("COMPLETED", "v")]
    assert replaying.fail(entry) is None
    assert replaying.replayed() == []


def test_an_object_that_is_gone_is_not_tried_again() -> None:
    replaying = Replaying()
    entry = replaying.world.entry()
    replaying.server.document = None
    assert replaying.fail(entry) is None
    assert replaying.replayed() == []


def test_what_kafka_refuses_for_its_size_has_failed() -> None:
    replaying = Replaying(max_message_bytes=600)
    assert replaying.fail() == "FAILED"
    assert replaying.replayed() == []
    assert len(replaying.queue.read("failed")) == 1


def test_while_kafka_is_gone_the_failure_is_neither_written_nor_forgotten() -> None:
    replaying = Replaying()
    with replaying.queue.outage():
        replaying.world.interruption.order()
        with pytest.raises(Interrupted):
            replaying.fail()
    assert replaying.server.names == ["GET metadata"]
    assert replaying.replayed() == []


def test_replays_are_counted() -> None:
    replaying = Replaying()
    replaying.fail()
    text = replaying.world.metrics.render().decode()
    assert re.search(rf's3_replication_replay_objects_queued_total{{location="{SITE}".*}} 1\.0', text)


def test_the_conversion_shares_nothing_with_the_entry() -> None:
    entry = World().entry(replicationInfo={"backends": [pending("FAILED"), pending(site="other")]})
    retry = entry.to_retry_entry(SITE).with_replay_count(1)
    assert len(entry.replication_info["backends"]) == 2
    read = parse(retry.to_kafka()[1])
    assert isinstance(read, ObjectQueueEntry)
    assert (read.site, read.replay_count, read.sites) == (None, 1, [SITE])
    assert read.metadata["originOp"] == entry.metadata["originOp"]


REPLAYS = [{"topicName": "t0", "retries": 2}, {"topicName": "t1", "retries": 1}]


@pytest.mark.parametrize("dialect", ["design", "release"])
class TestEngine:
    """All parts together, without threads, on a virtual clock."""

    def test_what_fails_less_often_than_there_are_attempts_is_completed(self, dialect: str) -> None:
        world = EngineWorld(dialect, failures=3)
        engine = world.run()
        assert world.server.status == "COMPLETED"
        assert len(world.server.aws) == 1
        assert world.server.names.count(world.write) == 4
        assert [len(world.queue.read(name)) for name in ("t0", "t1")] == [2, 1]
        assert world.queue.read("backbeat-replication-failed") == []
        assert engine.idle()

    def test_until_the_last_attempt_the_object_looks_pending(self, dialect: str) -> None:
        world = EngineWorld(dialect, failures=1)
        world.run()
        written = [json.loads(call.body) for call in world.server.calls if call.name == "PUT metadata"]
        assert [document["replicationInfo"]["status"] for document in written] == ["COMPLETED"]

    def test_what_fails_every_time_has_failed_once(self, dialect: str) -> None:
        world = EngineWorld(dialect, failures=99)
        engine = world.run()
        assert world.server.status == "FAILED"
        assert world.server.names.count(world.write) == 4
        assert len(world.queue.read("backbeat-replication-failed")) == 1
        assert engine.idle()

    def test_failures_are_told_only_if_somebody_wants_to_know(self, dialect: str) -> None:
        world = EngineWorld(dialect, failures=99, monitorReplicationFailures=False)
        world.run()
        assert world.server.status == "FAILED"
        assert world.queue.read("backbeat-replication-failed") == []

    def test_replays_are_the_work_of_replay_processors(self, dialect: str) -> None:
        world = EngineWorld(dialect, failures=1)
        engine = world.run()
        assert [(one.topics, one.service) for one in engine.processors] == [
            (("backbeat-replication",), "ReplicationQueueProcessor"),
            (("t0",), "ReplicationReplayProcessor"),
            (("t1",), "ReplicationReplayProcessor"),
        ]
        assert {one.group for one in engine.processors} == {f"backbeat-replication-group-{SITE}"}
        assert len({one.name for one in engine.processors}) == 3
        text = engine.metrics.render().decode()
        assert 'serviceName="ReplicationReplayProcessor"} 11.0' in text

    def test_an_engine_that_ends_between_two_attempts_loses_none(self, dialect: str) -> None:
        world = EngineWorld(dialect, failures=1)
        first = world.engine()
        first.start()
        while not world.queue.read("t0"):
            for part in first.parts:
                if part in first.processors[1:]:
                    part._consumption._consumer.poll(0, 0.0)  # it is there, and slow
                else:
                    part.step()
        first.stop()
        assert world.server.status == "PENDING"
        second = world.engine()
        second.run_until_idle()
        assert world.server.status == "COMPLETED"


class EngineWorld:
    def __init__(self, dialect: str, failures: int, **overrides: Any) -> None:
        from test_engine import World as Whole

        from fake_cloudserver import VirtualClock

        self._world = Whole(VirtualClock(), threaded=False, dialect=dialect, replayTopics=REPLAYS, **overrides)
        self.server, self.queue = self._world.server, self._world.queue
        self.write = "PUT data" if dialect == "design" else "putobject"
        self.server.faults[self.write] = [error(400, "BadDigest") for _ in range(failures)]
        self.server.put()

    def engine(self) -> Any:
        return self._world.engine()

    def run(self) -> Any:
        engine = self.engine()
        engine.run_until_idle()
        return engine


class TestOneSiteOfSeveral:
    """Main and replay processors of a site in one process."""

    def test_what_a_newer_entry_has_copied_is_not_copied_again_by_a_replay(self) -> None:
        # the tags came after the failure, took the object along, and their status is not written yet
        from test_processors import Processing

        processing = Processing(replayTopics=REPLAYS)
        main, replay = processing.processors()
        newer = processing.world.entry(
            tags={"a": "b"}, replicationInfo={"content": ["DATA", "METADATA", "PUT_TAGGING"]}
        )
        processing.send_entry(newer)
        while not processing.statuses():
            main.step()
            replay.step()  # both have to be there before either gets anything
        older = processing.world.entry().to_retry_entry(SITE).with_replay_count(1)
        processing.send_entry(older, topic="t0")
        replay.step()
        assert len(processing.server.aws) == 1
        results = [json.loads(one["value"])["replicationInfo"]["backends"] for one in processing.statuses()]
        assert results == [[pending("COMPLETED", "aws-1")]] * 2
        assert processing.statuses()[1]["replayCount"] == 1

    def test_tags_that_come_before_the_status_of_the_copy_are_put_on_it(self) -> None:
        from test_processors import Processing

        processing = Processing()
        processing.send_entry()
        processing.send_entry(
            processing.world.entry(tags={"a": "b"}, replicationInfo={"content": ["METADATA", "PUT_TAGGING"]})
        )
        processing.processor().step()
        assert len(processing.server.aws) == 1
        assert processing.server.call("puttagging").headers["x-scal-data-store-version-id"] == "aws-1"


def test_a_replay_processor_leaves_the_replication_topic_alone() -> None:
    from test_processors import Processing

    processing = Processing(replayTopics=REPLAYS)
    processing.send_entry()
    replay = processing.processor(replay_topic="t0")
    processing.queue.producer().send_all([Outgoing("t0", None, json.dumps({"canary": True}).encode())])
    assert replay.step() == 1
    assert processing.server.calls == []


def test_metadata_without_this_site_fail_without_a_replay_for_nobody() -> None:
    # the site went out of the object's backends: only the global status can say so
    replaying = Replaying(topics(("t0", 1)))
    replaying.server.document = metadata(replicationInfo={"backends": [pending(site="other")]})
    entry = replaying.world.entry(replicationInfo={"backends": [pending()]})
    assert replaying.fail(entry) is None
    assert len(replaying.replayed()) == 1
