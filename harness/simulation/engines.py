"""Engines that die at any point of their work, and are there again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fake_cloudserver import Clock
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
    """At which requests an engine is to die."""

    def __init__(self) -> None:
        self._left: list[list[Any]] = []
        self.count = 0

    def add(self, when: str, after: int) -> None:
        self._left.append([when, after])

    def clear(self) -> None:
        self._left.clear()

    def maybe(self, when: str) -> None:
        """Raises Crash where one is due."""
        for one in self._left:
            if one[0] == when:
                one[1] -= 1
        due = [one for one in self._left if one[1] < 0]
        if due:
            self._left.remove(due[0])
            self.die()

    def die(self) -> None:
        """Raises Crash."""
        self.count += 1
        raise Crash


class MortalTransport:
    """Requests of one engine, some of which it does not survive; all of them are told to ``trace``.

    Args:
        meanwhile: what others do before each of them.
    """

    def __init__(
        self, inner: Transport, deaths: Deaths, trace: Trace, name: str, meanwhile: Callable[[], None]
    ) -> None:
        self._inner = inner
        self._deaths = deaths
        self._trace = trace
        self._name = name
        self._meanwhile = meanwhile

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Response:
        self._meanwhile()
        self._deaths.maybe("before")
        sent = fingerprint(body) if isinstance(body, bytes) else len(body)
        try:
            answer = self._inner.send(method, url, headers, body)
        except TransportError as error:
            self._trace.add("http", by=self._name, method=method, url=url, body=sent, error=error.code)
            raise
        self._trace.add("http", by=self._name, method=method, url=url, body=sent, status=answer.status)
        try:
            self._deaths.maybe("after")
        except Crash:
            answer.close()
            raise
        return answer

    def close(self) -> None:
        self._inner.close()
