"""The same chaos on three brokers of Apache Kafka with three replicas, of which one after another is killed."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest
from apache_kafka import ApacheKafka, Unavailable, artifacts

from chaos.experiment import Experiment
from chaos.test_chaos import check

OBJECTS = 200
BROKERS = 3


@dataclasses.dataclass
class OneBrokerAway:
    """Three brokers; where others take their Kafka away, SIGKILL ends one of these, which then starts again.

    Attributes:
        killed: which, so far.
    """

    kafka: ApacheKafka
    bootstrap_servers: str
    killed: list[int] = dataclasses.field(default_factory=list)
    chance: random.Random = dataclasses.field(default_factory=lambda: random.Random("brokers"))

    def pause(self) -> None:
        self.killed.append(self.chance.randrange(BROKERS))
        self.kafka.kill(self.killed[-1])

    def resume(self) -> None:
        self.kafka.revive()


@pytest.mark.apache_kafka
@pytest.mark.timeout(600)
@pytest.mark.parametrize("dialect", ["design", "release"])
def test_killed_brokers_lose_nothing_and_make_nothing_twice(dialect: str, tmp_path: Path) -> None:
    try:
        jars = artifacts()
    except Unavailable as reason:
        pytest.skip(str(reason))
    with ApacheKafka(BROKERS, jars=jars) as kafka:
        brokers = OneBrokerAway(kafka, kafka.bootstrap_servers)
        result = Experiment(1, dialect, OBJECTS, tmp_path, big=False, pace=0.8, kafka=brokers).run()
    print(f"killed brokers: {brokers.killed}")  # noqa: T201  (figures for whoever asks for them with -s)
    if dialect == "release":
        # a commit that was not acknowledged before its broker died: what is in hand then is done once more
        result.most_duplicates += 2 * len(brokers.killed) * 10
    check(result)
    assert brokers.killed
