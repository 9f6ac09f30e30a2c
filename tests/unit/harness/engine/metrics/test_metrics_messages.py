"""Messages of the metrics topic, and how they get there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.metrics.message import MetricsMessage, ObjectName, parse
from harness.engine.metrics.reports import MetricsProducer, MetricsReports
from harness.queue.base import Outgoing, QueueError, TopicSpecification
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.memory import MemoryQueue

NAME = ObjectName("b", "k", "v")


def test_a_message_about_a_site_has_every_field() -> None:
    sent = MetricsMessage("queued", "aws", 11, 1_700_000_000_000, ops=1).to_json()
    assert sent == b'{"timestamp":1700000000000,"ops":1,"bytes":11,"extension":"crr","type":"queued","site":"aws"}'


def test_a_message_about_an_object_names_it_and_counts_no_operations() -> None:
    sent = MetricsMessage("completed", "aws", 11, 5, name=NAME).to_json()
    assert json.loads(sent) == {
        "timestamp": 5,
        "bytes": 11,
        "extension": "crr",
        "type": "completed",
        "site": "aws",
        "bucketName": "b",
        "objectKey": "k",
        "versionId": "v",
    }


texts = st.text(min_size=1)
messages = st.builds(
    MetricsMessage,
    st.sampled_from(["queued", "completed", "failed", "pendingOnly"]),
    texts,
    st.integers(-(2**53), 2**53),
    st.integers(0, 2**53),
    ops=st.integers(-1000, 1000),
) | st.builds(
    MetricsMessage,
    st.sampled_from(["queued", "completed"]),
    texts,
    st.integers(0, 2**53),
    st.integers(0, 2**53),
    name=st.builds(ObjectName, texts, texts, texts),
)


@given(messages)
def test_what_is_written_is_read(message: MetricsMessage) -> None:
    assert parse(message.to_json()) == message


@pytest.mark.parametrize(
    "change",
    [
        {"extension": "ingestion"},
        {"type": "processed"},
        {"site": ""},
        {"site": None},
        {"bytes": "11"},
        {"bytes": True},
        {"timestamp": None},
        {"ops": None},
        {"bucketName": "b", "objectKey": "k"},  # Backbeat counts it for the site
        {"bucketName": "b", "objectKey": "k", "versionId": ""},
    ],
)
def test_what_cannot_be_counted_is_passed_over(change: dict[str, Any]) -> None:
    whole = {"timestamp": 1, "ops": 1, "bytes": 1, "extension": "crr", "type": "queued", "site": "s"}
    assert parse(json.dumps(whole).encode()) is not None
    assert parse(json.dumps(whole | change).encode()) is None


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"1", b"\xff"])
def test_what_is_no_message_is_passed_over(value: bytes) -> None:
    assert parse(value) is None


class World:
    def __init__(self, capacity: int = 10) -> None:
        self.clock = VirtualClock(1000.0)
        self.queue = MemoryQueue(self.clock, SeededRandomness(1))
        self.queue.ensure_topics([TopicSpecification("metrics")])
        self.reports = MetricsReports(self.clock, capacity)
        self.interruption = Interruption(self.clock)
        self.producer = MetricsProducer(self.reports, self.queue.producer(), "metrics", self.interruption, self.clock)

    @property
    def sent(self) -> list[MetricsMessage | None]:
        return [parse(message.value) for message in self.queue.read("metrics")]


def test_reports_are_sent_without_a_key_in_the_order_in_which_they_came() -> None:
    world = World()
    world.reports.about_site("queued", "aws", 2, 22)
    world.clock.advance(1)
    world.reports.about_object("completed", "aws", NAME, 11)
    assert not world.producer.idle()
    assert world.producer.step() == 2
    assert world.sent == [
        MetricsMessage("queued", "aws", 22, 1_000_000, ops=2),
        MetricsMessage("completed", "aws", 11, 1_001_000, name=NAME),
    ]
    assert [message.key for message in world.queue.read("metrics")] == [None, None]
    assert world.producer.step() == 0
    assert world.producer.idle()


def test_reporting_never_waits_and_a_full_buffer_adds_up_what_concerns_sites() -> None:
    world = World(capacity=3)
    for _ in range(1000):
        world.reports.about_site("queued", "aws", 1, 10)
        world.reports.about_site("completed", "aws", 1, 5)
        world.reports.about_object("completed", "aws", NAME, 1)
    world.clock.advance(3600)
    world.reports.about_site("queued", "aws", 1, 10)
    assert world.reports.dropped == 999
    while world.producer.step():
        pass
    sent = [one for one in world.sent if one is not None]
    assert len(sent) == 6
    sums = dict.fromkeys(("queued", "completed"), (0, 0))
    for one in sent:
        if one.ops is not None:
            sums[one.type] = sums[one.type][0] + one.ops, sums[one.type][1] + one.size
    assert sums == {"queued": (1001, 10010), "completed": (1000, 5000)}
    assert sent[-1].timestamp == 4_600_000


def test_a_stop_while_kafka_is_gone_ends() -> None:
    world = World()
    world.reports.about_site("queued", "aws", 1, 1)
    world.queue.begin_outage()
    world.interruption.order()
    with pytest.raises(Interrupted):
        world.producer.step()
    assert world.producer.stop(1.0)
    world.queue.end_outage()
    assert world.sent == []
    # what was not sent is still there: a last attempt finds Kafka back
    assert world.producer.stop(1.0)
    assert len(world.sent) == 1


class Refusing:
    def send_all(self, messages: Sequence[Outgoing], interruption: Interruption | None = None) -> None:
        raise QueueError("never")


def test_what_kafka_refuses_is_lost_and_nobody_is_disturbed(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    producer = MetricsProducer(world.reports, Refusing(), "metrics", world.interruption, world.clock)
    world.reports.about_site("queued", "aws", 1, 1)
    assert producer.step() == 1
    assert producer.step() == 0
    assert "metrics are lost" in caplog.text
