"""Which server of a target is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import SeededRandomness
from harness.engine.hosts import PICKS, TargetHosts


def hosts(*servers: str, seed: int = 1) -> TargetHosts:
    return TargetHosts(servers, SeededRandomness(seed))


@pytest.mark.parametrize(
    ("server", "host"),
    [("a", "a:80"), ("a:8001", "a:8001"), ("127.0.0.1", "127.0.0.1:80"), ("[::1]", "[::1]:80"), ("[::1]:8", "[::1]:8")],
)
def test_the_port_is_80_unless_it_is_given(server: str, host: str) -> None:
    assert hosts(server).pick() == host


def test_a_server_is_picked_a_hundred_times_in_a_row() -> None:
    several = hosts("a:1", "b:1", "c:1")
    picks = [several.pick() for _ in range(3 * PICKS)]
    blocks = [picks[start : start + PICKS] for start in range(0, 3 * PICKS, PICKS)]
    assert [len(set(block)) for block in blocks] == [1, 1, 1]
    assert {block[0] for block in blocks} == {"a:1", "b:1", "c:1"}


def test_the_order_is_drawn_by_lot() -> None:
    assert {hosts("a:1", "b:1", "c:1", seed=seed).pick() for seed in range(30)} == {"a:1", "b:1", "c:1"}


@given(st.integers(0, 1000), st.integers(1, 5))
def test_each_turn_goes_through_all_servers(seed: int, count: int) -> None:
    servers = [f"host-{number}:1" for number in range(count)]
    several = hosts(*servers, seed=seed)
    for _ in range(4):
        turn = {several.pick() for _ in range(PICKS * count)}
        assert turn == set(servers)


def test_after_a_failure_it_is_the_next_ones_turn() -> None:
    several = hosts("a:1", "b:1", "c:1")
    first = several.pick()
    second = several.after(first)
    assert second != first
    assert several.pick() == second
    third = several.after(second)
    assert {first, second, third} == {"a:1", "b:1", "c:1"}
    assert several.after(third) == first


def test_two_that_fail_at_the_same_server_do_not_come_back_to_it() -> None:
    several = hosts("a:1", "b:1")
    failed = several.pick()
    other = several.after(failed)
    assert several.after(failed) == other


def test_a_single_server_is_asked_again() -> None:
    alone = hosts("a:1")
    assert alone.after(alone.pick()) == "a:1"
