"""When a rule fires, and when it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.faults.description import to_rule
from harness.faults.rules import Effect, FaultBoard, FaultRule, Fired, Occasion, S3Failure

PUT = Occasion("aws", "PutObject", "PUT", "target", "src/photos/cat")
SLOW_DOWN = Effect(error=S3Failure(503, "SlowDown"))


def board(*rules: FaultRule) -> FaultBoard:
    made = FaultBoard(SeededRandomness(1))
    for number, rule in enumerate(rules):
        made.add(f"rule-{number}", rule)
    return made


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"operation": "PutObject"},
        {"operation": "Put*"},
        {"method": "PUT"},
        {"bucket": "tar*"},
        {"key": "*/cat"},
        {"operation": "PutObject", "bucket": "target", "key": "src/photos/cat"},
    ],
)
def test_a_rule_fires_where_everything_it_names_fits(wanted: dict[str, Any]) -> None:
    assert board(FaultRule(SLOW_DOWN, "aws", **wanted)).decide(PUT) is SLOW_DOWN


@pytest.mark.parametrize(
    "wanted",
    [
        {"operation": "UploadPart"},
        {"method": "GET"},
        {"bucket": "source"},
        {"key": "*/dog"},
        {"operation": "putobject"},
    ],
)
def test_a_rule_does_nothing_where_something_it_names_does_not_fit(wanted: dict[str, Any]) -> None:
    assert board(FaultRule(SLOW_DOWN, "aws", **wanted)).decide(PUT) is None


def test_a_rule_is_about_one_site() -> None:
    made = board(FaultRule(SLOW_DOWN, "cloudserver"))
    assert made.decide(PUT) is None
    assert made.concerns("cloudserver")
    assert not made.concerns("aws")


def test_a_rule_fires_so_often_after_so_many() -> None:
    made = board(FaultRule(SLOW_DOWN, "aws", after=2, times=3))
    assert [made.decide(PUT) is not None for _ in range(8)] == [False, False, True, True, True, False, False, False]
    assert made.counts() == {"rule-0": 3}
    assert len(made.fired()) == 3


def test_the_first_rule_that_fires_wins_and_a_spent_one_lets_the_next_have_its_turn() -> None:
    reset = Effect(reset="after")
    made = board(FaultRule(SLOW_DOWN, "aws", times=1), FaultRule(reset, "aws", times=1))
    assert [made.decide(PUT) for _ in range(3)] == [SLOW_DOWN, reset, None]


def test_chance_repeats_with_the_seed() -> None:
    def throws() -> list[bool]:
        made = board(FaultRule(SLOW_DOWN, "aws", probability=0.3))
        return [made.decide(PUT) is not None for _ in range(200)]

    assert throws() == throws()
    assert 30 < sum(throws()) < 90


def test_a_cleared_rule_is_out_of_force_and_what_it_did_is_still_told() -> None:
    made = board(FaultRule(SLOW_DOWN, "aws"), FaultRule(SLOW_DOWN, "cloudserver"))
    made.decide(PUT)
    made.clear(["rule-0"])
    assert made.decide(PUT) is None
    assert made.counts() == {"rule-1": 0}
    assert [str(one) for one in made.fired()] == ["rule-0 () at aws: PutObject target/src/photos/cat"]
    made.clear()
    assert made.counts() == {}


def test_what_fired_survives_being_sent() -> None:
    fired = Fired("fault-1", "error: SlowDown", PUT, 12.5)
    assert Fired.from_json(fired.to_json()) == fired


def test_holding_passes_the_time_on_the_clock() -> None:
    clock = VirtualClock()
    board().hold(clock, Effect(delay=2.5))
    assert clock.monotonic() == 2.5


@given(
    after=st.integers(0, 5),
    times=st.one_of(st.none(), st.integers(0, 5)),
    probability=st.floats(0, 1),
    matches=st.lists(st.booleans(), max_size=40),
)
def test_no_rule_fires_more_often_than_it_may(
    after: int, times: int | None, probability: float, matches: list[bool]
) -> None:
    made = board(FaultRule(SLOW_DOWN, "aws", "PutObject", after=after, times=times, probability=probability))
    fired = 0
    for seen, fits in enumerate(matches):
        effect = made.decide(PUT if fits else Occasion("aws", "GetObject"))
        if effect is not None:
            assert fits
            assert sum(matches[: seen + 1]) > after
            fired += 1
    assert fired <= max(0, sum(matches) - after)
    assert times is None or fired <= times
    if probability == 1.0:
        assert fired == min(max(0, sum(matches) - after), sum(matches) if times is None else times)


def test_what_was_cleared_after_the_decision_holds_nobody_up() -> None:
    rules = FaultBoard(SeededRandomness(1))
    rules.add("f", to_rule({"site": "aws", "delay": "1h"}))
    clock = VirtualClock()
    before = clock.monotonic()
    effect = rules.decide(Occasion("aws", "PutObject", "PUT", "b", "k"))
    assert effect is not None
    rules.clear()
    rules.hold(clock, effect)
    assert clock.monotonic() == before
