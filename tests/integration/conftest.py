"""What integration tests share: Apache Kafka, where this machine can run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apache_kafka import ApacheKafka, Unavailable, artifacts


@pytest.fixture(scope="session")
def kafka_jars() -> Path:
    """Apache Kafka's artifacts; the test is skipped where they, or Java, cannot be had."""
    try:
        return artifacts()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def apache_kafka(kafka_jars: Path) -> Iterator[ApacheKafka]:
    """One broker of Apache Kafka, for all tests of the session."""
    with ApacheKafka(jars=kafka_jars) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def three_brokers(kafka_jars: Path) -> Iterator[Callable[[], ApacheKafka]]:
    """Three brokers of Apache Kafka; each call gives them whole, whatever a test before did to them."""
    with ApacheKafka(3, jars=kafka_jars) as kafka:

        def whole() -> ApacheKafka:
            kafka.revive()
            return kafka

        yield whole
