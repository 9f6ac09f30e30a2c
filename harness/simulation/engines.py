"""Engines that die at any point of their work, and are there again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fake_cloudserver import Clock
from harness.engine.checkpoints import REQUEST_BEFORE, Checkpoints
from harness.faults.rules import FaultBoard
from harness.faults.seams import FaultyQueue
from harness.queue.base import Consumer, Queue, RebalanceListener
from harness.simulation.trace import Trace, fingerprint
from harness.transport import Body, Response, Transport, TransportError


class Crash(BaseException):
    """The engine ended here, as by SIGKILL."""


class MemberQueue(FaultyQueue):
    """One engine's way to Kafka; its consumers leave their groups when it dies, as the broker would find out."""

    def __init__(self, queue: Queue, board: FaultBoard, clock: Clock) -> None:
        super().__init__(queue, board, clock)
        self._members: list[Consumer] = []

    def consumer(
        self, group: str, topics: Sequence[str], listener: RebalanceListener, beside: Sequence[str] = ()
    ) -> Consumer:
        member = super().consumer(group, topics, listener, beside)
        self._members.append(member)
        return member

    def bury(self) -> None:
        """The engine is dead."""
        for member in self._members:
            member.close()
        self._members.clear()


class Deaths:
    """How often an engine died."""

    def __init__(self) -> None:
        self.count = 0

    def die(self) -> None:
        """Raises Crash."""
        self.count += 1
        raise Crash


class HoldingCheckpoints(Checkpoints):
    """Passed by an engine that may be held in front of its requests."""

    def __init__(self, before_request: Callable[[], None]) -> None:
        self._before_request = before_request

    def reach(self, name: str) -> None:
        if name == REQUEST_BEFORE:
            self._before_request()


class TracedTransport:
    """Requests of one engine, all of them told to ``trace``."""

    def __init__(self, inner: Transport, trace: Trace, name: str) -> None:
        self._inner = inner
        self._trace = trace
        self._name = name

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Response:
        sent = fingerprint(body) if isinstance(body, bytes) else len(body)
        try:
            answer = self._inner.send(method, url, headers, body)
        except TransportError as error:
            self._trace.add("http", by=self._name, method=method, url=url, body=sent, error=error.code)
            raise
        self._trace.add("http", by=self._name, method=method, url=url, body=sent, status=answer.status)
        return answer

    def close(self) -> None:
        self._inner.close()
