from __future__ import annotations

import pytest
from engine_helpers import settings
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.errors import ReplicationError, is_retryable
from harness.engine.retry import Retry, delay_ms
from harness.engine.settings import DEFAULT_RETRY, BackoffSettings, EngineSettings, RetrySettings
from harness.queue.interruption import Interrupted, Interruption


class Attempts:
    """Fails ``failures`` times, each after ``lasting`` seconds."""

    def __init__(self, failures: int, *, lasting: float = 0.0, retryable: bool = True) -> None:
        self.clock = VirtualClock()
        self.begun: list[float] = []
        self._failures = failures
        self._lasting = lasting
        self._retryable = retryable

    def __call__(self) -> str:
        self.begun.append(self.clock.monotonic())
        self.clock.advance(self._lasting)
        if len(self.begun) <= self._failures:
            raise ReplicationError("ServiceUnavailable", f"no {len(self.begun)}", retryable=self._retryable)
        return "done"

    def retry(self, interruption: Interruption | None = None) -> Retry:
        return Retry(self.clock, SeededRandomness(1), interruption or Interruption(self.clock))

    @property
    def pauses(self) -> list[float]:
        return [round(b - a - self._lasting, 3) for a, b in zip(self.begun, self.begun[1:], strict=False)]


def exact(**overrides: float) -> BackoffSettings:
    return BackoffSettings(**({"jitter": 0} | overrides))


def shipped(site_type: str) -> RetrySettings:
    document = settings().model_dump()
    del document["queue_processor"]["retry"]
    engine = EngineSettings.model_validate(document)
    return engine.queue_processor.retry_for(site_type)


@pytest.mark.parametrize(
    ("site_type", "pauses"),
    [("aws_s3", [60, 90, 135, 202.5, 303.75]), ("scality", [1, 1.5, 2.25, 3.375, 5.062])],
)
def test_the_shipped_pauses(site_type: str, pauses: list[float]) -> None:
    parameters = shipped(site_type)
    exactly = parameters.model_copy(update={"backoff": parameters.backoff.model_copy(update={"jitter": 0})})
    attempts = Attempts(100)
    with pytest.raises(ReplicationError, match="no 6"):
        attempts.retry().call(attempts, exactly)
    assert attempts.pauses == pauses


def test_an_unknown_type_is_retried_as_scality() -> None:
    assert shipped("") == shipped("scality")
    assert settings().queue_processor.retry_for("gcp").timeout_s == 300


def test_success_after_some_failures() -> None:
    attempts = Attempts(2)
    seen: list[str] = []
    result = attempts.retry().call(
        attempts, RetrySettings(backoff=exact(min=1000)), on_retry=lambda error: seen.append(error.description)
    )
    assert result == "done"
    assert seen == ["no 1", "no 2"]


def test_what_is_not_retryable_is_reported_at_once() -> None:
    attempts = Attempts(1, retryable=False)
    with pytest.raises(ReplicationError):
        attempts.retry().call(attempts, RetrySettings())
    assert attempts.begun == [0.0]


def test_the_time_limit_never_prevents_the_first_retry_and_interrupts_nothing() -> None:
    attempts = Attempts(10, lasting=500.0)
    with pytest.raises(ReplicationError, match="no 2"):
        attempts.retry().call(attempts, RetrySettings(max_retries=None, timeout_s=300, backoff=exact()))


def test_without_a_time_limit_only_the_count_ends_it() -> None:
    attempts = Attempts(10, lasting=500.0)
    with pytest.raises(ReplicationError, match="no 4"):
        attempts.retry().call(attempts, RetrySettings(max_retries=3, timeout_s=300), no_timeout=True)


def test_the_defaults_of_the_class_go_on_for_five_minutes() -> None:
    attempts = Attempts(1000)
    with pytest.raises(ReplicationError):
        attempts.retry().call(attempts, DEFAULT_RETRY)
    assert 300 <= attempts.begun[-1] <= 600


def test_what_must_not_be_lost_is_tried_until_it_works() -> None:
    attempts = Attempts(60)
    assert attempts.retry().until_it_works(attempts, DEFAULT_RETRY) == "done"
    assert attempts.begun[-1] > 10_000
    with pytest.raises(ReplicationError):
        Attempts(1, retryable=False).retry().until_it_works(Attempts(1, retryable=False), DEFAULT_RETRY)


def test_a_pause_ends_when_the_work_is_told_to_let_go() -> None:
    attempts = Attempts(5)
    interruption = Interruption(attempts.clock)
    retry = attempts.retry(interruption)

    def orders(_: ReplicationError) -> None:
        interruption.order()

    with pytest.raises(Interrupted):
        retry.call(attempts, RetrySettings(), on_retry=orders)
    assert attempts.begun == [0.0]


def test_without_backoff_the_librarys_own_applies() -> None:
    parameters = RetrySettings.model_validate({"maxRetries": 10})
    delays = [delay_ms(parameters.backoff, attempt, SeededRandomness(1)) for attempt in range(9)]
    assert delays == [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
    partly = RetrySettings.model_validate({"backoff": {"min": 50}})
    assert partly.backoff == BackoffSettings(min=50, max=300_000, jitter=0.1, factor=1.5)


@given(st.integers(min_value=0, max_value=5000), st.integers())
def test_a_pause_stays_within_its_jitter_and_its_limit(attempt: int, seed: int) -> None:
    backoff = BackoffSettings(min=1000, max=300_000, jitter=0.1, factor=1.5)
    delay = delay_ms(backoff, attempt, SeededRandomness(seed))
    without = 1000 * 1.5 ** min(attempt, 100)
    assert delay <= 300_000
    assert delay >= min(0.9 * without - 1, 300_000)


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (500, "InternalError", True),
        (503, "", True),
        (429, "", True),
        (400, "Throttling", True),
        (403, "ExpiredToken", True),
        (400, "BadDigest", False),
        (403, "AccessDenied", False),
        (403, "RequestTimeTooSkewed", False),
        (404, "ObjNotFound", False),
        (409, "", False),
        (412, "", False),
    ],
)
def test_what_is_retryable(status: int, name: str, expected: bool) -> None:
    assert is_retryable(status, name) is expected
