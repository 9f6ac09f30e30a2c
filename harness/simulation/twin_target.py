"""Twins as the target of scenarios: engines work when a step gives them a turn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fake_cloudserver import Clock, serving
from harness.faults.control import FaultControl, LocalBoard
from harness.http_transport import HttpTransport
from harness.queue.base import Message
from harness.request_log import RequestLog, SeenRequest
from harness.s3_client import s3_client
from harness.scenario.fault_verbs import lines_about
from harness.scenario.model import CLOUDSERVER
from harness.scenario.own_fake import key_pair, records_of
from harness.scenario.target import JournalRecord, Target, Unsupported
from harness.scenario.twin_verbs import Audited
from harness.simulation.audit import Truth
from harness.simulation.clock import Stuck
from harness.simulation.twin_aws import TwinAwsClient
from harness.simulation.twins import TARGET, Twins
from harness.stack_plan import ROLE, SITE
from harness.transport import Transport


class TwinTarget:
    """See :class:`harness.scenario.target.Target` for what is asked of it."""

    name = "twins"
    version = "8.8"
    role = ROLE
    disposable = True

    def __init__(self, twins: Twins, url: str, requests: RequestLog) -> None:
        self._twins = twins
        self._url = url
        self._requests = requests
        self.dialect: str = twins.settings.dialect
        self.clock: Clock = twins.clock
        self.transport: Transport = HttpTransport()
        self.aws_bucket = TARGET
        self.storage_classes: Mapping[str, str] = {"aws": SITE, SITE: SITE}
        board = LocalBoard(twins.board)
        self._control = FaultControl(dict.fromkeys(("aws", "cloudserver", "engine", "kafka"), lambda: [board]))
        self._clients: dict[str | None, Any] = {}

    def bucket_name(self, alias: str) -> str:
        """Nobody else is here: buckets have the names that the scenario gives them, and keys their partitions."""
        return alias

    def endpoint(self, site: str) -> str:
        if site != CLOUDSERVER:
            raise Unsupported(f"{site} has no address where engines take turns")
        return self._url

    def credentials(self, site: str, account: str | None = None) -> tuple[str, str] | None:
        if account == "anonymous":
            return None
        self.endpoint(site)
        return key_pair(self._twins.fake, account)

    def client(self, site: str, account: str | None = None) -> Any:
        if site == "aws":
            return TwinAwsClient(self._twins.aws, TARGET)
        if account not in self._clients:
            self._clients[account] = s3_client(self.endpoint(site), self.credentials(site, account), self.clock)
        return self._clients[account]

    def role_for(self, sites: Iterable[str]) -> str:  # noqa: ARG002  (the protocol's shape)
        return ROLE

    def settle(self, timeout: float, buckets: Sequence[str] = ()) -> str:  # noqa: ARG002  (the protocol's shape)
        """All engines take turns until nothing is left to do."""
        return self._told(self._twins.settle)

    def turn(self, engine: int, rounds: int, requests: int | None) -> str:
        self._twins.allow()
        return self._told(lambda: self._twins.turn(engine, rounds, requests))

    def outage(self, seconds: float) -> None:
        self._twins.outage(seconds)

    def audit(self, bucket: str, *, may_fail: bool) -> Audited:
        truth = Truth({}, {}, self._twins.told() if may_fail else None)
        report = self._twins.judge(bucket, truth)
        return Audited(report.versions, report.duplicates, report.wrong)

    def messages(self, topic: str) -> Sequence[Message]:
        return self._twins.queue.read(topic)

    def journal(self, bucket: str) -> Sequence[JournalRecord]:
        return records_of(self._twins.fake, bucket)

    def requests(self, words: Sequence[str]) -> Sequence[SeenRequest]:
        return self._requests.about(words)

    def stop(self, part: str) -> None:
        if part != "kafka":
            raise Unsupported(f"{part} cannot be stopped where engines take turns")
        self._twins.queue.begin_outage()

    def start(self, part: str) -> None:
        if part == "kafka":
            self._twins.queue.end_outage()
        elif part != "engine":  # which begins with its next turn
            raise Unsupported(f"{part} cannot be started where engines take turns")

    def kill(self, part: str) -> None:
        """All engines end where they are."""
        if part != "engine":
            raise Unsupported(f"{part} cannot be killed where engines take turns")
        for engine in range(self._twins.engines):
            self._twins.kill(engine)

    def change_role(self, do: str, role: str, count: int | None) -> None:  # noqa: ARG002  (the protocol's shape)
        raise Unsupported("engines that take turns have no roles")

    def pause(self, site: str) -> None:
        raise Unsupported(f"{site} cannot be paused where engines take turns")

    def resume(self, site: str) -> None:
        raise Unsupported(f"{site} cannot be resumed where engines take turns")

    def advance(self, seconds: float) -> None:
        try:
            self._twins.advance(seconds)
        except Stuck as stuck:
            raise Unsupported(str(stuck)) from None

    def faults(self) -> FaultControl:
        return self._control

    def evidence(self, bucket: str, key: str) -> Sequence[str]:
        return lines_about(self, bucket, key)

    def _told(self, work: Any) -> str:
        """Do it; what broke meanwhile, in words."""
        before = len(self._twins.problems)
        try:
            work()
        except Stuck as stuck:
            return str(stuck)
        return "; ".join(line for _, line in self._twins.problems[before:])


@contextlib.contextmanager
def twin_target(dialect: str, wanted: Any, overrides: Mapping[str, Any]) -> Iterator[Target]:
    """A target of its own. ``wanted``: what ``stack: {twins: …}`` says. Raises UsageError for what makes no sense."""
    wished = wanted if isinstance(wanted, dict) else {"engines": wanted}
    twins = Twins(dialect, int(wished.get("seed", 0)), int(wished.get("engines", 1)), overrides)
    requests = RequestLog("cloudserver", twins.clock)
    with contextlib.closing(twins), serving(requests.wrap(twins.fake.app)) as server:
        target = TwinTarget(twins, server.url, requests)
        try:
            yield target
        finally:
            target.transport.close()
