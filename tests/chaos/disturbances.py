"""What breaks meanwhile: processes, Kafka, AWS, CloudServer's answers to the engine; seeded."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from fake_cloudserver import SystemClock
from harness.engine.settings import EngineSettings
from harness.processes import Child, start_module
from harness.stack import Stack

#: What AWS and CloudServer do wrong now and then, all the time. Answers that get lost after the work was done are
#: what a release engine cannot tell from work that was not done.
RULES: tuple[dict[str, Any], ...] = (
    {"site": "aws", "error": "SlowDown", "probability": 0.04},
    {"site": "aws", "error": 502, "probability": 0.01},
    {"site": "aws", "reset": "before", "probability": 0.01},
    {"site": "aws", "reset": "during", "probability": 0.01},
    {"site": "aws", "reset": "after", "probability": 0.008},
    {"site": "aws", "stall": "700ms", "probability": 0.004},
    {"site": "cloudserver", "operation": "*:*", "error": 503, "probability": 0.01},
    {"site": "cloudserver", "operation": "*:*", "reset": "before", "probability": 0.005},
    {"site": "cloudserver", "operation": "*:*", "reset": "during", "probability": 0.005},
    {"site": "cloudserver", "operation": "*:*", "reset": "after", "probability": 0.008},
)


class Fleet:
    """The engine's processes: so many of each role, killed and started again one by one."""

    def __init__(self, settings: EngineSettings, folder: Path, roles: list[tuple[str, ...]]) -> None:
        self._file = folder / "engine.json"
        self._file.write_text(settings.to_json(), encoding="utf-8")
        self._roles = roles
        self._children: list[Child | None] = [None] * len(roles)
        self._starting: dict[int, threading.Thread] = {}
        self._since: dict[int, float] = {}
        self._clock = SystemClock()
        self._failures: list[BaseException] = []

    def __len__(self) -> int:
        return len(self._roles)

    def start_all(self) -> None:
        """Start those that do not run, and wait until all are at work."""
        for index in range(len(self._roles)):
            self.start(index)
        for starting in list(self._starting.values()):
            starting.join()
        for failure in self._failures:
            raise failure

    def start(self, index: int) -> None:
        """Begin to start one; nothing happens to one that runs."""
        child, starting = self._children[index], self._starting.get(index)
        if (child is not None and child.is_running) or (starting is not None and starting.is_alive()):
            return
        self._starting[index] = threading.Thread(target=self._start, args=(index,), name="starter", daemon=True)
        self._starting[index].start()

    def _start(self, index: int) -> None:
        arguments = ["engine", "--settings", str(self._file), "--child"]
        arguments += [f"--role={role}" for role in self._roles[index]]
        try:
            # a Kafka that stands still may keep it for a while
            self._children[index] = start_module(f"engine-{index}", "harness.cli", arguments, timeout=120.0)
            self._since[index] = self._clock.monotonic()
        except BaseException as failure:  # noqa: BLE001  (raised by start_all)
            self._failures.append(failure)

    def running(self, seconds: float = 0.0) -> list[int]:
        """Which have been at work for so long."""
        now = self._clock.monotonic()
        running = [index for index, child in enumerate(self._children) if child is not None and child.is_running]
        return [index for index in running if now - self._since[index] >= seconds]

    def kill(self, index: int) -> str:
        """SIGKILL; which it was."""
        child = self._children[index]
        if child is not None:
            self._children[index] = None
            child.kill()
        return "+".join(self._roles[index]) or "engine"

    def freeze(self, index: int, *, go_on: bool) -> None:
        """SIGSTOP, or SIGCONT."""
        child = self._children[index]
        if child is not None and child.is_running:
            os.kill(child.pid, signal.SIGCONT if go_on else signal.SIGSTOP)

    def check(self) -> None:
        """Raises AssertionError when one ended by itself."""
        for index, child in enumerate(self._children):
            assert child is None or child.is_running, f"{self._roles[index]} ended by itself:\n{child.last_words()}"

    def stop_all(self) -> None:
        for child in self._children:
            if child is not None:
                child.stop()


@dataclasses.dataclass
class Disturber:
    """Breaks things at random moments until it is told to stop; then everything runs again.

    ``first``: what is broken first, whatever chance has in mind.
    """

    stack: Stack
    fleet: Fleet
    seed: int
    pause: tuple[float, float] = (0.3, 1.5)
    first: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._chance = random.Random(f"disturbances-{self.seed}")
        self._clock = SystemClock()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="disturber", daemon=True)
        self.done: Counter[str] = Counter()

    def start(self) -> None:
        for rule in RULES:
            self.stack.faults.set(rule)
        self._thread.start()

    def stop(self) -> None:
        """Raises what went wrong with it. AWS and CloudServer still misbehave."""
        self._ended.set()
        self._thread.join()
        self.fleet.start_all()
        if self._failure is not None:
            raise self._failure

    @property
    def kills(self) -> int:
        return sum(count for name, count in self.done.items() if name.startswith("kill"))

    def lost_answers(self) -> int:
        """How often work was done at AWS, or at CloudServer, and nobody was told."""
        return sum("reset: after" in fired.text or "stall" in fired.text for fired in self.stack.faults.fired())

    def _run(self) -> None:
        first = list(self.first)
        try:
            while not self._ended.wait(self._chance.uniform(*self.pause)):
                self.fleet.check()
                kind = self._chance.choices(("kill", "kafka", "aws", "freeze"), (6, 2, 1, 1))[0]
                kind = first.pop(0) if first else kind
                {"kill": self._kill, "kafka": self._kafka, "aws": self._aws, "freeze": self._freeze}[kind]()
        except BaseException as failure:  # noqa: BLE001  (raised by stop)
            self._failure = failure

    def _kill(self) -> None:
        running = self.fleet.running(self._chance.uniform(0.0, 6.0))
        if not running:
            return
        index = self._chance.choice(running)
        self.done[f"kill {self.fleet.kill(index)}"] += 1
        self._ended.wait(self._chance.uniform(0, 0.5))
        self.fleet.start(index)

    def _kafka(self) -> None:
        self.stack.kafka_down()
        try:
            self._ended.wait(self._chance.uniform(0.2, 2.0))
        finally:
            self.stack.kafka_up()
        self.done["kafka stands still"] += 1

    def _aws(self) -> None:
        self.stack.aws.down()
        try:
            self._ended.wait(self._chance.uniform(0.1, 1.0))
        finally:
            self.stack.aws.up()
        self.done["aws away"] += 1

    def _freeze(self) -> None:
        """A process that stands still for a while, and does not know it."""
        index = self._chance.randrange(len(self.fleet))
        self.fleet.freeze(index, go_on=False)
        try:
            self._ended.wait(self._chance.uniform(0.2, 4.0))
        finally:
            self.fleet.freeze(index, go_on=True)
        self.done["process stands still"] += 1
