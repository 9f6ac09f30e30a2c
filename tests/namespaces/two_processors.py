"""``python -m namespaces.two_processors killed|unplugged embedded|apache``, in a network of its own (machines.py).

Two queue processors, each on a machine of its own, share one topic; one of them is lost in the middle of its work.
Prints one line of JSON with what came of it.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from apache_kafka import ApacheKafka

from fake_cloudserver import SystemClock
from harness.processes import Child, start_child
from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions
from namespaces.machines import HUB, Machine, make_hub

#: Objects that are there before the loss, while one is lost, and after it has come back.
BEFORE, MEANWHILE, AFTER = 60, 80, 60
#: Copies that each must have made before one is lost: both take part.
SHARE = 3
PROBE_PORT = 8900
SECONDS = 120.0
_WRITES = re.compile(r"^s3_replication_data_write_total\{.*\} ([0-9.]+)$", re.MULTILINE)


class Processor:
    """One ``harness engine --role processor`` on a machine."""

    def __init__(self, machine: Machine, settings: Path) -> None:
        self.machine = machine
        command = [sys.executable, "-m", "harness.cli", "engine", "--settings", str(settings), "--child"]
        self.child: Child = start_child(machine.name, machine.command([*command, "--role=processor"]))

    def copies(self) -> int:
        """How many it has made, as its metrics tell it over the wire."""
        text = requests.get(f"http://{self.machine.address}:{PROBE_PORT}/metrics", timeout=10).text
        return int(sum(float(value) for value in _WRITES.findall(text)))


class Work:
    """Objects that are put, and what became of them."""

    def __init__(self, stack: Stack) -> None:
        self._replication = Replication(stack)
        self._bucket = self._replication.bucket("shared-out")
        self._keys: list[str] = []

    def put(self, count: int) -> None:
        for _ in range(count):
            key = f"key-{len(self._keys):04d}"
            self._replication.cloudserver.put_object(Bucket=self._bucket, Key=key, Body=key.encode())
            self._keys.append(key)

    def statuses(self) -> Counter[str | None]:
        return Counter(self._replication.status(self._bucket, key) for key in self._keys)

    def is_done(self) -> bool:
        return set(self.statuses()) == {"COMPLETED"}

    def wrong_copies(self) -> list[str]:
        """Keys whose replicas are not this one body, once."""
        copies = {key: [one["Body"] for one in self._replication.replicas(self._bucket, key)] for key in self._keys}
        return [f"{key}: {bodies}" for key, bodies in copies.items() if bodies != [key.encode()]]


def main(loss: str, kafka: str) -> dict[str, Any]:
    """Keys of the result: ``copies`` of each before the loss, ``statuses`` while one is away and at the end, ``wrong``
    copies, ``back`` (copies by the one that was away, after that)."""
    make_hub()
    machines = [Machine(1), Machine(2)]
    with _kafka(kafka) as servers, tempfile.TemporaryDirectory() as folder:
        options = StackOptions(
            host=HUB,
            kafka=servers,
            engine_roles={"populator": 1, "status": 1},
            engine_overrides={"queueProcessor": {"probeServer": {"bindAddress": "0.0.0.0", "port": PROBE_PORT}}},
        )
        with Stack(options) as stack:
            settings = Path(folder) / "engine.json"
            settings.write_text(stack.engine_settings.to_json(), encoding="utf-8")
            processors = [Processor(machine, settings) for machine in machines]
            try:
                return _lose_one(loss, processors, Work(stack), stack)
            finally:
                for one in processors:
                    one.child.kill()


@contextlib.contextmanager
def _kafka(kind: str) -> Iterator[str | None]:
    """Apache Kafka at the hub; None for the stack's own, which is there as well."""
    if kind == "embedded":
        yield None
        return
    with ApacheKafka(host=HUB) as brokers:
        yield brokers.bootstrap_servers


def _lose_one(loss: str, processors: list[Processor], work: Work, stack: Stack) -> dict[str, Any]:
    lost, _ = processors
    while not all(one.copies() >= SHARE for one in processors):
        work.put(BEFORE // 4)  # until each has partitions, and has had something in them
    before = [one.copies() for one in processors]
    work.put(BEFORE)
    if loss == "killed":
        lost.child.kill()
    else:
        lost.machine.unplug()
    in_hand = work.statuses()["PENDING"]
    work.put(MEANWHILE)
    survived = _within(SECONDS, work.is_done)
    result: dict[str, Any] = {"copies": before, "in_hand": in_hand, "survived": survived, "back": None}
    if loss == "unplugged":
        lost.machine.plug()
        seen = _within(SECONDS, lambda: lost.copies() >= 0)
        then = lost.copies() if seen else 0

        def takes_part_again() -> bool:
            work.put(AFTER // 10)
            return lost.copies() > then

        result["back"] = _within(SECONDS, takes_part_again)
    left = stack.settle(SECONDS)
    return result | {"left": left, "statuses": work.statuses(), "wrong": work.wrong_copies()}


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    clock = SystemClock()
    deadline = clock.monotonic() + seconds
    while clock.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if true():
                return True
        clock.sleep(0.2)
    return False


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201  (for the test that started it)
