"""The stack on Apache Kafka: all scenarios on one broker; three brokers, of which one is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from apache_kafka import ApacheKafka, Unavailable, artifacts

from fake_cloudserver import SystemClock, SystemRandomness
from harness.queue.base import Outgoing, TopicSpecification
from harness.queue.kafka import KafkaQueue
from harness.queue.kafka_library import KafkaAdminClient
from harness.queue.kafka_settings import KafkaSettings
from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions

ROOT = Path(__file__).parents[2]
HARNESS = Path(sys.executable).with_name("harness")
COMMAND = [sys.executable, str(ROOT / "ci/kafka/command.py")]
OBJECTS = 120
TOPIC = TopicSpecification("kept")

Brokers = Callable[[], ApacheKafka]


def topics_of(servers: str) -> dict[str, list[dict[str, object]]]:
    """The partitions of each topic, by its name."""
    admin = KafkaAdminClient(bootstrap_servers=servers.split(","))
    try:
        return {topic["name"]: topic["partitions"] for topic in admin.describe_topics()}
    finally:
        admin.close()


@pytest.mark.apache_kafka
@pytest.mark.timeout(1_500)
@pytest.mark.parametrize("brokers", [1, 3], ids=["one_broker", "three_brokers"])
def test_all_scenarios_pass_and_leave_no_topic_behind(kafka_jars: Path, tmp_path: Path, brokers: int) -> None:
    with ApacheKafka(brokers, jars=kafka_jars) as kafka:
        run_all_scenarios(kafka.bootstrap_servers, tmp_path / "report.xml")


def run_all_scenarios(servers: str, report: Path) -> None:
    command = [HARNESS, "run", str(ROOT / "scenarios"), "--kafka", servers, "--jobs", "2", "--junit", str(report)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:]
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    assert len(cases) > 400
    # `harness run` was not told how to stop this Kafka
    skipped = [case.attrib["name"] for case in cases if case.find("skipped") is not None]
    assert [name for name in skipped if not name.startswith("Kafka stops for a while")] == []
    assert [name for name in topics_of(servers) if name.startswith("harness-")] == []


@pytest.mark.apache_kafka
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("killed", "dialect"), [(0, "design"), (2, "release")])
def test_a_killed_one_of_three_brokers_loses_nothing(three_brokers: Brokers, killed: int, dialect: str) -> None:
    kafka = three_brokers()
    options = StackOptions(kafka=kafka.bootstrap_servers, kafka_prefix=f"kill-{killed}-{dialect}.", dialect=dialect)
    with Stack(options) as stack:
        replication = Replication(stack)
        bucket = replication.bucket(f"killed-{killed}-{dialect}")
        for number in range(OBJECTS):
            if number == OBJECTS // 3:
                kafka.kill(killed)
            replication.cloudserver.put_object(Bucket=bucket, Key=f"k{number}", Body=b"%d" % number)
        replication.settle(90)
        statuses = {replication.status(bucket, f"k{number}") for number in range(OBJECTS)}
        copies = [[one["Body"] for one in replication.replicas(bucket, f"k{number}")] for number in range(OBJECTS)]
    assert statuses == {"COMPLETED"}
    # a commit that was lost with its broker may make the release dialect write once more: nothing there tells it
    assert [sorted(set(bodies)) for bodies in copies] == [[b"%d" % number] for number in range(OBJECTS)]
    if dialect == "design":
        assert {len(bodies) for bodies in copies} == {1}


@pytest.mark.apache_kafka
def test_topics_on_three_brokers_have_three_replicas(three_brokers: Brokers) -> None:
    kafka = three_brokers()
    options = StackOptions(kafka=kafka.bootstrap_servers, kafka_prefix="replicas.")
    with Stack(options) as stack:
        topics = {name: found for name, found in topics_of(stack.kafka).items() if name.startswith("replicas.")}
    assert "replicas.backbeat-replication" in topics
    replicas = {len(partition["replica_nodes"]) for found in topics.values() for partition in found}  # type: ignore[arg-type]
    assert replicas == {3}


@pytest.mark.apache_kafka
def test_two_stacks_on_one_kafka_do_not_see_each_other(apache_kafka: ApacheKafka) -> None:
    servers = apache_kafka.bootstrap_servers
    with (
        Stack(StackOptions(kafka=servers, kafka_prefix="one.")) as first,
        Stack(StackOptions(kafka=servers, kafka_prefix="two.")) as second,
    ):
        for stack, key, other in ((first, "of-one", "of-two"), (second, "of-two", "of-one")):
            replication = Replication(stack)
            bucket = replication.bucket("same-name")
            replication.cloudserver.put_object(Bucket=bucket, Key=key, Body=b"hello")
            replication.settle(60)
            assert replication.status(bucket, key) == "COMPLETED"
            values = [message.value for message in stack.queue.read(stack.engine_settings.topic)]
            assert any(key.encode() in value for value in values)
            assert not any(other.encode() in value for value in values)


@pytest.mark.apache_kafka
def test_data_in_a_folder_outlive_their_broker(kafka_jars: Path, tmp_path: Path) -> None:
    for round_number in range(2):
        with ApacheKafka(folder=tmp_path, jars=kafka_jars) as kafka:
            queue = KafkaQueue(KafkaSettings((kafka.bootstrap_servers,)), SystemClock(), SystemRandomness())
            try:
                if round_number == 0:
                    queue.ensure_topics([TOPIC])
                    queue.producer().send_all([Outgoing("kept", b"k", b"v")])
                assert [message.value for message in queue.read("kept")] == [b"v"]
            finally:
                queue.close()


@pytest.mark.apache_kafka
def test_the_command_keeps_kafka_until_it_is_told_to_end(kafka_jars: Path) -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        servers = json.loads(process.stdout.readline())["bootstrap_servers"]
        assert topics_of(servers) == {}
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@pytest.mark.apache_kafka
def test_the_command_ends_as_the_command_inside_it(kafka_jars: Path) -> None:
    inner = "import os, sys; assert sys.argv[1] == os.environ['KAFKA']; print(sys.argv[1]); sys.exit(7)"
    done = subprocess.run(
        [*COMMAND, sys.executable, "-c", inner, "{kafka}"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 7, done.stderr
    assert done.stdout.startswith("127.0.0.1:")


def test_without_java_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="needs Java 17 or newer"):
        artifacts()


def test_an_old_java_and_a_maven_that_fails_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"17 or newer, there is: openjdk version .11\.0\.2"):
        artifacts()
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\"' >&2\n")
    with pytest.raises(Unavailable, match="cannot be fetched"):
        artifacts(tmp_path / "jars")
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho no network today; exit 1\n")
    maven.chmod(0o755)
    with pytest.raises(Unavailable, match="no network today"):
        artifacts(tmp_path / "jars")
    assert not (tmp_path / "jars").exists()
