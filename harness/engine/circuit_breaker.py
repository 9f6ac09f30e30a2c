"""Stops work for a while when something else is overloaded, and lets it go on when that has been well for long enough.

Source: breakbeat src/CircuitBreaker.ts; Backbeat lib/CircuitBreaker.js, lib/BackbeatConsumer.js,
lib/queuePopulator/QueuePopulator.js.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Protocol

from fake_cloudserver import Clock, get_logger
from harness.engine.metrics import EngineMetrics
from harness.engine.settings import CircuitBreakerSettings
from harness.queue.interruption import Interruption

log = get_logger(__name__)


class State(enum.IntEnum):
    """With the numbers that the gauge ``s3_circuit_breaker`` shows."""

    NOMINAL = 0
    STABILIZING = 1
    TRIPPED = 2


class Probe(Protocol):
    """Looks at one thing."""

    def is_well(self) -> bool:
        """Raises nothing: what cannot be looked at is as it was."""


class CircuitBreaker:
    """The states, and when the probes are to be looked at. Not for several threads at once.

    Attributes:
        state: None before the first look, where there is anything to look at.
    """

    def __init__(self, settings: CircuitBreakerSettings, probes: Sequence[Probe], clock: Clock) -> None:
        self._settings = settings
        self._probes = list(probes)
        self._clock = clock
        self._successes = 0
        self._next_look = clock.monotonic()
        self.state: State | None = None if self._probes else State.NOMINAL

    def due_in(self) -> float:
        """Seconds until the probes are to be looked at again."""
        return max(0.0, self._next_look - self._clock.monotonic())

    def evaluate(self) -> State:
        """Look at all probes; the state that follows from it."""
        answers = [probe.is_well() for probe in self._probes]  # each of them, also after one that is not
        self.state = self._after(well=all(answers))
        self._next_look = self._clock.monotonic() + self._interval(self.state) / 1000
        return self.state

    def _after(self, *, well: bool) -> State:
        if not well:
            self._successes = 0
            return State.TRIPPED
        if self.state in {None, State.NOMINAL}:
            return State.NOMINAL
        self._successes += 1
        if self.state == State.TRIPPED:
            return State.STABILIZING
        enough = self._successes >= self._settings.stabilize_after_n_successes
        return State.NOMINAL if enough else State.STABILIZING

    def _interval(self, state: State) -> int:
        return {
            State.NOMINAL: self._settings.nominal_evaluate_interval_ms,
            State.STABILIZING: self._settings.stabilizing_evaluate_interval_ms,
            State.TRIPPED: self._settings.tripped_evaluate_interval_ms,
        }[state]


class Holdable(Protocol):
    """Work that a circuit breaker may stop."""

    def hold(self) -> None:
        """Begin nothing new."""

    def release(self) -> None: ...


class BreakerControl:
    """A part of the engine beside those that it holds; they begin when it has found everything well.

    Tripped holds them, nominal releases them, stabilizing leaves them as they are. A held consumer stays in its group:
    nothing is balanced anew, and what it had taken waits.

    Args:
        kind: as the gauge has it: ``replication_processor``, ``queue_populator``.
    """

    def __init__(
        self,
        kind: str,
        breaker: CircuitBreaker,
        held: Sequence[Holdable],
        *,
        metrics: EngineMetrics,
        interruption: Interruption,
    ) -> None:
        self.name = f"circuit-breaker-{kind}"
        self._kind = kind
        self._breaker = breaker
        self._held = list(held)
        self._metrics = metrics
        self._interruption = interruption
        for one in self._held:
            one.hold()

    def step(self, timeout: float = 0.0) -> int:
        """Look at the probes when it is time, waiting up to ``timeout`` seconds for it; whether the state changed."""
        due = self._breaker.due_in()
        if due > timeout:
            self._interruption.pause(timeout)
            return 0
        if self._interruption.pause(due):
            return 0
        before, state = self._breaker.state, self._breaker.evaluate()
        self._metrics.circuit_breaker(self._kind, state)
        if state == before:
            return 0
        log.info("circuit breaker", kind=self._kind, state=state.name.lower())
        for one in self._held:
            if state == State.TRIPPED:
                one.hold()
            elif state == State.NOMINAL:
                one.release()
        return 1

    def idle(self) -> bool:
        return True

    def stop(self, timeout: float = 30.0) -> bool:  # noqa: ARG002  (the part's shape)
        return True
