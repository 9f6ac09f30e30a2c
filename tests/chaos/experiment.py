"""One run of chaos on a stack of its own."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Protocol

from chaos.disturbances import Disturber, Fleet
from chaos.workload import Clients, plan
from fake_cloudserver import SystemClock
from harness.engine.journal import BucketdJournal
from harness.engine.settling import is_settled
from harness.http_transport import HttpTransport
from harness.replication import Replication
from harness.simulation.audit import Report, Truth, audit
from harness.stack import Brokers, Stack
from harness.stack_plan import StackOptions

#: The processes of the engine in each run: what each of them does.
ROLES: list[tuple[str, ...]] = [("populator",), ("processor",), ("processor",), ("status",)]
#: No object may fail for good: AWS comes back, sooner or later.
_PATIENT = {"maxRetries": 200, "timeoutS": 600, "backoff": {"min": 20, "max": 500, "jitter": 0.2, "factor": 2}}
_SETTLE_SECONDS = 240.0


class Kafka(Brokers, Protocol):
    """Brokers that are not the stack's own."""

    bootstrap_servers: str


@dataclasses.dataclass
class Result:
    """What came of a run.

    Attributes:
        left: what was still to be done when patience ended; "" for nothing.
        most_duplicates: how many a release engine may have made: one for each entry in hand at a kill, and for each
            answer that got lost. None in the designed dialect.
        seconds: of the work, of the settling after it, of the audit.
    """

    seed: int
    dialect: str
    report: Report
    left: str
    most_duplicates: int
    disturbances: Counter[str]
    faults: int
    lost_answers: int
    actions: int
    seconds: tuple[float, float, float]

    def __str__(self) -> str:
        worked, settled, audited = self.seconds
        broken = ", ".join(f"{name} ×{count}" for name, count in sorted(self.disturbances.items()))
        return (
            f"seed {self.seed}, {self.dialect}: {self.report.versions} versions ({self.report.markers} markers) by"
            f" {self.actions} actions; {broken}; {self.faults} faults ({self.lost_answers} lost answers);"
            f" {self.report.duplicates} duplicates of at most {self.most_duplicates};"
            f" {worked:.1f} s of work, {settled:.1f} s to settle, {audited:.1f} s of audit"
        )


class Experiment:
    """Clients and disturbances side by side; then peace, and an audit.

    ``kafka``: instead of the embedded one; what it does when it is taken away is the first disturbance.
    """

    def __init__(
        self,
        seed: int,
        dialect: str,
        objects: int,
        folder: Path,
        *,
        big: bool = True,
        pace: float = 0.06,
        after: float = 5.0,
        kafka: Kafka | None = None,
    ) -> None:
        self._seed = seed
        self._dialect = dialect
        self._folder = folder
        self._pace = pace
        self._after = after
        self._kafka = kafka
        self._keys = plan(seed, objects, big=big)
        self._clock = SystemClock()

    def run(self) -> Result:
        retry = {"retry": dict.fromkeys(("aws_s3", "azure", "gcp", "scality"), _PATIENT)}
        options = StackOptions(
            dialect=self._dialect, engine=False, seed=self._seed, engine_overrides={"queueProcessor": retry}
        )
        if self._kafka is not None:
            prefix = f"chaos-{self._seed}-{self._dialect}."
            options = dataclasses.replace(options, kafka=self._kafka.bootstrap_servers, kafka_prefix=prefix)
        with Stack(options, brokers=self._kafka) as stack:
            fleet = Fleet(stack.engine_settings, self._folder, ROLES)
            try:
                return self._run(stack, fleet)
            finally:
                fleet.stop_all()

    def _run(self, stack: Stack, fleet: Fleet) -> Result:
        replication = Replication(stack)
        bucket = replication.bucket(f"chaos-{self._seed}")
        fleet.start_all()
        clients = Clients(replication.cloudserver, bucket, self._keys, self._seed, pace=self._pace, threads=4)
        first = () if self._kafka is None else ("kafka",)
        disturber = Disturber(stack, fleet, self._seed, first=first)
        marks = [self._clock.monotonic()]
        disturber.start()
        clients.start()
        clients.join()
        self._clock.sleep(self._after)
        disturber.stop()
        marks.append(self._clock.monotonic())
        left = self._settle(stack, fleet)
        marks.append(self._clock.monotonic())
        report = audit(stack, bucket, replication.site, Truth(clients.sent, clients.tags))
        marks.append(self._clock.monotonic())
        return Result(
            self._seed,
            self._dialect,
            report,
            left,
            self._most_duplicates(stack, disturber),
            disturber.done,
            len(stack.faults.fired()),
            disturber.lost_answers(),
            clients.actions,
            (marks[1] - marks[0], marks[2] - marks[1], marks[3] - marks[2]),
        )

    def _most_duplicates(self, stack: Stack, disturber: Disturber) -> int:
        if self._dialect == "design":
            return 0
        return disturber.kills * stack.engine_settings.queue_processor.concurrency + disturber.lost_answers()

    def _settle(self, stack: Stack, fleet: Fleet) -> str:
        transport = HttpTransport()
        try:
            url = stack.bucketd.url
            source = BucketdJournal(transport, url, self._clock, session=1, poll_interval=1.0)
            deadline = self._clock.monotonic() + _SETTLE_SECONDS
            while not is_settled(stack.engine_settings, stack.queue, source):
                fleet.check()
                if self._clock.monotonic() > deadline:
                    return f"still at work {_SETTLE_SECONDS:g} s after the last disturbance"
                self._clock.sleep(0.1)
            return ""
        finally:
            transport.close()
