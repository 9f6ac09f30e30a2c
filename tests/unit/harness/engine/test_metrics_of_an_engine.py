"""What an engine counts while it works, on the twins."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from engine_helpers import SITE, entry_of, error, metadata, xml_error
from engine_world import World

from fake_cloudserver import SystemClock, VirtualClock
from harness.engine.engine import Engine
from harness.engine.metrics import EngineMetrics
from harness.engine.metrics.answers import SITE_METRICS, MetricsAnswers
from harness.engine.metrics.message import MetricsMessage, ObjectName, parse
from harness.engine.metrics.statistics import Count

API = {"host": "127.0.0.1", "port": 0}
NAME = ObjectName("src", "dir/obj", "aKBarX2y5Cjl00000000001I4j3QKItW")


def told(world: World) -> list[MetricsMessage]:
    messages = [parse(message.value) for message in world.queue.read("backbeat-metrics")]
    return [message for message in messages if message is not None]


def short(world: World) -> list[tuple[str, int | None, int]]:
    """Type, operations and bytes of what the metrics topic was told."""
    assert {one.site for one in told(world)} <= {SITE}
    return [(one.type, one.ops, one.size) for one in told(world)]


def value(engine: Engine, name: str, **labels: str) -> float:
    """The sum of the samples of that name with those labels."""
    total = 0.0
    for found, number in re.findall(rf"^{name}{{(.*)}} (\S+)$", engine.metrics.render().decode(), re.MULTILINE):
        if all(f'{label}="{text}"' in found for label, text in labels.items()):
            total += float(number)
    return total


def replicated(**overrides: Any) -> tuple[World, Engine]:
    world = World(VirtualClock(1_767_225_600.0), threaded=False, **({"api": API} | overrides))
    world.server.put()
    engine = world.engine()
    engine.run_until_idle()
    return world, engine


DIALECTS = pytest.mark.parametrize("dialect", ["design", "release"])


@DIALECTS
def test_the_metrics_topic_is_told_of_an_object_on_its_way(dialect: str) -> None:
    world, _ = replicated(dialect=dialect)
    sent = short(world)
    assert len(sent) == 4
    assert set(sent) == {("queued", 1, 11), ("queued", None, 11), ("completed", None, 11), ("completed", 1, 11)}
    assert {one.name for one in told(world)} == {None, NAME}
    assert {one.timestamp for one in told(world)} == {int(world.clock.now() * 1000)}


@DIALECTS
def test_the_answers_follow(dialect: str) -> None:
    world, engine = replicated(dialect=dialect)
    answers = MetricsAnswers(engine.metrics.statistics, world.clock, lambda _site: 0)
    results = {name: one["results"] for name, one in answers.of_sites(SITE_METRICS, [SITE]).items()}
    assert results == {
        "backlog": {"count": 0, "size": 0},
        "completions": {"count": 1, "size": 11},
        "failures": {"count": 0, "size": 0},
        "throughput": {"count": "0.00", "size": "0.01"},
        "pending": {"count": 0, "size": 0},
    }
    assert answers.progress(SITE, NAME)["progress"] == "100%"


@DIALECTS
def test_the_next_engine_answers_the_same(dialect: str) -> None:
    world, engine = replicated(dialect=dialect)
    engine.stop()
    second = world.engine()
    second.run_until_idle()
    now = int(world.clock.now() * 1000)
    assert second.metrics.statistics.completions([SITE], now) == Count(1, 11)
    assert second.metrics.statistics.object_bytes(SITE, NAME, now) == (11, 11)
    assert second.metrics.statistics.pending([SITE]) == Count(0, 0)


@DIALECTS
def test_a_failure_is_no_longer_pending(dialect: str) -> None:
    world = World(VirtualClock(), threaded=False, dialect=dialect, api=API)
    refusal = error(400, "InvalidRequest")
    world.server.faults["putobject"] = world.server.faults["PUT data"] = [refusal] * 10
    world.server.put()
    engine = world.engine()
    engine.run_until_idle()
    assert world.server.status == "FAILED"
    assert ("failed", 1, 11) in short(world)
    assert engine.metrics.statistics.pending([SITE]) == Count(0, 0)


@DIALECTS
def test_what_is_skipped_is_no_longer_pending(dialect: str) -> None:
    world = World(VirtualClock(), threaded=False, dialect=dialect, api=API)
    world.server.faults["GET replication"] = [xml_error(403, "AccessDenied")]
    world.server.put()
    engine = world.engine()
    engine.run_until_idle()
    assert ("pendingOnly", -1, -11) in short(world)
    assert engine.metrics.statistics.pending([SITE]) == Count(0, 0)


@DIALECTS
def test_what_is_published_twice_is_counted_off_twice(dialect: str) -> None:
    world = World(VirtualClock(), threaded=False, dialect=dialect, api=API)
    world.server.put()
    world.server.put()
    engine = world.engine()
    engine.run_until_idle()
    assert len(world.server.aws) == 1
    assert engine.metrics.statistics.pending([SITE]) == Count(0, 0)
    assert engine.metrics.statistics.completions([SITE], int(world.clock.now() * 1000)).ops == 1


@DIALECTS
def test_an_object_that_is_gone_is_no_longer_pending(dialect: str) -> None:
    world = World(VirtualClock(), threaded=False, dialect=dialect, api=API)
    world.server.put()
    world.server.document = None
    engine = world.engine()
    engine.run_until_idle()
    assert ("pendingOnly", -1, -11) in short(world)
    assert engine.metrics.statistics.pending([SITE]) == Count(0, 0)


@DIALECTS
def test_an_object_that_changes_meanwhile_is_counted_once_for_each_change(dialect: str) -> None:
    world = World(VirtualClock(), threaded=False, dialect=dialect, api=API)
    world.server.put()
    real = world.server._answer

    def tags_meanwhile(call: Any) -> Any:
        answer = real(call)
        if call.name in {"putobject", "PUT data"} and len(world.server.aws) == 1:
            content = ["METADATA", "PUT_TAGGING"]
            world.server.document = metadata(tags={"a": "b"}, replicationInfo={"content": content})
            world.server.put()
        return answer

    world.server._answer = tags_meanwhile  # type: ignore[method-assign]
    engine = world.engine()
    engine.run_until_idle()
    assert world.server.status == "COMPLETED"
    assert [ops for kind, ops, _ in short(world) if kind == "queued" and ops] == [1, 1]
    assert engine.metrics.statistics.pending([SITE]) == Count(0, 0)
    assert engine.metrics.statistics.completions([SITE], int(world.clock.now() * 1000)).ops == 1


def test_an_object_without_a_version_is_not_told_of_by_name() -> None:
    world = World(VirtualClock(), threaded=False)
    document = metadata()
    del document["versionId"]
    world.server.document = document
    world.server.put()
    world.server.records[0].key = "dir/obj"
    world.engine().run_until_idle()
    assert short(world) == [("queued", 1, 11), ("completed", 1, 11)]


def test_metrics_wait_for_nobody() -> None:
    world = World(SystemClock(), threaded=True, api=API)
    topic = world.settings.metrics_topic
    real = world.queue._broker.append

    def without_metrics(message: Any) -> None:
        if message.topic == topic:
            raise LookupError("a defect")
        real(message)

    world.queue._broker.append = without_metrics  # type: ignore[method-assign]
    engine = world.engine()
    engine.start()
    world.server.put()
    assert engine.settle(20)
    engine.stop()
    assert world.server.status == "COMPLETED"
    assert world.queue.read(topic) == []


@DIALECTS
def test_prometheus_values_move(dialect: str) -> None:
    _, engine = replicated(dialect=dialect)
    log = {"logName": "bucket-file", "logId": "bucketFile_s3-recordlog"}
    assert value(engine, "s3_replication_populator_objects_total", **log) == 1
    assert value(engine, "s3_replication_populator_bytes_total", **log) == 11
    assert value(engine, "s3_replication_populator_messages_total", publishStatus="SUCCESS", **log) == 1
    # the object, and the status that was written
    assert value(engine, "s3_replication_log_size", **log) == 2
    assert value(engine, "s3_replication_read_offset", **log) == 3
    assert value(engine, "s3_replication_log_timestamp", **log) == 1_767_225_600
    service = {"serviceName": "ReplicationQueueProcessor", "location": SITE}
    assert value(engine, "s3_replication_data_read_total", **service) == 1
    assert value(engine, "s3_replication_source_data_bytes_total", **service) == 11
    assert value(engine, "s3_replication_data_bytes_total", **service) == 11
    assert value(engine, "s3_replication_data_write_total", replicationContent="data", **service) == 1
    for stage in ("ReplicationSourceDataRead", "ReplicationDestinationDataWrite"):
        assert value(engine, "s3_replication_stage_time_elapsed_count", replicationStage=stage, **service) == 1
    assert value(engine, "s3_replication_rpo_seconds_sum", **service) == 10
    done = {"location": SITE, "replicationStatus": "COMPLETED"}
    assert value(engine, "s3_replication_data_status_changed_total", **done) == 1
    assert value(engine, "s3_replication_metadata_status_changed_total", **done) == 1
    assert value(engine, "s3_replication_status_changed_total", replicationStatus="COMPLETED") == 1
    assert value(engine, "s3_replication_latency_seconds_sum", replayCount="0", **done) == 10
    assert value(engine, "s3_replication_replay_objects_completed_total", replayCount="0", **done) == 1
    assert value(engine, "s3_replication_replay_bytes_completed_total", replayCount="0", **done) == 11
    assert value(engine, "s3_replication_replay_file_sizes_completed_sum", **done) == 11
    assert value(engine, "s3_replication_replay_count_count", location=SITE) == 1


@DIALECTS
def test_prometheus_values_of_the_queue_move(dialect: str) -> None:
    world, engine = replicated(dialect=dialect)
    group = f"backbeat-replication-group-{SITE}"
    entries = {"topic": "backbeat-replication", "group": group}
    assert value(engine, "s3_backbeat_queue_latest_consumed_message_timestamp", **entries) == 1_767_225_600
    assert value(engine, "s3_backbeat_queue_latest_consume_event_timestamp", **entries) == 1_767_225_600
    assert value(engine, "s3_backbeat_queue_task_processing_time_seconds_count", error="false", **entries) == 1
    assert value(engine, "s3_backbeat_queue_latest_published_message_timestamp", topic="backbeat-replication") > 0
    sent = len(world.queue.read("backbeat-metrics")) + len(world.queue.read("backbeat-replication"))
    assert value(engine, "s3_backbeat_queue_delivery_reports_total", status="success") >= sent
    engine.stop()


def test_replays_are_counted_by_their_number() -> None:
    topics = [{"topicName": "replay", "retries": 3}]
    world = World(VirtualClock(), threaded=False, dialect="release", api=API, replayTopics=topics)
    world.server.faults["putobject"] = [error(400, "InvalidRequest")] * 2
    world.server.put()
    engine = world.engine()
    engine.run_until_idle()
    assert world.server.status == "COMPLETED"

    def by_replay(name: str) -> list[float]:
        return [value(engine, name, location=SITE, replayCount=str(number)) for number in range(4)]

    assert by_replay("s3_replication_replay_objects_queued_total") == [0, 1, 1, 0]
    assert by_replay("s3_replication_replay_bytes_queued_total") == [0, 11, 11, 0]
    assert by_replay("s3_replication_replay_file_sizes_queued_count") == [0, 1, 1, 0]
    assert by_replay("s3_replication_replay_attempts_total") == [0, 1, 1, 0]
    assert by_replay("s3_replication_replay_success_total") == [0, 0, 1, 0]
    assert by_replay("s3_replication_replay_objects_completed_total") == [0, 0, 1, 0]
    assert by_replay("s3_replication_latency_seconds_count") == [0, 0, 1, 0]
    assert value(engine, "s3_replication_replay_count_sum", location=SITE) == 2
    replays = {"serviceName": "ReplicationReplayProcessor", "location": SITE}
    assert value(engine, "s3_replication_data_write_total", **replays) == 1
    durations = "s3_replication_status_process_duration_seconds_count"
    assert value(engine, durations, result="nochange", replicationStatus="FAILED") == 2
    assert value(engine, durations, result="success", replicationStatus="COMPLETED") == 1
    assert engine.metrics.statistics.pending([SITE]) == Count(0, 0)


def test_a_replay_count_that_is_none_disturbs_nobody() -> None:
    engine = EngineMetrics(replays=3)
    entry = entry_of(metadata())
    for said in ("3", None, True, 7):
        engine.status_written(dataclasses.replace(entry, carried={"replayCount": said}), SITE, "FAILED", "FAILED", 1.0)
    text = engine.render().decode()
    labels = f'location="{SITE}",origin="replication",replayCount="0",replicationStatus="FAILED"'
    assert f"s3_replication_replay_objects_completed_total{{{labels}}} 4.0" in text


def test_a_result_that_the_source_refuses_is_an_error() -> None:
    world = World(VirtualClock(), threaded=False, dialect="release", api=API)
    world.server.faults["PUT metadata"] = [error(403, "AccessDenied")]
    world.server.put()
    engine = world.engine()
    engine.run_until_idle()
    durations = "s3_replication_status_process_duration_seconds_count"
    assert value(engine, durations, result="error", replicationStatus="COMPLETED") == 1
    assert engine.metrics.statistics.pending([SITE]) == Count(0, 0)
