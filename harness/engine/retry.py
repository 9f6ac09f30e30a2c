"""Trying again, with growing pauses on the clock seam.

Source: Backbeat lib/tasks/BackbeatTask.js, npm backo.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from fake_cloudserver import Clock, Randomness
from harness.engine.errors import ReplicationError
from harness.engine.settings import BackoffSettings, RetrySettings
from harness.queue.interruption import Interruption

Result = TypeVar("Result")


def delay_ms(backoff: BackoffSettings, attempt: int, randomness: Randomness) -> int:
    """The pause before retry number ``attempt`` (from 0), in whole milliseconds; the cap applies after the jitter."""
    # no pause is longer than max, so that a large attempt need not be computed
    milliseconds = min(backoff.min * backoff.factor ** min(attempt, 1000), 1e15)
    if backoff.jitter:
        chance = randomness.random()
        deviation = math.floor(chance * backoff.jitter * milliseconds)
        milliseconds += deviation if math.floor(chance * 10) & 1 else -deviation
    return int(min(milliseconds, backoff.max))


class Retry:
    """Calls actions again as long as their errors are retryable; pauses end when ``interruption`` is ordered."""

    def __init__(self, clock: Clock, randomness: Randomness, interruption: Interruption) -> None:
        self._clock = clock
        self._randomness = randomness
        self._interruption = interruption

    def call(
        self,
        action: Callable[[], Result],
        settings: RetrySettings,
        *,
        no_timeout: bool = False,
        on_retry: Callable[[ReplicationError], None] | None = None,
    ) -> Result:
        """What ``action`` returns in the end.

        The time limit is looked at only between attempts, and never before the first retry. Raises the last
        ReplicationError, or Interrupted from a pause.
        """
        begun = self._clock.monotonic()
        attempt = 0
        while True:
            try:
                return action()
            except ReplicationError as error:
                if not error.retryable or self._is_over(settings, attempt, begun, no_timeout=no_timeout):
                    raise
                if on_retry is not None:
                    on_retry(error)
            self._interruption.sleep(delay_ms(settings.backoff, attempt, self._randomness) / 1000)
            attempt += 1

    def until_it_works(
        self,
        action: Callable[[], Result],
        settings: RetrySettings,
        on_retry: Callable[[ReplicationError], None] | None = None,
    ) -> Result:
        """The same without any limit: for what must not be lost."""
        endless = settings.model_copy(update={"max_retries": None})
        return self.call(action, endless, no_timeout=True, on_retry=on_retry)

    def _is_over(self, settings: RetrySettings, attempt: int, begun: float, *, no_timeout: bool) -> bool:
        if settings.max_retries is not None and attempt >= settings.max_retries:
            return True
        elapsed = self._clock.monotonic() - begun
        return not no_timeout and attempt > 0 and elapsed >= settings.timeout_s
