"""Work stops while something else is overloaded, and goes on when that has been well for long enough."""

from __future__ import annotations

import itertools
import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

import pydantic
import pytest
from engine_helpers import Answer, settings
from engine_world import World

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.circuit_breaker import BreakerControl, CircuitBreaker, State
from harness.engine.circuit_probes import build_probe
from harness.engine.metrics import EngineMetrics
from harness.engine.settings import CircuitBreakerSettings, ProbeSettings
from harness.queue.base import Outgoing, TopicSpecification
from harness.queue.interruption import Interruption
from harness.queue.memory import MemoryQueue
from harness.transport import Body, TransportError


class Switch:
    """A probe that a test turns."""

    def __init__(self, *, well: bool = True) -> None:
        self.well = well
        self.looks = 0

    def is_well(self) -> bool:
        self.looks += 1
        return self.well


class Work:
    def __init__(self) -> None:
        self.held = False

    def hold(self) -> None:
        self.held = True

    def release(self) -> None:
        self.held = False


class Held:
    """Something that a breaker holds, and the clock it goes by."""

    def __init__(self, *probes: Switch, **breaker: Any) -> None:
        self.clock = VirtualClock()
        self.work = Work()
        self.metrics = EngineMetrics()
        self.breaker = CircuitBreaker(CircuitBreakerSettings.model_validate(breaker), probes, self.clock)
        self.control = BreakerControl(
            "queue_populator",
            self.breaker,
            [self.work],
            metrics=self.metrics,
            interruption=Interruption(self.clock),
        )

    def after(self, seconds: float) -> State | None:
        self.clock.advance(seconds)
        self.control.step()
        return self.breaker.state


def test_without_probes_everything_is_nominal() -> None:
    assert CircuitBreaker(CircuitBreakerSettings(), [], VirtualClock()).state == State.NOMINAL


def test_nothing_begins_before_the_first_look() -> None:
    held = Held(Switch())
    assert held.work.held
    assert held.after(0) == State.NOMINAL
    assert not held.work.held


def test_tripped_from_the_start_nothing_begins() -> None:
    held = Held(Switch(), Switch(well=False))
    assert held.after(0) == State.TRIPPED
    assert held.work.held


def test_it_trips_stabilizes_and_lets_go() -> None:
    probe = Switch()
    held = Held(
        probe,
        nominalEvaluateIntervalMs=10_000,
        trippedEvaluateIntervalMs=20_000,
        stabilizingEvaluateIntervalMs=5_000,
        stabilizeAfterNSuccesses=3,
    )
    held.after(0)
    probe.well = False
    assert held.after(9) == State.NOMINAL
    assert held.after(1) == State.TRIPPED
    assert held.work.held
    probe.well = True
    assert held.after(19) == State.TRIPPED
    assert held.after(1) == State.STABILIZING
    assert held.work.held
    assert held.after(5) == State.STABILIZING
    assert held.after(5) == State.NOMINAL
    assert not held.work.held


def test_what_fails_while_stabilizing_begins_anew() -> None:
    probe = Switch(well=False)
    held = Held(probe, stabilizeAfterNSuccesses=2)
    held.after(0)
    for well, state in [(True, 1), (False, 2), (True, 1), (True, 0)]:
        probe.well = well
        assert held.after(60) == state
        gauge = f's3_circuit_breaker{{type="queue_populator"}} {state}.0'
        assert gauge in held.metrics.render().decode()


def test_even_one_success_that_is_enough_is_seen_twice() -> None:
    probe = Switch(well=False)
    held = Held(probe, stabilizeAfterNSuccesses=1)
    held.after(0)
    probe.well = True
    assert [held.after(60), held.after(60)] == [State.STABILIZING, State.NOMINAL]


def test_every_probe_is_looked_at_once_an_interval() -> None:
    probes = [Switch(well=False), Switch()]
    held = Held(*probes)
    for _ in range(5):
        held.after(20)
    assert [probe.looks for probe in probes] == [2, 2]


def test_stabilizing_leaves_what_runs_running() -> None:
    probe = Switch(well=False)
    held = Held(probe)
    held.after(0)
    held.work.held = False  # as if somebody had let it go
    probe.well = True
    assert held.after(60) == State.STABILIZING
    assert not held.work.held


# probes


