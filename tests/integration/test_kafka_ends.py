"""Where partitions end is never told by an old answer: whoever waits for work to be done would go on too early."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fake_cloudserver import SystemClock, SystemRandomness
from harness.queue import kafka
from harness.queue.base import Outgoing, TopicSpecification
from harness.queue.embedded import EmbeddedBroker
from harness.queue.kafka_settings import KafkaSettings

CLOCK = SystemClock()
#: Each gets one message: an old answer about one that had some before begins elsewhere.
PARTITIONS = 8


@pytest.fixture
def queue() -> Iterator[kafka.KafkaQueue]:
    with EmbeddedBroker() as broker:
        queue = kafka.KafkaQueue(KafkaSettings.embedded(broker.bootstrap_servers), CLOCK, SystemRandomness())
        queue.ensure_topics([TopicSpecification("work", PARTITIONS)])
        yield queue
        queue.close()


def leave_a_question(queue: kafka.KafkaQueue) -> None:
    """Ask, and do not wait for the answer; it is there when this returns."""
    fetcher = queue._probe(["work"])._fetcher
    queue._probe(["work"]).poll(timeout_ms=0)
    deadline = CLOCK.monotonic() + 10
    while fetcher.in_flight_fetches():
        assert CLOCK.monotonic() < deadline, "no answer"
        CLOCK.sleep(0.001)


@pytest.mark.kafka
def test_an_answer_that_came_late_is_not_taken_for_a_new_one(
    queue: kafka.KafkaQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "_PROBE_ROUND_MS", 0)  # as if each answer came later than it is waited for
    for sent in range(PARTITIONS):
        assert queue.backlog("group", ["work"]) == sent
        leave_a_question(queue)
        queue.producer().send_all([Outgoing("work", b"key", b"value", partition=sent)])
        assert queue.backlog("group", ["work"]) == sent + 1
