"""When a client asks a broker that wakes nobody: at once when it rang, seldom while nothing happens."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from fake_cloudserver import VirtualClock
from harness.queue.base import Message
from harness.queue.bell import Bell
from harness.queue.kafka_fetching import KafkaFetching
from harness.queue.kafka_settings import KafkaSettings

EMBEDDED = KafkaSettings.embedded("127.0.0.1:1")


class Client:
    """Answers a question at once when it knows something, and else when its time is up."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.topic = SimpleNamespace(topic="t", partition=0)
        self.records: list[Any] = []
        self.end = 0
        self.asked: list[float] = []
        self.before_answer: Callable[[], object] = lambda: None

    def add(self, count: int) -> None:
        for offset in range(self.end, self.end + count):
            self.records.append(
                SimpleNamespace(topic="t", partition=0, offset=offset, key=None, value=b"", timestamp=0)
            )
        self.end += count

    def poll(self, timeout_ms: int, max_records: int) -> dict[Any, list[Any]]:
        self.asked.append(round(self.clock.monotonic(), 3))
        self.before_answer()
        taken, self.records = self.records[:max_records], self.records[max_records:]
        if taken:
            return {("t", 0): taken}
        self.clock.advance(timeout_ms / 1000)
        return {}

    def highwater(self, _: object) -> int:
        return self.end


class World:
    def __init__(self, settings: KafkaSettings = EMBEDDED) -> None:
        self.clock = VirtualClock()
        self.bell = Bell(self.clock)
        self.client = Client(self.clock)
        self.fetching = KafkaFetching(self.client, settings, self.clock, self.bell, ["t"])

    def poll(self, limit: int = 10, timeout: float = 0.2) -> list[Message]:
        return self.fetching.poll(limit, timeout)


def test_while_nothing_happens_the_rests_grow_over_all_polls() -> None:
    world = World()
    for _ in range(50):
        assert world.poll() == []
    rests = [after - before for before, after in zip(world.client.asked, world.client.asked[1:], strict=False)]
    assert rests[0] < 0.05
    assert rests[10:] == [pytest.approx(0.25)] * len(rests[10:])
    assert world.clock.monotonic() == pytest.approx(10.0, abs=0.1)


def test_it_asks_at_once_when_it_rang_and_takes_what_is_there() -> None:
    world = World()
    world.poll(timeout=5.0)
    before = world.clock.monotonic()
    world.client.add(3)
    world.bell.ring("t")
    assert [message.offset for message in world.poll()] == [0, 1, 2]
    assert world.clock.monotonic() == before


def test_after_news_it_rests_before_it_asks_again_unless_it_rings() -> None:
    world = World()
    world.client.add(1)
    assert len(world.poll()) == 1
    taken = world.clock.monotonic()
    world.client.add(1)
    assert len(world.poll()) == 1
    assert world.clock.monotonic() == pytest.approx(taken + 0.02)
    world.client.add(1)
    world.bell.ring("t")
    assert len(world.poll()) == 1
    assert world.clock.monotonic() == pytest.approx(taken + 0.02)


def test_it_does_not_rest_while_there_is_more() -> None:
    world = World()
    world.client.add(10)
    for _ in range(5):
        assert len(world.poll(limit=2)) == 2
    assert world.clock.monotonic() == 0.0


def test_no_poll_lasts_longer_than_it_may() -> None:
    world = World()
    world.client.add(1)
    world.poll()
    for timeout in (0.0, 0.001, 0.03):
        begun = world.clock.monotonic()
        world.poll(timeout=timeout)
        assert world.clock.monotonic() - begun <= timeout + 0.0121


def test_without_time_it_asks_all_the_same() -> None:
    world = World()
    world.poll()
    world.client.add(1)
    assert len(world.poll(timeout=0.0)) == 1


def test_it_has_heard_all_when_the_question_after_the_last_ring_is_answered() -> None:
    world = World()
    world.poll()
    assert world.fetching.has_heard_all
    world.client.add(1)
    world.bell.ring("t")
    assert not world.fetching.has_heard_all
    assert len(world.poll()) == 1
    assert world.fetching.has_heard_all


def test_a_ring_while_it_asks_is_not_missed() -> None:
    world = World()
    world.client.before_answer = lambda: world.bell.ring("t")
    world.client.add(1)
    assert len(world.poll()) == 1
    assert not world.fetching.has_heard_all
    begun = world.clock.monotonic()
    world.client.add(1)
    assert len(world.poll()) == 1
    assert world.clock.monotonic() == begun


def test_a_closed_bell_ends_a_poll() -> None:
    world = World()
    world.bell.close()
    assert world.poll(timeout=60.0) == []
    assert world.clock.monotonic() < 1.0


def test_a_broker_that_wakes_its_readers_is_asked_once_for_the_whole_time() -> None:
    world = World(dataclasses.replace(EMBEDDED, broker_wakes=True))
    assert world.poll(timeout=3.0) == []
    assert world.client.asked == [0.0]
    assert world.clock.monotonic() == 3.0