class Prometheus:
    """Answers one query after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.urls: list[str] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Answer:
        self.urls.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Answer) else Answer(200, json.dumps(answer).encode())

    def close(self) -> None: ...


def vector(*values: float) -> dict[str, Any]:
    result = [{"metric": {}, "value": [0, str(value)]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [0, "7"]}}


def probe_settings(**members: Any) -> ProbeSettings:
    return pydantic.TypeAdapter[ProbeSettings](ProbeSettings).validate_python(
        {"prometheus": {"endpoint": "http://prometheus:9090/"}} | members
    )


def looks(members: dict[str, Any], prometheus: Prometheus, failed: Callable[[], None] = lambda: None) -> list[bool]:
    queue = MemoryQueue(VirtualClock(), SeededRandomness(1))
    probe = build_probe(probe_settings(**members), prometheus, queue, failed)
    return [probe.is_well() for _ in range(max(1, len(prometheus.answers)))]


@pytest.mark.parametrize("value", [True, False])
def test_a_constant_probe(value: bool) -> None:
    assert looks({"type": "noop", "returnConstantValue": value}, Prometheus()) == [value]


def test_a_query_is_well_below_its_threshold() -> None:
    prometheus = Prometheus(vector(9.9), vector(10), vector(11, 0), SCALAR)
    members = {"type": "prometheusQuery", "query": "up{a='b'}", "threshold": 10}
    assert looks(members, prometheus) == [True, False, False, True]
    assert prometheus.urls[0] == "http://prometheus:9090/api/v1/query?query=up%7Ba%3D%27b%27%7D"


def test_without_an_answer_the_last_one_counts() -> None:
    refused = TransportError("ECONNREFUSED", "nobody is there")
    answers = [vector(), refused, vector(5), Answer(503), Answer(200, b"<html>"), {"data": None}, vector(0)]
    failures = itertools.count()
    members = {"type": "prometheusQuery", "query": "q", "threshold": 1}
    said = looks(members, Prometheus(*answers), lambda: failures.__next__() and None)
    assert said == [True, True, False, False, False, False, True]
    assert next(failures) == 4


def test_a_query_averaged_over_an_interval() -> None:
    prometheus = Prometheus(vector(1))
    looks({"type": "prometheusQuery", "query": "q", "threshold": 1, "averagedOverInterval": "5m"}, prometheus)
    assert urllib.parse.unquote_plus(prometheus.urls[0]).endswith("?query=avg_over_time((q)[5m:])")


@pytest.mark.parametrize(
    ("topic", "labels"), [({}, 'group="g"'), ({"topicName": "t"}, 'group="g",topic="t"')], ids=["group", "topic"]
)
def test_the_lag_that_prometheus_knows(topic: dict[str, str], labels: str) -> None:
    prometheus = Prometheus(vector(99), vector(100))
    members = {"type": "kafkaConsumerLag", "consumerGroupName": "g", "wantTotalLagLessThan": 100, **topic}
    assert looks(members, prometheus) == [True, False]
    assert urllib.parse.unquote_plus(prometheus.urls[0]).endswith(f"sum(kafka_consumergroup_group_lag{{{labels}}})")


def test_the_lag_that_kafka_knows() -> None:
    queue = MemoryQueue(VirtualClock(), SeededRandomness(1))
    queue.ensure_topics([TopicSpecification("t")])
    members = {"type": "kafkaConsumerLag", "consumerGroupName": "g", "topicName": "t", "wantTotalLagLessThan": 2}
    probe = build_probe(probe_settings(**members, prometheus=None), Prometheus(), queue, lambda: None)
    assert probe.is_well()
    queue.producer().send_all([Outgoing("t", b"k", b"v"), Outgoing("t", b"k", b"v")])
    assert not probe.is_well()
    with pytest.raises(pydantic.ValidationError, match="topicName is needed"):
        probe_settings(type="kafkaConsumerLag", consumerGroupName="g", wantTotalLagLessThan=2, prometheus=None)


# in an engine

TRIPPED = {"probes": [{"type": "noop", "returnConstantValue": False}]}
LAG = {
    "probes": [
        {"type": "kafkaConsumerLag", "consumerGroupName": "other", "topicName": "other", "wantTotalLagLessThan": 1}
    ],
    "stabilizeAfterNSuccesses": 1,
}


def test_a_tripped_populator_publishes_nothing() -> None:
    world = World(VirtualClock(), threaded=False, queuePopulator={"circuitBreaker": TRIPPED})
    world.server.put()
    engine = world.engine()
    for _ in range(3):
        engine.step()
    assert world.queue.read(world.settings.topic) == []
    assert not engine.idle()


def test_tripped_processors_take_nothing_and_lose_nothing() -> None:
    world = World(VirtualClock(), threaded=False, queueProcessor={"circuitBreaker": LAG})
    world.queue.ensure_topics([TopicSpecification("other")])
    world.queue.producer().send_all([Outgoing("other", b"k", b"v")])
    world.server.put()
    engine = world.engine()
    for _ in range(5):
        engine.step()
    assert len(world.queue.read(world.settings.topic)) == 1
    assert world.server.calls == []
    assert [processor.in_flight for processor in engine.processors] == [0]
    assert not engine.idle()
    assert all(processor.is_healthy for processor in engine.processors)
    consumer = world.queue.consumer("other", ["other"], Listener())
    consumer.commit({message.topic_partition: message.offset + 1 for message in consumer.poll(10, 0)})
    consumer.close()
    for _ in range(2):
        world.clock.sleep(60)
        engine.step()
    engine.run_until_idle()
    assert world.server.status == "COMPLETED"


def test_an_operators_pause_outlives_a_breaker_that_lets_go() -> None:
    world = World(VirtualClock(), threaded=False)
    engine = world.engine()
    engine.run_until_idle()
    (processor,) = engine.processors
    world.server.put()
    processor.pause()
    processor.hold()
    processor.release()
    engine.step()
    assert world.server.calls == []
    processor.hold()
    processor.resume()
    engine.step()
    assert world.server.calls == []
    processor.release()
    engine.run_until_idle()
    assert world.server.status == "COMPLETED"


class Listener:
    def assigned(self, partitions: Any) -> None: ...

    def revoked(self, partitions: Any) -> dict[Any, int]:
        return {}

    def lost(self, partitions: Any) -> None: ...


def test_an_engine_without_probes_has_no_part_for_them() -> None:
    world = World(VirtualClock(), threaded=False)
    engine = world.engine()
    engine.step()
    assert [part.name for part in engine.parts if part.name.startswith("circuit")] == []
    assert settings().queue_processor.circuit_breaker.probes == ()
