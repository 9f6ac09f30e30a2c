"""The embedded broker: it starts, answers, says clearly what is wrong, and never outlives whoever started it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_cloudserver import SystemClock, SystemRandomness
from harness.errors import StackError
from harness.queue.base import Outgoing, TopicSpecification
from harness.queue.embedded import EmbeddedBroker, find_binary
from harness.queue.kafka import KafkaQueue
from harness.queue.kafka_settings import KafkaSettings

pytestmark = pytest.mark.kafka
CLOCK = SystemClock()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = CLOCK.monotonic() + 20
    while not condition():
        assert CLOCK.monotonic() < deadline
        CLOCK.sleep(0.01)


def accepts(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_it_carries_messages_and_is_gone_after_stop() -> None:
    with EmbeddedBroker() as broker:
        address = broker.bootstrap_servers
        queue = KafkaQueue(KafkaSettings.embedded(address, topic_prefix="pre-"), CLOCK, SystemRandomness())
        queue.ensure_topics([TopicSpecification("topic", 2)])
        queue.producer().send_all([Outgoing("topic", b"k", b"v")])
        assert [(m.topic, m.key, m.value) for m in queue.read("topic")] == [("topic", b"k", b"v")]
        queue.close()
        unprefixed = KafkaQueue(KafkaSettings.embedded(address), CLOCK, SystemRandomness())
        assert [m.value for m in unprefixed.read("pre-topic")] == [b"v"]
        assert unprefixed.read("topic") == []
        unprefixed.close()
    assert not broker.is_running
    assert not accepts(address)


def test_it_starts_again_on_its_port_and_stop_does_nothing_twice() -> None:
    broker = EmbeddedBroker()
    broker.start()
    again = EmbeddedBroker(port=broker.port)
    broker.stop()
    broker.stop()
    again.start()
    assert again.port == broker.port
    again.stop()


def test_a_taken_port_is_refused() -> None:
    with EmbeddedBroker() as broker:
        with pytest.raises(StackError, match=rf"127\.0\.0\.1:{broker.port} is taken"):
            EmbeddedBroker(port=broker.port).start()
        assert broker.is_running


def test_a_frozen_broker_can_be_stopped() -> None:
    broker = EmbeddedBroker()
    broker.start()
    broker.pause()
    broker.stop()
    assert not accepts(broker.bootstrap_servers)


def test_an_unstarted_broker_has_no_process() -> None:
    with pytest.raises(StackError, match="was not started"):
        _ = EmbeddedBroker().pid


def test_another_binary_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = executable(tmp_path / "my-tansu", "echo no luck today; exit 7")
    monkeypatch.setenv("HARNESS_TANSU_BINARY", str(named))
    with pytest.raises(StackError, match=r"my-tansu\) ended with status 7(?s:.*)no luck today"):
        EmbeddedBroker().start()


def test_a_binary_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = executable(tmp_path / "my-tansu", "exec sleep 60")
    monkeypatch.setenv("HARNESS_TANSU_BINARY", str(named))
    with pytest.raises(StackError, match="did not answer"):
        EmbeddedBroker().start(timeout=0.2)


def test_a_name_that_is_no_binary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"HARNESS_TANSU_BINARY names .*nothing, which is not an executable file"):
        find_binary({"HARNESS_TANSU_BINARY": str(tmp_path / "nothing")})


def test_the_binary_of_the_package_is_found_without_the_variable() -> None:
    assert os.access(find_binary({}), os.X_OK)


def test_it_dies_with_the_process_that_started_it() -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import threading, time
                from harness.queue.embedded import EmbeddedBroker
                broker = EmbeddedBroker()
                starter = threading.Thread(target=broker.start)
                starter.start(); starter.join()  # that the starting thread ends must not matter
                print(broker.bootstrap_servers, flush=True)
                time.sleep(60)
                """
            ),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout:
        address = parent.stdout.readline().strip()
        assert accepts(address)
        parent.kill()
        parent.wait()
    wait_until(lambda: not accepts(address))
