"""The way from CloudServer to AWS, on which a board's rules for site ``aws`` go wrong."""

from __future__ import annotations

from fake_cloudserver import Clock, LocationError
from harness.faults.rules import Effect, FaultBoard, Occasion
from harness.simulation.trace import Trace

_BROKEN = ("NetworkingError", "read ECONNRESET")


class FaultyNetwork:
    """Raises what CloudServer's AWS client raises.

    Attributes:
        lost: answers that got lost after the work was done.
    """

    def __init__(self, board: FaultBoard, clock: Clock, trace: Trace, bucket: str) -> None:
        self._board = board
        self._clock = clock
        self._trace = trace
        self._bucket = bucket
        self._loses = False
        self.lost = 0

    def __call__(self, phase: str, operation: str, key: str) -> None:
        if phase == "before":
            self._before(operation, key)
            return
        self._trace.add("aws", operation=operation, key=key)
        if self._loses:
            self._loses = False
            self.lost += 1
            raise LocationError(*_BROKEN)

    def _before(self, operation: str, key: str) -> None:
        self._loses = False
        if not self._board.concerns("aws"):
            return
        occasion = Occasion("aws", operation, bucket=self._bucket, key=key)
        effect = self._board.decide(occasion, self._clock.now())
        if effect is not None:
            self._trace.add("fault", at="aws", operation=operation, key=key)
            self._go_wrong(effect)

    def _go_wrong(self, effect: Effect) -> None:
        if effect.error is not None:
            raise LocationError(
                effect.error.code or str(effect.error.status), effect.error.message, effect.error.status
            )
        if effect.corrupt:
            raise LocationError("BadDigest", "The Content-MD5 you specified did not match what we received.", 400)
        if effect.delay is not None:
            self._board.hold(self._clock, effect)
        elif effect.stall is not None:
            self._board.hold(self._clock, effect)
            raise LocationError(*_BROKEN)
        elif effect.reset in {"before", "during"}:
            raise LocationError(*_BROKEN)
        else:  # the answer is cut, or does not come at all
            self._loses = True
